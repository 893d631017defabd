package conclave

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = 60 * time.Second

// person is an identity with the list of whom it accepts.
type person struct {
	name     string
	identity *Identity
	trust    *Trust
}

// room is a hub with people who accept each other.
type room struct {
	t       *testing.T
	path    string
	stop    func()
	people  []*person
	options Options
}

func newRoom(t *testing.T, names ...string) *room {
	t.Helper()
	r := &room{t: t, path: filepath.Join(t.TempDir(), "hub"), options: DefaultOptions()}
	r.options.Suite = SuiteGDHFFDHE2048Ed25519AES256GCM
	r.stop = startHub(t, r.path)
	for _, name := range names {
		r.people = append(r.people, newPerson(t, name))
	}
	for _, one := range r.people {
		for _, other := range r.people {
			one.accept(t, other)
		}
	}
	return r
}

func newPerson(t *testing.T, name string) *person {
	t.Helper()
	trust, err := NewTrust()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trust.Close() })
	return &person{name, newTestIdentity(t, name), trust}
}

func (p *person) accept(t *testing.T, other *person) {
	t.Helper()
	if err := p.trust.Add(publicKey(t, other.identity), other.name); err != nil {
		t.Fatal(err)
	}
}

func (r *room) join(p *person) *Group {
	r.t.Helper()
	group, err := Join(context.Background(), Config{
		URL: "local:" + r.path, Group: "room", Identity: p.identity, Trust: p.trust, Options: &r.options})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = group.Close() })
	return group
}

// joinAll lets everybody join and waits for the view of all.
func (r *room) joinAll() (groups []*Group) {
	r.t.Helper()
	for _, p := range r.people {
		groups = append(groups, r.join(p))
	}
	awaitViews(r.t, groups, len(groups), 0)
	return groups
}

// Every agreement carries a group.
func TestGroupOfEveryAgreement(t *testing.T) {
	for _, suite := range []Suite{
		SuiteCKDP256Ed25519AES256GCM, SuiteTGDHP256Ed25519AES256GCM, SuiteSTRP256Ed25519AES256GCM,
		SuiteBDP256Ed25519ChaCha20Poly1305,
	} {
		t.Run(suite.String(), func(t *testing.T) {
			r := newRoom(t, "ada", "barbara", "clara")
			r.options.Suite = suite
			groups := r.joinAll()
			if err := groups[1].Send(Agreed, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			for _, group := range groups {
				awaitEvent(t, group, message("hello"))
			}
		})
	}
}

// awaitEvent reads until an event is what is asked for.
func awaitEvent[T Event](t *testing.T, group *Group, accept func(T) bool) (found T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var passed []string
	for {
		event, err := group.Next(ctx)
		if err != nil {
			waiting, _ := group.WaitingFor()
			t.Fatalf("waiting for %T: %v; before: %s; the group waits for %v", found, err, passed, waiting)
		}
		if passed = append(passed, describe(event)); len(passed) > 20 {
			passed = append(passed[:10], passed[11:]...)
		}
		if wanted, fits := event.(T); fits && accept(wanted) {
			return wanted
		}
	}
}

// describe is an event in a few words.
func describe(event Event) string {
	switch event := event.(type) {
	case View:
		return fmt.Sprintf("view %d of %d", event.Counter, len(event.Members))
	case Message:
		return fmt.Sprintf("message of %d bytes", len(event.Data))
	}
	return fmt.Sprintf("%T %+v", event, event)
}

// awaitViews reads until each group has a view of so many members after a counter, and checks that it is the same view.
func awaitViews(t *testing.T, groups []*Group, count int, after uint64) (view View) {
	t.Helper()
	for index, group := range groups {
		found := awaitEvent(t, group, func(v View) bool { return len(v.Members) == count && v.Counter > after })
		if index == 0 {
			view = found
		}
		if found.ID != view.ID || found.KeyFingerprint != view.KeyFingerprint || found.Counter != view.Counter {
			t.Fatalf("member %d is in another view: %x, not %x", index, found.ID[:4], view.ID[:4])
		}
	}
	return view
}

func message(text string) func(Message) bool {
	return func(m Message) bool { return string(m.Data) == text }
}

func TestGroupAgreesAndTalks(t *testing.T) {
	r := newRoom(t, "ada", "barbara", "clara")
	groups := r.joinAll()
	views := make([]View, len(groups))
	for index, group := range groups {
		view, err := group.View()
		if err != nil {
			t.Fatal(err)
		}
		views[index] = view
		for _, member := range view.Members {
			position := map[string]int{"ada": 0, "barbara": 1, "clara": 2}[member.Name]
			if member.IsSelf != (position == index) || member.IsSelf != (member.ID == view.Self) ||
				member.PublicKey != publicKey(t, r.people[position].identity) {
				t.Errorf("a member of %s's view is %+v", r.people[index].name, member)
			}
		}
	}
	for _, service := range []Service{FIFO, Causal, Agreed, Safe} {
		for sender, group := range groups {
			text := fmt.Sprintf("%d from %d", service, sender)
			if err := group.Send(service, []byte(text)); err != nil {
				t.Fatal(err)
			}
			for _, receiver := range groups {
				m := awaitEvent(t, receiver, message(text))
				if m.Sender != views[sender].Self || m.SenderName != r.people[sender].name || m.Service != service ||
					m.IsPrivate || m.ViewCounter != views[sender].Counter {
					t.Errorf("%+v", m)
				}
			}
		}
	}
	if err := groups[0].SendTo(views[2].Self, []byte("private")); err != nil {
		t.Fatal(err)
	}
	if m := awaitEvent(t, groups[2], message("private")); !m.IsPrivate {
		t.Errorf("%+v", m)
	}
	if err := groups[0].SendTo(99, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("to nobody: %v", err)
	}
	checkExport(t, groups)
	if waiting, err := groups[0].WaitingFor(); err != nil || len(waiting) != 0 {
		t.Errorf("waiting for %v, %v", waiting, err)
	}
	if counters, err := groups[0].Counters(); err != nil || counters.Exponentiations == 0 {
		t.Errorf("%+v %v", counters, err)
	}
}

func checkExport(t *testing.T, groups []*Group) {
	t.Helper()
	var common []byte
	for index, group := range groups {
		output, err := group.Export("label", []byte("context"), 100)
		if err != nil || len(output) != 100 {
			t.Fatalf("%x %v", output, err)
		}
		if index == 0 {
			common = output
		}
		if !bytes.Equal(output, common) {
			t.Errorf("member %d exports something else", index)
		}
	}
	if _, err := groups[0].Export("label", nil, 8161); !errors.Is(err, ErrTooLarge) {
		t.Errorf("8161 bytes: %v", err)
	}
	if _, err := groups[0].Export("label", nil, -1); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("-1 bytes: %v", err)
	}
}

// Members that begin at the same moment found views of their own, which must come together.
func TestGroupsThatBeginTogetherMeet(t *testing.T) {
	for round := 0; round < 25; round++ {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			for _, group := range newRoom(t, "ada", "barbara", "clara").joinAll() {
				_ = group.Close()
			}
		})
	}
}

func TestGroupRefreshLeaveAndCrash(t *testing.T) {
	r := newRoom(t, "ada", "barbara", "clara")
	groups := r.joinAll()
	first, err := groups[0].View()
	if err != nil {
		t.Fatal(err)
	}
	if err := groups[1].Refresh(); err != nil {
		t.Fatal(err)
	}
	second := awaitViews(t, groups, 3, first.Counter)
	if second.KeyFingerprint == first.KeyFingerprint {
		t.Error("a refresh kept the key")
	}
	if err := groups[2].Leave(); err != nil {
		t.Fatal(err)
	}
	left := awaitEvent(t, groups[2], func(Left) bool { return true })
	if !errors.Is(left.Err, ErrLeft) || !errors.Is(left.Err, ErrEnded) {
		t.Errorf("left with %v", left.Err)
	}
	for round := 0; round < 2; round++ {
		if _, err := groups[2].Next(context.Background()); !errors.Is(err, ErrLeft) {
			t.Errorf("after Left: %v", err)
		}
	}
	third := awaitViews(t, groups[:2], 2, second.Counter)
	if len(third.Left) != 1 || third.Left[0].Name != "clara" {
		t.Errorf("left: %v", third.Left)
	}
	_ = groups[1].Close()
	if fourth := awaitViews(t, groups[:1], 1, third.Counter); len(fourth.Left) != 1 || fourth.Left[0].Name != "barbara" {
		t.Errorf("left: %v", fourth.Left)
	}
}

func TestGroupManualFlush(t *testing.T) {
	r := newRoom(t, "ada", "barbara")
	r.options.ManualFlush = true
	groups := []*Group{r.join(r.people[0]), r.join(r.people[1])}
	var waits sync.WaitGroup
	for _, group := range groups {
		waits.Add(1)
		go func(group *Group) {
			defer waits.Done()
			together := false
			for event := range group.Events() {
				switch event := event.(type) {
				case FlushRequest:
					if err := group.Flush(); err != nil && !errors.Is(err, ErrEnded) {
						t.Errorf("flush: %v", err)
					}
				case View:
					if len(event.Members) == 2 && event.Counter < 5 {
						_ = group.Refresh()
					} else if len(event.Members) == 2 || together {
						_ = group.Leave()
					}
					together = together || len(event.Members) == 2
				}
			}
		}(group)
	}
	finished := make(chan struct{})
	go func() { waits.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-time.After(patience):
		t.Fatal("the members did not come to an end")
	}
}

func TestGroupSendContextWaitsUntilAccepted(t *testing.T) {
	const count, size = 400, 64 << 10
	r := newRoom(t, "ada", "barbara")
	r.options.SendQueueBytes = 4 * size
	groups := r.joinAll()
	received := make(chan int, 2)
	for _, group := range groups {
		go func(group *Group) {
			number := 0
			for event := range group.Events() {
				m, isMessage := event.(Message)
				if isMessage && (len(m.Data) != size || m.Data[0] != byte(number) || m.Data[1] != byte(number>>8)) {
					t.Errorf("message %d came as %d", number, m.Data[0])
				}
				if isMessage {
					number++
				}
				if number == count {
					received <- number
					return
				}
			}
		}(group)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	data := make([]byte, size)
	full := 0
	for number := 0; number < count; number++ {
		data[0], data[1] = byte(number), byte(number>>8)
		err := groups[0].Send(Agreed, data)
		if errors.Is(err, ErrQueueFull) {
			full++
		}
		if errors.Is(err, ErrNotNow) {
			err = groups[0].SendContext(ctx, Agreed, data)
		}
		if err != nil {
			t.Fatal(err)
		}
		if number == count/2 {
			if err := groups[1].Refresh(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range groups {
		select {
		case <-received:
		case <-ctx.Done():
			t.Fatal("not all messages arrived")
		}
	}
	t.Logf("the queue was full %d times", full)
}

func TestGroupCarriesTheLargestMessage(t *testing.T) {
	r := newRoom(t, "ada", "barbara")
	groups := r.joinAll()
	data := bytes.Repeat([]byte("0123456789abcdef"), MaxMessage/16)
	if err := groups[0].Send(Agreed, data); err != nil {
		t.Fatal(err)
	}
	for _, group := range groups {
		m := awaitEvent(t, group, func(Message) bool { return true })
		if !bytes.Equal(m.Data, data) {
			t.Error("it came back otherwise")
		}
	}
	if err := groups[0].Send(Agreed, append(data, 0)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestGroupStrangerIsKeptOutUntilAccepted(t *testing.T) {
	r := newRoom(t, "ada", "barbara")
	groups := r.joinAll()
	stranger := newPerson(t, "stranger")
	for _, p := range r.people {
		stranger.accept(t, p)
	}
	r.options.AdmissionTimeout = 100 * time.Millisecond
	outside := r.join(stranger)
	refusal := awaitEvent(t, outside, func(ErrorEvent) bool { return true })
	if !errors.Is(refusal.Err, ErrNotAdmitted) || !errors.Is(refusal.Err, ErrIdentity) {
		t.Errorf("%v", refusal.Err)
	}
	if err := outside.Send(FIFO, nil); !errors.Is(err, ErrWrongState) {
		t.Errorf("sending from outside: %v", err)
	}
	for index, p := range r.people {
		p.accept(t, stranger)
		if err := groups[index].SetTrust(p.trust); err != nil {
			t.Fatal(err)
		}
	}
	view := awaitViews(t, append(groups, outside), 3, 0)
	if err := r.people[0].trust.Remove(publicKey(t, stranger.identity)); err != nil {
		t.Fatal(err)
	}
	if err := groups[0].SetTrust(r.people[0].trust); err != nil {
		t.Fatal(err)
	}
	awaitViews(t, groups, 2, view.Counter)
}

func TestGroupLosesItsHubAndJoinsAgain(t *testing.T) {
	r := newRoom(t, "ada", "barbara")
	groups := r.joinAll()
	r.stop()
	for _, group := range groups {
		left := awaitEvent(t, group, func(Left) bool { return true })
		if !errors.Is(left.Err, ErrTransportLost) || !errors.Is(left.Err, ErrTransport) || !IsFatal(left.Err) {
			t.Errorf("left with %v", left.Err)
		}
		if _, err := group.Next(context.Background()); !errors.Is(err, ErrTransportLost) {
			t.Errorf("after Left: %v", err)
		}
		if err := group.SendContext(context.Background(), Agreed, []byte("x")); err == nil || !IsFatal(err) {
			t.Errorf("sending without a hub: %v", err)
		}
	}
	config := Config{URL: "local:" + r.path, Group: "room", Identity: r.people[0].identity}
	if _, err := Join(context.Background(), config); !errors.Is(err, ErrTransportUnreachable) {
		t.Errorf("joining without a hub: %v", err)
	}
	startHub(t, r.path)
	r.joinAll()
}

func TestGroupContextsAndClose(t *testing.T) {
	r := newRoom(t, "ada")
	group := r.joinAll()[0]
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := group.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Next ended with %v", err)
	}
	if _, err := group.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Next ended with %v", err)
	}
	if err := group.SendContext(ctx, FIFO, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("SendContext ended with %v", err)
	}
	if _, err := Join(ctx, Config{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Join ended with %v", err)
	}
	var waits sync.WaitGroup
	for waiter := 0; waiter < 4; waiter++ {
		waits.Add(1)
		go func() {
			defer waits.Done()
			if _, err := group.Next(context.Background()); !errors.Is(err, ErrClosed) {
				t.Errorf("Next ended with %v", err)
			}
		}()
	}
	time.Sleep(10 * time.Millisecond)
	for closer := 0; closer < 2; closer++ {
		waits.Add(1)
		go func() {
			defer waits.Done()
			_ = group.Close()
		}()
	}
	waits.Wait()
	for name, err := range map[string]error{
		"Send": group.Send(FIFO, nil), "SendTo": group.SendTo(1, nil), "Flush": group.Flush(),
		"Refresh": group.Refresh(), "Leave": group.Leave(), "SetTrust": group.SetTrust(r.people[0].trust),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if _, open := <-group.Events(); open {
		t.Error("an event after Close")
	}
}

func TestGroupCloseEndsAnUnreadStream(t *testing.T) {
	r := newRoom(t, "ada")
	group := r.join(r.people[0])
	_ = group.Events()
	time.Sleep(50 * time.Millisecond)
	done := make(chan struct{})
	go func() { _ = group.Close(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("Close waits for a receiver")
	}
}

func TestGroupJoinRefusals(t *testing.T) {
	r := newRoom(t, "ada")
	good := Config{URL: "local:" + r.path, Group: "room", Identity: r.people[0].identity}
	for name, test := range map[string]struct {
		change func(*Config)
		want   error
	}{
		"no identity":   {func(c *Config) { c.Identity = nil }, ErrNullArgument},
		"another URL":   {func(c *Config) { c.URL = "tcp:localhost" }, ErrBadURL},
		"no hub":        {func(c *Config) { c.URL += "x" }, ErrTransportUnreachable},
		"no group":      {func(c *Config) { c.Group = "" }, ErrBadText},
		"a long name":   {func(c *Config) { c.Group = strings.Repeat("g", MaxGroupName+1) }, ErrBadText},
		"a zero byte":   {func(c *Config) { c.Group = "a\x00b" }, ErrBadText},
		"an odd suite":  {func(c *Config) { c.Options.Suite = 7 }, ErrUnknownSuite},
		"an algorithm":  {func(c *Config) { c.Options.Algorithm = 2 }, ErrInvalidArgument},
		"a bad queue":   {func(c *Config) { c.Options.SendQueueBytes = -1 }, ErrInvalidArgument},
		"a bad timeout": {func(c *Config) { c.Options.FlushTimeout = -1 }, ErrInvalidArgument},
	} {
		config, options := good, DefaultOptions()
		config.Options = &options
		test.change(&config)
		if group, err := Join(context.Background(), config); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = group.Close()
			}
		}
	}
}

func TestGroupRunsTheBasicAlgorithm(t *testing.T) {
	r := newRoom(t, "ada", "barbara", "clara")
	r.options.Algorithm = AlgorithmBasic
	groups := []*Group{r.join(r.people[0]), r.join(r.people[1])}
	awaitViews(t, groups, 2, 0)
	if err := groups[0].Send(Agreed, []byte("from scratch")); err != nil {
		t.Fatal(err)
	}
	awaitEvent(t, groups[1], message("from scratch"))
	// Who runs the other one stays outside, and all are told.
	r.options.Algorithm = AlgorithmOptimized
	for _, group := range append(groups, r.join(r.people[2])) {
		awaitEvent(t, group, func(event ErrorEvent) bool { return errors.Is(event.Err, ErrWrongAlgorithm) })
	}
}

func TestGroupManyGoroutines(t *testing.T) {
	r := newRoom(t, "ada", "barbara")
	groups := r.joinAll()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var senders, readers sync.WaitGroup
	const workers, count = 4, 50
	for _, group := range groups {
		readers.Add(1)
		go func(group *Group) {
			defer readers.Done()
			for seen := 0; seen < 2*workers*count; {
				event, err := group.Next(ctx)
				if err != nil {
					t.Errorf("after %d messages: %v", seen, err)
					return
				}
				if _, isMessage := event.(Message); isMessage {
					seen++
				}
			}
		}(group)
		for worker := 0; worker < workers; worker++ {
			senders.Add(1)
			go func(group *Group) {
				defer senders.Done()
				for number := 0; number < count; number++ {
					if err := group.SendContext(ctx, Agreed, []byte("x")); err != nil {
						t.Error(err)
					}
					_, _ = group.View()
					_, _ = group.WaitingFor()
					_, _ = group.Export("label", nil, 16)
				}
			}(group)
		}
	}
	senders.Wait()
	readers.Wait()
}

func TestForgottenObjectsAreClosed(t *testing.T) {
	r := newRoom(t, "ada", "barbara")
	keeper := r.join(r.people[0])
	func() {
		group, err := Join(context.Background(), Config{URL: "local:" + r.path, Group: "room",
			Identity: r.people[1].identity, Trust: r.people[1].trust, Options: &r.options})
		if err != nil {
			t.Fatal(err)
		}
		awaitViews(t, []*Group{group}, 2, 0)
	}()
	view := awaitViews(t, []*Group{keeper}, 2, 0)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				runtime.GC()
			}
		}
	}()
	awaitViews(t, []*Group{keeper}, 1, view.Counter)
}

// ranging receives from a group that it does not keep.
func ranging(group *Group) <-chan Event {
	events := group.Events()
	passed := make(chan Event)
	go func() {
		defer close(passed)
		for event := range events {
			passed <- event
		}
	}()
	return passed
}

func TestReceivingEventsKeepsAForgottenGroup(t *testing.T) {
	r := newRoom(t, "ada", "barbara")
	keeper := r.join(r.people[0])
	events := func() <-chan Event {
		group, err := Join(context.Background(), Config{URL: "local:" + r.path, Group: "room",
			Identity: r.people[1].identity, Trust: r.people[1].trust, Options: &r.options})
		if err != nil {
			t.Fatal(err)
		}
		return ranging(group)
	}()
	awaitViews(t, []*Group{keeper}, 2, 0)
	for round := 0; round < 20; round++ {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
	if err := keeper.Send(Agreed, []byte("still there?")); err != nil {
		t.Fatal(err)
	}
	for event := range events {
		if message, isMessage := event.(Message); isMessage {
			if string(message.Data) != "still there?" {
				t.Errorf("heard %q", message.Data)
			}
			break
		}
	}
	r.stop()
	var last Event
	for event := range events {
		last = event
	}
	if _, isLeft := last.(Left); !isLeft {
		t.Errorf("the channel ended after %T", last)
	}
}
