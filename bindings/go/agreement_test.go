package conclave

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
)

// circle is a set of agreements whose tokens one loop carries, so that all see them in the same order.
type circle struct {
	t            *testing.T
	agreements   map[uint64]*Agreement
	participants []Participant
	suite        Suite
	tamper       func(token []byte) []byte // nil: tokens arrive as they were sent
	refused      []error
}

func newCircle(t *testing.T, count int) *circle {
	return newCircleWith(t, SuiteGDHFFDHE2048Ed25519AES256GCM, count)
}

func newCircleWith(t *testing.T, suite Suite, count int) *circle {
	c := &circle{t: t, agreements: map[uint64]*Agreement{}, suite: suite}
	for index := 0; index < count; index++ {
		c.add(uint64(index + 1))
	}
	return c
}

func (c *circle) add(id uint64) {
	c.t.Helper()
	identity := newTestIdentity(c.t, fmt.Sprintf("participant %d", id))
	agreement, err := NewAgreement(c.suite, identity, id)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = agreement.Close() })
	c.agreements[id] = agreement
	c.participants = append(c.participants, Participant{ID: id, PublicKey: publicKey(c.t, identity)})
}

func (c *circle) agree(continuing int) {
	c.t.Helper()
	membership := Membership{Group: "circle", Participants: c.participants, Continuing: continuing}
	_, _ = rand.Read(membership.View[:])
	_, _ = rand.Read(membership.Run[:])
	for _, participant := range c.participants {
		if err := c.agreements[participant.ID].Begin(membership); err != nil {
			c.t.Fatal(err)
		}
	}
	for c.carry() {
	}
}

// carry moves one token of each participant; false when there was none.
func (c *circle) carry() (moved bool) {
	for _, sender := range c.participants {
		token, found, err := c.agreements[sender.ID].NextToken()
		if err != nil {
			c.t.Fatal(err)
		}
		if !found {
			continue
		}
		moved = true
		if c.tamper != nil {
			token.Bytes = c.tamper(token.Bytes)
		}
		for _, receiver := range c.participants {
			if token.Kind == TokenUnicast && receiver.ID != token.Destination {
				continue
			}
			if err := c.agreements[receiver.ID].Receive(sender.ID, token.Bytes); err != nil {
				c.refused = append(c.refused, err)
			}
		}
	}
	return moved
}

// fingerprint checks that all have the same key and returns its name.
func (c *circle) fingerprint() (common Fingerprint) {
	c.t.Helper()
	var exported []byte
	for index, participant := range c.participants {
		agreement := c.agreements[participant.ID]
		if !agreement.IsComplete() {
			c.t.Fatalf("participant %d has no key; refused: %v", participant.ID, c.refused)
		}
		fingerprint, err := agreement.Fingerprint()
		if err != nil {
			c.t.Fatal(err)
		}
		output, err := agreement.Export("label", []byte("context"), 48)
		if err != nil {
			c.t.Fatal(err)
		}
		if index == 0 {
			common, exported = fingerprint, output
		}
		if fingerprint != common || !bytes.Equal(output, exported) {
			c.t.Fatalf("participant %d has another key", participant.ID)
		}
	}
	return common
}

func TestAgreementJoinLeaveRefresh(t *testing.T) {
	c := newCircle(t, 4)
	c.agree(0)
	seen := map[Fingerprint]string{c.fingerprint(): "first"}
	step := func(name string, continuing int) {
		t.Helper()
		c.agree(continuing)
		fingerprint := c.fingerprint()
		if before, known := seen[fingerprint]; known {
			t.Errorf("the key of %s is that of %s", name, before)
		}
		seen[fingerprint] = name
	}
	c.add(9)
	step("join", 4)
	c.participants = append(c.participants[:1:1], c.participants[2:]...)
	step("leave", 4)
	step("refresh", 4)
	if len(c.refused) != 0 {
		t.Errorf("refused: %v", c.refused)
	}
	counters, err := c.agreements[1].Counters()
	if err != nil || counters.Exponentiations == 0 || counters.Signatures == 0 {
		t.Errorf("%+v %v", counters, err)
	}
}

func TestEveryAgreement(t *testing.T) {
	for _, suite := range []Suite{
		SuiteCKDP256Ed25519AES256GCM, SuiteTGDHP256Ed25519AES256GCM, SuiteSTRP256Ed25519AES256GCM,
		SuiteBDP256Ed25519AES256GCM, SuiteBDMODP2048_256Ed25519ChaCha20Poly1305,
	} {
		t.Run(suite.String(), func(t *testing.T) {
			c := newCircleWith(t, suite, 3)
			c.agree(0)
			first := c.fingerprint()
			c.add(7)
			c.agree(3)
			if c.fingerprint() == first || len(c.refused) != 0 {
				t.Errorf("the key did not change, or was refused: %v", c.refused)
			}
		})
	}
}

func TestAgreementRefusesTamperedTokens(t *testing.T) {
	c := newCircle(t, 3)
	c.tamper = func(token []byte) []byte {
		token[len(token)/2] ^= 1
		return token
	}
	c.agree(0)
	if len(c.refused) == 0 {
		t.Error("nothing was refused")
	}
	for _, err := range c.refused {
		if !errors.Is(err, ErrProtocol) {
			t.Errorf("%v", err)
		}
	}
	for _, agreement := range c.agreements {
		if agreement.IsComplete() {
			t.Error("an agreement ended in spite of tampering")
		}
	}
	c.tamper, c.refused = nil, nil
	c.agree(0)
	c.fingerprint()
}

func TestAgreementRefusals(t *testing.T) {
	c := newCircle(t, 1)
	agreement := c.agreements[1]
	if _, err := agreement.Fingerprint(); !errors.Is(err, ErrWrongState) {
		t.Errorf("a fingerprint before the first key: %v", err)
	}
	if _, err := agreement.Export("label", nil, 32); !errors.Is(err, ErrWrongState) {
		t.Errorf("an export before the first key: %v", err)
	}
	for _, size := range []int{-1, 1 << 40} {
		if _, err := agreement.Export("label", nil, size); !errors.Is(err, ErrUsage) {
			t.Errorf("an export of %d bytes: %v", size, err)
		}
	}
	if err := agreement.Begin(Membership{Group: "x", Continuing: -1}); !errors.Is(err, ErrUsage) {
		t.Errorf("a negative count: %v", err)
	}
	if err := agreement.Begin(Membership{Group: "x"}); !errors.Is(err, ErrUsage) {
		t.Errorf("nobody to agree: %v", err)
	}
	if err := agreement.Receive(2, []byte("nonsense")); err == nil {
		t.Error("nonsense was received")
	}
	_, _ = agreement.Close(), agreement.Close()
	if _, _, err := agreement.NextToken(); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
