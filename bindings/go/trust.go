package conclave

// #include <conclave.h>
import "C"

import (
	"errors"
	"runtime"
	"sync"
)

// Trust is a list of accepted public keys, each with a label. A group takes a copy when it joins: after a change, hand
// the list to [Group.SetTrust].
type Trust struct {
	lock   sync.Mutex
	handle *C.conclave_trust // nil after Close
}

// TrustEntry is one accepted key.
type TrustEntry struct {
	Key   PublicKey
	Label string
}

// NewTrust returns an empty list, which accepts nobody but oneself.
func NewTrust() (*Trust, error) {
	var handle *C.conclave_trust
	var object *C.conclave_error
	status := C.conclave_trust_new(&handle, &object)
	return adoptTrust(handle, constructionFailure(status, object))
}

// LoadTrust reads a list: one line `ed25519 BASE64 LABEL` for each key; empty lines and comments are passed over.
func LoadTrust(path string) (*Trust, error) {
	text, err := newText(path)
	if err != nil {
		return nil, err
	}
	defer text.free()
	var handle *C.conclave_trust
	var object *C.conclave_error
	status := C.conclave_trust_load(text.pointer, &handle, &object)
	return adoptTrust(handle, constructionFailure(status, object))
}

func adoptTrust(handle *C.conclave_trust, err error) (*Trust, error) {
	if err != nil {
		return nil, err
	}
	trust := &Trust{handle: handle}
	runtime.SetFinalizer(trust, (*Trust).Close)
	return trust, nil
}

// with lends the handle to one call.
func (trust *Trust) with(call func(handle *C.conclave_trust) error) error {
	if trust == nil {
		return &Error{Status: StatusNullArgument, Message: "the trust list is nil"}
	}
	trust.lock.Lock()
	defer trust.lock.Unlock()
	if trust.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(trust)
	return call(trust.handle)
}

// Save replaces the file with this list, whole or not at all.
func (trust *Trust) Save(path string) error {
	text, err := newText(path)
	if err != nil {
		return err
	}
	defer text.free()
	return trust.with(func(handle *C.conclave_trust) error {
		var object *C.conclave_error
		return constructionFailure(C.conclave_trust_save(handle, text.pointer, &object), object)
	})
}

// Add accepts a key. A key that is there already gets the new label.
func (trust *Trust) Add(key PublicKey, label string) error {
	text, err := newText(label)
	if err != nil {
		return err
	}
	defer text.free()
	return trust.with(func(handle *C.conclave_trust) error {
		return failure(C.conclave_trust_add(handle, keyPointer((*[32]byte)(&key)), text.pointer))
	})
}

// Remove accepts a key no longer; [ErrNotFound] when it was not there.
func (trust *Trust) Remove(key PublicKey) error {
	return trust.with(func(handle *C.conclave_trust) error {
		return failure(C.conclave_trust_remove(handle, keyPointer((*[32]byte)(&key))))
	})
}

// Contains tells whether the key is accepted.
func (trust *Trust) Contains(key PublicKey) (bool, error) {
	err := trust.with(func(handle *C.conclave_trust) error {
		return failure(C.conclave_trust_contains(handle, keyPointer((*[32]byte)(&key))))
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Entries returns the accepted keys in the order in which they were added.
func (trust *Trust) Entries() (entries []TrustEntry, err error) {
	err = trust.with(func(handle *C.conclave_trust) error {
		count := int(C.conclave_trust_count(handle))
		for index := 0; index < count; index++ {
			var entry TrustEntry
			var label *C.char
			status := C.conclave_trust_get(handle, C.size_t(index), keyPointer((*[32]byte)(&entry.Key)), &label)
			if status != C.CONCLAVE_OK {
				return failure(status)
			}
			entry.Label = C.GoString(label)
			entries = append(entries, entry)
		}
		return nil
	})
	return entries, err
}

// Close gives the list back. It may be called more than once.
func (trust *Trust) Close() error {
	trust.lock.Lock()
	defer trust.lock.Unlock()
	runtime.SetFinalizer(trust, nil)
	C.conclave_trust_free(trust.handle)
	trust.handle = nil
	return nil
}
