"""Groups over an engine of the program's own: any group communication system that puts messages in order.

What an engine has to promise is written down in ``docs/transports.md``; ``check_transport`` tries it out. An engine is
trusted for order and progress alone: what it carries is encrypted and signed, and who is in a secure view is decided
above it.
"""

from __future__ import annotations

import contextlib
import ctypes
from abc import ABC, abstractmethod
from ctypes import byref, c_char_p, c_uint64, c_void_p, sizeof
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple, Union

from . import _abi
from ._library import (
    check,
    check_error,
    decoded,
    keep,
    library,
    milliseconds_argument,
    text_argument,
    unsigned_argument,
)
from .errors import ConclaveError

Status = _abi.Status


@dataclass(frozen=True)
class Attached:
    """The member has this connection: not 0, never used again. Once, before all else."""

    connection: int


@dataclass(frozen=True)
class Configuration:
    """Who is connected from this point of the order on; both lists ascending.

    ``number`` is the same at all members and another for each configuration. ``transitional`` are those who came along
    from this member's previous configuration; of a newcomer, itself alone.
    """

    number: int
    members: tuple[int, ...]
    transitional: tuple[int, ...]


@dataclass(frozen=True)
class Delivery:
    """A message at its place in the order, own ones included."""

    sender: int
    data: bytes


@dataclass(frozen=True)
class Ended:
    """The last event: ``Status.LEFT`` after ``leave``, or else why, such as ``Status.TRANSPORT_LOST``."""

    status: int = Status.LEFT


EngineEvent = Union[Attached, Configuration, Delivery, Ended]


class EngineMember(ABC):
    """One membership in an engine. Nothing here may wait, nor call the group that called it.

    An exception ends the membership with the status of the exception, or TRANSPORT_LOST. One that is no ``Exception``,
    such as KeyboardInterrupt, is then raised by the method of the group that was under way.
    """

    @abstractmethod
    def multicast(self, data: bytes) -> bool:
        """Sends to all members of the group, this one included; False when there is no room now."""

    def unicast(self, connection: int, data: bytes) -> bool:
        """Sends to one member, at a place in the order of the whole group. As it is, all get it and the others drop
        it."""
        return self.multicast(data)

    @abstractmethod
    def next_event(self) -> EngineEvent | None:
        """The next event, or None."""

    @abstractmethod
    def fileno(self) -> int:
        """A descriptor that is readable whenever ``next_event`` may have something; the same until ``release``."""

    @abstractmethod
    def leave(self) -> None:
        """Leaves after all that was sent: ``Ended`` follows when that has been ordered."""

    @abstractmethod
    def release(self) -> None:
        """Called once, last: disconnects at once if that was not done."""


class Engine(ABC):
    """What carries groups: give it to ``Group.join`` in the place of a URL. It is kept as long as a group uses it."""

    #: Bytes of the largest message that the engine carries: 65,544 at least.
    payload_limit: int = 262_144

    @abstractmethod
    def join(self, group: str) -> EngineMember:
        """Asks for a membership in the group of this name and returns without waiting."""


class Table:
    """An engine as the library wants it. Has to be kept while the library uses it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._members: dict[int, EngineMember] = {}
        self._last = 0
        #: What the last event of a member points to.
        self._lent: dict[int, Any] = {}
        self.structure = _abi.Transport()
        check(library().conclave_transport_init(byref(self.structure), sizeof(self.structure)))
        self.structure.payload_limit = unsigned_argument(engine.payload_limit, 64, "payload limit")
        functions = {
            "join": self._join,
            "multicast": self._multicast,
            "unicast": self._unicast,
            "next_event": self._next_event,
            "descriptor": self._descriptor,
            "leave": self._leave,
            "release": self._release,
        }
        for name, function in functions.items():
            kind: Any = next(kind for field, kind in _abi.Transport._fields_ if field == name)
            setattr(self.structure, name, kind(function))

    def _join(self, _: int | None, group: bytes, place: Any) -> int:
        def join() -> int:
            member = self._engine.join(group.decode())
            self._last += 1
            self._members[self._last] = member
            place[0] = self._last
            return Status.OK

        return _guarded(join)

    def _multicast(self, token: int, data: int | None, size: int) -> int:
        return _guarded(lambda: _taken(self._members[token].multicast(_bytes(data, size))))

    def _unicast(self, token: int, connection: int, data: int | None, size: int) -> int:
        return _guarded(lambda: _taken(self._members[token].unicast(connection, _bytes(data, size))))

    def _next_event(self, token: int, place: Any) -> int:
        def fetch() -> int:
            event = self._members[token].next_event()
            if event is None:
                return Status.NO_EVENT
            self._lent[token] = _fill(place[0], event)
            return Status.OK

        return _guarded(fetch)

    def _descriptor(self, token: int, place: Any) -> int:
        def ask() -> int:
            place[0] = self._members[token].fileno()
            return Status.OK

        return _guarded(ask)

    def _leave(self, token: int) -> int:
        def leave() -> int:
            self._members[token].leave()
            return Status.OK

        return _guarded(leave)

    def _release(self, token: int) -> None:
        self._lent.pop(token, None)
        member = self._members.pop(token)
        try:
            with contextlib.suppress(Exception):
                member.release()
        except BaseException as interruption:
            keep(interruption)


def _guarded(function: Callable[[], int]) -> int:
    """No exception crosses the library: it becomes a status, and what must not be swallowed is raised behind it."""
    try:
        return int(function())
    except ConclaveError as failure:
        return int(failure.status) if failure.status else int(Status.TRANSPORT_LOST)
    except Exception:
        return int(Status.TRANSPORT_LOST)
    except BaseException as interruption:
        keep(interruption)
        return int(Status.TRANSPORT_LOST)


def _taken(is_taken: bool) -> int:
    return Status.OK if is_taken else Status.QUEUE_FULL


def _bytes(address: int | None, size: int) -> bytes:
    return ctypes.string_at(address, size) if address else b""


def _fill(place: _abi.TransportEvent, event: EngineEvent) -> Any:
    """Fills in an event; returns what it points to."""
    if isinstance(event, Attached):
        place.kind, place.connection = _abi.TransportEventKind.ATTACHED, event.connection
        return None
    if isinstance(event, Configuration):
        members = (c_uint64 * len(event.members))(*event.members)
        transitional = (c_uint64 * len(event.transitional))(*event.transitional)
        place.kind, place.configuration = _abi.TransportEventKind.CONFIGURATION, event.number
        place.members, place.member_count = members, len(members)
        place.transitional, place.transitional_count = transitional, len(transitional)
        return members, transitional
    if isinstance(event, Delivery):
        data = c_char_p(event.data)
        place.kind, place.connection = _abi.TransportEventKind.MESSAGE, event.sender
        place.data, place.data_size = ctypes.cast(data, c_void_p), len(event.data)
        return event.data, data
    place.kind, place.status = _abi.TransportEventKind.ENDED, event.status
    return None


class CheckResult(NamedTuple):
    """One check of a transport: its name, whether it held, and if not, what was seen."""

    name: str
    held: bool
    detail: str


def check_transport(
    transport: str | Engine,
    *,
    member_count: int | None = None,
    message_count: int | None = None,
    step_timeout: float | None = None,
    report: Callable[[CheckResult], None] | None = None,
) -> list[CheckResult]:
    """Tries a transport out, given by its URL or as an engine, and returns every check with its outcome.

    Every member is told every message, and all of it is recorded: ``member_count`` squared times ``message_count`` is
    at most 2,000,000. Opens several members of groups of random names in this thread, which takes some seconds.
    ``report`` is told of each check as it ends; what it raises is raised at the end. Raises what ``Group.join`` would
    raise for the URL.
    """
    options = _abi.TransportCheckOptions()
    check(library().conclave_transport_check_options_init(byref(options), sizeof(options)))
    if member_count is not None:
        options.member_count = unsigned_argument(member_count, 32, "number of members")
    if message_count is not None:
        options.message_count = unsigned_argument(message_count, 32, "number of messages")
    if step_timeout is not None:
        options.step_timeout_ms = milliseconds_argument(step_timeout, "step timeout")
    results: list[CheckResult] = []

    def note(_: int | None, name: bytes, held: bool, detail: bytes) -> None:
        result = CheckResult(decoded(name), held, decoded(detail))
        results.append(result)
        if report is not None:
            try:
                report(result)
            except BaseException as failure:
                keep(failure)

    error = c_void_p()
    table = None if isinstance(transport, str) else Table(transport)
    try:
        status = library().conclave_transport_check(
            text_argument(transport, "transport URL") if isinstance(transport, str) else None,
            None if table is None else byref(table.structure),
            byref(options),
            _abi.TransportReportFn(note),
            None,
            byref(error),
        )
    except BaseException:
        library().conclave_error_free(error)
        raise
    if results and status == Status.TRANSPORT_UNFIT:
        library().conclave_error_free(error)
    else:
        check_error(status, error)
    return results
