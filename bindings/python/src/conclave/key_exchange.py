"""Keys of an encrypted cluster that members fetch from their coordinator over TLS 1.3 (``KeysFrom.EXCHANGE``).

Both sides prove themselves with certificates. Addresses are numbers of IPv4 or IPv6, and ``now`` means what it means
for an ``Encryption``.
"""

from __future__ import annotations

from ctypes import byref, c_int, c_uint16, c_uint64
from typing import Callable

from ._abi import Status
from ._handle import Handle, Owner
from ._library import NEVER, check, library, opened, text_argument, unsigned_argument
from .admission import Admission, Credential
from .encrypt import Encryption, _now

__all__ = ["KeyFetch", "KeyServer"]


class _Exchanging(Owner):
    """What a program's event loop needs of either side."""

    _encryption: Encryption

    def _ask(self, function: Callable[..., int], *arguments: object) -> None:
        with self._handle.lock:
            check(function(self._handle.pointer, *arguments))

    def _process(self, function: Callable[..., int], now: int | None) -> None:
        with self._encryption._handle.lock, self._handle.lock:
            check(function(self._handle.pointer, self._encryption._handle.pointer, _now(now)))

    def _descriptor(self, function: Callable[..., int]) -> int:
        descriptor = c_int()
        self._ask(function, byref(descriptor))
        return descriptor.value

    def _deadline(self, function: Callable[..., int]) -> int | None:
        when = c_uint64()
        self._ask(function, byref(when))
        return None if when.value == NEVER else when.value


class KeyServer(_Exchanging):
    """The listener of a member that coordinates, or may come to; while another one coordinates, it refuses.

    Wait until the ``descriptor`` is readable or the ``deadline`` has come, then call ``process``, which never blocks.
    """

    def __init__(
        self, encryption: Encryption, address: str, port: int, credential: Credential, certificates: Admission
    ) -> None:
        """Listens at an address and a port, 0 for any.

        ``credential`` has a certificate and is of the encryption's identity; members that fetch have to satisfy
        ``certificates``, a policy of ``Admission.certificates``.
        """
        place, number = text_argument(address, "address"), unsigned_argument(port, 16, "port")
        with credential._handle.lock, certificates._handle.lock, encryption._handle.lock:
            pointer = opened(
                library().conclave_key_server_open,
                encryption._handle.pointer,
                place,
                number,
                credential._handle.pointer,
                certificates._handle.pointer,
            )
        self._encryption = encryption
        self._handle = Handle("key server", pointer, library().conclave_key_server_free)

    @property
    def port(self) -> int:
        """The port that it listens at."""
        port = c_uint16()
        self._ask(library().conclave_key_server_port, byref(port))
        return port.value

    @property
    def descriptor(self) -> int:
        """Readable whenever there is something to process."""
        return self._descriptor(library().conclave_key_server_descriptor)

    @property
    def deadline(self) -> int | None:
        """When ``process`` must be called at the latest, in milliseconds of the clock; None: never."""
        return self._deadline(library().conclave_key_server_deadline)

    def process(self, now: int | None = None) -> None:
        """Does what is to be done, and gives the key of the present view to those of its members that ask for it."""
        self._process(library().conclave_key_server_process, now)

    def renew(self, credential: Credential, certificates: Admission) -> None:
        """Replaces certificate and policy for the connections that come from now on."""
        with credential._handle.lock, certificates._handle.lock, self._encryption._handle.lock:
            self._ask(
                library().conclave_key_server_renew,
                self._encryption._handle.pointer,
                credential._handle.pointer,
                certificates._handle.pointer,
            )

    def __enter__(self) -> KeyServer:
        return self


class KeyFetch(_Exchanging):
    """A member's fetch of the key of one view, in up to five attempts; it is processed as a ``KeyServer`` is."""

    def __init__(
        self,
        encryption: Encryption,
        view_counter: int,
        address: str,
        port: int,
        credential: Credential,
        certificates: Admission,
        now: int | None = None,
    ) -> None:
        """Begins to fetch the key that a ``KeyWanted`` event named, from the coordinator's key server.

        Raises WrongState when that key is not wanted, or no longer.
        """
        place, number = text_argument(address, "address"), unsigned_argument(port, 16, "port")
        counter = unsigned_argument(view_counter, 64, "counter")
        with credential._handle.lock, certificates._handle.lock, encryption._handle.lock:
            pointer = opened(
                library().conclave_key_fetch_new,
                encryption._handle.pointer,
                counter,
                place,
                number,
                credential._handle.pointer,
                certificates._handle.pointer,
                _now(now),
            )
        self._encryption = encryption
        self._handle = Handle("key fetch", pointer, library().conclave_key_fetch_free)

    @property
    def descriptor(self) -> int:
        """Readable whenever there is something to process."""
        return self._descriptor(library().conclave_key_fetch_descriptor)

    @property
    def deadline(self) -> int | None:
        """When ``process`` must be called at the latest, in milliseconds of the clock; None: never."""
        return self._deadline(library().conclave_key_fetch_deadline)

    def process(self, now: int | None = None) -> bool:
        """Does what is to be done; whether the fetch has succeeded.

        Then the encryption has the key: take its outputs and events. Raises what the fetch failed for; as long as a key
        is lacking, ``KeyWanted`` comes again.
        """
        self._process(library().conclave_key_fetch_process, now)
        with self._handle.lock:
            status = library().conclave_key_fetch_outcome(self._handle.pointer)
        if status == Status.NO_EVENT:
            return False
        check(status)
        return True

    def __enter__(self) -> KeyFetch:
        return self
