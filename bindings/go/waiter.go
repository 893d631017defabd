package conclave

// #include <poll.h>
import "C"

import (
	"errors"
	"fmt"
	"math"
	"syscall"
	"time"
)

// waiter waits for a descriptor of the library, for a time, or to be woken. It never touches the handle behind the
// descriptor, so that others may use it meanwhile.
type waiter struct {
	reading, writing int // the wake pipe
}

func newWaiter() (*waiter, error) {
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		return nil, &Error{Status: StatusIO, Message: fmt.Sprintf("cannot make a pipe: %v", err)}
	}
	return &waiter{reading: pipe[0], writing: pipe[1]}, nil
}

// wake makes wait return, now or when it next begins. A full pipe is as good as one more byte.
func (w *waiter) wake() {
	for {
		if _, err := syscall.Write(w.writing, []byte{0}); !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

// wait returns when the descriptor is readable, at the deadline (zero: never) or after wake.
func (w *waiter) wait(descriptor int, deadline time.Time) error {
	watched := [2]C.struct_pollfd{
		{fd: C.int(descriptor), events: C.POLLIN},
		{fd: C.int(w.reading), events: C.POLLIN},
	}
	_, err := C.poll(&watched[0], 2, C.int(timeoutUntil(deadline)))
	if err != nil && !errors.Is(err, syscall.EINTR) {
		return &Error{Status: StatusIO, Message: fmt.Sprintf("poll: %v", err)}
	}
	if watched[1].revents != 0 {
		w.drain()
	}
	return nil
}

func (w *waiter) drain() {
	var bytes [64]byte
	for {
		count, err := syscall.Read(w.reading, bytes[:])
		if count < len(bytes) && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

func (w *waiter) close() {
	_ = syscall.Close(w.reading)
	_ = syscall.Close(w.writing)
}

// timeoutUntil gives the milliseconds that poll takes, rounded up; -1 for no deadline. A wait cut short does no harm.
func timeoutUntil(deadline time.Time) int64 {
	if deadline.IsZero() {
		return -1
	}
	remaining := time.Until(deadline)
	if remaining <= 0 {
		return 0
	}
	milliseconds := int64((remaining + time.Millisecond - 1) / time.Millisecond)
	if milliseconds > math.MaxInt32 {
		return math.MaxInt32
	}
	return milliseconds
}

// deadlineAfter turns the library's milliseconds into a time; negative means never.
func deadlineAfter(milliseconds int64) time.Time {
	if milliseconds < 0 {
		return time.Time{}
	}
	const century = int64(100 * 365 * 24 * time.Hour / time.Millisecond)
	if milliseconds > century {
		milliseconds = century
	}
	return time.Now().Add(time.Duration(milliseconds) * time.Millisecond)
}

// isSooner compares deadlines of which the zero one never comes.
func isSooner(one, other time.Time) bool {
	return !one.IsZero() && (other.IsZero() || one.Before(other))
}
