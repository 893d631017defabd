package conclave

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newTestIdentity(t *testing.T, name string) *Identity {
	t.Helper()
	identity, err := NewIdentity(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = identity.Close() })
	return identity
}

func publicKey(t *testing.T, identity *Identity) PublicKey {
	t.Helper()
	key, err := identity.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestIdentitySurvivesSavingAndLoading(t *testing.T) {
	for _, passphrase := range [][]byte{nil, []byte("correct horse")} {
		identity := newTestIdentity(t, "Ada Lovelace")
		path := filepath.Join(t.TempDir(), "ada.pem")
		if err := identity.Save(path, passphrase); err != nil {
			t.Fatal(err)
		}
		facts, err := os.Stat(path)
		if err != nil || facts.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", facts.Mode(), err)
		}
		loaded, err := LoadIdentity(path, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		if loaded.Name() != "Ada Lovelace" || publicKey(t, loaded) != publicKey(t, identity) {
			t.Errorf("%q came back with another key or name", loaded.Name())
		}
		if err := identity.Save(path, passphrase); !errors.Is(err, ErrFileExists) || !errors.Is(err, fs.ErrExist) {
			t.Errorf("saving over a file gave %v", err)
		}
	}
}

func TestIdentityThroughMemory(t *testing.T) {
	identity := newTestIdentity(t, "Grace")
	pem, err := identity.PEM(nil)
	if err != nil || !bytes.Contains(pem, []byte("-----BEGIN PRIVATE KEY-----")) {
		t.Fatalf("%v %q", err, pem)
	}
	encrypted, err := identity.PEM([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseIdentity(encrypted, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer parsed.Close()
	if publicKey(t, parsed) != publicKey(t, identity) {
		t.Error("another key came back")
	}
	if _, err := ParseIdentity(encrypted, nil); !errors.Is(err, ErrPassphraseRequired) {
		t.Errorf("without a passphrase: %v", err)
	}
	if _, err := ParseIdentity(encrypted, []byte("wrong")); !errors.Is(err, ErrBadPassphrase) {
		t.Errorf("with a wrong passphrase: %v", err)
	}
	if _, err := ParseIdentity(pem[:len(pem)/2], nil); !errors.Is(err, ErrBadKeyFile) {
		t.Errorf("half a file: %v", err)
	}
	if _, err := ParseIdentity(nil, nil); err == nil {
		t.Error("nothing was read as an identity")
	}
}

func TestIdentityRefusals(t *testing.T) {
	for _, name := range []string{"", "a\nb", "a\x00b", "\xff\xfe", strings.Repeat("x", MaxName+1)} {
		if identity, err := NewIdentity(name); !errors.Is(err, ErrBadText) || identity != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := LoadIdentity(filepath.Join(t.TempDir(), "missing"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	var nobody *Identity
	if _, err := NewAgreement(SuiteStandard, nobody, 1); !errors.Is(err, ErrNullArgument) {
		t.Errorf("no identity: %v", err)
	}
}

func TestIdentityAfterClose(t *testing.T) {
	identity := newTestIdentity(t, "short")
	_, _ = identity.Close(), identity.Close()
	if _, err := identity.PublicKey(); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if identity.Name() != "" {
		t.Error("a closed identity has a name")
	}
}

func TestIdentityFromManyGoroutines(t *testing.T) {
	identity := newTestIdentity(t, "shared")
	want := publicKey(t, identity)
	var group sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := 0; round < 100; round++ {
				if key, err := identity.PublicKey(); err != nil || key != want || identity.Name() != "shared" {
					t.Errorf("%v %v", key, err)
				}
			}
		}()
	}
	group.Wait()
}

func TestFingerprintIsSHA256(t *testing.T) {
	key := publicKey(t, newTestIdentity(t, "x"))
	fingerprint, err := key.Fingerprint()
	if err != nil || fingerprint != Fingerprint(sha256.Sum256(key[:])) {
		t.Errorf("%x %v", fingerprint, err)
	}
}

func TestTrust(t *testing.T) {
	trust, err := NewTrust()
	if err != nil {
		t.Fatal(err)
	}
	defer trust.Close()
	ada, grace := publicKey(t, newTestIdentity(t, "ada")), publicKey(t, newTestIdentity(t, "grace"))
	for _, entry := range []TrustEntry{{ada, "Ada"}, {grace, "Grace"}, {ada, "Countess"}} {
		if err := trust.Add(entry.Key, entry.Label); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "trust")
	if err := trust.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadTrust(path)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	entries, err := loaded.Entries()
	if err != nil || len(entries) != 2 || entries[0] != (TrustEntry{ada, "Countess"}) ||
		entries[1] != (TrustEntry{grace, "Grace"}) {
		t.Errorf("%v %v", entries, err)
	}
	if err := loaded.Remove(ada); err != nil {
		t.Error(err)
	}
	if err := loaded.Remove(ada); !errors.Is(err, ErrNotFound) {
		t.Errorf("removing twice: %v", err)
	}
	if has, err := loaded.Contains(ada); has || err != nil {
		t.Errorf("%v %v", has, err)
	}
	if has, err := loaded.Contains(grace); !has || err != nil {
		t.Errorf("%v %v", has, err)
	}
	if err := trust.Add(ada, "two\nlines"); !errors.Is(err, ErrBadText) {
		t.Errorf("a label of two lines: %v", err)
	}
}

func TestBadTrustFileNamesTheLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trust")
	if err := os.WriteFile(path, []byte("# fine\n\nnonsense here\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTrust(path); !errors.Is(err, ErrBadTrustFile) || !strings.Contains(err.Error(), "3") {
		t.Errorf("%v", err)
	}
}
