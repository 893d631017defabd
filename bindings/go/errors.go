package conclave

// #include <conclave.h>
import "C"

import (
	"errors"
	"io/fs"
)

// Status is what the library answers: 0, or a negative number that never changes its meaning.
type Status int32

// String returns the status's name without prefix, such as "BAD_HANDLE"; "UNKNOWN" for a number that is none.
func (status Status) String() string {
	return C.GoString(C.conclave_status_name(C.conclave_status(status)))
}

// Text returns one English sentence for the status.
func (status Status) Text() string {
	return C.GoString(C.conclave_status_text(C.conclave_status(status)))
}

// Error is a failure: its status, and one line that says what happened and what to do about it. errors.Is compares it
// with a sentinel by status, with a class by the status's group, and with the fitting sentinels of io/fs.
type Error struct {
	Status  Status
	Message string // "" when the status's own sentence says all
}

// Error returns the message, or the status's sentence when there is none.
func (e *Error) Error() string {
	if e.Message == "" {
		return "conclave: " + e.Status.Text()
	}
	return "conclave: " + e.Message
}

// Is makes errors.Is work with the sentinels, the classes and io/fs.
func (e *Error) Is(target error) bool {
	switch target := target.(type) {
	case *Error:
		return target.Message == "" && target.Status == e.Status
	case *class:
		return e.Status <= target.first && e.Status > target.first-100
	}
	switch target {
	case fs.ErrNotExist:
		return e.Status == StatusNotFound
	case fs.ErrExist:
		return e.Status == StatusFileExists
	case fs.ErrPermission:
		return e.Status == StatusPermission
	}
	return false
}

// class is a group of statuses, as a target of errors.Is.
type class struct {
	first Status
	text  string
}

func (c *class) Error() string { return "conclave: " + c.text }

// The classes: errors.Is(err, ErrTransport) holds for every failure of the group -501 to -599, and so on.
var (
	ErrUsage     error = &class{-100, "the call is wrong"}
	ErrNotNow    error = &class{-200, "not now"}
	ErrIdentity  error = &class{-300, "identity or trust"}
	ErrProtocol  error = &class{-400, "bytes from the network were refused"}
	ErrTransport error = &class{-500, "the system or the transport refused"}
	ErrEnded     error = &class{-600, "the membership is over or begins anew"}
	ErrInternal  error = &class{-900, "a fault inside the library"}
)

// ErrClosed is the answer of an object after Close.
var ErrClosed = errors.New("conclave: closed")

// IsFatal tells whether the object that gave this error can do nothing more but be closed.
func IsFatal(err error) bool {
	var failure *Error
	if errors.As(err, &failure) {
		return bool(C.conclave_status_is_fatal(C.conclave_status(failure.Status)))
	}
	return errors.Is(err, ErrClosed)
}

// failure turns a status into an error; nil for success.
func failure(status C.conclave_status) error {
	if status == C.CONCLAVE_OK {
		return nil
	}
	return &Error{Status: Status(status)}
}

// failureWith adds the message that the handle keeps, which is borrowed and copied here.
func failureWith(status C.conclave_status, message *C.char) error {
	if status == C.CONCLAVE_OK {
		return nil
	}
	return &Error{Status: Status(status), Message: C.GoString(message)}
}

// constructionFailure takes over the error object of a call that made no handle.
func constructionFailure(status C.conclave_status, object *C.conclave_error) error {
	if status == C.CONCLAVE_OK {
		return nil
	}
	defer C.conclave_error_free(object)
	return failureWith(status, C.conclave_error_message(object))
}
