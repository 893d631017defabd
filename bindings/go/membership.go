package conclave

// #include <conclave.h>
import "C"

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// membership is the part of a Group that its goroutines hold.
//
// The handle is used under the lock and only for calls that do not wait. The goroutine `keepAlive` waits in poll without
// the lock, processes what there is, and announces that something may have changed; whoever waits for an event or for room in
// the queue takes the channel `changed` while it still holds the lock under which it was refused, so that no
// announcement is missed.
type membership struct {
	lock     sync.Mutex
	handle   *C.conclave_group // nil once closed
	changed  chan struct{}     // closed and replaced at each announcement
	waiting  bool              // somebody holds `changed`
	deadline time.Time         // until when keepAlive sleeps
	ended    error             // why nothing more will come
	logger   *logger           // who is told what the group does; nil for nobody

	waiter  *waiter
	closing chan struct{} // closed when Close begins
	stopped chan struct{} // closed when keepAlive has returned
	once    sync.Once     // of close

	stream     chan Event // what Events returns
	streamOnce sync.Once
	streaming  sync.WaitGroup
}

func newMembership(handle *C.conclave_group) (*membership, error) {
	var descriptor C.int
	if status := C.conclave_group_descriptor(handle, &descriptor); status != C.CONCLAVE_OK {
		return nil, failureWith(status, C.conclave_group_message(handle))
	}
	waiter, err := newWaiter()
	if err != nil {
		return nil, err
	}
	m := &membership{
		handle:  handle,
		changed: make(chan struct{}),
		waiter:  waiter,
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
		stream:  make(chan Event),
	}
	go m.keepAlive(int(descriptor))
	return m, nil
}

// keepAlive processes until the membership is over or closed. The descriptor lives as long as the handle, which close frees
// only after this has returned.
func (m *membership) keepAlive(descriptor int) {
	defer close(m.stopped)
	for {
		deadline, goesOn := m.process()
		if !goesOn {
			return
		}
		if err := m.waiter.wait(descriptor, deadline); err != nil {
			m.end(err)
			return
		}
		select {
		case <-m.closing:
			return
		default:
		}
	}
}

func (m *membership) process() (deadline time.Time, goesOn bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	defer m.announce()
	defer m.logger.raise()
	if status := C.conclave_group_process(m.handle); bool(C.conclave_status_is_fatal(status)) {
		if m.ended == nil {
			m.ended = failureWith(status, C.conclave_group_message(m.handle))
		}
		return time.Time{}, false
	}
	m.deadline = m.nextDeadline()
	return m.deadline, true
}

func (m *membership) end(err error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.ended = err
	m.announce()
}

// nextDeadline is called under the lock.
func (m *membership) nextDeadline() time.Time {
	var milliseconds C.int64_t
	if C.conclave_group_deadline(m.handle, &milliseconds) != C.CONCLAVE_OK {
		return time.Time{}
	}
	return deadlineAfter(int64(milliseconds))
}

// announce tells all who wait that something may have changed. Called under the lock.
func (m *membership) announce() {
	if m.waiting {
		close(m.changed)
		m.changed = make(chan struct{})
		m.waiting = false
	}
}

// watch returns the channel that the next announcement closes. Called under the lock.
func (m *membership) watch() <-chan struct{} {
	m.waiting = true
	return m.changed
}

// read lends the handle to a call that changes nothing.
func (m *membership) read(call func(handle *C.conclave_group) error) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.handle == nil {
		return ErrClosed
	}
	defer m.logger.raise()
	return call(m.handle)
}

// do lends the handle to a call that may give keepAlive something to do.
func (m *membership) do(call func(handle *C.conclave_group) C.conclave_status) error {
	_, err := m.attempt(call)
	return err
}

func (m *membership) attempt(call func(handle *C.conclave_group) C.conclave_status) (<-chan struct{}, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.handle == nil {
		return nil, ErrClosed
	}
	defer m.logger.raise()
	if status := call(m.handle); status != C.CONCLAVE_OK {
		return m.watch(), failureWith(status, C.conclave_group_message(m.handle))
	}
	m.announce()
	m.waiter.wake()
	return nil, nil
}

// doPatiently repeats a call that is refused for now, after each announcement.
func (m *membership) doPatiently(ctx context.Context, call func(handle *C.conclave_group) C.conclave_status) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		changed, err := m.attempt(call)
		if err == nil || !isWorthRetrying(err) {
			return err
		}
		if err := m.await(ctx, changed); err != nil {
			return err
		}
	}
}

// await waits for an announcement, the context or the end.
func (m *membership) await(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-m.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *membership) next(ctx context.Context) (Event, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		event, changed, err := m.fetch()
		if event != nil || err != nil {
			return event, err
		}
		if changed == nil {
			continue
		}
		if err := m.await(ctx, changed); err != nil {
			return nil, err
		}
	}
}

// fetch takes one event; without one, it returns the channel to wait on. A kind of event that this package does not know is
// passed over: neither an event nor a channel.
func (m *membership) fetch() (Event, <-chan struct{}, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.handle == nil {
		return nil, nil, ErrClosed
	}
	defer m.logger.raise()
	native := C.conclave_event{size: C.sizeof_conclave_event}
	switch status := C.conclave_group_next_event(m.handle, &native); {
	case status == C.CONCLAVE_OK:
	case m.ended != nil:
		return nil, nil, m.ended
	case status == C.CONCLAVE_E_NO_EVENT:
		return nil, m.watch(), nil
	default:
		return nil, nil, failureWith(status, C.conclave_group_message(m.handle))
	}
	event, err := copyEvent(m.handle, &native)
	if left, isLeft := event.(Left); isLeft {
		m.ended = left.Err
	}
	m.fetched()
	return event, nil, err
}

// fetched tells the others that an event is gone: a sender may go on in the new view, another receiver must learn of the
// end, and the transport may be read again. Called under the lock.
func (m *membership) fetched() {
	m.announce()
	if deadline := m.nextDeadline(); isSooner(deadline, m.deadline) {
		m.deadline = deadline
		m.waiter.wake()
	}
}

func (m *membership) events(owner *Group) <-chan Event {
	m.streamOnce.Do(func() {
		m.streaming.Add(1)
		go m.pump(owner)
	})
	return m.stream
}

func (m *membership) pump(owner *Group) {
	// Not found by the collector, and so not closed, as long as events may be received.
	defer runtime.KeepAlive(owner)
	defer m.streaming.Done()
	defer close(m.stream)
	for {
		event, err := m.next(context.Background())
		if errors.Is(err, ErrClosed) || err != nil && event == nil {
			return
		}
		select {
		case m.stream <- event:
		case <-m.closing:
			return
		}
	}
}

// close stops the goroutines, then frees the handle.
func (m *membership) close() {
	m.once.Do(func() {
		close(m.closing)
		m.waiter.wake()
		<-m.stopped
		m.streaming.Wait()
		m.lock.Lock()
		defer m.lock.Unlock()
		C.conclave_group_free(m.handle)
		m.handle = nil
		m.logger.free()
		m.logger = nil
		m.waiter.close()
		m.announce()
	})
}
