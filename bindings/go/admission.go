package conclave

// #include <conclave.h>
import "C"

import (
	"runtime"
	"sync"
)

// Admission is a policy of an encrypted cluster: what each other member has to prove. Whoever uses one takes a copy.
type Admission struct {
	lock   sync.Mutex
	handle *C.conclave_admission // nil after Close
}

// CertificatePattern is a name that a certificate may be for; CertificateNameMember and CertificateNameAny have no
// pattern.
type CertificatePattern struct {
	Kind    CertificateName
	Pattern string
}

// AdmitKeys admits whose public key is in the list.
func AdmitKeys(trust *Trust) (*Admission, error) {
	var handle *C.conclave_admission
	err := trust.with(func(list *C.conclave_trust) error {
		var object *C.conclave_error
		return constructionFailure(C.conclave_admission_keys(list, &handle, &object), object)
	})
	return adoptAdmission(handle, err)
}

// AdmitCertificates admits who has a certificate under one of the anchors (PEM, or one in DER) for one of the names.
// Revocation lists may be empty; at most depth intermediate certificates are allowed, 0 to 8.
func AdmitCertificates(anchors, revocations []byte, depth uint32, names ...CertificatePattern) (*Admission, error) {
	var handle *C.conclave_admission
	var object *C.conclave_error
	status := C.conclave_admission_certificates(bytesPointer(anchors), C.size_t(len(anchors)),
		bytesPointer(revocations), C.size_t(len(revocations)), C.uint32_t(depth), &handle, &object)
	admission, err := adoptAdmission(handle, constructionFailure(status, object))
	for index := 0; index < len(names) && err == nil; index++ {
		err = admission.addName(names[index])
	}
	return admission, err
}

func (admission *Admission) addName(name CertificatePattern) error {
	var pattern text
	if name.Pattern != "" {
		made, err := newText(name.Pattern)
		if err != nil {
			return err
		}
		pattern = made
		defer pattern.free()
	}
	return admission.with(func(handle *C.conclave_admission) error {
		return failure(C.conclave_admission_add_name(handle, C.uint32_t(name.Kind), pattern.pointer))
	})
}

// AdmitSecret admits who proves to hold a secret of 16 to 1,024 random bytes.
func AdmitSecret(secret []byte) (*Admission, error) {
	var handle *C.conclave_admission
	var object *C.conclave_error
	status := C.conclave_admission_secret(bytesPointer(secret), C.size_t(len(secret)), &handle, &object)
	return adoptAdmission(handle, constructionFailure(status, object))
}

// AdmitNames admits whose name and address fit patterns; an empty one asks nothing. It proves nothing by itself: put it
// together with another.
func AdmitNames(name, address string) (*Admission, error) {
	var patterns [2]text
	for index, pattern := range [2]string{name, address} {
		if pattern == "" {
			continue
		}
		made, err := newText(pattern)
		if err != nil {
			return nil, err
		}
		patterns[index] = made
		defer made.free()
	}
	var handle *C.conclave_admission
	var object *C.conclave_error
	status := C.conclave_admission_names(patterns[0].pointer, patterns[1].pointer, &handle, &object)
	return adoptAdmission(handle, constructionFailure(status, object))
}

// AdmitAll admits whom every part admits; there has to be one.
func AdmitAll(parts ...*Admission) (*Admission, error) {
	var handle *C.conclave_admission
	var object *C.conclave_error
	status := C.conclave_admission_all(&handle, &object)
	admission, err := adoptAdmission(handle, constructionFailure(status, object))
	return admission, admission.addAll(parts, err)
}

// AdmitAny admits whom one of the parts admits; there has to be one.
func AdmitAny(parts ...*Admission) (*Admission, error) {
	var handle *C.conclave_admission
	var object *C.conclave_error
	status := C.conclave_admission_any(&handle, &object)
	admission, err := adoptAdmission(handle, constructionFailure(status, object))
	return admission, admission.addAll(parts, err)
}

func (admission *Admission) addAll(parts []*Admission, err error) error {
	for index := 0; index < len(parts) && err == nil; index++ {
		err = admission.with(func(handle *C.conclave_admission) error {
			if parts[index] == admission {
				return ErrInvalidArgument
			}
			return parts[index].with(func(part *C.conclave_admission) error {
				return failure(C.conclave_admission_add(handle, part))
			})
		})
	}
	return err
}

func adoptAdmission(handle *C.conclave_admission, err error) (*Admission, error) {
	if err != nil {
		return nil, err
	}
	admission := &Admission{handle: handle}
	runtime.SetFinalizer(admission, (*Admission).Close)
	return admission, nil
}

// with lends the handle to one call.
func (admission *Admission) with(call func(handle *C.conclave_admission) error) error {
	if admission == nil {
		return &Error{Status: StatusNullArgument, Message: "the admission policy is nil"}
	}
	admission.lock.Lock()
	defer admission.lock.Unlock()
	if admission.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(admission)
	return call(admission.handle)
}

// Close frees the policy. It may be called more than once.
func (admission *Admission) Close() error {
	admission.lock.Lock()
	defer admission.lock.Unlock()
	runtime.SetFinalizer(admission, nil)
	C.conclave_admission_free(admission.handle)
	admission.handle = nil
	return nil
}

// Credential is what a member of an encrypted cluster proves itself with.
type Credential struct {
	lock   sync.Mutex
	handle *C.conclave_credential // nil after Close
}

// NewCredential makes a credential of an identity alone.
func NewCredential(identity *Identity, wrapping Wrapping) (*Credential, error) {
	credential := &Credential{}
	err := identity.with(func(handle *C.conclave_identity) error {
		var object *C.conclave_error
		status := C.conclave_credential_new(handle, C.uint32_t(wrapping), &credential.handle, &object)
		return constructionFailure(status, object)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(credential, (*Credential).Close)
	return credential, nil
}

// SetCertificate adds a certificate's chain, the member's own first, and its private key in PEM. The passphrase is empty
// when the key is not encrypted.
func (credential *Credential) SetCertificate(chain, key, passphrase []byte) error {
	return credential.with(func(handle *C.conclave_credential) error {
		return failure(C.conclave_credential_set_certificate(handle, bytesPointer(chain), C.size_t(len(chain)),
			bytesPointer(key), C.size_t(len(key)), bytesPointer(passphrase), C.size_t(len(passphrase))))
	})
}

// SetSecret adds the pre-shared secret, 16 to 1,024 bytes.
func (credential *Credential) SetSecret(secret []byte) error {
	return credential.with(func(handle *C.conclave_credential) error {
		return failure(C.conclave_credential_set_secret(handle, bytesPointer(secret), C.size_t(len(secret))))
	})
}

// with lends the handle to one call.
func (credential *Credential) with(call func(handle *C.conclave_credential) error) error {
	if credential == nil {
		return &Error{Status: StatusNullArgument, Message: "the credential is nil"}
	}
	credential.lock.Lock()
	defer credential.lock.Unlock()
	if credential.handle == nil {
		return ErrClosed
	}
	defer runtime.KeepAlive(credential)
	return call(credential.handle)
}

// Close wipes what is secret. It may be called more than once.
func (credential *Credential) Close() error {
	credential.lock.Lock()
	defer credential.lock.Unlock()
	runtime.SetFinalizer(credential, nil)
	C.conclave_credential_free(credential.handle)
	credential.handle = nil
	return nil
}
