package conclave

// #include <conclave.h>
import "C"

import (
	"net/netip"
	"runtime"
	"sync"
	"time"
)

// KeyServer is the coordinator's listener for members that fetch the key of a view over TLS 1.3 ([KeysByExchange]).
// Every member that may come to coordinate has one; while another member coordinates, it refuses. Wait until the
// descriptor is readable or the deadline has come, then call [KeyServer.Process]; or call it every few milliseconds.
type KeyServer struct {
	lock       sync.Mutex
	handle     *C.conclave_key_server // nil after Close
	encryption *Encryption
}

// KeyFetch is a member's fetch of the key of one view, in up to five attempts. It is processed as a [KeyServer] is, until
// [KeyFetch.Outcome] tells how it ended.
type KeyFetch struct {
	lock       sync.Mutex
	handle     *C.conclave_key_fetch // nil after Close
	encryption *Encryption
}

// lend gives the handle to one call.
func (encryption *Encryption) lend(call func(handle *C.conclave_encrypt) error) error {
	encryption.lock.Lock()
	defer encryption.lock.Unlock()
	if encryption.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(encryption)
	return call(encryption.handle)
}

// lendWith gives the handle to one call, with what a side of an exchange proves itself with and asks of the other.
func (encryption *Encryption) lendWith(
	credential *Credential, certificates *Admission,
	call func(*C.conclave_encrypt, *C.conclave_credential, *C.conclave_admission) error,
) error {
	return credential.with(func(own *C.conclave_credential) error {
		return certificates.with(func(rules *C.conclave_admission) error {
			return encryption.lend(func(context *C.conclave_encrypt) error { return call(context, own, rules) })
		})
	})
}

// deadline is a time of the library as one of this program; false: never.
func (encryption *Encryption) deadline(milliseconds C.uint64_t) (time.Time, bool) {
	if milliseconds > 1<<53 {
		return time.Time{}, false
	}
	return encryption.begin.Add(time.Duration(milliseconds) * time.Millisecond), true
}

// NewKeyServer listens at an address, with port 0 at any port. The credential has a certificate and is of the
// encryption's identity; members that fetch have to satisfy the certificates, a policy of [AdmitCertificates].
func NewKeyServer(
	encryption *Encryption, address netip.AddrPort, credential *Credential, certificates *Admission,
) (*KeyServer, error) {
	place, err := newText(address.Addr().String())
	if err != nil {
		return nil, err
	}
	defer place.free()
	server := &KeyServer{encryption: encryption}
	err = encryption.lendWith(credential, certificates,
		func(context *C.conclave_encrypt, own *C.conclave_credential, rules *C.conclave_admission) error {
			var object *C.conclave_error
			return constructionFailure(C.conclave_key_server_open(
				context, place.pointer, C.uint16_t(address.Port()), own, rules, &server.handle, &object), object)
		})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(server, (*KeyServer).Close)
	return server, nil
}

func (server *KeyServer) with(call func(handle *C.conclave_key_server) C.conclave_status) error {
	server.lock.Lock()
	defer server.lock.Unlock()
	if server.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(server)
	return failure(call(server.handle))
}

// Port returns the port that it listens at.
func (server *KeyServer) Port() (uint16, error) {
	var port C.uint16_t
	err := server.with(func(handle *C.conclave_key_server) C.conclave_status {
		return C.conclave_key_server_port(handle, &port)
	})
	return uint16(port), err
}

// Descriptor returns what is readable whenever there is something to process.
func (server *KeyServer) Descriptor() (int, error) {
	var descriptor C.int
	err := server.with(func(handle *C.conclave_key_server) C.conclave_status {
		return C.conclave_key_server_descriptor(handle, &descriptor)
	})
	return int(descriptor), err
}

// Deadline returns when [KeyServer.Process] must be called at the latest; false: never.
func (server *KeyServer) Deadline() (when time.Time, exists bool, err error) {
	var milliseconds C.uint64_t
	err = server.with(func(handle *C.conclave_key_server) C.conclave_status {
		return C.conclave_key_server_deadline(handle, &milliseconds)
	})
	if err != nil {
		return when, false, err
	}
	when, exists = server.encryption.deadline(milliseconds)
	return when, exists, nil
}

// Process does what is to be done, without blocking.
func (server *KeyServer) Process() error {
	return server.encryption.lend(func(context *C.conclave_encrypt) error {
		return server.with(func(handle *C.conclave_key_server) C.conclave_status {
			return C.conclave_key_server_process(handle, context, server.encryption.now())
		})
	})
}

// Renew replaces certificate and policy for the connections that come from now on.
func (server *KeyServer) Renew(credential *Credential, certificates *Admission) error {
	return server.encryption.lendWith(credential, certificates,
		func(context *C.conclave_encrypt, own *C.conclave_credential, rules *C.conclave_admission) error {
			return server.with(func(handle *C.conclave_key_server) C.conclave_status {
				return C.conclave_key_server_renew(handle, context, own, rules)
			})
		})
}

// Close stops listening. It may be called more than once.
func (server *KeyServer) Close() error {
	server.lock.Lock()
	defer server.lock.Unlock()
	C.conclave_key_server_free(server.handle)
	server.handle = nil
	runtime.SetFinalizer(server, nil)
	return nil
}

// NewKeyFetch begins to fetch the key that a [KeyWanted] event named, from the coordinator's key server at an address
// that the program knows. ErrWrongState when it is not wanted, or no longer.
func NewKeyFetch(
	encryption *Encryption, viewCounter uint64, address netip.AddrPort, credential *Credential, certificates *Admission,
) (*KeyFetch, error) {
	place, err := newText(address.Addr().String())
	if err != nil {
		return nil, err
	}
	defer place.free()
	fetch := &KeyFetch{encryption: encryption}
	err = encryption.lendWith(credential, certificates,
		func(context *C.conclave_encrypt, own *C.conclave_credential, rules *C.conclave_admission) error {
			var object *C.conclave_error
			return constructionFailure(C.conclave_key_fetch_new(context, C.uint64_t(viewCounter), place.pointer,
				C.uint16_t(address.Port()), own, rules, encryption.now(), &fetch.handle, &object), object)
		})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(fetch, (*KeyFetch).Close)
	return fetch, nil
}

func (fetch *KeyFetch) with(call func(handle *C.conclave_key_fetch) C.conclave_status) error {
	fetch.lock.Lock()
	defer fetch.lock.Unlock()
	if fetch.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(fetch)
	return failure(call(fetch.handle))
}

// Descriptor returns what is readable whenever there is something to process.
func (fetch *KeyFetch) Descriptor() (int, error) {
	var descriptor C.int
	err := fetch.with(func(handle *C.conclave_key_fetch) C.conclave_status {
		return C.conclave_key_fetch_descriptor(handle, &descriptor)
	})
	return int(descriptor), err
}

// Deadline returns when [KeyFetch.Process] must be called at the latest; false: never.
func (fetch *KeyFetch) Deadline() (when time.Time, exists bool, err error) {
	var milliseconds C.uint64_t
	err = fetch.with(func(handle *C.conclave_key_fetch) C.conclave_status {
		return C.conclave_key_fetch_deadline(handle, &milliseconds)
	})
	if err != nil {
		return when, false, err
	}
	when, exists = fetch.encryption.deadline(milliseconds)
	return when, exists, nil
}

// Process does what is to be done, without blocking. When the key has come the encryption gets it: take its outputs and
// events then.
func (fetch *KeyFetch) Process() error {
	return fetch.encryption.lend(func(context *C.conclave_encrypt) error {
		return fetch.with(func(handle *C.conclave_key_fetch) C.conclave_status {
			return C.conclave_key_fetch_process(handle, context, fetch.encryption.now())
		})
	})
}

// Outcome tells whether it has ended, and with which failure; as long as a key is lacking, [KeyWanted] comes again.
func (fetch *KeyFetch) Outcome() (ended bool, err error) {
	var status C.conclave_status
	err = fetch.with(func(handle *C.conclave_key_fetch) C.conclave_status {
		status = C.conclave_key_fetch_outcome(handle)
		return status
	})
	if status == C.CONCLAVE_E_NO_EVENT {
		return false, nil
	}
	return true, err
}

// Close ends the fetch. It may be called more than once.
func (fetch *KeyFetch) Close() error {
	fetch.lock.Lock()
	defer fetch.lock.Unlock()
	C.conclave_key_fetch_free(fetch.handle)
	fetch.handle = nil
	runtime.SetFinalizer(fetch, nil)
	return nil
}
