// A member of an encrypted cluster over UDP multicast on the loopback interface.
//
//	encrypted-cluster PORT SECRET-FILE NAME
//
// It speaks the same as the examples in C and Python: everybody says every 100 ms that it is there, and who was heard
// lately is in the host view, oldest first. Who has the secret is let in and gets the key. SIGTERM makes it leave.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"conclave.dev/go/conclave"
)

const (
	nameSize = 32
	headSize = 1 + 2*nameSize + 8 // kind, sender, destination, the sender's start
	beacon   = 100 * time.Millisecond
	silence  = 1500 * time.Millisecond
)

// peer is when a member began, by the machine's clock since boot, and when it was last heard.
type peer struct {
	started uint64
	heard   time.Time
}

type node struct {
	name       string
	started    uint64
	connection *net.UDPConn
	encryption *conclave.Encryption
	peers      map[string]peer
	mustGreet  bool
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// sinceBoot is the clock that the other examples use: milliseconds of CLOCK_MONOTONIC.
func sinceBoot() uint64 {
	text := must(os.ReadFile("/proc/uptime"))
	seconds := must(strconv.ParseFloat(strings.Fields(string(text))[0], 64))
	return uint64(seconds * 1000)
}

func main() {
	if len(os.Args) != 4 || len(os.Args[3]) >= nameSize {
		fmt.Fprintln(os.Stderr, "encrypted-cluster PORT SECRET-FILE NAME")
		os.Exit(2)
	}
	group := &net.UDPAddr{IP: net.IPv4(239, 255, 71, 1), Port: must(strconv.Atoi(os.Args[1]))}
	loopback := must(net.InterfaceByName("lo"))
	listener := must(net.ListenMulticastUDP("udp4", loopback, group))
	n := &node{name: os.Args[3], started: sinceBoot(), peers: map[string]peer{}}
	// A socket that is bound to the loopback address sends multicasts there.
	n.connection = must(net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, group))
	n.encryption = open(n.name, must(os.ReadFile(os.Args[2])))
	defer n.encryption.Close()
	packets := make(chan []byte)
	go func() {
		for {
			packet := make([]byte, 65_536)
			packets <- packet[:must(listener.Read(packet))]
		}
	}()
	n.run(packets)
}

func open(name string, secret []byte) *conclave.Encryption {
	credential := must(conclave.NewCredential(must(conclave.NewIdentity(name)), conclave.WrappingX25519))
	check(credential.SetSecret(secret))
	return must(conclave.NewEncryption(conclave.EncryptConfig{
		Cluster: "kitchen", Address: []byte(name),
		Credential: credential, Admission: must(conclave.AdmitSecret(secret)),
	}))
}

func (n *node) run(packets <-chan []byte) {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	n.peers[n.name] = peer{n.started, time.Now()}
	n.tellHostView()
	check(n.encryption.Start())
	ticker := time.NewTicker(beacon)
	for {
		n.serve()
		wait := time.Hour
		if deadline, exists, err := n.encryption.Deadline(); err == nil && exists {
			wait = time.Until(deadline)
		}
		select {
		case packet := <-packets:
			n.receive(packet)
		case <-ticker.C:
			n.send('b', "", nil)
			n.forgetTheSilent()
		case <-time.After(wait):
			check(n.encryption.Tick())
		case <-terminated:
			check(n.encryption.Leave())
			n.serve()
			fmt.Println("left")
			return
		}
	}
}

func (n *node) send(kind byte, to string, data []byte) {
	packet := make([]byte, headSize, headSize+len(data))
	packet[0] = kind
	copy(packet[1:], n.name)
	copy(packet[1+nameSize:], to)
	binary.BigEndian.PutUint64(packet[1+2*nameSize:], n.started)
	_, _ = n.connection.Write(append(packet, data...))
}

func (n *node) receive(packet []byte) {
	if len(packet) < headSize {
		return
	}
	from := string(bytes.TrimRight(packet[1:1+nameSize], "\x00"))
	to := string(bytes.TrimRight(packet[1+nameSize:1+2*nameSize], "\x00"))
	switch {
	case from == n.name || from == "":
	case packet[0] == 'b':
		_, known := n.peers[from]
		n.peers[from] = peer{binary.BigEndian.Uint64(packet[1+2*nameSize:]), time.Now()}
		if !known {
			n.tellHostView()
		}
	case to == "" || to == n.name:
		_ = n.encryption.Receive(packet[headSize:], nil) // what is refused has changed nothing
	}
}

func (n *node) forgetTheSilent() {
	before := len(n.peers)
	for name, peer := range n.peers {
		if name != n.name && time.Since(peer.heard) > silence {
			delete(n.peers, name)
		}
	}
	if len(n.peers) != before {
		n.tellHostView()
	}
}

func (n *node) tellHostView() {
	var names []string
	for name := range n.peers {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return n.peers[names[i]].started < n.peers[names[j]].started })
	var addresses [][]byte
	for _, name := range names {
		addresses = append(addresses, []byte(name))
	}
	check(n.encryption.HostView(addresses))
}

// serve sends what is to be sent and shows what has happened.
func (n *node) serve() {
	for {
		output, found, err := n.encryption.NextOutput()
		check(err)
		if !found {
			break
		}
		n.send('e', string(output.Address), output.Bytes)
	}
	for {
		event := must(n.encryption.NextEvent())
		switch event := event.(type) {
		case nil:
			// Not before everybody in the view is connected: whom the messaging system misses may have left.
			if n.mustGreet && n.encryption.CanSeal() {
				n.send('e', "", must(n.encryption.Seal([]byte("hello from "+n.name), nil)))
				n.mustGreet = false
			}
			return
		case conclave.ClusterView:
			fmt.Printf("%d members, epoch %x:", len(event.Members), event.Epoch[:4])
			for _, member := range event.Members {
				fmt.Print(" ", member.Name)
				if member.IsCoordinator {
					fmt.Print(" (coordinates)")
				}
			}
			fmt.Println()
			n.mustGreet = true
		case conclave.ClusterMessage:
			fmt.Printf("%s: %s\n", event.Sender.Name, event.Data)
		case conclave.MemberLeaves:
			fmt.Println(event.Member.Name, "leaves")
		default:
			fmt.Printf("%+v\n", event)
		}
	}
}
