package conclave

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// certified makes an authority and certificates for names with the openssl command; it returns the authority's own.
func certified(t *testing.T, credentials map[string]*Credential) []byte {
	t.Helper()
	folder := t.TempDir()
	openssl := func(arguments ...string) {
		t.Helper()
		command := exec.Command("openssl", arguments...)
		command.Dir = folder
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v: %s", arguments, err, said)
		}
	}
	read := func(name string) []byte { return got(os.ReadFile(filepath.Join(folder, name)))(t) }
	curve := "ec_paramgen_curve:prime256v1"
	openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
		"-subj", "/CN=authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
	extensions := []byte("basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n")
	ok(t, os.WriteFile(filepath.Join(folder, "member.ext"), extensions, 0o600))
	for name, credential := range credentials {
		openssl("req", "-new", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-keyout", "member.key",
			"-out", "member.csr", "-subj", "/CN="+name)
		openssl("x509", "-req", "-in", "member.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
			"-extfile", "member.ext", "-out", "member.pem")
		ok(t, credential.SetCertificate(read("member.pem"), read("member.key"), nil))
	}
	return read("ca.pem")
}

func TestKeysAreFetchedOverTLS(t *testing.T) {
	c := newCluster(t, "anna", "bert")
	credentials := map[string]*Credential{}
	for _, node := range c.members {
		credentials[node.name] = got(NewCredential(node.identity, WrappingX25519))(t)
	}
	anchors := certified(t, credentials)
	certificates := got(AdmitCertificates(anchors, nil, 0, CertificatePattern{Kind: CertificateNameMember}))(t)
	options := DefaultEncryptOptions()
	options.KeysFrom = KeysByExchange
	c.start(&options, nil)
	anna, bert := c.members[0], c.members[1]

	loopback := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)
	server := got(NewKeyServer(anna.encryption, loopback, credentials["anna"], certificates))(t)
	defer server.Close()
	place := netip.AddrPortFrom(loopback.Addr(), got(server.Port())(t))
	if got(server.Descriptor())(t) < 0 {
		t.Error("a server has a descriptor")
	}
	if _, err := NewKeyFetch(bert.encryption, 999, place, credentials["bert"], certificates); !errors.Is(err, ErrWrongState) {
		t.Errorf("a key that is not wanted: %v", err)
	}

	var fetch *KeyFetch
	fetched := false
	c.until("the key is fetched", func() bool {
		ok(t, server.Process())
		if fetch == nil {
			for _, event := range bert.events {
				if wanted, is := event.(KeyWanted); is && wanted.Coordinator.Name == "anna" {
					fetch, _ = NewKeyFetch(bert.encryption, wanted.ViewCounter, place, credentials["bert"], certificates)
				}
			}
		}
		if fetch == nil || fetched {
			return fetched
		}
		ok(t, fetch.Process())
		ended, err := fetch.Outcome()
		ok(t, err)
		fetched = ended
		time.Sleep(time.Millisecond)
		return false
	})
	c.until("both are in one view", c.inOneView(2))
	ok(t, server.Renew(credentials["anna"], certificates))
	if err := server.Renew(credentials["bert"], certificates); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("another member's certificate: %v", err)
	}
	ok(t, fetch.Close())
	ok(t, fetch.Close())
	if err := fetch.Process(); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed fetch: %v", err)
	}
}
