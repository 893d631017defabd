"""What happens in a group: views, messages and the signals around a change of view. All are immutable values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Union

from ._abi import Service
from .errors import ConclaveError


@dataclass(frozen=True)
class Member:
    """A member of a view.

    ``id`` is unique to this membership: who leaves and joins again has another. ``is_transitional`` tells that it came
    along from this member's previous view, ``has_joined`` that it was not in that view.
    """

    id: int
    name: str
    public_key: bytes
    is_self: bool = False
    is_transitional: bool = False
    has_joined: bool = False


@dataclass(frozen=True)
class View:
    """A new secure view with a new key.

    ``counter`` grows with every view that a member installs; ``id`` is unique and the same at all members, as is
    ``key_fingerprint``, the public name of the view's key. ``members`` stand oldest first; ``left`` are those of the
    previous view that are no longer here.
    """

    counter: int
    id: bytes
    key_fingerprint: bytes
    members: tuple[Member, ...]
    left: tuple[Member, ...]
    self_id: int

    @property
    def joined(self) -> tuple[Member, ...]:
        """The members that were not in this member's previous view."""
        return tuple(member for member in self.members if member.has_joined)

    @property
    def transitional(self) -> tuple[Member, ...]:
        """The members that came along from this member's previous view."""
        return tuple(member for member in self.members if member.is_transitional)

    def member(self, id: int) -> Member | None:  # noqa: A002
        """The member with an id, of this view or of those who left."""
        return next((member for member in (*self.members, *self.left) if member.id == id), None)


@dataclass(frozen=True)
class Message:
    """A message of a member, decrypted and verified.

    ``service`` is a plain number only if the library knows one that this package does not. ``is_private`` tells that
    the message was sent to this member alone.
    """

    data: bytes
    sender: int
    sender_name: str
    service: Service | int
    is_private: bool
    view_counter: int


@dataclass(frozen=True)
class FlushRequest:
    """The view is about to change; a group that was joined with ``manual_flush`` answers with ``flush``."""

    view_counter: int


@dataclass(frozen=True)
class TransitionalSignal:
    """From here to the next view the guarantees hold for the transitional set."""

    view_counter: int


@dataclass(frozen=True)
class Left:
    """The membership is over, for the reason that ``error`` tells; nothing follows."""

    error: ConclaveError = field(compare=False)
    view_counter: int = 0


@dataclass(frozen=True)
class ErrorEvent:
    """Something was refused or is amiss, and the membership goes on. ``member`` is whom it is about, 0 for nobody."""

    error: ConclaveError = field(compare=False)
    member: int = 0
    member_name: str = ""
    view_counter: int = 0


Event = Union[FlushRequest, TransitionalSignal, View, Message, Left, ErrorEvent]
