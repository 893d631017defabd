"""Members of an encrypted cluster in one process; the test is their messaging system."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import conclave
from conclave import Identity, Trust, _abi
from conclave._library import check, library
from conclave.encrypt import (
    Admission,
    AdmissionCause,
    Authenticity,
    CertificateName,
    Credential,
    Encryption,
    Event,
    KeyRing,
    KeysFrom,
    MemberLeaves,
    Message,
    Options,
    RefusedByCoordinator,
    View,
    is_record,
)


class Cluster:
    """Carries what members send, in order, and is the clock."""

    def __init__(self, *names: str, options: Options | None = None, ring: KeyRing | None = None) -> None:
        self.now = 1000
        self.options, self.ring = options, ring
        self.trust = Trust()
        self.members: dict[str, Encryption] = {}
        self.events: dict[str, list[Event]] = {}
        for name in names:
            identity = Identity.new(name)
            self.trust.add(identity.public_key, name)
            self.identities = {**getattr(self, "identities", {}), name: identity}
        self.policy = Admission.keys(self.trust)
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        credential = Credential(self.identities.get(name) or Identity.new(name))
        member = Encryption(
            "kitchen", name.encode(), credential, self.policy, self.ring, self.options, 1_800_000_000, self.now
        )
        self.members[name], self.events[name] = member, []
        member.start(self.now)
        self.tell_host_view()

    def remove(self, name: str) -> None:
        self.members.pop(name).close()
        self.tell_host_view()

    def tell_host_view(self) -> None:
        addresses = [name.encode() for name in self.members]
        for member in self.members.values():
            member.host_view(addresses, self.now)
        self.carry()

    def carry(self) -> None:
        is_moving = True
        while is_moving:
            is_moving = False
            for name, member in self.members.items():
                for output in member.outputs():
                    is_moving = True
                    for other, receiver in self.members.items():
                        if other != name and output.address in (None, other.encode()):
                            with contextlib.suppress(conclave.ProtocolError, conclave.NotAdmitted, conclave.HasLeft):
                                receiver.receive(output.data, now=self.now)
                self.events[name] += member.events()

    def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(1000):
            if holds():
                return
            self.now += 10
            for member in self.members.values():
                if (member.deadline or self.now + 1) <= self.now:
                    member.tick(self.now)
            self.carry()
        pytest.fail("waited in vain")

    def share_a_view(self) -> bool:
        views = [member.view for member in self.members.values()]
        epochs = {view.epoch for view in views if view is not None}
        return None not in views and len(epochs) == 1 and len(views[0].members if views[0] else ()) == len(views)

    def close(self) -> None:
        for member in self.members.values():
            member.close()


@pytest.fixture(params=list(Authenticity))
def kitchen(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    cluster = Cluster("anna", "bert", "cleo", options=Options(authenticity=request.param))
    cluster.until(cluster.share_a_view)
    yield cluster
    cluster.close()


def test_members_share_a_view(kitchen: Cluster) -> None:
    view = kitchen.members["bert"].view
    assert view is not None
    assert [member.name for member in view.members] == ["anna", "bert", "cleo"]
    assert view.coordinator.name == "anna"
    assert view.self.address == b"bert"
    assert view.self.is_self
    assert not view.self.is_coordinator
    assert view in kitchen.events["bert"]


def test_messages(kitchen: Cluster) -> None:
    anna, bert, cleo = kitchen.members.values()
    record = anna.seal(b"bread", b"oven 3")
    assert is_record(record)
    opened = bert.open(record, b"oven 3", kitchen.now)
    assert opened.messages == (b"bread",)
    assert opened.sender is not None
    assert opened.sender.name == "anna"
    assert opened.is_current
    with pytest.raises(conclave.Replayed):
        bert.open(record, b"oven 3", kitchen.now)
    with pytest.raises(conclave.BadSeal):
        cleo.open(record, b"oven 4", kitchen.now)
    batch = [b"salt", b"", bytes(3000), b"zero\0inside"]
    assert bert.open(anna.seal_batch(batch), now=kitchen.now).messages == tuple(batch)
    bert.receive(anna.seal(b""), now=kitchen.now)
    message = bert.next_event()
    assert isinstance(message, Message)
    assert message.data == b""
    assert message.sender.name == "anna"
    counters = bert.counters
    assert (counters.opened_records, counters.opened_messages, counters.refused_replayed) == (3, 6, 1)


def test_rotation_and_leaving(kitchen: Cluster) -> None:
    anna, bert, cleo = kitchen.members.values()
    before = bert.view
    assert before is not None
    with pytest.raises(conclave.WrongState):
        bert.rotate(kitchen.now)
    anna.rotate(kitchen.now)
    kitchen.until(lambda: kitchen.share_a_view() and (bert.view or before).epoch != before.epoch)
    assert bert.open(cleo.seal(b"bread"), now=kitchen.now).messages == (b"bread",)
    cleo.leave(kitchen.now)
    kitchen.carry()
    assert any(isinstance(event, MemberLeaves) and event.member.name == "cleo" for event in kitchen.events["anna"])
    with pytest.raises(conclave.HasLeft):
        cleo.seal(b"bread")
    kitchen.remove("cleo")
    kitchen.until(kitchen.share_a_view)
    assert anna.open(bert.seal(b"salt"), now=kitchen.now).messages == (b"salt",)


def test_a_stranger_is_not_let_in(kitchen: Cluster) -> None:
    kitchen.add("zoe")
    zoe = kitchen.members["zoe"]
    kitchen.until(lambda: any(isinstance(event, RefusedByCoordinator) for event in kitchen.events["zoe"]))
    refusal = next(event for event in kitchen.events["zoe"] if isinstance(event, RefusedByCoordinator))
    assert refusal.cause is AdmissionCause.UNKNOWN_KEY
    assert refusal.coordinator.name == "anna"
    assert zoe.view is None
    assert not zoe.can_seal
    with pytest.raises(conclave.NoKey):
        zoe.seal(b"bread")


def test_keys_from_a_store(tmp_path: Path) -> None:
    with KeyRing() as ring:
        ring.add("oven", bytes(31) + b"\1")
        ring.add("cellar", bytes(16))
        ring.activate("oven")
        ring.retire("cellar", 1_900_000_000)
        ring.save(tmp_path / "ring", "three loaves")
    with pytest.raises(conclave.BadPassphrase):
        KeyRing.load(tmp_path / "ring", "two loaves")
    ring = KeyRing.load(tmp_path / "ring", "three loaves")
    assert [(entry.identifier, entry.is_active, entry.retires) for entry in ring] == [
        ("cellar", False, 1_900_000_000),
        ("oven", True, None),
    ]
    assert len(ring) == 2
    cluster = Cluster("anna", "bert", options=Options(keys_from=KeysFrom.STORE, whole_message=True), ring=ring)
    cluster.until(cluster.share_a_view)
    anna, bert = cluster.members.values()
    opened = bert.open(anna.seal(b"bread", b"oven 3"), now=cluster.now)
    assert (opened.messages, opened.headers) == ((b"bread",), b"oven 3")
    ring.activate("cellar")
    before = bert.view
    for member in (bert, anna):
        member.set_key_ring(ring, cluster.now)
    anna.rotate(cluster.now)
    cluster.until(lambda: cluster.share_a_view() and bert.view != before)
    assert bert.open(anna.seal(b"salt"), now=cluster.now).messages == (b"salt",)
    cluster.close()


def test_policies() -> None:
    secret, names = Admission.secret(bytes(16)), Admission.names("*a*")
    with Admission.all_of(secret, Admission.any_of(names, secret)):
        pass
    with pytest.raises(conclave.InvalidArgument):
        Admission.names()
    with pytest.raises(conclave.InvalidArgument):
        Admission.secret(b"short")
    with pytest.raises(conclave.BadKeyFile):
        Admission.certificates(b"none", {CertificateName.ANY: None})
    with pytest.raises(conclave.WrongState):
        secret._with((names,))
    empty = Admission.all_of()
    with pytest.raises(conclave.InvalidArgument):
        Encryption("kitchen", b"a", Credential(Identity.new("anna")), empty)
    names.close()
    with pytest.raises(conclave.BadHandle):
        Admission.any_of(names)


def test_views_are_values(kitchen: Cluster) -> None:
    views = [event for event in kitchen.events["anna"] if isinstance(event, View)]
    assert views
    assert {view.self.name for view in views} == {"anna"}


def test_the_defaults_are_the_librarys() -> None:
    raw = _abi.EncryptOptions()
    check(library().conclave_encrypt_options_init(ctypes.byref(raw), ctypes.sizeof(raw)))
    chosen = Options()._raw()
    for name, _ in _abi.EncryptOptions._fields_:
        assert getattr(chosen, name) == getattr(raw, name), name
