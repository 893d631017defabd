"""A membership in one secure group."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Iterator
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, sizeof
from types import TracebackType
from typing import Callable

from . import _abi
from ._abi import LogLevel, Service, Status
from ._handle import Handle
from ._library import (
    BytesLike,
    check,
    decoded,
    failure_for,
    keep,
    library,
    milliseconds_argument,
    opened,
    text_argument,
    unsigned_argument,
)
from ._reading import check_group, group_failure, read_event, read_metrics, read_waiting
from ._waiting import Bell, TimeLimit, sooner
from .agreement import Counters, counters_from, export_buffer, taken
from .engine import Engine, Table
from .errors import BadHandle, ConclaveError, HasLeft, Interrupted, TimedOut
from .events import Event, Left, Member, View
from .identity import Identity, Trust
from .metrics import Metric


def _free(_: Table | None, pointer: int) -> None:
    """Frees a group; what this is bound to is kept until then: the library calls into it."""
    library().conclave_group_free(pointer)


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
        # What C calls must live for as long as it may call it.
        self._log: object = None
        descriptor = c_int()
        with handle.lock:
            pointer = handle.pointer
            check_group(pointer, library().conclave_group_descriptor(pointer, byref(descriptor)))
        self._bell: Bell | None = Bell(descriptor.value)

    @classmethod
    def join(
        cls,
        url: str | Engine,
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
        """Connects to a transport (``local:PATH`` names a hub's socket, or an engine of one's own) and asks to join.

        Returns when the connection stands; the first View event tells that the group is joined. Without ``trust`` only
        the own key is accepted. It and ``identity`` may be closed afterwards. Times are seconds, 0 is never; options
        that are None are the library's own. All members name the same ``suite`` and ``algorithm`` (``Algorithm``).
        Raises BadUrl, BadText, TransportUnreachable, TransportRefused, PermissionDenied, UnknownSuite, TransportUnfit.
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
        table = None if isinstance(url, str) else Table(url)
        group = text_argument(name, "group's name")
        with identity._handle.lock, contextlib.nullcontext() if trust is None else trust._handle.lock:
            members = identity._handle.pointer, None if trust is None else trust._handle.pointer
            if table is None:
                address = text_argument(str(url), "transport URL")
                pointer = opened(library().conclave_group_join, address, group, *members, byref(options))
            else:
                engine = byref(table.structure)
                pointer = opened(library().conclave_group_join_over, engine, group, *members, byref(options))
        return cls(Handle("group", pointer, functools.partial(_free, table)), name)

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
            check_group(pointer, library().conclave_group_set_trust(pointer, trust._handle.pointer))
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
                return tuple(read_waiting(pointer))
            finally:
                self._handle.is_lending = False

    def export(self, label: str, size: int, context: BytesLike = b"") -> bytes:
        """Derives ``size`` bytes (1 to 8,160) from the key of the current secure view, for the application's own use.

        The same at all members for the same label and context. Raises WrongState before the first view.
        """
        text, data, output = text_argument(label, "label"), bytes(context), export_buffer(size)
        with self._handle.lock:
            pointer = self._handle.pointer
            check_group(pointer, library().conclave_group_export(pointer, text, data, len(data), output, size))
        return taken(output)

    def set_threads(self, count: int) -> None:
        """On how many threads, 1 to 64, many powers at once may be computed; 1 until this is called."""
        number = unsigned_argument(count, 32, "count")
        with self._handle.lock:
            pointer = self._handle.pointer
            check_group(pointer, library().conclave_group_set_threads(pointer, number))

    @property
    def counters(self) -> Counters:
        """What the agreements of this group have cost so far."""
        raw = _abi.Counters(size=sizeof(_abi.Counters))
        with self._handle.lock:
            pointer = self._handle.pointer
            check_group(pointer, library().conclave_group_counters(pointer, byref(raw)))
        return counters_from(raw)

    # ---------------------------------------------------------------------------------------------------- watching

    def metrics(self) -> tuple[Metric, ...]:
        """Every number that the group keeps about itself, as of now."""
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                return tuple(read_metrics(pointer))
            finally:
                self._handle.is_lending = False

    def metrics_text(self) -> str:
        """The same in Prometheus' text format, labelled with the group's and the member's name."""
        text, size = c_char_p(), c_size_t()
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                check_group(pointer, library().conclave_group_metrics_text(pointer, byref(text), byref(size)))
                return decoded(text.value)
            finally:
                self._handle.is_lending = False

    def log_to(self, logger: logging.Logger | None, level: int = logging.INFO) -> None:
        """Has the group tell what it does, from now on: a group is silent until then. None ends it.

        Lines of WARNING tell what was refused or went amiss, INFO views and what leads to them, DEBUG every step; never
        a key or a payload. They are logged during calls of this group, by the thread that makes them; a handler must
        not call the group.
        """
        if logger is None:
            wanted, callback = LogLevel.NONE, _abi.LogCallback()
        else:
            wanted, callback = _log_level(level), _abi.LogCallback(_teller(logger))
        with self._handle.lock:
            pointer = self._handle.pointer
            check_group(pointer, library().conclave_group_set_log(pointer, wanted, callback, None))
            self._log = callback

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
        try:
            self._handle.close()
        finally:
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
            failure = group_failure(pointer, library().conclave_group_process(pointer))
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
            check_group(pointer, status)
            event = read_event(pointer, raw)
            if isinstance(event, View):
                self._view = event
            elif isinstance(event, Left):
                self._over = event
            if event is not None:
                return event

    def _command(self, function: Callable[[int], int]) -> None:
        with self._handle.lock:
            pointer = self._handle.pointer
            check_group(pointer, function(pointer))
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
            failure = group_failure(pointer, status)
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
        check_group(pointer, library().conclave_group_deadline(pointer, byref(milliseconds)))
        bell.enter()
        return None if milliseconds.value < 0 else milliseconds.value / 1000

    def _look_again(self) -> None:
        if (bell := self._bell) is not None:
            bell.nudge()

    def _begin_to_finish(self) -> bool:
        """Leaves; False when the membership is over already."""
        if self._over is not None or self._handle.is_closed:
            return False
        # The program may have asked for it before: what it sent is waited for all the same.
        with contextlib.suppress(HasLeft):
            self.leave()
        return True

    def _next_whatever_wakes(self, limit: TimeLimit) -> Event:
        while True:
            with contextlib.suppress(Interrupted):
                return self.next(limit.remaining)


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


_LOGGING_LEVELS = {LogLevel.WARNING: logging.WARNING, LogLevel.INFO: logging.INFO, LogLevel.DEBUG: logging.DEBUG}


def _log_level(level: int) -> LogLevel:
    """How much the library is to tell for a level of ``logging``."""
    if level <= logging.DEBUG:
        return LogLevel.DEBUG
    return LogLevel.INFO if level <= logging.INFO else LogLevel.WARNING


def _teller(logger: logging.Logger) -> Callable[[object, int, bytes], None]:
    def tell(_: object, level: int, line: bytes) -> None:
        try:
            logger.log(_LOGGING_LEVELS.get(LogLevel(level), logging.WARNING), "%s", decoded(line))
        except Exception:
            # The call that is under way has nothing to do with it: ctypes tells sys.unraisablehook.
            raise
        except BaseException as interruption:
            keep(interruption)

    return tell
