package conclave

// #include <stdlib.h>
// #include <conclave.h>
// extern void conclaveLogLine(void *user_data, uint32_t level, char *line);
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// LogLevel says how much a group's log tells; each level includes those before it.
type LogLevel uint32

// logger is a Go function that C calls. C is given a handle to it as user data, in memory of C.
type logger struct {
	pointer unsafe.Pointer
	tell    func(LogLevel, string)
	reason  any // of the panic that tell ended in, until it is raised again
}

func newLogger(tell func(LogLevel, string)) *logger {
	l := &logger{pointer: C.malloc(C.size_t(unsafe.Sizeof(cgo.Handle(0)))), tell: tell}
	*(*cgo.Handle)(l.pointer) = cgo.NewHandle(l)
	return l
}

func (l *logger) free() {
	if l == nil {
		return
	}
	(*(*cgo.Handle)(l.pointer)).Delete()
	C.free(l.pointer)
}

// raise goes on with a panic of the program's function, now that the library's call has returned.
func (l *logger) raise() {
	if l == nil || l.reason == nil {
		return
	}
	reason := l.reason
	l.reason = nil
	panic(reason)
}

// A panic that went through the library's frames would leave the group in the middle of a call for ever.
//
//export conclaveLogLine
func conclaveLogLine(userData unsafe.Pointer, level C.uint32_t, line *C.char) {
	l := (*(*cgo.Handle)(userData)).Value().(*logger)
	defer func() {
		if reason := recover(); reason != nil && l.reason == nil {
			l.reason = reason
		}
	}()
	l.tell(LogLevel(level), C.GoString(line))
}

// SetLog has the group tell what it does, from now on: a group is silent until then. Lines hold names, numbers and public
// fingerprints, never a key or a payload. The function is called by whichever goroutine works for the group, never by two
// at once; it must return soon and must not call the group. Should it panic, the call that was under way does, at its end.
// [LogNone] or nil ends it.
func (group *Group) SetLog(level LogLevel, tell func(level LogLevel, line string)) error {
	defer runtime.KeepAlive(group)
	return group.membership.setLog(level, tell)
}

func (m *membership) setLog(level LogLevel, tell func(LogLevel, string)) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.handle == nil {
		return ErrClosed
	}
	defer m.logger.raise()
	var next *logger
	var callback C.conclave_log_callback
	var userData unsafe.Pointer
	if level != LogNone && tell != nil {
		next = newLogger(tell)
		callback, userData = C.conclave_log_callback(C.conclaveLogLine), next.pointer
	}
	if status := C.conclave_group_set_log(m.handle, C.uint32_t(level), callback, userData); status != C.CONCLAVE_OK {
		next.free()
		return failureWith(status, C.conclave_group_message(m.handle))
	}
	m.logger.free()
	m.logger = next
	return nil
}
