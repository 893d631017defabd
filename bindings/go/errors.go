package conclave

// #include <conclave.h>
import "C"

import (
	"errors"
	"io/fs"
)

// Status is what the library answers: 0, or a negative number that never changes its meaning.
type Status int32

// The statuses, grouped by cause.
const (
	StatusOK Status = 0

	// The call itself is wrong: mend the program. Class [ErrUsage].
	StatusInvalidArgument Status = -101
	StatusNullArgument    Status = -102
	StatusBadHandle       Status = -103
	StatusBadText         Status = -104
	StatusTooLarge        Status = -105
	StatusBufferTooSmall  Status = -106
	StatusBadStructSize   Status = -107
	StatusWrongState      Status = -108
	StatusUnsupported     Status = -109
	StatusBadURL          Status = -110

	// Not now: wait, then call again. Class [ErrNotNow].
	StatusNoEvent      Status = -201
	StatusQueueFull    Status = -202
	StatusFlushPending Status = -203
	StatusTimedOut     Status = -204
	StatusInterrupted  Status = -205

	// Identities and trust. Class [ErrIdentity].
	StatusPassphraseRequired Status = -301
	StatusBadPassphrase      Status = -302
	StatusBadKeyFile         Status = -303
	StatusBadTrustFile       Status = -304
	StatusNotFound           Status = -305
	StatusNotAdmitted        Status = -306
	StatusNameTaken          Status = -307

	// Bytes from the network that were refused; nothing changed. Class [ErrProtocol].
	StatusMalformed          Status = -401
	StatusUnsupportedVersion Status = -402
	StatusUnknownSuite       Status = -403
	StatusBadSignature       Status = -404
	StatusWrongGroup         Status = -405
	StatusWrongView          Status = -406
	StatusWrongRun           Status = -407
	StatusWrongSender        Status = -408
	StatusWrongDestination   Status = -409
	StatusReplayed           Status = -410
	StatusOutOfOrder         Status = -411
	StatusWrongPhase         Status = -412
	StatusBadElement         Status = -413
	StatusMemberList         Status = -414
	StatusKeyConfirmation    Status = -415
	StatusBadSeal            Status = -416
	StatusWrongAlgorithm     Status = -417

	// The world outside. Class [ErrTransport].
	StatusTransportUnreachable Status = -501
	StatusTransportLost        Status = -502
	StatusTransportRefused     Status = -503
	StatusIO                   Status = -504
	StatusNoSpace              Status = -505
	StatusPermission           Status = -506
	StatusFileExists           Status = -507
	StatusAddressInUse         Status = -508

	// The end of a membership, or its beginning anew: after StatusExcluded and StatusAgreementFailed the member joins
	// again by itself. Class [ErrEnded].
	StatusLeft            Status = -601
	StatusExcluded        Status = -602
	StatusReplaced        Status = -603
	StatusAgreementFailed Status = -604

	// Faults inside. Class [ErrInternal].
	StatusCryptography Status = -901
	StatusEntropy      Status = -902
	StatusOutOfMemory  Status = -903
)

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

// The sentinels, one for each status.
var (
	ErrInvalidArgument      error = &Error{Status: StatusInvalidArgument}
	ErrNullArgument         error = &Error{Status: StatusNullArgument}
	ErrBadHandle            error = &Error{Status: StatusBadHandle}
	ErrBadText              error = &Error{Status: StatusBadText}
	ErrTooLarge             error = &Error{Status: StatusTooLarge}
	ErrBufferTooSmall       error = &Error{Status: StatusBufferTooSmall}
	ErrBadStructSize        error = &Error{Status: StatusBadStructSize}
	ErrWrongState           error = &Error{Status: StatusWrongState}
	ErrUnsupported          error = &Error{Status: StatusUnsupported}
	ErrBadURL               error = &Error{Status: StatusBadURL}
	ErrNoEvent              error = &Error{Status: StatusNoEvent}
	ErrQueueFull            error = &Error{Status: StatusQueueFull}
	ErrFlushPending         error = &Error{Status: StatusFlushPending}
	ErrTimedOut             error = &Error{Status: StatusTimedOut}
	ErrInterrupted          error = &Error{Status: StatusInterrupted}
	ErrPassphraseRequired   error = &Error{Status: StatusPassphraseRequired}
	ErrBadPassphrase        error = &Error{Status: StatusBadPassphrase}
	ErrBadKeyFile           error = &Error{Status: StatusBadKeyFile}
	ErrBadTrustFile         error = &Error{Status: StatusBadTrustFile}
	ErrNotFound             error = &Error{Status: StatusNotFound}
	ErrNotAdmitted          error = &Error{Status: StatusNotAdmitted}
	ErrNameTaken            error = &Error{Status: StatusNameTaken}
	ErrMalformed            error = &Error{Status: StatusMalformed}
	ErrUnsupportedVersion   error = &Error{Status: StatusUnsupportedVersion}
	ErrUnknownSuite         error = &Error{Status: StatusUnknownSuite}
	ErrBadSignature         error = &Error{Status: StatusBadSignature}
	ErrWrongGroup           error = &Error{Status: StatusWrongGroup}
	ErrWrongView            error = &Error{Status: StatusWrongView}
	ErrWrongRun             error = &Error{Status: StatusWrongRun}
	ErrWrongSender          error = &Error{Status: StatusWrongSender}
	ErrWrongDestination     error = &Error{Status: StatusWrongDestination}
	ErrReplayed             error = &Error{Status: StatusReplayed}
	ErrOutOfOrder           error = &Error{Status: StatusOutOfOrder}
	ErrWrongPhase           error = &Error{Status: StatusWrongPhase}
	ErrBadElement           error = &Error{Status: StatusBadElement}
	ErrMemberList           error = &Error{Status: StatusMemberList}
	ErrKeyConfirmation      error = &Error{Status: StatusKeyConfirmation}
	ErrBadSeal              error = &Error{Status: StatusBadSeal}
	ErrWrongAlgorithm       error = &Error{Status: StatusWrongAlgorithm}
	ErrTransportUnreachable error = &Error{Status: StatusTransportUnreachable}
	ErrTransportLost        error = &Error{Status: StatusTransportLost}
	ErrTransportRefused     error = &Error{Status: StatusTransportRefused}
	ErrIO                   error = &Error{Status: StatusIO}
	ErrNoSpace              error = &Error{Status: StatusNoSpace}
	ErrPermission           error = &Error{Status: StatusPermission}
	ErrFileExists           error = &Error{Status: StatusFileExists}
	ErrAddressInUse         error = &Error{Status: StatusAddressInUse}
	ErrLeft                 error = &Error{Status: StatusLeft}
	ErrExcluded             error = &Error{Status: StatusExcluded}
	ErrReplaced             error = &Error{Status: StatusReplaced}
	ErrAgreementFailed      error = &Error{Status: StatusAgreementFailed}
	ErrCryptography         error = &Error{Status: StatusCryptography}
	ErrEntropy              error = &Error{Status: StatusEntropy}
	ErrOutOfMemory          error = &Error{Status: StatusOutOfMemory}
)

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
