"""Key agreement on its own: membership changes and tokens in, tokens and a key out. The caller moves the bytes."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from ctypes import byref, sizeof
from dataclasses import dataclass

from . import _abi
from ._abi import Status, Suite, TokenKind
from ._handle import Handle, Owner
from ._library import (
    BytesLike,
    check,
    decoded,
    fixed_argument,
    library,
    opened,
    text_argument,
    unsigned_argument,
)
from .errors import InvalidArgument
from .identity import FINGERPRINT_SIZE, PUBLIC_KEY_SIZE, Identity

#: Bytes that may be derived from a key with one label and context.
EXPORT_MAX = 8160


@dataclass(frozen=True)
class Participant:
    """One participant of a run: an id that is unique in it and not zero, and the key that verifies its tokens."""

    id: int
    public_key: bytes


@dataclass(frozen=True)
class Membership:
    """A membership to agree on; all but the order of calls must be the same at all participants.

    ``view`` is unique to the view and ``run`` fresh for every run (a hash over nonces of all participants), 32 bytes
    each. ``participants`` stand oldest first, and the first ``continuing`` of them completed the previous run together;
    0 agrees from scratch.
    """

    group: str
    view: bytes
    run: bytes
    participants: Sequence[Participant]
    continuing: int = 0


@dataclass(frozen=True)
class Token:
    """A token to send: to ``destination`` alone, or when that is None to all participants.

    A MULTICAST_AGREED token goes to the sender as well, in the same total order at all; the rest in the order of
    sending.
    """

    kind: TokenKind
    destination: int | None
    data: bytes


@dataclass(frozen=True)
class Counters:
    """What key agreement has cost."""

    exponentiations: int
    signatures: int
    verifications: int
    unicasts: int
    multicasts: int
    membership_checks: int
    inversions: int


def counters_from(raw: _abi.Counters) -> Counters:
    """The counters of a C structure."""
    return Counters(
        raw.exponentiations,
        raw.signatures,
        raw.verifications,
        raw.unicasts,
        raw.multicasts,
        raw.membership_checks,
        raw.inversions,
    )


class Agreement(Owner):
    """A key agreement context of one participant. Any number of them may live in a process."""

    def __init__(self, identity: Identity, id: int, suite: int = Suite.STANDARD) -> None:  # noqa: A002
        """Makes a context for the participant ``id`` (not zero), which signs with ``identity``."""
        number = unsigned_argument(suite, 16, "suite")
        participant = unsigned_argument(id, 64, "participant's id")
        with identity._handle.lock:
            pointer = opened(library().conclave_agreement_new, number, identity._handle.pointer, participant)
        self._handle = Handle("agreement", pointer, library().conclave_agreement_free)
        self.id = id

    def begin(self, membership: Membership) -> None:
        """Begins a run; one that is under way is abandoned. The last agreed key stays until the next is installed."""
        raw = _raw_membership(membership)
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, library().conclave_agreement_begin(pointer, byref(raw)))

    def receive(self, sender: int, token: BytesLike) -> None:
        """Takes a token that ``sender`` sent. One that is refused raises a ProtocolError and changes nothing."""
        participant, data = unsigned_argument(sender, 64, "sender's id"), bytes(token)
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, library().conclave_agreement_receive(pointer, participant, data, len(data)))

    def next_token(self) -> Token | None:
        """The next token to send; None when there is none."""
        raw = _abi.Token(size=sizeof(_abi.Token))
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                status = library().conclave_agreement_next_token(pointer, byref(raw))
                if status == Status.NO_EVENT:
                    return None
                _check(pointer, status)
                data = ctypes.string_at(raw.bytes, raw.byte_count) if raw.byte_count else b""
            finally:
                self._handle.is_lending = False
        kind = TokenKind(raw.kind)
        return Token(kind, raw.destination if kind is TokenKind.UNICAST else None, data)

    def tokens(self) -> Iterator[Token]:
        """Takes out the tokens that are to be sent, one after another."""
        while (token := self.next_token()) is not None:
            yield token

    @property
    def is_complete(self) -> bool:
        """Whether the run that began last has ended in a confirmed key."""
        with self._handle.lock:
            pointer = self._handle.pointer
            return bool(library().conclave_agreement_is_complete(pointer))

    @property
    def fingerprint(self) -> bytes:
        """A public name of the last agreed key: equal at two participants only if their keys are."""
        output = ctypes.create_string_buffer(FINGERPRINT_SIZE)
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, library().conclave_agreement_fingerprint(pointer, output))
        return output.raw

    def export(self, label: str, size: int, context: BytesLike = b"") -> bytes:
        """Derives ``size`` bytes (1 to EXPORT_MAX) from the last agreed key, for the application's own use.

        The same at all participants for the same label and context. Raises WrongState before the first key.
        """
        text, data, output = text_argument(label, "label"), bytes(context), export_buffer(size)
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(
                pointer,
                library().conclave_agreement_export(pointer, text, data, len(data), output, size),
            )
        return taken(output)

    @property
    def counters(self) -> Counters:
        """What was done since the context was made."""
        raw = _abi.Counters(size=sizeof(_abi.Counters))
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, library().conclave_agreement_counters(pointer, byref(raw)))
        return counters_from(raw)

    def set_threads(self, count: int) -> None:
        """On how many threads, 1 to 64, many powers at once may be computed; 1 until this is called."""
        number = unsigned_argument(count, 32, "count")
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, library().conclave_agreement_set_threads(pointer, number))

    def __enter__(self) -> Agreement:
        return self

    def __repr__(self) -> str:
        return f"<conclave.Agreement of participant {self.id}{' closed' if self._handle.is_closed else ''}>"


def export_buffer(size: int) -> ctypes.Array[ctypes.c_char]:
    """A buffer for exported bytes."""
    if not 1 <= size <= EXPORT_MAX:
        raise InvalidArgument(f"the size must be from 1 to {EXPORT_MAX}, not {size}")
    return ctypes.create_string_buffer(size)


def taken(buffer: ctypes.Array[ctypes.c_char]) -> bytes:
    """The bytes of a buffer, which is wiped."""
    content = buffer.raw
    ctypes.memset(buffer, 0, len(buffer))
    return content


def _check(pointer: int, status: int) -> None:
    if status != Status.OK:
        check(status, decoded(library().conclave_agreement_message(pointer)))


def _raw_membership(membership: Membership) -> _abi.Membership:
    """The C structure; it keeps what it points to alive."""
    raw = _abi.Membership(size=sizeof(_abi.Membership))
    participants = (_abi.Participant * len(membership.participants))()
    for slot, participant in zip(participants, membership.participants):
        key = fixed_argument(participant.public_key, PUBLIC_KEY_SIZE, "participant's public key")
        slot.id = unsigned_argument(participant.id, 64, "participant's id")
        ctypes.memmove(slot.public_key, key, PUBLIC_KEY_SIZE)
    raw.group = text_argument(membership.group, "group's name")
    ctypes.memmove(raw.view, fixed_argument(membership.view, 32, "view"), 32)
    ctypes.memmove(raw.run, fixed_argument(membership.run, 32, "run"), 32)
    raw.participants = participants
    raw.participant_count = len(participants)
    raw.continuing_count = unsigned_argument(membership.continuing, 64, "number of continuing participants")
    return raw
