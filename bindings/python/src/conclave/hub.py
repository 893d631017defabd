"""The local hub: orders the messages of groups whose members are on this machine."""

from __future__ import annotations

import os
import socket
import threading
from ctypes import byref, c_int, c_int64, sizeof
from dataclasses import dataclass
from types import TracebackType

from . import _abi
from ._handle import Handle
from ._library import check, library, milliseconds_argument, opened, path_argument, unsigned_argument
from ._waiting import Bell
from .errors import BadHandle, WrongState


@dataclass(frozen=True)
class HubCounters:
    """What a hub has seen: connections and groups now; messages, their bytes and dropped clients since it was made."""

    clients: int
    groups: int
    messages: int
    message_bytes: int
    dropped_clients: int


def _options(
    client_limit: int | None, group_limit: int | None, queue_bytes: int | None, stuck_timeout: float | None
) -> _abi.HubOptions:
    options = _abi.HubOptions()
    check(library().conclave_hub_options_init(byref(options), sizeof(options)))
    if client_limit is not None:
        options.client_limit = unsigned_argument(client_limit, 32, "client limit")
    if group_limit is not None:
        options.group_limit = unsigned_argument(group_limit, 32, "group limit")
    if queue_bytes is not None:
        options.queue_bytes = unsigned_argument(queue_bytes, 64, "queue's size")
    if stuck_timeout is not None:
        options.stuck_timeout_ms = milliseconds_argument(stuck_timeout, "stuck timeout")
    return options


class Hub:
    """A hub that listens on a Unix socket of mode 0600; members join with the URL in ``url``.

    It serves while ``run`` is running, in the caller's thread, or in a thread of its own after ``start``. It sees
    ciphertext and signed tokens only.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        client_limit: int | None = None,
        group_limit: int | None = None,
        queue_bytes: int | None = None,
        stuck_timeout: float | None = None,
    ) -> None:
        """Listens at ``path`` (107 bytes at most); a socket file that nobody listens on is replaced.

        Bounds that are None are the library's own. Raises AddressInUse, PermissionDenied, BadText, InputOutputFailure.
        """
        options = _options(client_limit, group_limit, queue_bytes, stuck_timeout)
        self._begin(opened(library().conclave_hub_new, path_argument(path), byref(options)), os.fspath(path))

    @classmethod
    def adopt(
        cls,
        listener: socket.socket,
        *,
        client_limit: int | None = None,
        group_limit: int | None = None,
        queue_bytes: int | None = None,
        stuck_timeout: float | None = None,
    ) -> Hub:
        """A hub on a Unix stream socket that listens already, as a service manager passes it on.

        The socket stays the caller's, who may close it at once, and its file is left alone at the end. It becomes
        non-blocking. Raises InvalidArgument for what is no such socket.
        """
        options = _options(client_limit, group_limit, queue_bytes, stuck_timeout)
        hub = cls.__new__(cls)
        pointer = opened(library().conclave_hub_adopt, listener.fileno(), byref(options))
        hub._begin(pointer, os.fsdecode(listener.getsockname()))
        return hub

    def _begin(self, pointer: int, path: str) -> None:
        self._handle = Handle("hub", pointer, library().conclave_hub_free)
        self.path = path
        self._running = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        descriptor = c_int()
        with self._handle.lock:
            check(library().conclave_hub_descriptor(self._handle.pointer, byref(descriptor)))
        self._bell: Bell | None = Bell(descriptor.value)

    @property
    def url(self) -> str:
        """What members give to ``Group.join``."""
        return f"local:{self.path}"

    def run(self) -> None:
        """Serves until ``wake`` or ``close`` is called."""
        self._begin_to_serve()
        try:
            self._serve()
        finally:
            self._running.release()

    def start(self) -> None:
        """Serves in a thread of its own until ``stop`` or ``close`` is called."""
        self._bell_or_closed()
        self._begin_to_serve()
        self._thread = threading.Thread(target=self._serve_in_thread, name=f"hub {self.path}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends what ``start`` began, and raises what ended it before."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self.wake()
            thread.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def wake(self) -> None:
        """Makes ``run`` return, now or when it next begins. Any thread and any signal handler may call it."""
        if (bell := self._bell) is not None:
            bell.wake()

    @property
    def counters(self) -> HubCounters:
        """What the hub has seen so far."""
        raw = _abi.HubCounters(size=sizeof(_abi.HubCounters))
        with self._handle.lock:
            pointer = self._handle.pointer
            check(library().conclave_hub_counters_read(pointer, byref(raw)))
        return HubCounters(raw.clients, raw.groups, raw.messages, raw.message_bytes, raw.dropped_clients)

    def close(self) -> None:
        """Stops serving, closes all connections and removes the socket that it made; doing it again does nothing."""
        try:
            self.stop()
        finally:
            self._handle.close()
            bell, self._bell = self._bell, None
            if bell is not None:
                bell.mute()

    def __enter__(self) -> Hub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<conclave.Hub {self.url}{' closed' if self._handle.is_closed else ''}>"

    def _bell_or_closed(self) -> Bell:
        if self._bell is None:
            raise BadHandle("this hub is closed")
        return self._bell

    def _begin_to_serve(self) -> None:
        if not self._running.acquire(blocking=False):
            raise WrongState("this hub is being served already")

    def _serve_in_thread(self) -> None:
        try:
            self._serve()
        except BaseException as failure:  # kept for whoever calls stop
            self._failure = failure
        finally:
            self._running.release()

    def _serve(self) -> None:
        bell = self._bell_or_closed()
        milliseconds = c_int64()
        while not bell.take_wake():
            try:
                with self._handle.lock:
                    pointer = self._handle.pointer
                    check(library().conclave_hub_process(pointer))
                    check(library().conclave_hub_deadline(pointer, byref(milliseconds)))
            except BadHandle:
                if self._handle.is_closed:
                    return
                raise
            bell.wait(None if milliseconds.value < 0 else milliseconds.value / 1000)
