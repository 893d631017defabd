package conclave

/*
#cgo pkg-config: conclave
#include <conclave.h>
#include <stdlib.h>
*/
import "C"

import (
	"strings"
	"unsafe"
)

// The version of the header that this package was compiled against.
const (
	VersionMajor = C.CONCLAVE_VERSION_MAJOR
	VersionMinor = C.CONCLAVE_VERSION_MINOR
	VersionPatch = C.CONCLAVE_VERSION_PATCH
	ABIDate      = C.CONCLAVE_ABI_DATE
)

// PublicKey is an Ed25519 public key.
type PublicKey [PublicKeySize]byte

// Fingerprint is what people compare: SHA-256 of a public key, or the public name of a group key.
type Fingerprint [FingerprintSize]byte

// Suite names everything that two members must have in common: key agreement, group of numbers, signature, cipher, hash.
type Suite uint16

// String returns the suite's name, such as "GDH_FFDHE3072_ED25519_AES256GCM"; "" for a number that is none.
func (suite Suite) String() string { return C.GoString(C.conclave_suite_name(C.conclave_suite(suite))) }

// Algorithm is one of the two robust algorithms, which carry the key from view to view. Both give the same guarantees.
type Algorithm uint32

// Version returns the version of the library that is loaded, "major.minor.patch".
func Version() string { return C.GoString(C.conclave_version()) }

// LoadedABIDate returns the day on which the loaded library's interface last grew, as yyyymmdd.
func LoadedABIDate() uint32 { return uint32(C.conclave_abi_date()) }

// SupportsFeature tells whether the loaded library has a feature, such as "gdh", "local" or "hub".
func SupportsFeature(name string) bool {
	text, err := newText(name)
	if err != nil {
		return false
	}
	defer text.free()
	return bool(C.conclave_supports_feature(text.pointer))
}

// text is a C copy of a Go string, to be freed.
type text struct{ pointer *C.char }

// newText refuses a string with a zero byte, which C would silently take for the end.
func newText(value string) (text, error) {
	if strings.IndexByte(value, 0) >= 0 {
		return text{}, &Error{Status: StatusBadText, Message: "text holds a zero byte"}
	}
	return text{C.CString(value)}, nil
}

func (t text) free() { C.free(unsafe.Pointer(t.pointer)) }

// bytesPointer lends the bytes to one C call; NULL when there are none.
func bytesPointer(bytes []byte) *C.uint8_t {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.uint8_t)(unsafe.Pointer(&bytes[0]))
}

// keyPointer lends a key or fingerprint to one C call.
func keyPointer(key *[32]byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(key)) }
