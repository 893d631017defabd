"""A handle of the library in Python's hands: used by one thread at a time, freed exactly once."""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import Callable

from .errors import BadHandle, WrongState


def _free(lock: threading.Lock, free: Callable[[int], None], pointer: int) -> None:
    # At the interpreter's exit a daemon thread may be in the middle of a call; calls are short, so its end is awaited.
    acquired = lock.acquire(timeout=5)
    try:
        free(pointer)
    finally:
        if acquired:
            lock.release()


class Handle:
    """Lends its pointer to one ``with`` block at a time.

    ``with handle as pointer`` waits for other threads' blocks to end and raises BadHandle once the handle is closed.
    Blocks hold short calls only, never a wait. What is never closed is freed when the object is no longer reachable.
    """

    def __init__(self, what: str, pointer: int, free: Callable[[int], None]) -> None:
        self._what = what
        self._pointer = pointer
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._finalizer = weakref.finalize(self, _free, self._lock, free, pointer)

    def __enter__(self) -> int:
        self._refuse_reentry()
        self._lock.acquire()
        if not self._finalizer.alive:
            self._lock.release()
            raise BadHandle(f"this {self._what} is closed")
        self._thread = threading.get_ident()
        return self._pointer

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._thread = None
        self._lock.release()

    @property
    def is_closed(self) -> bool:
        return not self._finalizer.alive

    def close(self) -> None:
        """Frees the handle once other threads' calls are over; doing it again does nothing."""
        self._refuse_reentry()
        self._finalizer()

    def _refuse_reentry(self) -> None:
        # A signal handler runs between two steps of the very block that holds the lock: it would wait for itself.
        if self._thread == threading.get_ident():
            raise WrongState(f"this {self._what} is in use by the call that was interrupted; call wake instead")
