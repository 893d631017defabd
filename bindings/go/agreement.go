package conclave

/*
#include <conclave.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"runtime"
	"sync"
	"unsafe"
)

// Agreement is the key agreement of one participant: membership changes and tokens in, tokens and a key out. The caller
// moves the tokens, in order, and delivers every multicast to its sender as well.
type Agreement struct {
	lock   sync.Mutex
	handle *C.conclave_agreement // nil after Close
}

// Participant is one participant of a run.
type Participant struct {
	ID        uint64 // unique in the run, not zero; the caller's choice
	PublicKey PublicKey
}

// Membership is what to agree on; the same at all participants.
type Membership struct {
	Group        string
	View         [32]byte      // unique to this view
	Run          [32]byte      // fresh for every run
	Participants []Participant // the same order at all: those who continue first, oldest first
	Continuing   int           // how many at the front completed the previous run together; 0 agrees from scratch
}

// TokenKind says how a token is to be sent.
type TokenKind uint32

// Token is a token to send.
type Token struct {
	Kind        TokenKind
	Destination uint64 // a participant's ID for a unicast, else 0
	Bytes       []byte
}

// Counters is what agreements have cost.
type Counters struct {
	Exponentiations  uint64
	Signatures       uint64
	Verifications    uint64
	Unicasts         uint64
	Multicasts       uint64
	MembershipChecks uint64 // of received values in the prime-order subgroup
	Inversions       uint64 // of shares, modulo the group's order
}

// NewAgreement makes a context for the participant id, which signs with the identity.
func NewAgreement(suite Suite, identity *Identity, id uint64) (*Agreement, error) {
	agreement := &Agreement{}
	err := identity.with(func(handle *C.conclave_identity) error {
		var object *C.conclave_error
		status := C.conclave_agreement_new(
			C.conclave_suite(suite), handle, C.uint64_t(id), &agreement.handle, &object)
		return constructionFailure(status, object)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(agreement, (*Agreement).Close)
	return agreement, nil
}

// with lends the handle to one call and adds the handle's message to a failure.
func (agreement *Agreement) with(call func(handle *C.conclave_agreement) C.conclave_status) error {
	agreement.lock.Lock()
	defer agreement.lock.Unlock()
	if agreement.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(agreement)
	if status := call(agreement.handle); status != C.CONCLAVE_OK {
		return failureWith(status, C.conclave_agreement_message(agreement.handle))
	}
	return nil
}

// Begin begins a run: initial agreement, join, merge, leave, partition, several of them at once, or with an unchanged
// membership a refresh. A run under way is abandoned; the last agreed key stays usable until the next is installed.
func (agreement *Agreement) Begin(membership Membership) error {
	if membership.Continuing < 0 {
		return ErrInvalidArgument
	}
	group, err := newText(membership.Group)
	if err != nil {
		return err
	}
	defer group.free()
	// C memory, because a structure that holds a Go pointer must not go to C.
	count := len(membership.Participants)
	participants := C.calloc(C.size_t(count+1), C.sizeof_conclave_participant)
	if participants == nil {
		return ErrOutOfMemory
	}
	defer C.free(participants)
	for index, participant := range membership.Participants {
		entry := (*C.conclave_participant)(unsafe.Add(participants, index*C.sizeof_conclave_participant))
		entry.id = C.uint64_t(participant.ID)
		*(*PublicKey)(unsafe.Pointer(&entry.public_key)) = participant.PublicKey
	}
	native := C.conclave_membership{
		size:              C.sizeof_conclave_membership,
		group:             group.pointer,
		participants:      (*C.conclave_participant)(participants),
		participant_count: C.size_t(count),
		continuing_count:  C.size_t(membership.Continuing),
	}
	*(*[32]byte)(unsafe.Pointer(&native.view)) = membership.View
	*(*[32]byte)(unsafe.Pointer(&native.run)) = membership.Run
	return agreement.with(func(handle *C.conclave_agreement) C.conclave_status {
		return C.conclave_agreement_begin(handle, &native)
	})
}

// Receive takes a token that the sender sent. A token that is refused (class [ErrProtocol]) changes nothing.
func (agreement *Agreement) Receive(sender uint64, token []byte) error {
	return agreement.with(func(handle *C.conclave_agreement) C.conclave_status {
		return C.conclave_agreement_receive(handle, C.uint64_t(sender), bytesPointer(token), C.size_t(len(token)))
	})
}

// NextToken returns the next token to send; false when there is none.
func (agreement *Agreement) NextToken() (token Token, found bool, err error) {
	err = agreement.with(func(handle *C.conclave_agreement) C.conclave_status {
		native := C.conclave_token{size: C.sizeof_conclave_token}
		status := C.conclave_agreement_next_token(handle, &native)
		if status == C.CONCLAVE_OK {
			token.Kind = TokenKind(native.kind)
			token.Destination = uint64(native.destination)
			token.Bytes = C.GoBytes(unsafe.Pointer(native.bytes), C.int(native.byte_count))
		}
		return status
	})
	if errors.Is(err, ErrNoEvent) {
		return Token{}, false, nil
	}
	return token, err == nil, err
}

// IsComplete tells whether the run that began last has ended in a confirmed key; false after Close.
func (agreement *Agreement) IsComplete() (complete bool) {
	_ = agreement.with(func(handle *C.conclave_agreement) C.conclave_status {
		complete = bool(C.conclave_agreement_is_complete(handle))
		return C.CONCLAVE_OK
	})
	return complete
}

// Export derives size bytes (at most 8,160) from the last agreed key; label and context are bound in.
func (agreement *Agreement) Export(label string, context []byte, size int) ([]byte, error) {
	output, name, err := prepareExport(label, size)
	if err != nil {
		return nil, err
	}
	defer name.free()
	err = agreement.with(func(handle *C.conclave_agreement) C.conclave_status {
		return C.conclave_agreement_export(handle, name.pointer, bytesPointer(context), C.size_t(len(context)),
			bytesPointer(output), C.size_t(size))
	})
	if err != nil {
		return nil, err
	}
	return output, nil
}

// prepareExport checks what Go would panic about before the library sees it.
func prepareExport(label string, size int) ([]byte, text, error) {
	if size < 0 {
		return nil, text{}, ErrInvalidArgument
	}
	if size > 255*32 {
		return nil, text{}, ErrTooLarge
	}
	name, err := newText(label)
	return make([]byte, size), name, err
}

// Fingerprint returns a public name of the last agreed key: equal at two participants only if their keys are.
func (agreement *Agreement) Fingerprint() (fingerprint Fingerprint, err error) {
	err = agreement.with(func(handle *C.conclave_agreement) C.conclave_status {
		return C.conclave_agreement_fingerprint(handle, keyPointer((*[32]byte)(&fingerprint)))
	})
	return fingerprint, err
}

// SetThreads says on how many threads, 1 to 64, many powers at once may be computed; 1 until this is called.
func (agreement *Agreement) SetThreads(count int) error {
	return agreement.with(func(handle *C.conclave_agreement) C.conclave_status {
		return C.conclave_agreement_set_threads(handle, threadCount(count))
	})
}

// threadCount leaves what is no number of threads for the library to refuse.
func threadCount(count int) C.uint32_t {
	if count < 0 || count > 64 {
		return 0
	}
	return C.uint32_t(count)
}

// Counters returns the counts since the context was made.
func (agreement *Agreement) Counters() (counters Counters, err error) {
	err = agreement.with(func(handle *C.conclave_agreement) C.conclave_status {
		native := C.conclave_counters{size: C.sizeof_conclave_counters}
		status := C.conclave_agreement_counters(handle, &native)
		counters = countersFrom(&native)
		return status
	})
	return counters, err
}

func countersFrom(native *C.conclave_counters) Counters {
	return Counters{
		Exponentiations:  uint64(native.exponentiations),
		Signatures:       uint64(native.signatures),
		Verifications:    uint64(native.verifications),
		Unicasts:         uint64(native.unicasts),
		Multicasts:       uint64(native.multicasts),
		MembershipChecks: uint64(native.membership_checks),
		Inversions:       uint64(native.inversions),
	}
}

// Close wipes the context's secrets. It may be called more than once.
func (agreement *Agreement) Close() error {
	agreement.lock.Lock()
	defer agreement.lock.Unlock()
	runtime.SetFinalizer(agreement, nil)
	C.conclave_agreement_free(agreement.handle)
	agreement.handle = nil
	return nil
}
