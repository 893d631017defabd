package main

import (
	"conclave.dev/go/conclave"
	"context"
	"fmt"
	"os"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() { // arguments: HUB-PATH GROUP IDENTITY-FILE TRUST-FILE
	group := must(conclave.Join(context.Background(), conclave.Config{
		URL: "local:" + os.Args[1], Group: os.Args[2],
		Identity: must(conclave.LoadIdentity(os.Args[3], nil)), Trust: must(conclave.LoadTrust(os.Args[4]))}))
	for event := range group.Events() {
		switch event := event.(type) {
		case conclave.View:
			fmt.Printf("%d members, key %x\n", len(event.Members), event.KeyFingerprint[:2])
			_ = group.Send(conclave.Agreed, []byte("hello from Go"))
		case conclave.Message:
			fmt.Printf("%s: %s\n", event.SenderName, event.Data)
		}
	}
}
