package conclave

// #include <conclave.h>
import "C"

import (
	"context"
	"net"
	"runtime"
	"sync"
	"time"
)

// Hub orders the messages of groups whose members are on this machine. It sees ciphertext and signed tokens only. It serves
// while [Hub.Run] runs.
type Hub struct {
	lock    sync.Mutex
	handle  *C.conclave_hub // nil after Close
	waiter  *waiter
	running sync.Mutex // held by Run
	closing chan struct{}
	once    sync.Once
}

// HubOptions is a hub's bounds. Begin with [DefaultHubOptions].
type HubOptions struct {
	ClientLimit  uint32        // connections
	GroupLimit   uint32        // groups
	QueueBytes   int           // what may wait for one client before its group's senders are held back
	StuckTimeout time.Duration // a client that takes nothing from a full queue for so long is dropped
}

// HubCounters is what a hub has seen.
type HubCounters struct {
	Clients        uint64 // connected now
	Groups         uint64 // with a member now
	Messages       uint64 // ordered so far
	MessageBytes   uint64 // of those
	DroppedClients uint64 // closed for being stuck or malformed
}

// DefaultHubOptions returns the library's own choice. A library that is older than this package may not know the
// options' size: then all is zero, and NewHub fails with ErrBadStructSize.
func DefaultHubOptions() HubOptions {
	var native C.conclave_hub_options
	C.conclave_hub_options_init(&native, C.sizeof_conclave_hub_options)
	return HubOptions{
		ClientLimit:  uint32(native.client_limit),
		GroupLimit:   uint32(native.group_limit),
		QueueBytes:   int(native.queue_bytes),
		StuckTimeout: time.Duration(native.stuck_timeout_ms) * time.Millisecond,
	}
}

// NewHub listens on a Unix socket of mode 0600. Without options (nil) the defaults hold.
func NewHub(path string, options *HubOptions) (*Hub, error) {
	text, err := newText(path)
	if err != nil {
		return nil, err
	}
	defer text.free()
	return newHub(options, func(native *C.conclave_hub_options, hub **C.conclave_hub, object **C.conclave_error) C.conclave_status {
		return C.conclave_hub_new(text.pointer, native, hub, object)
	})
}

// AdoptHub serves on a socket that listens already, as a service manager passes it on (net.FileListener makes one of a file).
// The listener stays the caller's, who must not accept from it and may close it at once; its file is left alone at the end.
// Without options (nil) the defaults hold.
func AdoptHub(listener *net.UnixListener, options *HubOptions) (*Hub, error) {
	if listener == nil {
		return nil, &Error{Status: StatusNullArgument, Message: "the listener is nil"}
	}
	connection, err := listener.SyscallConn()
	if err != nil {
		return nil, err
	}
	var hub *Hub
	var trouble error
	err = connection.Control(func(descriptor uintptr) {
		hub, trouble = newHub(options, func(native *C.conclave_hub_options, hub **C.conclave_hub, object **C.conclave_error) C.conclave_status {
			return C.conclave_hub_adopt(C.int(descriptor), native, hub, object)
		})
	})
	if err != nil {
		return nil, err
	}
	return hub, trouble
}

// newHub makes a hub in one way or another.
func newHub(options *HubOptions, open func(*C.conclave_hub_options, **C.conclave_hub, **C.conclave_error) C.conclave_status) (*Hub, error) {
	native, err := options.native()
	if err != nil {
		return nil, err
	}
	hub := &Hub{closing: make(chan struct{})}
	if hub.waiter, err = newWaiter(); err != nil {
		return nil, err
	}
	var handle *C.conclave_hub
	var object *C.conclave_error
	status := open(&native, &handle, &object)
	if err := constructionFailure(status, object); err != nil {
		hub.waiter.close()
		return nil, err
	}
	hub.handle = handle
	runtime.SetFinalizer(hub, (*Hub).Close)
	return hub, nil
}

// native returns the options as the library takes them; for nil the defaults.
func (options *HubOptions) native() (C.conclave_hub_options, error) {
	var native C.conclave_hub_options
	if err := failure(C.conclave_hub_options_init(&native, C.sizeof_conclave_hub_options)); err != nil || options == nil {
		return native, err
	}
	if options.QueueBytes < 0 {
		return native, &Error{Status: StatusInvalidArgument, Message: "the size of a queue is negative"}
	}
	native.client_limit = C.uint32_t(options.ClientLimit)
	native.group_limit = C.uint32_t(options.GroupLimit)
	native.queue_bytes = C.size_t(options.QueueBytes)
	var err error
	native.stuck_timeout_ms, err = milliseconds(options.StuckTimeout)
	return native, err
}

// Run serves until the context is done or the hub is closed, and returns ctx.Err() or [ErrClosed].
func (hub *Hub) Run(ctx context.Context) error {
	hub.running.Lock()
	defer hub.running.Unlock()
	defer runtime.KeepAlive(hub)
	if hub.isClosed() {
		return ErrClosed
	}
	// Close, which waits for Run, closes the pipe: nobody may be about to wake through it then.
	var watching sync.WaitGroup
	defer watching.Wait()
	done := make(chan struct{})
	defer close(done)
	watching.Add(1)
	go func() {
		defer watching.Done()
		select {
		case <-ctx.Done():
			hub.waiter.wake()
		case <-done:
		}
	}()
	for {
		descriptor, deadline, err := hub.process()
		if err != nil {
			return err
		}
		if err := hub.waiter.wait(descriptor, deadline); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hub.closing:
			return ErrClosed
		default:
		}
	}
}

func (hub *Hub) isClosed() bool {
	hub.lock.Lock()
	defer hub.lock.Unlock()
	return hub.handle == nil
}

func (hub *Hub) process() (descriptor int, deadline time.Time, err error) {
	hub.lock.Lock()
	defer hub.lock.Unlock()
	if hub.handle == nil {
		return 0, deadline, ErrClosed
	}
	if status := C.conclave_hub_process(hub.handle); status != C.CONCLAVE_OK {
		return 0, deadline, failure(status)
	}
	var number C.int
	if status := C.conclave_hub_descriptor(hub.handle, &number); status != C.CONCLAVE_OK {
		return 0, deadline, failure(status)
	}
	var milliseconds C.int64_t
	if status := C.conclave_hub_deadline(hub.handle, &milliseconds); status != C.CONCLAVE_OK {
		return 0, deadline, failure(status)
	}
	return int(number), deadlineAfter(int64(milliseconds)), nil
}

// Counters returns what the hub has seen so far.
func (hub *Hub) Counters() (HubCounters, error) {
	hub.lock.Lock()
	defer hub.lock.Unlock()
	defer runtime.KeepAlive(hub)
	if hub.handle == nil {
		return HubCounters{}, ErrClosed
	}
	native := C.conclave_hub_counters{size: C.sizeof_conclave_hub_counters}
	status := C.conclave_hub_counters_read(hub.handle, &native)
	return HubCounters{
		Clients:        uint64(native.clients),
		Groups:         uint64(native.groups),
		Messages:       uint64(native.messages),
		MessageBytes:   uint64(native.message_bytes),
		DroppedClients: uint64(native.dropped_clients),
	}, failure(status)
}

// Close ends Run, closes all connections and removes the socket. It may be called more than once.
func (hub *Hub) Close() error {
	hub.once.Do(func() {
		runtime.SetFinalizer(hub, nil)
		close(hub.closing)
		hub.waiter.wake()
		hub.running.Lock()
		defer hub.running.Unlock()
		hub.lock.Lock()
		defer hub.lock.Unlock()
		C.conclave_hub_free(hub.handle)
		hub.handle = nil
		hub.waiter.close()
	})
	return nil
}
