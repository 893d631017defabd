// Command member is the demo's member in Go: it reports what happens and greets every half second. See member.c for the
// messages.
//
//	member HUB-PATH GROUP IDENTITY-FILE TRUST-FILE
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"strconv"
	"strings"
	"time"

	"conclave.dev/go/conclave"
)

func report(format string, words ...interface{}) {
	fmt.Printf("%d %s\n", time.Now().UnixMilli(), fmt.Sprintf(format, words...))
}

// receiver is the file that is on its way.
type receiver struct {
	missing int
	digest  hash.Hash
}

func (r *receiver) take(message conclave.Message) {
	if len(message.Data) == 0 {
		return
	}
	body := message.Data[1:]
	switch message.Data[0] {
	case 'G':
		report("greeting %s", message.SenderName)
	case 'F':
		if size, err := strconv.Atoi(string(body)); err == nil {
			r.missing, r.digest = size, sha256.New()
		}
	case 'P':
		if len(body) > r.missing {
			return
		}
		r.digest.Write(body)
		if r.missing -= len(body); r.missing == 0 {
			report("file %x", r.digest.Sum(nil))
		}
	}
}

func names(view conclave.View) string {
	var names []string
	for _, member := range view.Members {
		names = append(names, member.Name)
	}
	return strings.Join(names, ",")
}

// statusName is the name that the library gives the status of a failure.
func statusName(err error) string {
	var failure *conclave.Error
	if errors.As(err, &failure) {
		return failure.Status.String()
	}
	return err.Error()
}

// live goes on until the membership is over, and says why.
func live(group *conclave.Group) error {
	greetings := time.NewTicker(500 * time.Millisecond)
	defer greetings.Stop()
	var receiver receiver
	for {
		select {
		case <-greetings.C:
			_ = group.Send(conclave.Agreed, []byte("G")) // one that cannot go out now is left out
		case event := <-group.Events():
			switch event := event.(type) {
			case conclave.View:
				report("view %d %x %s", event.Counter, event.KeyFingerprint, names(event))
			case conclave.Message:
				receiver.take(event)
			case conclave.ErrorEvent:
				report("error %s", statusName(event.Err))
			case conclave.Left:
				return event.Err
			}
		}
	}
}

func run(arguments []string) error {
	identity, err := conclave.LoadIdentity(arguments[2], nil)
	if err != nil {
		return err
	}
	defer identity.Close()
	trust, err := conclave.LoadTrust(arguments[3])
	if err != nil {
		return err
	}
	defer trust.Close()
	group, err := conclave.Join(context.Background(), conclave.Config{
		URL: "local:" + arguments[0], Group: arguments[1], Identity: identity, Trust: trust})
	if err != nil {
		return err
	}
	defer group.Close()
	err = live(group)
	report("end %s", statusName(err))
	return err
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: member HUB-PATH GROUP IDENTITY-FILE TRUST-FILE")
		os.Exit(64)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "member:", err)
		os.Exit(1)
	}
}
