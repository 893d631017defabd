"""A handle of the library in Python's hands: used by one thread at a time, freed exactly once."""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType
from typing import Any, Callable

from .errors import BadHandle, WrongState


def _free(lock: Any, free: Callable[[int], None], pointer: int) -> None:
    # At the interpreter's exit a daemon thread may be in the middle of a call; calls are short, so its end is awaited.
    acquired = lock.acquire(timeout=5)
    try:
        free(pointer)
    finally:
        if acquired:
            lock.release()


class Handle:
    """A pointer that may be used while ``lock`` is held: for short calls, never for a wait.

    The lock is one of C's own, held by a plain ``with``, so that no Ctrl-C can come between taking and releasing it.
    What is never closed is freed when the object is no longer reachable.

    ``is_lending`` is set while results are copied that the library keeps until the next call. The lock holds other
    threads off meanwhile, but a signal handler runs in the thread that has the lock, between two steps: its calls are
    refused.
    """

    def __init__(self, what: str, pointer: int, free: Callable[[int], None]) -> None:
        self.lock = threading.RLock()
        self._what = what
        self._pointer = pointer
        self.is_lending = False
        self._is_inherited = False
        self._finalizer = weakref.finalize(self, _free, self.lock, free, pointer)
        _handles.add(self)

    @property
    def pointer(self) -> int:
        """The pointer; to be asked for and used while the lock is held. Raises BadHandle once the handle is closed."""
        self._refuse_reentry()
        if self._is_inherited:
            raise BadHandle(f"this {self._what} belongs to the process that this one was forked from")
        if not self._finalizer.alive:
            raise BadHandle(f"this {self._what} is closed")
        return self._pointer

    @property
    def is_closed(self) -> bool:
        return not self._finalizer.alive

    def close(self) -> None:
        """Frees the handle once other threads' calls are over; doing it again does nothing."""
        with self.lock:
            self._refuse_reentry()
            self._finalizer()

    def disown(self) -> None:
        """Gives up what the parent process holds. Its lock may be held by a thread that does not exist here."""
        self._is_inherited = True
        self.is_lending = False
        self.lock = threading.RLock()
        self._finalizer.detach()

    def _refuse_reentry(self) -> None:
        if self.is_lending:
            raise WrongState(f"this {self._what} is in use by the call that was interrupted; call wake instead")


class Owner:
    """Something with a handle, usable in a ``with`` block."""

    _handle: Handle

    def close(self) -> None:
        """Frees it and wipes what is secret in it; doing it again does nothing."""
        self._handle.close()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


_handles: weakref.WeakSet[Handle] = weakref.WeakSet()


def _disown_all() -> None:
    for handle in _handles:
        handle.disown()


os.register_at_fork(after_in_child=_disown_all)
