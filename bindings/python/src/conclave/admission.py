"""Whom a member of an encrypted cluster lets in, and what it proves itself with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ctypes import byref, c_bool, c_char_p, c_uint64, c_void_p
from dataclasses import dataclass

from ._abi import AdmissionCause, CertificateName, Wrapping
from ._handle import Handle, Owner
from ._library import (
    NEVER,
    BytesLike,
    check,
    check_error,
    decoded,
    library,
    opened,
    passphrase_argument,
    path_argument,
    text_argument,
    unsigned_argument,
)
from .identity import Identity, Trust

__all__ = ["Admission", "AdmissionCause", "CertificateName", "Credential", "KeyRing", "RingEntry", "Wrapping"]


class Admission(Owner):
    """A policy: what each other member has to prove. Whoever uses one takes a copy."""

    def __init__(self, handle: Handle) -> None:
        """Not for callers: see ``keys``, ``certificates``, ``secret``, ``names``, ``all_of`` and ``any_of``."""
        self._handle = handle

    @classmethod
    def _adopt(cls, pointer: int) -> Admission:
        return cls(Handle("admission policy", pointer, library().conclave_admission_free))

    @classmethod
    def keys(cls, trust: Trust) -> Admission:
        """Admits whose public key is in the list."""
        with trust._handle.lock:
            return cls._adopt(opened(library().conclave_admission_keys, trust._handle.pointer))

    @classmethod
    def certificates(
        cls,
        anchors: BytesLike,
        names: dict[CertificateName, str | None] | list[tuple[CertificateName, str | None]],
        revocations: BytesLike = b"",
        depth: int = 4,
    ) -> Admission:
        """Admits who has a certificate under one of the anchors (PEM, or one in DER) for one of the names.

        Names are patterns by kind; MEMBER and ANY have none. Raises BadKeyFile for what cannot be read.
        """
        trusted, lists = bytes(anchors), bytes(revocations)
        policy = cls._adopt(
            opened(
                library().conclave_admission_certificates,
                trusted,
                len(trusted),
                lists,
                len(lists),
                unsigned_argument(depth, 32, "depth"),
            )
        )
        for kind, pattern in names.items() if isinstance(names, dict) else names:
            text = None if pattern is None else text_argument(pattern, "pattern")
            with policy._handle.lock:
                check(library().conclave_admission_add_name(policy._handle.pointer, int(kind), text))
        return policy

    @classmethod
    def secret(cls, secret: BytesLike) -> Admission:
        """Admits who proves to hold a secret of 16 to 1,024 random bytes."""
        data = bytes(secret)
        return cls._adopt(opened(library().conclave_admission_secret, data, len(data)))

    @classmethod
    def names(cls, name: str | None = None, address: str | None = None) -> Admission:
        """Admits whose name and address fit patterns. It proves nothing by itself: put it together with another."""
        return cls._adopt(
            opened(
                library().conclave_admission_names,
                None if name is None else text_argument(name, "pattern"),
                None if address is None else text_argument(address, "pattern"),
            )
        )

    @classmethod
    def all_of(cls, *parts: Admission) -> Admission:
        """Admits whom every part admits; there has to be one."""
        return cls._adopt(opened(library().conclave_admission_all))._with(parts)

    @classmethod
    def any_of(cls, *parts: Admission) -> Admission:
        """Admits whom one of the parts admits; there has to be one."""
        return cls._adopt(opened(library().conclave_admission_any))._with(parts)

    def _with(self, parts: tuple[Admission, ...]) -> Admission:
        for part in parts:
            with self._handle.lock, part._handle.lock:
                check(library().conclave_admission_add(self._handle.pointer, part._handle.pointer))
        return self

    def __enter__(self) -> Admission:
        return self


class Credential(Owner):
    """What a member proves itself with: an identity and, as the cluster asks, a certificate and a pre-shared secret."""

    def __init__(self, identity: Identity, wrapping: Wrapping = Wrapping.X25519) -> None:
        with identity._handle.lock:
            pointer = opened(library().conclave_credential_new, identity._handle.pointer, int(wrapping))
        self._handle = Handle("credential", pointer, library().conclave_credential_free)

    def set_certificate(
        self, chain: BytesLike, key: BytesLike, passphrase: str | BytesLike | None = None
    ) -> Credential:
        """Adds a certificate's chain, the member's own first, and its private key in PEM.

        Raises BadKeyFile, PassphraseRequired or BadPassphrase.
        """
        certificates, private = bytes(chain), bytes(key)
        secret, size = passphrase_argument(passphrase)
        with self._handle.lock:
            check(
                library().conclave_credential_set_certificate(
                    self._handle.pointer, certificates, len(certificates), private, len(private), secret, size
                )
            )
        return self

    def set_secret(self, secret: BytesLike) -> Credential:
        """Adds the pre-shared secret."""
        data = bytes(secret)
        with self._handle.lock:
            check(library().conclave_credential_set_secret(self._handle.pointer, data, len(data)))
        return self

    def __enter__(self) -> Credential:
        return self


@dataclass(frozen=True)
class RingEntry:
    """A key of a ring: its identifier, whether it is active, and when it retires (seconds since 1970, or never)."""

    identifier: str
    is_active: bool
    retires: int | None


class KeyRing(Owner):
    """Keys that all members share, by identifier: at most one is active, older ones serve until their time is over."""

    def __init__(self, *, _pointer: int | None = None) -> None:
        pointer = opened(library().conclave_key_ring_new) if _pointer is None else _pointer
        self._handle = Handle("key ring", pointer, library().conclave_key_ring_free)

    @classmethod
    def load(cls, path: str | os.PathLike[str], passphrase: str | BytesLike) -> KeyRing:
        """Reads a ring that ``save`` wrote. Raises BadKeyFile, BadPassphrase, NotFound and the like."""
        secret, size = passphrase_argument(passphrase)
        return cls(_pointer=opened(library().conclave_key_ring_load, path_argument(path), secret, size))

    @classmethod
    def load_pkcs12(cls, path: str | os.PathLike[str], passphrase: str | BytesLike) -> KeyRing:
        """Reads the keys of a PKCS#12 file, such as a Java key store. One key alone is active."""
        secret, size = passphrase_argument(passphrase)
        return cls(_pointer=opened(library().conclave_key_ring_load_pkcs12, path_argument(path), secret, size))

    def save(self, path: str | os.PathLike[str], passphrase: str | BytesLike) -> None:
        """Writes the ring to a new file of mode 0600 under a passphrase."""
        secret, size = passphrase_argument(passphrase)
        error = c_void_p()
        with self._handle.lock:
            pointer = self._handle.pointer
            status = library().conclave_key_ring_save(pointer, path_argument(path), secret, size, byref(error))
        check_error(status, error)

    def add(self, identifier: str, key: BytesLike) -> None:
        """Adds a key of 16 to 64 random bytes; it is not active by that."""
        name, data = text_argument(identifier, "identifier"), bytes(key)
        with self._handle.lock:
            check(library().conclave_key_ring_add(self._handle.pointer, name, data, len(data)))

    def activate(self, identifier: str) -> None:
        """Makes a key the active one; raises NotFound."""
        name = text_argument(identifier, "identifier")
        with self._handle.lock:
            check(library().conclave_key_ring_activate(self._handle.pointer, name))

    def retire(self, identifier: str, unix_seconds: int) -> None:
        """Says until when a key still serves; raises NotFound, and InvalidArgument for the active one."""
        name, end = text_argument(identifier, "identifier"), unsigned_argument(unix_seconds, 64, "time")
        with self._handle.lock:
            check(library().conclave_key_ring_retire(self._handle.pointer, name, end))

    def entries(self) -> list[RingEntry]:
        """The keys as they are now, in the order of their identifiers."""
        name, active, retires = c_char_p(), c_bool(), c_uint64()
        entries = []
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                for index in range(library().conclave_key_ring_count(pointer)):
                    check(library().conclave_key_ring_get(pointer, index, byref(name), byref(active), byref(retires)))
                    end = None if retires.value == NEVER else retires.value
                    entries.append(RingEntry(decoded(name.value), active.value, end))
            finally:
                self._handle.is_lending = False
        return entries

    def __iter__(self) -> Iterator[RingEntry]:
        return iter(self.entries())

    def __len__(self) -> int:
        with self._handle.lock:
            return int(library().conclave_key_ring_count(self._handle.pointer))

    def __enter__(self) -> KeyRing:
        return self
