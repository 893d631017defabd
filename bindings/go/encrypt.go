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
	"time"
	"unsafe"
)

// Encryption is one member's encryption of one cluster, for one start. The program moves the bytes and tells who is
// connected; the encryption says what to send, and seals and opens messages. Who the members are is decided by an
// [Admission], never by the messaging system.
//
// After each call that changes something send the outputs, take the events, and ask for the deadline again.
type Encryption struct {
	lock   sync.Mutex
	handle *C.conclave_encrypt // nil after Close
	begin  time.Time           // of the clock that the library is told
}

// EncryptConfig is what an [Encryption] is made of. Begin with [DefaultEncryptOptions] for the options.
type EncryptConfig struct {
	Cluster    string
	Address    []byte // what the messaging system calls this member
	Credential *Credential
	Admission  *Admission
	KeyRing    *KeyRing        // needed when keys come from a store, else nil
	Options    *EncryptOptions // nil: the defaults
}

// EncryptOptions is how a cluster is encrypted; the first four are the same at all its members.
type EncryptOptions struct {
	KeysFrom               KeysFrom
	Authenticity           Authenticity
	Cipher                 Cipher
	WholeMessage           bool // headers are encrypted too
	Rekey                  Rekey
	ReplayWindow           uint32
	EpochsKept             uint32
	EpochLifetime          time.Duration
	Gather                 time.Duration
	AskAfter               time.Duration
	RepeatAfter            time.Duration
	PartSize               uint
	SealsWhileMembersLeave bool
}

// ClusterMember is a member for one start of it.
type ClusterMember struct {
	Address       []byte
	Name          string
	PublicKey     PublicKey
	Introduction  [32]byte // another one each time that the member starts
	IsSelf        bool
	IsCoordinator bool
}

// ClusterView is who shares the keys.
type ClusterView struct {
	Counter     uint64
	Epoch       [16]byte        // the public name of the keys
	Members     []ClusterMember // in the order of the host view
	Coordinator int             // its place among them
	Self        int
}

// EncryptOutput is what to send: to everybody, or to one address.
type EncryptOutput struct {
	ToEveryone bool
	Address    []byte
	Bytes      []byte
}

// EncryptEvent is one of [ClusterView], [ClusterMessage], [MemberLeaves], [RefusedByCoordinator], [MemberRefused],
// [KeyWanted], [RecordsDropped] and [RecordRefused].
type EncryptEvent interface{ isEncryptEvent() }

// ClusterMessage is a message that was opened; Headers are those of the host if they were encrypted.
type ClusterMessage struct {
	Sender      ClusterMember
	Data        []byte
	Headers     []byte
	ViewCounter uint64
}

// MemberLeaves says that a member says, authenticated, that it leaves.
type MemberLeaves struct{ Member ClusterMember }

// RefusedByCoordinator says that the coordinator does not let this member in.
type RefusedByCoordinator struct {
	Coordinator ClusterMember
	Cause       AdmissionCause
}

// MemberRefused says that this member does not admit another one.
type MemberRefused struct {
	Member ClusterMember
	Cause  AdmissionCause
}

// KeyWanted says that the key of a view is to be fetched from its coordinator: see [NewKeyFetch]. It comes again when the
// coordinator pushes the view again; nothing is to be begun anew while a fetch goes on.
type KeyWanted struct {
	Coordinator ClusterMember
	ViewCounter uint64
}

// RecordsDropped says how many records were dropped because their keys did not come in time.
type RecordsDropped struct{ Count uint64 }

// RecordRefused says that a record that had waited for its keys was refused.
type RecordRefused struct{ Err error }

func (ClusterView) isEncryptEvent()          {}
func (ClusterMessage) isEncryptEvent()       {}
func (MemberLeaves) isEncryptEvent()         {}
func (RefusedByCoordinator) isEncryptEvent() {}
func (MemberRefused) isEncryptEvent()        {}
func (KeyWanted) isEncryptEvent()            {}
func (RecordsDropped) isEncryptEvent()       {}
func (RecordRefused) isEncryptEvent()        {}

// OpenedRecord is a record that was opened at once.
type OpenedRecord struct {
	Sender      ClusterMember
	Messages    [][]byte
	Headers     []byte
	ViewCounter uint64
	Number      uint64
	IsCurrent   bool
}

// EncryptCounters is what an encryption has done so far; Refused counts all that was received and refused.
type EncryptCounters struct {
	SealedRecords, SealedMessages, OpenedRecords, OpenedMessages, OpenedEarlier    uint64
	RefusedMalformed, RefusedUnknownEpoch, RefusedUnknownSender                    uint64
	RefusedBadSeal, RefusedBadSignature, RefusedReplayed, ForgottenEpochs, Refused uint64
}

// DefaultEncryptOptions returns the library's own choice.
func DefaultEncryptOptions() EncryptOptions {
	var native C.conclave_encrypt_options
	C.conclave_encrypt_options_init(&native, C.sizeof_conclave_encrypt_options)
	duration := func(milliseconds C.uint32_t) time.Duration { return time.Duration(milliseconds) * time.Millisecond }
	return EncryptOptions{
		KeysFrom: KeysFrom(native.keys_from), Authenticity: Authenticity(native.authenticity),
		Cipher: Cipher(native.cipher), WholeMessage: bool(native.whole_message), Rekey: Rekey(native.rekey),
		ReplayWindow: uint32(native.replay_window), EpochsKept: uint32(native.epochs_kept),
		EpochLifetime: duration(native.epoch_lifetime_ms), Gather: duration(native.gather_ms),
		AskAfter: duration(native.ask_after_ms), RepeatAfter: duration(native.repeat_after_ms),
		PartSize: uint(native.part_size), SealsWhileMembersLeave: bool(native.seals_while_members_leave),
	}
}

func (options EncryptOptions) native() (native C.conclave_encrypt_options, err error) {
	milliseconds := func(duration time.Duration) C.uint32_t {
		value := duration.Milliseconds()
		if value < 0 || value > 1<<32-1 {
			err = ErrInvalidArgument
		}
		return C.uint32_t(value)
	}
	native = C.conclave_encrypt_options{
		size: C.sizeof_conclave_encrypt_options, keys_from: C.uint32_t(options.KeysFrom),
		authenticity: C.uint32_t(options.Authenticity), cipher: C.uint32_t(options.Cipher),
		rekey: C.uint32_t(options.Rekey), replay_window: C.uint32_t(options.ReplayWindow),
		epochs_kept: C.uint32_t(options.EpochsKept), epoch_lifetime_ms: milliseconds(options.EpochLifetime),
		gather_ms: milliseconds(options.Gather), ask_after_ms: milliseconds(options.AskAfter),
		repeat_after_ms: milliseconds(options.RepeatAfter), part_size: C.size_t(options.PartSize),
		whole_message:             C.bool(options.WholeMessage),
		seals_while_members_leave: C.bool(options.SealsWhileMembersLeave),
	}
	return native, err
}

// NewEncryption makes an encryption, which sends nothing before [Encryption.Start].
func NewEncryption(config EncryptConfig) (*Encryption, error) {
	options := DefaultEncryptOptions()
	if config.Options != nil {
		options = *config.Options
	}
	native, err := options.native()
	if err != nil {
		return nil, err
	}
	name, err := newText(config.Cluster)
	if err != nil {
		return nil, err
	}
	defer name.free()
	encryption := &Encryption{begin: time.Now()}
	construct := func(ring *C.conclave_key_ring) error {
		return config.Credential.with(func(credential *C.conclave_credential) error {
			return config.Admission.with(func(admission *C.conclave_admission) error {
				var object *C.conclave_error
				status := C.conclave_encrypt_new(name.pointer, bytesPointer(config.Address),
					C.size_t(len(config.Address)), credential, admission, ring, &native,
					unixSeconds(encryption.begin), encryption.now(), &encryption.handle, &object)
				return constructionFailure(status, object)
			})
		})
	}
	if config.KeyRing == nil {
		err = construct(nil)
	} else {
		err = config.KeyRing.with(construct)
	}
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(encryption, (*Encryption).Close)
	return encryption, nil
}

// now is the monotonic clock of this encryption in milliseconds.
func (encryption *Encryption) now() C.uint64_t {
	return C.uint64_t(time.Since(encryption.begin).Milliseconds())
}

// with lends the handle to one call and adds the handle's message to a failure.
func (encryption *Encryption) with(call func(handle *C.conclave_encrypt) C.conclave_status) error {
	encryption.lock.Lock()
	defer encryption.lock.Unlock()
	if encryption.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(encryption)
	if status := call(encryption.handle); status != C.CONCLAVE_OK {
		return failureWith(status, C.conclave_encrypt_message(encryption.handle))
	}
	return nil
}

// Start says that the member wants to be in the cluster.
func (encryption *Encryption) Start() error {
	return encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		return C.conclave_encrypt_start(handle, encryption.now())
	})
}

// nativeList copies byte strings to C memory, because a structure that holds a Go pointer must not go to C.
func nativeList(list [][]byte) (*C.conclave_bytes, func(), error) {
	size := 0
	for _, bytes := range list {
		size += len(bytes)
	}
	head := len(list) * C.sizeof_conclave_bytes
	memory := C.malloc(C.size_t(head + size + 1))
	if memory == nil {
		return nil, nil, ErrOutOfMemory
	}
	content := unsafe.Slice((*byte)(memory), head+size)
	position := head
	for index, bytes := range list {
		entry := (*C.conclave_bytes)(unsafe.Add(memory, index*C.sizeof_conclave_bytes))
		entry.bytes = (*C.uint8_t)(unsafe.Add(memory, position))
		entry.size = C.size_t(len(bytes))
		position += copy(content[position:], bytes)
	}
	return (*C.conclave_bytes)(memory), func() { C.free(memory) }, nil
}

// HostView tells the messaging system's view: the addresses of all who are connected, the coordinator's first.
func (encryption *Encryption) HostView(addresses [][]byte) error {
	list, free, err := nativeList(addresses)
	if err != nil {
		return err
	}
	defer free()
	return encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		return C.conclave_encrypt_host_view(handle, list, C.size_t(len(addresses)), encryption.now())
	})
}

// Receive takes bytes from the messaging system with the headers that came beside them. What is refused (class
// [ErrProtocol], or ErrNotAdmitted) changes nothing; ErrUnknownEpoch says that a record was kept until its keys come.
func (encryption *Encryption) Receive(bytes, headers []byte) error {
	return encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		return C.conclave_encrypt_receive(handle, bytesPointer(bytes), C.size_t(len(bytes)),
			bytesPointer(headers), C.size_t(len(headers)), encryption.now())
	})
}

// Tick says that the deadline has come.
func (encryption *Encryption) Tick() error {
	return encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		return C.conclave_encrypt_tick(handle, encryption.now())
	})
}

// Rotate has the coordinator make a new view of the same members with a new key.
func (encryption *Encryption) Rotate() error {
	return encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		return C.conclave_encrypt_rotate(handle, encryption.now())
	})
}

// Leave tells the others that this member leaves, and wipes its keys.
func (encryption *Encryption) Leave() error {
	return encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		return C.conclave_encrypt_leave(handle, encryption.now())
	})
}

// SetAdmission replaces the policy. The coordinator puts out who is not admitted any more.
func (encryption *Encryption) SetAdmission(admission *Admission) error {
	return admission.with(func(policy *C.conclave_admission) error {
		return encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
			return C.conclave_encrypt_set_admission(handle, policy, encryption.now())
		})
	})
}

// SetKeyRing replaces the key ring; ErrWrongState unless the keys come from a store.
func (encryption *Encryption) SetKeyRing(ring *KeyRing) error {
	return ring.with(func(keys *C.conclave_key_ring) error {
		return encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
			return C.conclave_encrypt_set_key_ring(handle, keys, encryption.now())
		})
	})
}

// NextOutput returns the next thing to send; false when there is none.
func (encryption *Encryption) NextOutput() (output EncryptOutput, found bool, err error) {
	err = encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		native := C.conclave_encrypt_output{size: C.sizeof_conclave_encrypt_output}
		status := C.conclave_encrypt_next_output(handle, &native)
		if status == C.CONCLAVE_OK {
			output.ToEveryone = bool(native.to_everyone)
			output.Address = goBytes(native.address, native.address_size)
			output.Bytes = goBytes(native.bytes, native.byte_count)
		}
		return status
	})
	if errors.Is(err, ErrNoEvent) {
		return EncryptOutput{}, false, nil
	}
	return output, err == nil, err
}

// NextEvent returns the next event; nil when there is none.
func (encryption *Encryption) NextEvent() (event EncryptEvent, err error) {
	err = encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		for {
			native := C.conclave_encrypt_event{size: C.sizeof_conclave_encrypt_event}
			status := C.conclave_encrypt_next_event(handle, &native)
			if status != C.CONCLAVE_OK {
				return status
			}
			// A kind that is not known here, and a view that is past, are passed over.
			if event = encryptEventFrom(handle, &native); event != nil {
				return C.CONCLAVE_OK
			}
		}
	})
	if errors.Is(err, ErrNoEvent) {
		return nil, nil
	}
	return event, err
}

func encryptEventFrom(handle *C.conclave_encrypt, native *C.conclave_encrypt_event) EncryptEvent {
	var member ClusterMember
	if native.member != nil {
		member = clusterMemberFrom(native.member)
	}
	switch native.kind {
	case encryptEventView:
		if view, status := clusterView(handle); status == C.CONCLAVE_OK {
			return view
		}
	case encryptEventMessage:
		return ClusterMessage{
			Sender: member, Data: goBytes(native.data, native.data_size),
			Headers: goBytes(native.headers, native.headers_size), ViewCounter: uint64(native.view_counter),
		}
	case encryptEventMemberLeaves:
		return MemberLeaves{member}
	case encryptEventRefused:
		return RefusedByCoordinator{member, AdmissionCause(native.cause)}
	case encryptEventNotAdmitted:
		return MemberRefused{member, AdmissionCause(native.cause)}
	case encryptEventKeyWanted:
		return KeyWanted{member, uint64(native.view_counter)}
	case encryptEventDropped:
		return RecordsDropped{uint64(native.count)}
	case encryptEventError:
		return RecordRefused{failure(native.status)}
	}
	return nil
}

// Seal seals a message with the headers that the program sends beside it. ErrNoKey before the first view, and while a
// member that has left could open it.
func (encryption *Encryption) Seal(message, headers []byte) ([]byte, error) {
	return encryption.sealed(len(message)+len(headers), func(
		handle *C.conclave_encrypt, record *C.uint8_t, size *C.size_t,
	) C.conclave_status {
		return C.conclave_encrypt_seal(handle, bytesPointer(message), C.size_t(len(message)),
			bytesPointer(headers), C.size_t(len(headers)), record, size)
	})
}

// SealBatch seals 1 to MaxBatch messages in one record, with one tag and one signature for all.
func (encryption *Encryption) SealBatch(messages [][]byte, headers []byte) ([]byte, error) {
	list, free, err := nativeList(messages)
	if err != nil {
		return nil, err
	}
	defer free()
	size := len(headers) + 4*len(messages)
	for _, message := range messages {
		size += len(message)
	}
	return encryption.sealed(size, func(
		handle *C.conclave_encrypt, record *C.uint8_t, size *C.size_t,
	) C.conclave_status {
		return C.conclave_encrypt_seal_batch(handle, list, C.size_t(len(messages)),
			bytesPointer(headers), C.size_t(len(headers)), record, size)
	})
}

func (encryption *Encryption) sealed(
	size int, seal func(handle *C.conclave_encrypt, record *C.uint8_t, size *C.size_t) C.conclave_status,
) ([]byte, error) {
	record := make([]byte, size+128)
	room := C.size_t(len(record))
	err := encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		return seal(handle, bytesPointer(record), &room)
	})
	if err != nil {
		return nil, err
	}
	return record[:room], nil
}

// IsRecord tells whether bytes look like a sealed record, which [Encryption.Open] takes.
func IsRecord(bytes []byte) bool {
	return bool(C.conclave_encrypt_is_record(bytesPointer(bytes), C.size_t(len(bytes))))
}

// Open opens a record at once: the short way for messages, which come as no events then. Fails as [Encryption.Receive].
func (encryption *Encryption) Open(record, headers []byte) (opened OpenedRecord, err error) {
	buffer := make([]byte, len(record)+1)
	err = encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		// In C's memory: the library writes pointers into it.
		native := (*C.conclave_opened)(C.calloc(1, C.sizeof_conclave_opened))
		room := (*C.uint8_t)(C.malloc(C.size_t(len(buffer))))
		defer C.free(unsafe.Pointer(native))
		defer C.free(unsafe.Pointer(room))
		if native == nil || room == nil {
			return C.CONCLAVE_E_OUT_OF_MEMORY
		}
		native.size = C.sizeof_conclave_opened
		status := C.conclave_encrypt_open(handle, bytesPointer(record), C.size_t(len(record)), bytesPointer(headers),
			C.size_t(len(headers)), encryption.now(), room, C.size_t(len(buffer)), native)
		if status == C.CONCLAVE_OK {
			opened = openedFrom(native)
		}
		return status
	})
	return opened, err
}

func openedFrom(native *C.conclave_opened) OpenedRecord {
	opened := OpenedRecord{
		Headers:     goBytes(native.headers, native.headers_size),
		ViewCounter: uint64(native.view_counter), Number: uint64(native.number), IsCurrent: bool(native.is_current),
	}
	if native.sender != nil {
		opened.Sender = clusterMemberFrom(native.sender)
	}
	for _, message := range unsafe.Slice(native.messages, int(native.message_count)) {
		opened.Messages = append(opened.Messages, goBytes(message.bytes, message.size))
	}
	return opened
}

// View returns the installed view; ErrWrongState without one.
func (encryption *Encryption) View() (view ClusterView, err error) {
	err = encryption.with(func(handle *C.conclave_encrypt) (status C.conclave_status) {
		view, status = clusterView(handle)
		return status
	})
	return view, err
}

func clusterView(handle *C.conclave_encrypt) (ClusterView, C.conclave_status) {
	native := C.conclave_cluster_view{size: C.sizeof_conclave_cluster_view}
	if status := C.conclave_encrypt_view(handle, &native); status != C.CONCLAVE_OK {
		return ClusterView{}, status
	}
	view := ClusterView{
		Counter: uint64(native.counter), Epoch: *(*[16]byte)(unsafe.Pointer(&native.epoch)),
		Coordinator: int(native.coordinator), Self: int(native.self),
	}
	for place := C.size_t(0); place < native.member_count; place++ {
		member := C.conclave_cluster_member{size: C.sizeof_conclave_cluster_member}
		if status := C.conclave_encrypt_member(handle, place, &member); status != C.CONCLAVE_OK {
			return ClusterView{}, status
		}
		view.Members = append(view.Members, clusterMemberFrom(&member))
	}
	return view, C.CONCLAVE_OK
}

func clusterMemberFrom(native *C.conclave_cluster_member) ClusterMember {
	return ClusterMember{
		Address: goBytes(native.address, native.address_size), Name: C.GoString(native.name),
		PublicKey:    *(*PublicKey)(unsafe.Pointer(&native.public_key)),
		Introduction: *(*[32]byte)(unsafe.Pointer(&native.introduction)),
		IsSelf:       bool(native.is_self), IsCoordinator: bool(native.is_coordinator),
	}
}

// CanSeal tells whether [Encryption.Seal] is possible now.
func (encryption *Encryption) CanSeal() (can bool) {
	_ = encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		can = bool(C.conclave_encrypt_can_seal(handle))
		return C.CONCLAVE_OK
	})
	return can
}

// Deadline returns when [Encryption.Tick] must be called at the latest; false: never.
func (encryption *Encryption) Deadline() (when time.Time, exists bool, err error) {
	var milliseconds C.uint64_t
	err = encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		return C.conclave_encrypt_deadline(handle, &milliseconds)
	})
	if err != nil {
		return when, false, err
	}
	when, exists = encryption.deadline(milliseconds)
	return when, exists, nil
}

// Counters returns what the encryption has done so far.
func (encryption *Encryption) Counters() (counters EncryptCounters, err error) {
	err = encryption.with(func(handle *C.conclave_encrypt) C.conclave_status {
		native := C.conclave_encrypt_counters{size: C.sizeof_conclave_encrypt_counters}
		status := C.conclave_encrypt_counters_read(handle, &native)
		counters = EncryptCounters{
			uint64(native.sealed_records), uint64(native.sealed_messages), uint64(native.opened_records),
			uint64(native.opened_messages), uint64(native.opened_earlier), uint64(native.refused_malformed),
			uint64(native.refused_unknown_epoch), uint64(native.refused_unknown_sender),
			uint64(native.refused_bad_seal), uint64(native.refused_bad_signature), uint64(native.refused_replayed),
			uint64(native.forgotten_epochs), uint64(native.refused),
		}
		return status
	})
	return counters, err
}

// Close wipes the keys. It may be called more than once.
func (encryption *Encryption) Close() error {
	encryption.lock.Lock()
	defer encryption.lock.Unlock()
	runtime.SetFinalizer(encryption, nil)
	C.conclave_encrypt_free(encryption.handle)
	encryption.handle = nil
	return nil
}

func goBytes(pointer *C.uint8_t, size C.size_t) []byte {
	if pointer == nil || size == 0 {
		return []byte{}
	}
	// C.GoBytes takes a size of 32 bits; a message has 24.
	return C.GoBytes(unsafe.Pointer(pointer), C.int(size))
}
