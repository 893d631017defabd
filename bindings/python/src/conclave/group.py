"""A membership in one secure group."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
from collections.abc import AsyncIterator, Iterator
from ctypes import byref, c_int, c_int64, sizeof
from types import TracebackType
from typing import Callable

from . import _abi
from ._abi import EventKind, Service, Status
from ._handle import Handle
from ._library import (
    BytesLike,
    check,
    decoded,
    failure_for,
    library,
    milliseconds_argument,
    opened,
    text_argument,
    unsigned_argument,
)
from ._waiting import Bell, TimeLimit, sooner
from .agreement import Counters, counters_from, export_buffer, taken
from .errors import BadHandle, ConclaveError, Interrupted, NotFound, TimedOut
from .events import ErrorEvent, Event, FlushRequest, Left, Member, Message, TransitionalSignal, View
from .identity import Identity, Trust

#: Bytes of an application message at most.
MESSAGE_MAX = _abi.MESSAGE_MAX
#: Bytes of a group's name at most, in UTF-8.
GROUP_NAME_MAX = _abi.GROUP_NAME_MAX


class Group:
    """A membership in one secure group, from ``Group.join`` to ``close`` or the end of a ``with`` block.

    Take its events with ``next``, with ``for event in group``, or in a task with ``async for event in group.events()``:
    keys are agreed and messages travel only while somebody does. Every method may be called from any thread, also while
    another thread waits for events.

    At the end of a ``with`` block (or ``async with``) the member leaves and waits until what it sent is on its way;
    when an exception ends the block, it disconnects at once.
    """

    def __init__(self, handle: Handle, name: str) -> None:
        """Not for callers: see ``join``."""
        self._handle = handle
        self.name = name
        self._view: View | None = None
        self._over: Left | None = None
        descriptor = c_int()
        with handle.lock:
            pointer = handle.pointer
            _check(pointer, library().conclave_group_descriptor(pointer, byref(descriptor)))
        self._bell: Bell | None = Bell(descriptor.value)

    @classmethod
    def join(
        cls,
        url: str,
        name: str,
        identity: Identity,
        trust: Trust | None = None,
        *,
        suite: int | None = None,
        algorithm: int | None = None,
        manual_flush: bool | None = None,
        flush_timeout: float | None = None,
        agreement_timeout: float | None = None,
        restart_limit: int | None = None,
        admission_timeout: float | None = None,
        send_queue_bytes: int | None = None,
        event_queue_bytes: int | None = None,
    ) -> Group:
        """Connects to a transport (``local:PATH`` names a hub's socket) and asks to join a group.

        Returns when the connection stands; the first View event tells that the group is joined. Without ``trust`` only
        the own key is accepted. It and ``identity`` may be closed afterwards. Times are seconds, 0 is never; options
        that are None are the library's own. All members name the same ``suite`` and ``algorithm`` (``Algorithm``).
        Raises BadUrl, BadText, TransportUnreachable, TransportRefused, PermissionDenied or UnknownSuite.
        """
        options = _abi.GroupOptions()
        check(library().conclave_group_options_init(byref(options), sizeof(options)))
        if suite is not None:
            options.suite = unsigned_argument(suite, 16, "suite")
        if algorithm is not None:
            options.algorithm = unsigned_argument(algorithm, 32, "algorithm")
        if manual_flush is not None:
            options.manual_flush = manual_flush
        if flush_timeout is not None:
            options.flush_timeout_ms = milliseconds_argument(flush_timeout, "flush timeout")
        if agreement_timeout is not None:
            options.agreement_timeout_ms = milliseconds_argument(agreement_timeout, "agreement timeout")
        if restart_limit is not None:
            options.restart_limit = unsigned_argument(restart_limit, 32, "restart limit")
        if admission_timeout is not None:
            options.admission_timeout_ms = milliseconds_argument(admission_timeout, "admission timeout")
        if send_queue_bytes is not None:
            options.send_queue_bytes = unsigned_argument(send_queue_bytes, 64, "send queue's size")
        if event_queue_bytes is not None:
            options.event_queue_bytes = unsigned_argument(event_queue_bytes, 64, "event queue's size")
        address, group = text_argument(url, "transport URL"), text_argument(name, "group's name")
        with identity._handle.lock, contextlib.nullcontext() if trust is None else trust._handle.lock:
            signer, accepted = identity._handle.pointer, None if trust is None else trust._handle.pointer
            pointer = opened(library().conclave_group_join, address, group, signer, accepted, byref(options))
        return cls(Handle("group", pointer, library().conclave_group_free), name)

    # ------------------------------------------------------------------------------------------------------- events

    def next(self, timeout: float | None = None) -> Event:
        """Waits for the next event, for ``timeout`` seconds at most (None: without end; 0: not at all).

        Raises TimedOut, or Interrupted after ``wake``; when the membership is over and its Left event was taken, why.
        """
        limit = TimeLimit(timeout)
        while True:
            bell = self._open_bell()
            event, seconds = self._advance(bell)
            if event is not None:
                return event
            try:
                bell.wait(_patience(bell, limit, seconds))
            finally:
                bell.leave()

    async def next_async(self, timeout: float | None = None) -> Event:
        """The same for asyncio."""
        limit = TimeLimit(timeout)
        while True:
            bell = self._open_bell()
            event, seconds = self._advance(bell)
            if event is not None:
                return event
            try:
                await bell.wait_in_task(_patience(bell, limit, seconds))
            finally:
                bell.leave()

    def __iter__(self) -> Iterator[Event]:
        """Yields events as they come.

        Ends after the Left event, and when ``wake`` is called: iterate again to go on.
        """
        while self._over is None:
            try:
                yield self.next()
            except Interrupted:
                return

    async def events(self) -> AsyncIterator[Event]:
        """The same for ``async for``."""
        while self._over is None:
            try:
                yield await self.next_async()
            except Interrupted:
                return

    def wake(self) -> None:
        """Ends a wait for events, now or when it next begins. Any thread and any signal handler may call it."""
        if (bell := self._bell) is not None:
            bell.wake()

    # ------------------------------------------------------------------------------------------------------ sending

    def send(self, data: BytesLike, service: int = Service.AGREED, *, timeout: float | None = 0) -> None:
        """Sends to all members of the current secure view, the sender included: MESSAGE_MAX bytes at most.

        Raises WrongState before the first view, FlushPending between the acknowledgement of a flush request and the
        next view, and QueueFull when there is no room in the send queue for ``timeout`` seconds (0: now; None: without
        end). Events that come in while it waits for room are kept.
        """
        self._send(_multicast(data, service), timeout)

    def send_to(self, member: int, data: BytesLike, *, timeout: float | None = 0) -> None:
        """Sends to one member of the current secure view, by its id, in FIFO order with this sender's other messages.

        Raises NotFound when it is not there; otherwise as ``send``. Private means delivered to one, not secret from the
        rest: every member can decrypt what another can.
        """
        self._send(_unicast(member, data), timeout)

    async def send_async(self, data: BytesLike, service: int = Service.AGREED) -> None:
        """Sends as ``send`` does, and lets other tasks run while the send queue is full."""
        await self._send_in_task(_multicast(data, service))

    async def send_to_async(self, member: int, data: BytesLike) -> None:
        """Sends as ``send_to`` does, and lets other tasks run while the send queue is full."""
        await self._send_in_task(_unicast(member, data))

    # --------------------------------------------------------------------------------------------------- membership

    def flush(self) -> None:
        """Acknowledges a flush request (``manual_flush``): nothing more will be sent in this view."""
        self._command(library().conclave_group_flush)

    def refresh(self) -> None:
        """Asks for a new view with the same members and a new key."""
        self._command(library().conclave_group_refresh)

    def leave(self) -> None:
        """Leaves the group: what was accepted is sent, then a Left event follows."""
        self._command(library().conclave_group_leave)

    def set_trust(self, trust: Trust) -> None:
        """Replaces the accepted keys by a copy of ``trust``.

        A member whose key is gone is expelled at the next view, which is asked for at once.
        """
        with self._handle.lock, trust._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, library().conclave_group_set_trust(pointer, trust._handle.pointer))
            self._look_again()

    @property
    def view(self) -> View | None:
        """The secure view of the View event that was taken last; None before the first."""
        return self._view

    def waiting_for(self) -> tuple[Member, ...]:
        """Whom the group is waiting for just now, for a flush, an admission or an agreement."""
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                return tuple(_read_waiting(pointer))
            finally:
                self._handle.is_lending = False

    def export(self, label: str, size: int, context: BytesLike = b"") -> bytes:
        """Derives ``size`` bytes (1 to 8,160) from the key of the current secure view, for the application's own use.

        The same at all members for the same label and context. Raises WrongState before the first view.
        """
        text, data, output = text_argument(label, "label"), bytes(context), export_buffer(size)
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, library().conclave_group_export(pointer, text, data, len(data), output, size))
        return taken(output)

    @property
    def counters(self) -> Counters:
        """What the agreements of this group have cost so far."""
        raw = _abi.Counters(size=sizeof(_abi.Counters))
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, library().conclave_group_counters(pointer, byref(raw)))
        return counters_from(raw)

    # ----------------------------------------------------------------------------------------------------- the end

    def finish(self, timeout: float | None = 5.0) -> None:
        """Leaves, waits until what was sent is on its way, for ``timeout`` seconds at most, and closes."""
        limit = TimeLimit(timeout)
        try:
            if self._begin_to_finish():
                while not isinstance(self._next_whatever_wakes(limit), Left):
                    pass
        except ConclaveError:
            pass  # Whatever is amiss now, the membership ends with the next line.
        finally:
            self.close()

    async def finish_async(self, timeout: float | None = 5.0) -> None:
        """The same for asyncio."""
        limit = TimeLimit(timeout)
        try:
            if self._begin_to_finish():
                event: Event | None = None
                while not isinstance(event, Left):
                    with contextlib.suppress(Interrupted):
                        event = await self.next_async(limit.remaining)
        except ConclaveError:
            pass  # As above.
        finally:
            self.close()

    def close(self) -> None:
        """Disconnects at once (others see a crash unless ``leave`` went before) and wipes the keys.

        Doing it again does nothing. Who waits for events of this group gets BadHandle.
        """
        self._handle.close()
        bell, self._bell = self._bell, None
        if bell is not None:
            bell.mute()

    def __enter__(self) -> Group:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.close()

    async def __aenter__(self) -> Group:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            await self.finish_async()
        else:
            self.close()

    def __repr__(self) -> str:
        state = "closed" if self._handle.is_closed else "over" if self._over else "joined" if self._view else "joining"
        return f"<conclave.Group {self.name!r} {state}>"

    # ------------------------------------------------------------------------------------------------------- inside

    def _open_bell(self) -> Bell:
        if self._bell is None:
            raise BadHandle("this group is closed")
        return self._bell

    def _advance(self, bell: Bell) -> tuple[Event | None, float | None]:
        """Does what is to be done.

        Returns an event; or None and how long to wait, with the wait announced at the bell.
        """
        if self._over is not None and not self._handle.is_closed:
            # A new one each time: an exception keeps the stack it was raised on, and with it the bell's descriptors.
            raise failure_for(self._over.error.status, self._over.error.message)
        with self._handle.lock:
            pointer = self._handle.pointer
            failure = _failure(pointer, library().conclave_group_process(pointer))
            try:
                self._handle.is_lending = True
                event = self._fetch(pointer)
            finally:
                self._handle.is_lending = False
            if event is not None:
                bell.nudge()
                return event, None
            if failure is not None:
                raise failure
            return None, self._await_turn(pointer, bell)

    def _fetch(self, pointer: int) -> Event | None:
        """The next event of a kind that this version knows; its borrowed memory is copied."""
        while True:
            raw = _abi.Event(size=sizeof(_abi.Event))
            status = library().conclave_group_next_event(pointer, byref(raw))
            if status == Status.NO_EVENT:
                return None
            _check(pointer, status)
            event = _event(pointer, raw)
            if isinstance(event, View):
                self._view = event
            elif isinstance(event, Left):
                self._over = event
            if event is not None:
                return event

    def _command(self, function: Callable[[int], int]) -> None:
        with self._handle.lock:
            pointer = self._handle.pointer
            _check(pointer, function(pointer))
            self._look_again()

    def _send(self, send: Callable[[int], int], timeout: float | None) -> None:
        limit = TimeLimit(timeout)
        while True:
            bell = self._open_bell()
            sent, seconds = self._try_to_send(bell, send, wait=limit.remaining != 0)
            if sent:
                return
            try:
                bell.wait(sooner(limit.remaining, seconds))
            finally:
                bell.leave()

    async def _send_in_task(self, send: Callable[[int], int]) -> None:
        while True:
            bell = self._open_bell()
            sent, seconds = self._try_to_send(bell, send, wait=True)
            if sent:
                return
            try:
                await bell.wait_in_task(seconds)
            finally:
                bell.leave()

    def _try_to_send(self, bell: Bell, send: Callable[[int], int], wait: bool) -> tuple[bool, float | None]:
        """Sends; or, when the queue is full, says how long to wait for room, with the wait announced at the bell."""
        with self._handle.lock:
            pointer = self._handle.pointer
            status = send(pointer)
            failure = _failure(pointer, status)
            if failure is not None and status != Status.QUEUE_FULL:
                raise failure
            # Begins to write at once, so that a program which goes away for a while has sent what it sent. Should the
            # connection be lost, the Left event will tell.
            library().conclave_group_process(pointer)
            bell.nudge()
            if failure is None:
                return True, None
            if not wait:
                raise failure
            return False, self._await_turn(pointer, bell)

    def _await_turn(self, pointer: int, bell: Bell) -> float | None:
        """Announces a wait at the bell; how long it may be."""
        milliseconds = c_int64()
        _check(pointer, library().conclave_group_deadline(pointer, byref(milliseconds)))
        bell.enter()
        return None if milliseconds.value < 0 else milliseconds.value / 1000

    def _look_again(self) -> None:
        if (bell := self._bell) is not None:
            bell.nudge()

    def _begin_to_finish(self) -> bool:
        """Leaves; False when the membership is over already."""
        if self._over is not None or self._handle.is_closed:
            return False
        self.leave()
        return True

    def _next_whatever_wakes(self, limit: TimeLimit) -> Event:
        while True:
            with contextlib.suppress(Interrupted):
                return self.next(limit.remaining)


def _check(pointer: int, status: int) -> None:
    failure = _failure(pointer, status)
    if failure is not None:
        raise failure


def _failure(pointer: int, status: int) -> ConclaveError | None:
    """The exception of a status, read before the next call replaces its message."""
    if status == Status.OK:
        return None
    return failure_for(status, decoded(library().conclave_group_message(pointer)))


def _multicast(data: BytesLike, service: int) -> Callable[[int], int]:
    message, order = bytes(data), unsigned_argument(service, 32, "service")
    send = library().conclave_group_send
    return lambda pointer: int(send(pointer, order, message, len(message)))


def _unicast(member: int, data: BytesLike) -> Callable[[int], int]:
    message, destination = bytes(data), unsigned_argument(member, 64, "member's id")
    send_to = library().conclave_group_send_to
    return lambda pointer: int(send_to(pointer, destination, message, len(message)))


def _patience(bell: Bell, limit: TimeLimit, deadline: float | None) -> float | None:
    """How long to wait; raises when there is no reason to wait."""
    if bell.take_wake():
        raise Interrupted("a call of wake ended the wait")
    remaining = limit.remaining
    if remaining == 0:
        raise TimedOut("nothing has happened in the time given")
    return sooner(remaining, deadline)


def _service(number: int) -> Service | int:
    try:
        return Service(number)
    except ValueError:  # of a library that is newer than this package
        return number


def _event(pointer: int, raw: _abi.Event) -> Event | None:
    """The event of a C structure, with copies of all that it borrows; None for a kind that is not known here."""
    kind, counter = raw.kind, raw.view_counter
    if kind == EventKind.MESSAGE:
        data = ctypes.string_at(raw.data, raw.data_size) if raw.data_size else b""
        sender_name = decoded(raw.sender_name)
        return Message(data, raw.sender, sender_name, _service(raw.service), raw.is_private, counter)
    if kind == EventKind.VIEW:
        return _read_view(pointer)
    if kind == EventKind.FLUSH_REQUEST:
        return FlushRequest(counter)
    if kind == EventKind.TRANSITIONAL_SIGNAL:
        return TransitionalSignal(counter)
    if kind == EventKind.LEFT:
        # Who left of its own accord may be told so without an error.
        return Left(failure_for(raw.status or Status.LEFT, decoded(raw.message)), counter)
    if kind == EventKind.ERROR:
        error = failure_for(raw.status, decoded(raw.message))
        return ErrorEvent(error, raw.sender, decoded(raw.sender_name), counter)
    return None


def _read_view(pointer: int) -> View:
    raw = _abi.View(size=sizeof(_abi.View))
    _check(pointer, library().conclave_group_view(pointer, byref(raw)))
    members = library().conclave_group_member
    left = library().conclave_group_left_member
    return View(
        counter=raw.counter,
        id=bytes(raw.id),
        key_fingerprint=bytes(raw.key_fingerprint),
        members=tuple(_read_member(pointer, members, index) for index in range(raw.member_count)),
        left=tuple(_read_member(pointer, left, index) for index in range(raw.left_count)),
        self_id=raw.self,
    )


def _read_waiting(pointer: int) -> Iterator[Member]:
    for index in itertools.count():
        try:
            yield _read_member(pointer, library().conclave_group_waiting_for, index)
        except NotFound:
            return


def _read_member(pointer: int, function: Callable[..., int], index: int) -> Member:
    raw = _abi.Member(size=sizeof(_abi.Member))
    _check(pointer, function(pointer, index, byref(raw)))
    return Member(
        id=raw.id,
        name=decoded(raw.name),
        public_key=bytes(raw.public_key),
        is_self=raw.is_self,
        is_transitional=raw.is_transitional,
        has_joined=raw.has_joined,
    )
