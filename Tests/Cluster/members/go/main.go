// Command member is a member for the cluster tests, in Go: see member.c for its commands and its report.
//
//	member URL GROUP IDENTITY-FILE TRUST-FILE
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"conclave.dev/go/conclave"
)

func report(format string, words ...interface{}) {
	fmt.Printf("%d %s\n", time.Now().UnixMicro(), fmt.Sprintf(format, words...))
}

// statusName is the name that the library gives the status of a failure.
func statusName(err error) string {
	var failure *conclave.Error
	if errors.As(err, &failure) {
		return failure.Status.String()
	}
	return "OTHER"
}

func number(truth bool) int {
	if truth {
		return 1
	}
	return 0
}

// member is a membership, and what it was told to do.
type member struct {
	group                                  *conclave.Group
	hasView, hasFlushed, isLeaving, isOver bool
	number                                 uint64
	service                                conclave.Service
	missing, size, periodSize              int
	period                                 time.Duration
	next                                   time.Time
}

func (m *member) take(event conclave.Event) {
	switch event := event.(type) {
	case conclave.FlushRequest:
		report("flush-request")
		if !m.isLeaving && m.group.Flush() == nil {
			m.hasFlushed = true
			report("flush-ok")
		}
	case conclave.TransitionalSignal:
		report("signal")
	case conclave.View:
		var members strings.Builder
		for _, other := range event.Members {
			fmt.Fprintf(&members, " %d,%s,%d", other.ID, other.Name, number(other.IsTransitional))
		}
		report("view %d %x %x %d%s", event.Counter, event.ID, event.KeyFingerprint, event.Self, members.String())
		m.hasView, m.hasFlushed = true, false
	case conclave.Message:
		count := uint64(math.MaxUint64)
		if len(event.Data) >= 8 {
			count = binary.LittleEndian.Uint64(event.Data)
		}
		report("delivered %d %d %d %d %d", event.Sender, event.Service, number(event.IsPrivate), len(event.Data), count)
	case conclave.Left:
		report("end %s %v", statusName(event.Err), event.Err)
		m.isOver = true
	case conclave.ErrorEvent:
		report("error %s %v", statusName(event.Err), event.Err)
	}
}

// takeAll waits for an event, then fetches all that is there: what is sent next belongs to the view reported last.
func (m *member) takeAll(patience time.Duration) {
	for !m.isOver {
		limit, cancel := context.WithTimeout(context.Background(), patience)
		event, err := m.group.Next(limit)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return
		}
		if err != nil {
			report("end %s %v", statusName(err), err)
			m.isOver = true
			return
		}
		m.take(event)
		patience = time.Millisecond
	}
}

func (m *member) sendOne(service conclave.Service, size int) bool {
	if !m.hasView || m.hasFlushed || m.isLeaving {
		return false
	}
	if size < 8 {
		size = 8
	}
	data := make([]byte, size)
	binary.LittleEndian.PutUint64(data, m.number)
	if m.group.Send(service, data) != nil {
		return false
	}
	report("sent %d %d %d", service, len(data), m.number)
	m.number++
	return true
}

func (m *member) sendWhatIsDue() {
	for m.missing > 0 && m.sendOne(m.service, m.size) {
		m.missing--
	}
	if m.period > 0 && !time.Now().Before(m.next) {
		m.next = time.Now().Add(m.period)
		m.sendOne(conclave.Agreed, m.periodSize)
	}
}

func (m *member) obey(line string) {
	var milliseconds int
	if count, _ := fmt.Sscanf(line, "send %d %d %d", &m.service, &m.missing, &m.size); count == 3 {
		return
	}
	if count, _ := fmt.Sscanf(line, "every %d %d", &milliseconds, &m.periodSize); count == 2 {
		m.period, m.next = time.Duration(milliseconds)*time.Millisecond, time.Now()
	} else if count, _ := fmt.Sscanf(line, "sleep %d", &milliseconds); count == 1 {
		time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	} else if line == "refresh" {
		_ = m.group.Refresh()
	} else if line == "leave" {
		m.isLeaving = m.group.Leave() == nil
	}
}

func (m *member) live(commands <-chan string) {
	for !m.isOver {
		select {
		case line, isOpen := <-commands:
			if !isOpen {
				return
			}
			m.obey(line)
		default:
			m.takeAll(10 * time.Millisecond)
			if !m.isOver {
				m.sendWhatIsDue()
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
	options := conclave.DefaultOptions()
	options.ManualFlush = true
	group, err := conclave.Join(context.Background(), conclave.Config{
		URL: arguments[0], Group: arguments[1], Identity: identity, Trust: trust, Options: &options})
	if err != nil {
		return err
	}
	report("connected")
	commands := make(chan string)
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			commands <- lines.Text()
		}
		close(commands)
	}()
	(&member{group: group}).live(commands)
	return group.Close()
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: member URL GROUP IDENTITY-FILE TRUST-FILE")
		os.Exit(64)
	}
	if err := run(os.Args[1:]); err != nil {
		report("end %s %v", statusName(err), err)
		os.Exit(1)
	}
}
