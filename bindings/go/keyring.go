package conclave

// #include <conclave.h>
import "C"

import (
	"math"
	"runtime"
	"sync"
	"time"
)

// KeyRing holds the keys that all members of a cluster share, by identifier: at most one is active for new views, older
// ones serve until their time is over. Whoever uses a ring takes a copy.
type KeyRing struct {
	lock   sync.Mutex
	handle *C.conclave_key_ring // nil after Close
}

// KeyRingEntry is one key of a ring.
type KeyRingEntry struct {
	Identifier string
	IsActive   bool
	Retires    time.Time // zero: never
}

// NewKeyRing returns an empty ring.
func NewKeyRing() (*KeyRing, error) {
	var handle *C.conclave_key_ring
	var object *C.conclave_error
	status := C.conclave_key_ring_new(&handle, &object)
	return adoptKeyRing(handle, constructionFailure(status, object))
}

// LoadKeyRing reads a ring that [KeyRing.Save] wrote.
func LoadKeyRing(path string, passphrase []byte) (*KeyRing, error) {
	return loadKeyRing(path, func(text *C.char, handle **C.conclave_key_ring, object **C.conclave_error) C.conclave_status {
		return C.conclave_key_ring_load(text, bytesPointer(passphrase), C.size_t(len(passphrase)), handle, object)
	})
}

// LoadPKCS12 reads the keys of a PKCS#12 file, such as a Java key store. One key alone is active.
func LoadPKCS12(path string, passphrase []byte) (*KeyRing, error) {
	return loadKeyRing(path, func(text *C.char, handle **C.conclave_key_ring, object **C.conclave_error) C.conclave_status {
		return C.conclave_key_ring_load_pkcs12(text, bytesPointer(passphrase), C.size_t(len(passphrase)), handle, object)
	})
}

func loadKeyRing(
	path string, load func(text *C.char, handle **C.conclave_key_ring, object **C.conclave_error) C.conclave_status,
) (*KeyRing, error) {
	text, err := newText(path)
	if err != nil {
		return nil, err
	}
	defer text.free()
	var handle *C.conclave_key_ring
	var object *C.conclave_error
	status := load(text.pointer, &handle, &object)
	return adoptKeyRing(handle, constructionFailure(status, object))
}

func adoptKeyRing(handle *C.conclave_key_ring, err error) (*KeyRing, error) {
	if err != nil {
		return nil, err
	}
	ring := &KeyRing{handle: handle}
	runtime.SetFinalizer(ring, (*KeyRing).Close)
	return ring, nil
}

// with lends the handle to one call.
func (ring *KeyRing) with(call func(handle *C.conclave_key_ring) error) error {
	if ring == nil {
		return &Error{Status: StatusNullArgument, Message: "the key ring is nil"}
	}
	ring.lock.Lock()
	defer ring.lock.Unlock()
	if ring.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(ring)
	return call(ring.handle)
}

// Save writes the ring to a new file of mode 0600 under a passphrase.
func (ring *KeyRing) Save(path string, passphrase []byte) error {
	text, err := newText(path)
	if err != nil {
		return err
	}
	defer text.free()
	return ring.with(func(handle *C.conclave_key_ring) error {
		var object *C.conclave_error
		status := C.conclave_key_ring_save(
			handle, text.pointer, bytesPointer(passphrase), C.size_t(len(passphrase)), &object)
		return constructionFailure(status, object)
	})
}

// Add adds a key of 16 to 64 random bytes; it is not active by that.
func (ring *KeyRing) Add(identifier string, key []byte) error {
	return ring.named(identifier, func(handle *C.conclave_key_ring, name *C.char) C.conclave_status {
		return C.conclave_key_ring_add(handle, name, bytesPointer(key), C.size_t(len(key)))
	})
}

// Activate makes a key the active one.
func (ring *KeyRing) Activate(identifier string) error {
	return ring.named(identifier, func(handle *C.conclave_key_ring, name *C.char) C.conclave_status {
		return C.conclave_key_ring_activate(handle, name)
	})
}

// Retire says until when a key still serves.
func (ring *KeyRing) Retire(identifier string, end time.Time) error {
	return ring.named(identifier, func(handle *C.conclave_key_ring, name *C.char) C.conclave_status {
		return C.conclave_key_ring_retire(handle, name, unixSeconds(end))
	})
}

func (ring *KeyRing) named(
	identifier string, call func(handle *C.conclave_key_ring, name *C.char) C.conclave_status,
) error {
	text, err := newText(identifier)
	if err != nil {
		return err
	}
	defer text.free()
	return ring.with(func(handle *C.conclave_key_ring) error { return failure(call(handle, text.pointer)) })
}

// Entries returns the keys in the order of their identifiers.
func (ring *KeyRing) Entries() (entries []KeyRingEntry, err error) {
	err = ring.with(func(handle *C.conclave_key_ring) error {
		for index := C.size_t(0); index < C.conclave_key_ring_count(handle); index++ {
			var name *C.char
			var active C.bool
			var retires C.uint64_t
			if status := C.conclave_key_ring_get(handle, index, &name, &active, &retires); status != C.CONCLAVE_OK {
				return failure(status)
			}
			entry := KeyRingEntry{Identifier: C.GoString(name), IsActive: bool(active)}
			if retires <= math.MaxInt64 {
				entry.Retires = time.Unix(int64(retires), 0)
			}
			entries = append(entries, entry)
		}
		return nil
	})
	return entries, err
}

// Close wipes the keys. It may be called more than once.
func (ring *KeyRing) Close() error {
	ring.lock.Lock()
	defer ring.lock.Unlock()
	runtime.SetFinalizer(ring, nil)
	C.conclave_key_ring_free(ring.handle)
	ring.handle = nil
	return nil
}

// unixSeconds is a time of day as the library has it; what lies before 1970 is 1970.
func unixSeconds(moment time.Time) C.uint64_t {
	if moment.Unix() < 0 {
		return 0
	}
	return C.uint64_t(moment.Unix())
}
