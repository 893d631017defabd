package conclave

// #include <conclave.h>
import "C"

import "unsafe"

// Event is what happened in a group: [FlushRequest], [TransitionalSignal], [View], [Message], [Left] or [ErrorEvent].
type Event interface{ isEvent() }

// MemberID names one membership: who leaves and joins again has another. 0 is nobody.
type MemberID uint64

// Service is the order in which a message is delivered; each includes those before it.
type Service uint32

// FlushRequest says that the view is about to change; with ManualFlush, answer with [Group.Flush].
type FlushRequest struct{ ViewCounter uint64 }

// TransitionalSignal says that from here to the next view guarantees hold for the transitional set.
type TransitionalSignal struct{ ViewCounter uint64 }

// View is a new secure view with a new key.
type View struct {
	Counter        uint64      // grows with every view that a member installs
	ID             [32]byte    // unique; the same at all members of the view
	KeyFingerprint Fingerprint // public name of the view's key; the same at all members
	Members        []Member    // oldest first
	Left           []Member    // of the previous view, no longer here
	Self           MemberID
}

// Member is a member of a view.
type Member struct {
	ID             MemberID
	Name           string
	PublicKey      PublicKey
	IsSelf         bool
	IsTransitional bool // came along from this member's previous view
	HasJoined      bool // was not in this member's previous view
}

// Message is a message of a member, decrypted and verified. Data belongs to the receiver.
type Message struct {
	Sender      MemberID
	SenderName  string
	Service     Service
	Data        []byte
	IsPrivate   bool // sent to this member alone
	ViewCounter uint64
}

// Left says that the membership is over. Err is [ErrLeft] after [Group.Leave], else the reason. Nothing follows.
type Left struct {
	Err         error
	ViewCounter uint64
}

// ErrorEvent says that something was refused or is amiss, and that the membership goes on.
type ErrorEvent struct {
	Err         error
	Member      MemberID // whom it is about, 0 for nobody
	MemberName  string
	ViewCounter uint64
}

func (FlushRequest) isEvent()       {}
func (TransitionalSignal) isEvent() {}
func (View) isEvent()               {}
func (Message) isEvent()            {}
func (Left) isEvent()               {}
func (ErrorEvent) isEvent()         {}

// copyEvent copies an event and what it borrows. The caller holds the group. A kind from a newer library gives nil.
func copyEvent(group *C.conclave_group, native *C.conclave_event) (Event, error) {
	counter := uint64(native.view_counter)
	switch native.kind {
	case eventFlushRequest:
		return FlushRequest{ViewCounter: counter}, nil
	case eventTransitionalSignal:
		return TransitionalSignal{ViewCounter: counter}, nil
	case eventView:
		return copyView(group)
	case eventMessage:
		return Message{
			Sender:      MemberID(native.sender),
			SenderName:  C.GoString(native.sender_name),
			Service:     Service(native.service),
			Data:        C.GoBytes(unsafe.Pointer(native.data), C.int(native.data_size)),
			IsPrivate:   bool(native.is_private),
			ViewCounter: counter,
		}, nil
	case eventLeft:
		return Left{Err: reason(native), ViewCounter: counter}, nil
	case eventError:
		return ErrorEvent{
			Err:         reason(native),
			Member:      MemberID(native.sender),
			MemberName:  C.GoString(native.sender_name),
			ViewCounter: counter,
		}, nil
	}
	return nil, nil
}

// reason is an event's status as an error; a membership that ended without a complaint was left.
func reason(native *C.conclave_event) error {
	status := native.status
	if status == C.CONCLAVE_OK {
		status = C.CONCLAVE_E_LEFT
	}
	return failureWith(status, native.message)
}

// copyView copies the view of the VIEW event that was fetched last, with its members.
func copyView(group *C.conclave_group) (View, error) {
	native := C.conclave_view{size: C.sizeof_conclave_view}
	if status := C.conclave_group_view(group, &native); status != C.CONCLAVE_OK {
		return View{}, failureWith(status, C.conclave_group_message(group))
	}
	view := View{
		Counter:        uint64(native.counter),
		ID:             *(*[32]byte)(unsafe.Pointer(&native.id)),
		KeyFingerprint: *(*Fingerprint)(unsafe.Pointer(&native.key_fingerprint)),
		Members:        make([]Member, 0, int(native.member_count)),
		Self:           MemberID(native.self),
	}
	for index := C.size_t(0); index < native.member_count; index++ {
		member := C.conclave_member{size: C.sizeof_conclave_member}
		if status := C.conclave_group_member(group, index, &member); status != C.CONCLAVE_OK {
			return View{}, failureWith(status, C.conclave_group_message(group))
		}
		view.Members = append(view.Members, copyMember(&member))
	}
	for index := C.size_t(0); index < native.left_count; index++ {
		member := C.conclave_member{size: C.sizeof_conclave_member}
		if status := C.conclave_group_left_member(group, index, &member); status != C.CONCLAVE_OK {
			return View{}, failureWith(status, C.conclave_group_message(group))
		}
		view.Left = append(view.Left, copyMember(&member))
	}
	return view, nil
}

func copyMember(native *C.conclave_member) Member {
	return Member{
		ID:             MemberID(native.id),
		Name:           C.GoString(native.name),
		PublicKey:      *(*PublicKey)(unsafe.Pointer(&native.public_key)),
		IsSelf:         bool(native.is_self),
		IsTransitional: bool(native.is_transitional),
		HasJoined:      bool(native.has_joined),
	}
}
