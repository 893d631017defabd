package conclave

// #include <conclave.h>
import "C"

import (
	"context"
	"errors"
	"runtime"
	"time"
)

// Options is how a group behaves. Begin with [DefaultOptions].
type Options struct {
	Suite            Suite
	ManualFlush      bool          // false: flush requests are acknowledged by the library
	FlushTimeout     time.Duration // who has not acknowledged by then is excluded; 0 = never
	AgreementTimeout time.Duration // an agreement that takes longer is restarted; 0 = never
	RestartLimit     uint32        // restarts of an agreement within one view
	AdmissionTimeout time.Duration // then an ErrorEvent with ErrNotAdmitted tells that nobody has accepted us yet
	SendQueueBytes   int           // what may wait to be sent
	EventQueueBytes  int           // what may wait to be fetched before the transport is no longer read
	Algorithm        Algorithm     // all members choose the same, as with the suite
}

// DefaultOptions returns the library's own choice. A library that is older than this package may not know the options'
// size: then all is zero, and Join fails with ErrBadStructSize.
func DefaultOptions() Options {
	var native C.conclave_group_options
	C.conclave_group_options_init(&native, C.sizeof_conclave_group_options)
	return Options{
		Suite:            Suite(native.suite),
		ManualFlush:      bool(native.manual_flush),
		FlushTimeout:     time.Duration(native.flush_timeout_ms) * time.Millisecond,
		AgreementTimeout: time.Duration(native.agreement_timeout_ms) * time.Millisecond,
		RestartLimit:     uint32(native.restart_limit),
		AdmissionTimeout: time.Duration(native.admission_timeout_ms) * time.Millisecond,
		SendQueueBytes:   int(native.send_queue_bytes),
		EventQueueBytes:  int(native.event_queue_bytes),
		Algorithm:        Algorithm(native.algorithm),
	}
}

// native turns the options into C's; what does not fit is refused, never cut.
func (options *Options) native() (C.conclave_group_options, error) {
	var native C.conclave_group_options
	if err := failure(C.conclave_group_options_init(&native, C.sizeof_conclave_group_options)); err != nil {
		return native, err
	}
	for _, size := range []int{options.SendQueueBytes, options.EventQueueBytes} {
		if size < 0 {
			return native, &Error{Status: StatusInvalidArgument, Message: "the size of a queue is negative"}
		}
	}
	var err error
	native.suite = C.conclave_suite(options.Suite)
	native.algorithm = C.uint32_t(options.Algorithm)
	native.manual_flush = C.bool(options.ManualFlush)
	native.restart_limit = C.uint32_t(options.RestartLimit)
	native.send_queue_bytes = C.size_t(options.SendQueueBytes)
	native.event_queue_bytes = C.size_t(options.EventQueueBytes)
	if native.flush_timeout_ms, err = milliseconds(options.FlushTimeout); err != nil {
		return native, err
	}
	if native.agreement_timeout_ms, err = milliseconds(options.AgreementTimeout); err != nil {
		return native, err
	}
	native.admission_timeout_ms, err = milliseconds(options.AdmissionTimeout)
	return native, err
}

// milliseconds rounds up, so that a short time never becomes 0, which means never.
func milliseconds(duration time.Duration) (C.uint32_t, error) {
	if duration < 0 || duration > time.Duration(^uint32(0))*time.Millisecond {
		return 0, &Error{Status: StatusInvalidArgument, Message: "a timeout is negative or above 49 days"}
	}
	return C.uint32_t((duration + time.Millisecond - 1) / time.Millisecond), nil
}

// Config says which group to join, as whom, and whom to accept.
type Config struct {
	URL      string    // of a transport: `local:PATH` names a hub's socket
	Group    string    // the group's name, 1 to MaxGroupName bytes
	Identity *Identity // may be closed once Join has returned
	Trust    *Trust    // may be nil: only the own key is accepted; copied
	Options  *Options  // may be nil: DefaultOptions
}

// Group is a membership in one secure group. From Join to Close a goroutine keeps the membership alive: it processes what
// the network brings and acknowledges flushes, also while nobody fetches events.
type Group struct{ *membership }

// Join connects to a transport and asks to join a group. It returns when the connection stands; the first [View] tells
// that the group is joined. The context bounds the call, not the membership.
func Join(ctx context.Context, config Config) (*Group, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	options := DefaultOptions()
	if config.Options != nil {
		options = *config.Options
	}
	native, err := options.native()
	if err != nil {
		return nil, err
	}
	handle, err := join(config, &native)
	if err != nil {
		return nil, err
	}
	membership, err := newMembership(handle)
	if err != nil {
		C.conclave_group_free(handle)
		return nil, err
	}
	// The goroutines hold the membership and not the Group, so that a forgotten Group is found by the collector. Only who
	// asks for Events holds it by that: whoever ranges over the channel need not keep the Group besides.
	group := &Group{membership}
	runtime.SetFinalizer(group, func(group *Group) { go group.membership.close() })
	return group, nil
}

func join(config Config, options *C.conclave_group_options) (handle *C.conclave_group, err error) {
	url, err := newText(config.URL)
	if err != nil {
		return nil, err
	}
	defer url.free()
	name, err := newText(config.Group)
	if err != nil {
		return nil, err
	}
	defer name.free()
	err = config.Identity.with(func(identity *C.conclave_identity) error {
		connect := func(trust *C.conclave_trust) error {
			var object *C.conclave_error
			status := C.conclave_group_join(url.pointer, name.pointer, identity, trust, options, &handle, &object)
			return constructionFailure(status, object)
		}
		if config.Trust == nil {
			return connect(nil)
		}
		return config.Trust.with(connect)
	})
	return handle, err
}

// Next returns the next event, waiting for it until the context is done. After [Left] it returns the reason again.
func (group *Group) Next(ctx context.Context) (Event, error) {
	defer runtime.KeepAlive(group)
	return group.membership.next(ctx)
}

// Events returns a channel of all that happens from now on. It is closed after [Left] and by [Group.Close]. Every call
// returns the same channel. One event is fetched ahead of the receiver. Use either Events or Next. From the first call on
// the membership lasts until then, also when the Group itself is forgotten.
func (group *Group) Events() <-chan Event {
	return group.membership.events(group)
}

// Send sends to all members of the current secure view, the sender included, without waiting. The data is copied.
// [ErrWrongState] before the first view, [ErrFlushPending] between acknowledgement and view, [ErrQueueFull].
func (group *Group) Send(service Service, data []byte) error {
	defer runtime.KeepAlive(group)
	return group.membership.do(func(handle *C.conclave_group) C.conclave_status {
		return C.conclave_group_send(handle, C.uint32_t(service), bytesPointer(data), C.size_t(len(data)))
	})
}

// SendContext is Send that waits while the queue is full or a flush is pending, until the context is done. During a flush it
// waits for the next view, so that another goroutine must be fetching events.
func (group *Group) SendContext(ctx context.Context, service Service, data []byte) error {
	defer runtime.KeepAlive(group)
	return group.membership.doPatiently(ctx, func(handle *C.conclave_group) C.conclave_status {
		return C.conclave_group_send(handle, C.uint32_t(service), bytesPointer(data), C.size_t(len(data)))
	})
}

// SendTo sends to one member of the current secure view, in FIFO order with this sender's other messages; [ErrNotFound]
// when it is not there. Every member can decrypt what another can: private means delivered to one, not secret from the rest.
func (group *Group) SendTo(member MemberID, data []byte) error {
	defer runtime.KeepAlive(group)
	return group.membership.do(func(handle *C.conclave_group) C.conclave_status {
		return C.conclave_group_send_to(handle, C.uint64_t(member), bytesPointer(data), C.size_t(len(data)))
	})
}

// SendToContext is SendTo that waits as SendContext does.
func (group *Group) SendToContext(ctx context.Context, member MemberID, data []byte) error {
	defer runtime.KeepAlive(group)
	return group.membership.doPatiently(ctx, func(handle *C.conclave_group) C.conclave_status {
		return C.conclave_group_send_to(handle, C.uint64_t(member), bytesPointer(data), C.size_t(len(data)))
	})
}

// Flush acknowledges a flush request (ManualFlush): nothing more will be sent in this view. [ErrWrongState] without one.
func (group *Group) Flush() error {
	defer runtime.KeepAlive(group)
	return group.membership.do(func(handle *C.conclave_group) C.conclave_status {
		return C.conclave_group_flush(handle)
	})
}

// Refresh asks for a new view with the same members and a new key.
func (group *Group) Refresh() error {
	defer runtime.KeepAlive(group)
	return group.membership.do(func(handle *C.conclave_group) C.conclave_status {
		return C.conclave_group_refresh(handle)
	})
}

// Leave asks to leave the group: what was accepted is sent, then a [Left] follows.
func (group *Group) Leave() error {
	defer runtime.KeepAlive(group)
	return group.membership.do(func(handle *C.conclave_group) C.conclave_status {
		return C.conclave_group_leave(handle)
	})
}

// SetTrust replaces the accepted keys by a copy of the list. A member whose key is gone is expelled at the next view,
// which is asked for at once.
func (group *Group) SetTrust(trust *Trust) error {
	defer runtime.KeepAlive(group)
	return trust.with(func(list *C.conclave_trust) error {
		return group.membership.do(func(handle *C.conclave_group) C.conclave_status {
			return C.conclave_group_set_trust(handle, list)
		})
	})
}

// View returns the view that was fetched last; [ErrWrongState] before the first.
func (group *Group) View() (view View, err error) {
	defer runtime.KeepAlive(group)
	err = group.membership.read(func(handle *C.conclave_group) error {
		view, err = copyView(handle)
		return err
	})
	return view, err
}

// WaitingFor returns whom the group is waiting for just now: for a flush, an admission or an agreement.
func (group *Group) WaitingFor() (members []Member, err error) {
	defer runtime.KeepAlive(group)
	err = group.membership.read(func(handle *C.conclave_group) error {
		for index := C.size_t(0); ; index++ {
			member := C.conclave_member{size: C.sizeof_conclave_member}
			switch status := C.conclave_group_waiting_for(handle, index, &member); status {
			case C.CONCLAVE_OK:
				members = append(members, copyMember(&member))
			case C.CONCLAVE_E_NOT_FOUND:
				return nil
			default:
				return failureWith(status, C.conclave_group_message(handle))
			}
		}
	})
	return members, err
}

// Export derives size bytes (at most 8,160) from the key of the current secure view, for the application's own use: the
// same at all members for the same label and context. [ErrWrongState] before the first view.
func (group *Group) Export(label string, context []byte, size int) ([]byte, error) {
	defer runtime.KeepAlive(group)
	output, name, err := prepareExport(label, size)
	if err != nil {
		return nil, err
	}
	defer name.free()
	err = group.membership.read(func(handle *C.conclave_group) error {
		status := C.conclave_group_export(handle, name.pointer, bytesPointer(context), C.size_t(len(context)),
			bytesPointer(output), C.size_t(size))
		if status != C.CONCLAVE_OK {
			return failureWith(status, C.conclave_group_message(handle))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return output, nil
}

// SetThreads says on how many threads, 1 to 64, many powers at once may be computed; 1 until this is called.
func (group *Group) SetThreads(count int) error {
	defer runtime.KeepAlive(group)
	return group.membership.read(func(handle *C.conclave_group) error {
		return failure(C.conclave_group_set_threads(handle, threadCount(count)))
	})
}

// Counters returns what the agreements of this group have cost so far.
func (group *Group) Counters() (counters Counters, err error) {
	defer runtime.KeepAlive(group)
	err = group.membership.read(func(handle *C.conclave_group) error {
		native := C.conclave_counters{size: C.sizeof_conclave_counters}
		status := C.conclave_group_counters(handle, &native)
		counters = countersFrom(&native)
		return failure(status)
	})
	return counters, err
}

// Close disconnects at once (others see a crash unless [Group.Leave] went before and [Left] was fetched) and wipes the
// keys. All waits return [ErrClosed]. It may be called more than once.
func (group *Group) Close() error {
	runtime.SetFinalizer(group, nil)
	group.membership.close()
	return nil
}

// isWorthRetrying tells the failures that pass by themselves.
func isWorthRetrying(err error) bool {
	return errors.Is(err, ErrQueueFull) || errors.Is(err, ErrFlushPending)
}
