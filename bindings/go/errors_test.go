package conclave

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestErrorsCompareByStatusAndClass(t *testing.T) {
	err := fmt.Errorf("outer: %w", &Error{Status: StatusQueueFull, Message: "4194304 bytes wait"})
	for _, target := range []error{ErrQueueFull, ErrNotNow} {
		if !errors.Is(err, target) {
			t.Errorf("%v is not %v", err, target)
		}
	}
	for _, target := range []error{ErrFlushPending, ErrUsage, ErrIdentity, ErrProtocol, ErrTransport, fs.ErrNotExist} {
		if errors.Is(err, target) {
			t.Errorf("%v is %v", err, target)
		}
	}
	if errors.Is(ErrQueueFull, err) {
		t.Error("a sentinel is a particular error")
	}
}

func TestEveryStatusHasExactlyOneClass(t *testing.T) {
	statuses, _ := declarations(t)
	classes := []error{ErrUsage, ErrNotNow, ErrIdentity, ErrProtocol, ErrTransport, ErrEnded, ErrInternal}
	for name, number := range statuses {
		count := 0
		for _, class := range classes {
			if errors.Is(&Error{Status: Status(number)}, class) {
				count++
			}
		}
		if count != 1 {
			t.Errorf("%s is of %d classes", name, count)
		}
	}
}

func TestErrorsCompareWithTheStandardLibrary(t *testing.T) {
	for status, target := range map[Status]error{
		StatusNotFound: fs.ErrNotExist, StatusFileExists: fs.ErrExist, StatusPermission: fs.ErrPermission,
	} {
		if !errors.Is(&Error{Status: status}, target) {
			t.Errorf("%v is not %v", status, target)
		}
	}
}

func TestFatalErrors(t *testing.T) {
	for _, err := range []error{ErrTransportLost, ErrLeft, ErrReplaced, ErrBadHandle, ErrClosed,
		fmt.Errorf("outer: %w", ErrLeft)} {
		if !IsFatal(err) {
			t.Errorf("%v is not fatal", err)
		}
	}
	for _, err := range []error{nil, ErrQueueFull, ErrFlushPending, ErrNotFound, ErrExcluded, ErrAgreementFailed, errors.New("another")} {
		if IsFatal(err) {
			t.Errorf("%v is fatal", err)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	if text := ErrBadURL.Error(); text == "conclave: " || text == "conclave: unknown status" {
		t.Errorf("no text: %q", text)
	}
	if text := (&Error{Status: StatusIO, Message: "why"}).Error(); text != "conclave: why" {
		t.Errorf("%q", text)
	}
	if text := Status(-999).String(); text != "UNKNOWN" {
		t.Errorf("%q", text)
	}
}
