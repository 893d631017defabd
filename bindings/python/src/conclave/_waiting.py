"""Waiting for the library without holding a handle.

A group and a hub each give a descriptor and a deadline. While a thread or a task waits for these two, the handle is
free for other threads; what they do may bring the deadline forward or fetch what the waiter waits for, so they nudge it
through a pipe, which is also what ``wake`` and ``close`` write to.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import threading
import time
import weakref
from typing import TYPE_CHECKING

from .errors import WrongState

if TYPE_CHECKING:
    import asyncio


class TimeLimit:
    """The end of a time given in seconds; None is no end."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def remaining(self) -> float | None:
        """Seconds until the end, 0 when it has passed; None is no end."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())


def sooner(first: float | None, second: float | None) -> float | None:
    """The shorter of two waits, where None is one without end."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


def _close_all(*descriptors: int) -> None:
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)


class Bell:
    """What ends a wait: the descriptor of a group or hub, and an own pipe.

    Its descriptors live as long as somebody refers to it, and the library's is a duplicate, so that one thread may
    close the group while another waits: no descriptor's number changes its meaning under a waiter.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._reader, self._writer = os.pipe()
        weakref.finalize(self, _close_all, self._descriptor, self._reader, self._writer)
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._woken = False
        self._muted = False
        self._waiters = 0
        self._counting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Future[None]] = []

    def wake(self) -> None:
        """Ends a wait, now or when it next begins. Takes no lock: a signal handler may call it."""
        self._woken = True
        self._ring()

    def nudge(self) -> None:
        """Lets whoever waits look again."""
        if self._waiters:
            self._ring()

    def mute(self) -> None:
        """Ends every wait, now and for ever."""
        self._muted = True
        self._ring()

    def take_wake(self) -> bool:
        """Whether ``wake`` was called; each call counts once at most."""
        woken, self._woken = self._woken, False
        return woken

    def enter(self) -> None:
        """Announces a wait. To be called while the handle is still held: from then on nudges come."""
        with self._counting:
            self._waiters += 1

    def leave(self) -> None:
        """Takes the announcement back, and passes on a nudge that others may have been meant by."""
        with self._counting:
            self._waiters -= 1
        self.nudge()

    def wait(self, seconds: float | None) -> None:
        """Waits for the library, a ring or the time."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._reader, select.POLLIN)
        # In steps of a day at most: poll counts milliseconds in 32 bits, and waking early harms nobody.
        poll.poll(None if seconds is None else math.ceil(min(seconds, 86400) * 1000))
        self._silence()

    async def wait_in_task(self, seconds: float | None) -> None:
        """The same for tasks of the running event loop; when one of them is rung, all are."""
        # Who gets here has imported it; importing it with this package would take as long as all the rest.
        import asyncio

        loop = asyncio.get_running_loop()
        if self._tasks and self._loop is not loop:
            raise WrongState("a task of another event loop waits for this object already")
        rung: asyncio.Future[None] = loop.create_future()
        if not self._tasks:
            self._loop = loop
            loop.add_reader(self._descriptor, self._ring_tasks)
            loop.add_reader(self._reader, self._ring_tasks)
        self._tasks.append(rung)
        timer = None if seconds is None else loop.call_later(min(seconds, 86400), self._ring_tasks)
        try:
            await rung
        finally:
            if timer is not None:
                timer.cancel()
            self._tasks.remove(rung)
            if not self._tasks:
                self._loop = None
                loop.remove_reader(self._reader)
                loop.remove_reader(self._descriptor)
        self._silence()

    def _ring_tasks(self) -> None:
        for rung in self._tasks:
            if not rung.done():
                rung.set_result(None)

    def _ring(self) -> None:
        # A full pipe rings already.
        with contextlib.suppress(BlockingIOError):
            os.write(self._writer, b"\0")

    def _silence(self) -> None:
        if not self._muted:
            with contextlib.suppress(BlockingIOError):
                os.read(self._reader, 4096)
