package conclave

// #include <conclave.h>
import "C"

import (
	"runtime"
	"sync"
)

// Identity is a name and an Ed25519 key pair. It never changes. A group or agreement keeps what it needs of it, so it
// may be closed as soon as they are made.
type Identity struct {
	lock   sync.Mutex
	handle *C.conclave_identity // nil after Close
}

// NewIdentity makes a fresh identity. The name has 1 to MaxName bytes and no control characters.
func NewIdentity(name string) (*Identity, error) {
	text, err := newText(name)
	if err != nil {
		return nil, err
	}
	defer text.free()
	var handle *C.conclave_identity
	var object *C.conclave_error
	status := C.conclave_identity_new(text.pointer, &handle, &object)
	return adoptIdentity(handle, constructionFailure(status, object))
}

// LoadIdentity reads an identity from a PKCS#8 PEM file. The passphrase is empty when the file is not encrypted.
func LoadIdentity(path string, passphrase []byte) (*Identity, error) {
	text, err := newText(path)
	if err != nil {
		return nil, err
	}
	defer text.free()
	var handle *C.conclave_identity
	var object *C.conclave_error
	status := C.conclave_identity_load(
		text.pointer, bytesPointer(passphrase), C.size_t(len(passphrase)), &handle, &object)
	return adoptIdentity(handle, constructionFailure(status, object))
}

// ParseIdentity reads an identity from PEM in memory.
func ParseIdentity(pem, passphrase []byte) (*Identity, error) {
	var handle *C.conclave_identity
	var object *C.conclave_error
	status := C.conclave_identity_from_pem(bytesPointer(pem), C.size_t(len(pem)),
		bytesPointer(passphrase), C.size_t(len(passphrase)), &handle, &object)
	return adoptIdentity(handle, constructionFailure(status, object))
}

func adoptIdentity(handle *C.conclave_identity, err error) (*Identity, error) {
	if err != nil {
		return nil, err
	}
	identity := &Identity{handle: handle}
	runtime.SetFinalizer(identity, (*Identity).Close)
	return identity, nil
}

// with lends the handle to one call.
func (identity *Identity) with(call func(handle *C.conclave_identity) error) error {
	if identity == nil {
		return &Error{Status: StatusNullArgument, Message: "the identity is nil"}
	}
	identity.lock.Lock()
	defer identity.lock.Unlock()
	if identity.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(identity)
	return call(identity.handle)
}

// Save writes the identity to a new file of mode 0600, whole or not at all; with a passphrase encrypted.
func (identity *Identity) Save(path string, passphrase []byte) error {
	text, err := newText(path)
	if err != nil {
		return err
	}
	defer text.free()
	return identity.with(func(handle *C.conclave_identity) error {
		var object *C.conclave_error
		status := C.conclave_identity_save(
			handle, text.pointer, bytesPointer(passphrase), C.size_t(len(passphrase)), &object)
		return constructionFailure(status, object)
	})
}

// PEM returns the identity as PKCS#8 PEM; with a passphrase encrypted. The caller owns the bytes, which are secret.
func (identity *Identity) PEM(passphrase []byte) (pem []byte, err error) {
	err = identity.with(func(handle *C.conclave_identity) error {
		// With room from the start: each call encrypts anew, and takes some tenths of a second for it.
		pem = make([]byte, 1024)
		size := C.size_t(len(pem))
		for {
			status := C.conclave_identity_to_pem(
				handle, bytesPointer(passphrase), C.size_t(len(passphrase)), bytesPointer(pem), &size)
			if status == C.CONCLAVE_OK {
				pem = pem[:size]
				return nil
			}
			// Each encryption may need a little more than the one before: ask until it fits.
			if status != C.CONCLAVE_E_BUFFER_TOO_SMALL || int(size) <= len(pem) {
				pem = nil
				return failure(status)
			}
			pem = make([]byte, int(size))
		}
	})
	return pem, err
}

// Name returns the identity's name; "" after Close.
func (identity *Identity) Name() (name string) {
	_ = identity.with(func(handle *C.conclave_identity) error {
		name = C.GoString(C.conclave_identity_name(handle))
		return nil
	})
	return name
}

// PublicKey returns the public key.
func (identity *Identity) PublicKey() (key PublicKey, err error) {
	err = identity.with(func(handle *C.conclave_identity) error {
		return failure(C.conclave_identity_public_key(handle, keyPointer((*[32]byte)(&key))))
	})
	return key, err
}

// Close wipes the private key. It may be called more than once.
func (identity *Identity) Close() error {
	identity.lock.Lock()
	defer identity.lock.Unlock()
	runtime.SetFinalizer(identity, nil)
	C.conclave_identity_free(identity.handle)
	identity.handle = nil
	return nil
}

// Fingerprint returns SHA-256 of the key: what people compare.
func (key PublicKey) Fingerprint() (Fingerprint, error) {
	var fingerprint Fingerprint
	status := C.conclave_fingerprint(keyPointer((*[32]byte)(&key)), keyPointer((*[32]byte)(&fingerprint)))
	return fingerprint, failure(status)
}
