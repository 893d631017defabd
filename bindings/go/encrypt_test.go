package conclave

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// cluster is a messaging system of one process: what members send is carried at once, in order.
type cluster struct {
	t       *testing.T
	trust   *Trust
	policy  *Admission
	members []*clusterNode
}

type clusterNode struct {
	name       string
	encryption *Encryption
	identity   *Identity
	events     []EncryptEvent
	refused    []error
}

func newCluster(t *testing.T, trusted ...string) *cluster {
	t.Helper()
	c := &cluster{t: t, trust: got(NewTrust())(t)}
	for _, name := range trusted {
		node := &clusterNode{name: name, identity: got(NewIdentity(name))(t)}
		key, err := node.identity.PublicKey()
		ok(t, err)
		ok(t, c.trust.Add(key, name))
		c.members = append(c.members, node)
	}
	c.policy = got(AdmitKeys(c.trust))(t)
	return c
}

// got fails the test when there is an error.
func got[T any](result T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return result
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) start(options *EncryptOptions, ring *KeyRing) {
	c.t.Helper()
	for _, node := range c.members {
		credential := got(NewCredential(node.identity, WrappingX25519))(c.t)
		node.encryption = got(NewEncryption(EncryptConfig{
			Cluster: "kitchen", Address: []byte(node.name), Credential: credential, Admission: c.policy,
			Options: options, KeyRing: ring,
		}))(c.t)
		c.t.Cleanup(func() { node.encryption.Close() })
		ok(c.t, node.encryption.Start())
	}
	c.tellHostView()
}

func (c *cluster) tellHostView() {
	c.t.Helper()
	var addresses [][]byte
	for _, node := range c.members {
		addresses = append(addresses, []byte(node.name))
	}
	for _, node := range c.members {
		ok(c.t, node.encryption.HostView(addresses))
	}
}

// until carries and ticks until something holds.
func (c *cluster) until(what string, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatal("waited in vain:", what)
		}
		for _, node := range c.members {
			if when, exists, err := node.encryption.Deadline(); err == nil && exists && !when.After(time.Now()) {
				ok(c.t, node.encryption.Tick())
			}
			c.carry(node)
		}
	}
}

func (c *cluster) carry(from *clusterNode) {
	c.t.Helper()
	for {
		output, found, err := from.encryption.NextOutput()
		ok(c.t, err)
		if !found {
			break
		}
		for _, to := range c.members {
			if to != from && (output.ToEveryone || string(output.Address) == to.name) {
				if err := to.encryption.Receive(output.Bytes, nil); err != nil {
					to.refused = append(to.refused, err)
				}
			}
		}
	}
	for {
		event := got(from.encryption.NextEvent())(c.t)
		if event == nil {
			return
		}
		from.events = append(from.events, event)
	}
}

func (c *cluster) inOneView(size int) func() bool {
	return func() bool {
		first, err := c.members[0].encryption.View()
		for _, node := range c.members {
			view, failure := node.encryption.View()
			if err != nil || failure != nil || view.Epoch != first.Epoch || len(view.Members) != size {
				return false
			}
		}
		return true
	}
}

func TestAnEncryptedClusterLives(t *testing.T) {
	for _, authenticity := range []Authenticity{AuthenticitySenderKeys, AuthenticitySignatures} {
		options := DefaultEncryptOptions()
		options.Authenticity = authenticity
		c := newCluster(t, "anna", "bert", "cleo")
		c.start(&options, nil)
		c.until("three members in one view", c.inOneView(3))
		anna, bert, cleo := c.members[0], c.members[1], c.members[2]
		view := got(bert.encryption.View())(t)
		if view.Self != 1 || view.Coordinator != 0 || view.Members[2].Name != "cleo" || !view.Members[1].IsSelf {
			t.Errorf("bert sees %+v", view)
		}

		record := got(anna.encryption.Seal([]byte("bread"), []byte("oven 3")))(t)
		if !IsRecord(record) {
			t.Error("a record is not known as one")
		}
		opened := got(bert.encryption.Open(record, []byte("oven 3")))(t)
		if opened.Sender.Name != "anna" || len(opened.Messages) != 1 || string(opened.Messages[0]) != "bread" {
			t.Errorf("bert opened %+v", opened)
		}
		if _, err := bert.encryption.Open(record, []byte("oven 3")); !errors.Is(err, ErrReplayed) {
			t.Errorf("a replay gave %v", err)
		}
		if _, err := cleo.encryption.Open(record, []byte("oven 4")); !errors.Is(err, ErrBadSeal) {
			t.Errorf("other headers gave %v", err)
		}
		batch := [][]byte{[]byte("salt"), {}, bytes.Repeat([]byte{7}, 3000)}
		record = got(cleo.encryption.SealBatch(batch, nil))(t)
		opened = got(anna.encryption.Open(record, nil))(t)
		for index := range batch {
			if !bytes.Equal(opened.Messages[index], batch[index]) {
				t.Errorf("message %d differs", index)
			}
		}

		before := view.Epoch
		if err := bert.encryption.Rotate(); !errors.Is(err, ErrWrongState) {
			t.Errorf("rotating without coordinating gave %v", err)
		}
		ok(t, anna.encryption.Rotate())
		c.until("a new key", func() bool {
			now, err := bert.encryption.View()
			return err == nil && now.Epoch != before && c.inOneView(3)()
		})

		ok(t, cleo.encryption.Leave())
		c.carry(cleo)
		if _, err := cleo.encryption.Seal(nil, nil); !errors.Is(err, ErrLeft) {
			t.Errorf("sealing after leaving gave %v", err)
		}
		c.members = c.members[:2]
		c.tellHostView()
		c.until("two members in one view", c.inOneView(2))
		found := false
		for _, event := range anna.events {
			leaves, isLeave := event.(MemberLeaves)
			found = found || isLeave && leaves.Member.Name == "cleo"
		}
		if !found {
			t.Error("anna was not told that cleo leaves")
		}
		record = got(bert.encryption.Seal([]byte("salt"), nil))(t)
		ok(t, anna.encryption.Receive(record, nil))
		c.carry(anna)
		if message, is := anna.events[len(anna.events)-1].(ClusterMessage); !is || string(message.Data) != "salt" {
			t.Errorf("the last event is %+v", anna.events[len(anna.events)-1])
		}
		if counters := got(bert.encryption.Counters())(t); counters.RefusedReplayed != 1 {
			t.Errorf("bert counts %+v", counters)
		}
	}
}

func TestAStrangerIsNotAdmitted(t *testing.T) {
	c := newCluster(t, "anna")
	c.members = append(c.members, &clusterNode{name: "zoe", identity: got(NewIdentity("zoe"))(t)})
	c.start(nil, nil)
	zoe := c.members[1]
	c.until("zoe learns that she is refused", func() bool {
		for _, event := range zoe.events {
			if refused, is := event.(RefusedByCoordinator); is {
				return refused.Cause == CauseUnknownKey && refused.Coordinator.Name == "anna"
			}
		}
		return false
	})
	if _, err := zoe.encryption.Seal(nil, nil); !errors.Is(err, ErrNoKey) || !errors.Is(err, ErrNotNow) {
		t.Errorf("sealing without a key gave %v", err)
	}
}

func TestKeysFromAStore(t *testing.T) {
	ring := got(NewKeyRing())(t)
	ok(t, ring.Add("oven", bytes.Repeat([]byte{1}, 32)))
	ok(t, ring.Add("cellar", bytes.Repeat([]byte{2}, 32)))
	ok(t, ring.Activate("oven"))
	ok(t, ring.Retire("cellar", time.Unix(1_800_000_000, 0)))
	path := filepath.Join(t.TempDir(), "ring")
	ok(t, ring.Save(path, []byte("three loaves")))
	if err := ring.Save(path, []byte("three loaves")); !errors.Is(err, os.ErrExist) {
		t.Errorf("saving twice gave %v", err)
	}
	if _, err := LoadKeyRing(path, []byte("two loaves")); !errors.Is(err, ErrBadPassphrase) {
		t.Errorf("another passphrase gave %v", err)
	}
	ring = got(LoadKeyRing(path, []byte("three loaves")))(t)
	entries := got(ring.Entries())(t)
	if len(entries) != 2 || entries[0].Identifier != "cellar" || entries[0].Retires.Unix() != 1_800_000_000 ||
		!entries[1].IsActive || !entries[1].Retires.IsZero() {
		t.Errorf("the ring holds %+v", entries)
	}
	options := DefaultEncryptOptions()
	options.KeysFrom = KeysFromStore
	options.WholeMessage = true
	c := newCluster(t, "anna", "bert")
	c.start(&options, ring)
	c.until("two members in one view", c.inOneView(2))
	record := got(c.members[0].encryption.Seal([]byte("bread"), []byte("oven 3")))(t)
	opened := got(c.members[1].encryption.Open(record, nil))(t)
	if string(opened.Headers) != "oven 3" || string(opened.Messages[0]) != "bread" {
		t.Errorf("bert opened %+v", opened)
	}
	ok(t, ring.Activate("cellar"))
	ok(t, c.members[1].encryption.SetKeyRing(ring))
}

func TestPolicies(t *testing.T) {
	secret := got(AdmitSecret(bytes.Repeat([]byte{1}, 16)))(t)
	names := got(AdmitNames("*a*", ""))(t)
	_ = got(AdmitAll(secret, got(AdmitAny(names, secret))(t)))(t)
	if _, err := AdmitNames("", ""); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("no pattern gave %v", err)
	}
	if _, err := AdmitSecret([]byte("short")); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("a short secret gave %v", err)
	}
	if _, err := AdmitCertificates([]byte("none"), nil, 4); !errors.Is(err, ErrBadKeyFile) {
		t.Errorf("no certificates gave %v", err)
	}
	ok(t, names.Close())
	if _, err := AdmitAll(names); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed policy gave %v", err)
	}
}
