"""Encryption of a cluster that has a messaging system of its own.

The program moves the bytes and tells who is connected; an ``Encryption`` says what to send, and seals and opens
messages. Who the members are is decided by an ``Admission`` policy, never by the messaging system.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator, Sequence
from ctypes import byref, c_size_t, c_uint64, sizeof
from dataclasses import dataclass, field
from typing import Callable, Union

from . import _abi
from ._abi import (
    AdmissionCause,
    Authenticity,
    CertificateName,
    Cipher,
    EncryptEventKind,
    KeysFrom,
    Rekey,
    Status,
    Wrapping,
)
from ._handle import Handle, Owner
from ._library import NEVER, BytesLike, check, decoded, failure_for, library, opened, text_argument, unsigned_argument
from .admission import Admission, Credential, KeyRing, RingEntry
from .errors import ConclaveError

__all__ = [
    "ADDRESS_MAX",
    "BATCH_MAX",
    "Admission",
    "AdmissionCause",
    "Authenticity",
    "CertificateName",
    "Cipher",
    "Counters",
    "Credential",
    "Encryption",
    "Event",
    "KeyRing",
    "KeyWanted",
    "KeysFrom",
    "Member",
    "MemberLeaves",
    "MemberRefused",
    "Message",
    "Opened",
    "Options",
    "Output",
    "RecordRefused",
    "RecordsDropped",
    "RefusedByCoordinator",
    "Rekey",
    "RingEntry",
    "View",
    "Wrapping",
    "is_record",
]

#: Bytes of an address at most: what the messaging system calls a member.
ADDRESS_MAX = _abi.ADDRESS_MAX
#: Messages of one sealed record at most.
BATCH_MAX = _abi.BATCH_MAX


@dataclass(frozen=True)
class Options:
    """How a cluster is encrypted; the first five are the same at all its members. Times are in milliseconds."""

    keys_from: KeysFrom = KeysFrom.COORDINATOR
    authenticity: Authenticity = Authenticity.SIGNATURES
    cipher: Cipher = Cipher.AES_256_GCM
    whole_message: bool = False
    rekey: int = sum(Rekey)
    replay_window: int = 1024
    epochs_kept: int = 4
    epoch_lifetime_ms: int = 60_000
    gather_ms: int = 20
    ask_after_ms: int = 500
    repeat_after_ms: int = 200
    part_size: int = 60_000
    seals_while_members_leave: bool = False

    def _raw(self) -> _abi.EncryptOptions:
        raw = _abi.EncryptOptions()
        check(library().conclave_encrypt_options_init(byref(raw), sizeof(raw)))
        for name in ("keys_from", "authenticity", "cipher", "rekey", "replay_window", "epochs_kept"):
            setattr(raw, name, unsigned_argument(int(getattr(self, name)), 32, name))
        for name in ("epoch_lifetime_ms", "gather_ms", "ask_after_ms", "repeat_after_ms"):
            setattr(raw, name, unsigned_argument(getattr(self, name), 32, name))
        raw.part_size = unsigned_argument(self.part_size, 64, "part_size")
        raw.whole_message = self.whole_message
        raw.seals_while_members_leave = self.seals_while_members_leave
        return raw


@dataclass(frozen=True)
class Member:
    """A member for one start of it; ``introduction`` is another one each time that it starts."""

    address: bytes
    name: str
    public_key: bytes
    introduction: bytes
    is_self: bool = field(compare=False)
    is_coordinator: bool = field(compare=False)


@dataclass(frozen=True)
class View:
    """Who shares the keys, in the order of the host view. ``epoch`` is the public name of the keys."""

    counter: int
    epoch: bytes
    members: tuple[Member, ...]
    coordinator: Member
    self: Member


@dataclass(frozen=True)
class Output:
    """What to send: to ``address``, or when that is None to everybody."""

    address: bytes | None
    data: bytes


@dataclass(frozen=True)
class Message:
    """A message that was opened; ``headers`` are those of the host if they were encrypted."""

    sender: Member
    data: bytes
    headers: bytes
    view_counter: int


@dataclass(frozen=True)
class MemberLeaves:
    """A member says, authenticated, that it leaves."""

    member: Member


@dataclass(frozen=True)
class RefusedByCoordinator:
    """The coordinator does not let this member in."""

    coordinator: Member
    cause: AdmissionCause


@dataclass(frozen=True)
class MemberRefused:
    """This member does not admit another one."""

    member: Member
    cause: AdmissionCause


@dataclass(frozen=True)
class KeyWanted:
    """The key of a view is to be fetched from its coordinator: see ``conclave.key_exchange.KeyFetch``.

    It comes again when the coordinator pushes the view again; nothing is to be begun anew while a fetch goes on.
    """

    coordinator: Member
    view_counter: int


@dataclass(frozen=True)
class RecordsDropped:
    """So many records were dropped because their keys did not come in time."""

    count: int


@dataclass(frozen=True)
class RecordRefused:
    """A record that had waited for its keys was refused."""

    error: ConclaveError


Event = Union[
    View, Message, MemberLeaves, RefusedByCoordinator, MemberRefused, KeyWanted, RecordsDropped, RecordRefused
]


@dataclass(frozen=True)
class Opened:
    """A record that was opened at once."""

    sender: Member | None
    messages: tuple[bytes, ...]
    headers: bytes
    view_counter: int
    number: int
    is_current: bool


@dataclass(frozen=True)
class Counters:
    """What a context has done so far; ``refused`` counts everything that was received and refused."""

    sealed_records: int
    sealed_messages: int
    opened_records: int
    opened_messages: int
    opened_earlier: int
    refused_malformed: int
    refused_unknown_epoch: int
    refused_unknown_sender: int
    refused_bad_seal: int
    refused_bad_signature: int
    refused_replayed: int
    forgotten_epochs: int
    refused: int


def is_record(data: BytesLike) -> bool:
    """Whether bytes look like a sealed record, which ``Encryption.open`` takes."""
    content = bytes(data)
    return bool(library().conclave_encrypt_is_record(content, len(content)))


def _now(now: int | None) -> int:
    return int(time.monotonic() * 1000) if now is None else unsigned_argument(now, 64, "time")


class Encryption(Owner):
    """One member's encryption of one cluster, for one start.

    Every method that takes ``now`` means milliseconds of one clock that does not go back; without it,
    ``time.monotonic`` is asked. After each of them send the ``outputs``, take the ``events``, and ask for the
    ``deadline`` again.
    """

    def __init__(
        self,
        cluster: str,
        address: BytesLike,
        credential: Credential,
        admission: Admission,
        ring: KeyRing | None = None,
        options: Options | None = None,
        unix_seconds: int | None = None,
        now: int | None = None,
    ) -> None:
        """``address`` is what the messaging system calls this member; ``ring`` is for keys that come from a store."""
        name, own, raw = text_argument(cluster, "cluster's name"), bytes(address), (options or Options())._raw()
        seconds = int(time.time()) if unix_seconds is None else unsigned_argument(unix_seconds, 64, "time of day")
        with credential._handle.lock, admission._handle.lock:
            arguments = (name, own, len(own), credential._handle.pointer, admission._handle.pointer)
            if ring is None:
                pointer = opened(library().conclave_encrypt_new, *arguments, None, byref(raw), seconds, _now(now))
            else:
                with ring._handle.lock:
                    keys = ring._handle.pointer
                    pointer = opened(library().conclave_encrypt_new, *arguments, keys, byref(raw), seconds, _now(now))
        self._handle = Handle("encryption", pointer, library().conclave_encrypt_free)

    # ---------------------------------------------------------------------------------------------------------- events

    def start(self, now: int | None = None) -> None:
        """The member wants to be in the cluster."""
        self._call(library().conclave_encrypt_start, _now(now))

    def host_view(self, addresses: Sequence[BytesLike], now: int | None = None) -> None:
        """The messaging system's view: the addresses of all who are connected, the coordinator's first."""
        contents = [bytes(address) for address in addresses]
        self._call(library().conclave_encrypt_host_view, _raw_bytes(contents), len(contents), _now(now))

    def receive(self, data: BytesLike, headers: BytesLike = b"", now: int | None = None) -> None:
        """Takes bytes from the messaging system with the headers that came beside them.

        What is refused raises a ProtocolError (or NotAdmitted) and changes nothing. UnknownEpoch says that a record was
        kept: its messages come as events when its keys have come.
        """
        content, beside = bytes(data), bytes(headers)
        self._call(library().conclave_encrypt_receive, content, len(content), beside, len(beside), _now(now))

    def tick(self, now: int | None = None) -> None:
        """Time has come."""
        self._call(library().conclave_encrypt_tick, _now(now))

    def rotate(self, now: int | None = None) -> None:
        """The coordinator makes a new view of the same members with a new key; WrongState at the others."""
        self._call(library().conclave_encrypt_rotate, _now(now))

    def leave(self, now: int | None = None) -> None:
        """The member leaves: it tells the others and wipes its keys."""
        self._call(library().conclave_encrypt_leave, _now(now))

    def set_admission(self, admission: Admission, now: int | None = None) -> None:
        """Replaces the policy. The coordinator puts out who is not admitted any more."""
        with admission._handle.lock:
            self._call(library().conclave_encrypt_set_admission, admission._handle.pointer, _now(now))

    def set_key_ring(self, ring: KeyRing, now: int | None = None) -> None:
        """Replaces the key ring; WrongState unless the keys come from a store."""
        with ring._handle.lock:
            self._call(library().conclave_encrypt_set_key_ring, ring._handle.pointer, _now(now))

    def set_clock(self, unix_seconds: int, now: int | None = None) -> None:
        """Sets the time of day, in seconds since 1970."""
        self._call(library().conclave_encrypt_set_clock, unsigned_argument(unix_seconds, 64, "time of day"), _now(now))

    # --------------------------------------------------------------------------------------------------------- results

    def next_output(self) -> Output | None:
        """The next thing to send; None when there is none."""
        raw = _abi.EncryptOutput(size=sizeof(_abi.EncryptOutput))
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                status = library().conclave_encrypt_next_output(pointer, byref(raw))
                if status == Status.NO_EVENT:
                    return None
                self._check(pointer, status)
                address = None if raw.to_everyone else _copied(raw.address, raw.address_size)
                return Output(address, _copied(raw.bytes, raw.byte_count))
            finally:
                self._handle.is_lending = False

    def outputs(self) -> Iterator[Output]:
        """Takes out what is to be sent, one after another."""
        while (output := self.next_output()) is not None:
            yield output

    def next_event(self) -> Event | None:
        """The next event; None when there is none."""
        raw = _abi.EncryptEvent(size=sizeof(_abi.EncryptEvent))
        with self._handle.lock:
            pointer = self._handle.pointer
            while True:
                try:
                    self._handle.is_lending = True
                    status = library().conclave_encrypt_next_event(pointer, byref(raw))
                    if status == Status.NO_EVENT:
                        return None
                    self._check(pointer, status)
                    event = self._event(pointer, raw)
                    if event is not None:
                        return event
                finally:
                    self._handle.is_lending = False

    def events(self) -> Iterator[Event]:
        """Takes out what has happened, one after another."""
        while (event := self.next_event()) is not None:
            yield event

    def _event(self, pointer: int, raw: _abi.EncryptEvent) -> Event | None:
        """The event of a C structure with copies of all that it borrows; None for a kind that is not known here."""
        kind = raw.kind
        if kind == EncryptEventKind.VIEW:
            return self._view(pointer)
        if kind == EncryptEventKind.DROPPED:
            return RecordsDropped(raw.count)
        if kind == EncryptEventKind.ERROR:
            return RecordRefused(failure_for(raw.status))
        member = _member(raw.member.contents) if raw.member else None
        if member is None:
            return None
        if kind == EncryptEventKind.MESSAGE:
            headers = _copied(raw.headers, raw.headers_size)
            return Message(member, _copied(raw.data, raw.data_size), headers, raw.view_counter)
        if kind == EncryptEventKind.MEMBER_LEAVES:
            return MemberLeaves(member)
        if kind == EncryptEventKind.REFUSED:
            return RefusedByCoordinator(member, _cause(raw.cause))
        if kind == EncryptEventKind.NOT_ADMITTED:
            return MemberRefused(member, _cause(raw.cause))
        if kind == EncryptEventKind.KEY_WANTED:
            return KeyWanted(member, raw.view_counter)
        return None

    def seal(self, message: BytesLike, headers: BytesLike = b"") -> bytes:
        """Seals a message with the headers that the program sends beside it.

        Raises NoKey before the first view and while a member that has left could open it.
        """
        content, beside = bytes(message), bytes(headers)
        function = library().conclave_encrypt_seal
        return self._sealed(function, len(content) + len(beside), content, len(content), beside)

    def seal_batch(self, messages: Sequence[BytesLike], headers: BytesLike = b"") -> bytes:
        """Seals 1 to BATCH_MAX messages in one record, with one tag and one signature for all."""
        contents, beside = [bytes(message) for message in messages], bytes(headers)
        size = sum(map(len, contents)) + len(beside) + 4 * len(contents)
        function = library().conclave_encrypt_seal_batch
        return self._sealed(function, size, _raw_bytes(contents), len(contents), beside)

    def _sealed(self, function: Callable[..., int], size: int, messages: object, count: int, headers: bytes) -> bytes:
        room = c_size_t(size + 128)
        buffer = ctypes.create_string_buffer(room.value)
        with self._handle.lock:
            pointer = self._handle.pointer
            self._check(pointer, function(pointer, messages, count, headers, len(headers), buffer, byref(room)))
        return buffer.raw[: room.value]

    def open(self, record: BytesLike, headers: BytesLike = b"", now: int | None = None) -> Opened:
        """Opens a record at once: the short way for messages, which come as no events then; raises as ``receive``."""
        content, beside = bytes(record), bytes(headers)
        buffer = ctypes.create_string_buffer(max(len(content), 1))
        raw = _abi.Opened(size=sizeof(_abi.Opened))
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                status = library().conclave_encrypt_open(
                    pointer, content, len(content), beside, len(beside), _now(now), buffer, len(buffer), byref(raw)
                )
                self._check(pointer, status)
                messages = (raw.messages[index] for index in range(raw.message_count))
                return Opened(
                    sender=_member(raw.sender.contents) if raw.sender else None,
                    messages=tuple(_copied(message.bytes, message.size) for message in messages),
                    headers=_copied(raw.headers, raw.headers_size),
                    view_counter=raw.view_counter,
                    number=raw.number,
                    is_current=raw.is_current,
                )
            finally:
                self._handle.is_lending = False

    # --------------------------------------------------------------------------------------------------------- queries

    @property
    def view(self) -> View | None:
        """The installed view; None without one."""
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                return self._view(pointer)
            finally:
                self._handle.is_lending = False

    def _view(self, pointer: int) -> View | None:
        raw = _abi.ClusterView(size=sizeof(_abi.ClusterView))
        status = library().conclave_encrypt_view(pointer, byref(raw))
        if status == Status.WRONG_STATE:
            return None
        self._check(pointer, status)
        members = []
        for place in range(raw.member_count):
            lent = _abi.ClusterMember(size=sizeof(_abi.ClusterMember))
            self._check(pointer, library().conclave_encrypt_member(pointer, place, byref(lent)))
            members.append(_member(lent))
        own = raw.self
        return View(raw.counter, bytes(raw.epoch), tuple(members), members[raw.coordinator], members[own])

    @property
    def can_seal(self) -> bool:
        """Whether ``seal`` is possible now."""
        with self._handle.lock:
            return bool(library().conclave_encrypt_can_seal(self._handle.pointer))

    @property
    def deadline(self) -> int | None:
        """When ``tick`` must be called at the latest, in milliseconds of the clock; None: never."""
        when = c_uint64()
        with self._handle.lock:
            pointer = self._handle.pointer
            self._check(pointer, library().conclave_encrypt_deadline(pointer, byref(when)))
        return None if when.value == NEVER else when.value

    @property
    def counters(self) -> Counters:
        """What the context has done so far."""
        raw = _abi.EncryptCounters(size=sizeof(_abi.EncryptCounters))
        with self._handle.lock:
            pointer = self._handle.pointer
            self._check(pointer, library().conclave_encrypt_counters_read(pointer, byref(raw)))
        return Counters(*(getattr(raw, name) for name in Counters.__dataclass_fields__))

    # ----------------------------------------------------------------------------------------------------------- inner

    def _call(self, function: Callable[..., int], *arguments: object) -> None:
        with self._handle.lock:
            pointer = self._handle.pointer
            self._check(pointer, function(pointer, *arguments))

    @staticmethod
    def _check(pointer: int, status: int) -> None:
        if status != Status.OK:
            check(status, decoded(library().conclave_encrypt_message(pointer)))

    def __enter__(self) -> Encryption:
        return self


def _copied(address: int | None, size: int) -> bytes:
    return ctypes.string_at(address, size) if address and size else b""


def _cause(number: int) -> AdmissionCause:
    try:
        return AdmissionCause(number)
    except ValueError:  # of a library that is newer than this package
        return AdmissionCause.OTHER


def _member(raw: _abi.ClusterMember) -> Member:
    return Member(
        address=_copied(raw.address, raw.address_size),
        name=decoded(raw.name),
        public_key=bytes(raw.public_key),
        introduction=bytes(raw.introduction),
        is_self=raw.is_self,
        is_coordinator=raw.is_coordinator,
    )


def _raw_bytes(contents: Sequence[bytes]) -> ctypes.Array[_abi.Bytes]:
    """The C structures, which point into the contents: the caller keeps those."""
    raw = (_abi.Bytes * max(len(contents), 1))()
    for slot, content in zip(raw, contents):
        slot.bytes = ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p)
        slot.size = len(content)
    return raw
