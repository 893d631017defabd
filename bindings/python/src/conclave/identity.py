"""Identities: a name with an Ed25519 key pair, and the list of the public keys that one accepts."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from ctypes import byref, c_char_p, c_size_t, c_void_p
from dataclasses import dataclass

from . import _abi
from ._handle import Handle, Owner
from ._library import (
    BytesLike,
    check,
    check_error,
    decoded,
    fixed_argument,
    library,
    opened,
    passphrase_argument,
    path_argument,
    text_argument,
)

#: Bytes of a public key.
PUBLIC_KEY_SIZE = _abi.PUBLIC_KEY_SIZE
#: Bytes of a fingerprint.
FINGERPRINT_SIZE = _abi.FINGERPRINT_SIZE
#: Bytes of a member's name or a trust store's label at most, in UTF-8.
NAME_MAX = _abi.NAME_MAX


def fingerprint(public_key: BytesLike) -> bytes:
    """SHA-256 of a public key: what people compare, with ``.hex()``."""
    output = ctypes.create_string_buffer(FINGERPRINT_SIZE)
    check(library().conclave_fingerprint(fixed_argument(public_key, PUBLIC_KEY_SIZE, "public key"), output))
    return output.raw


class Identity(Owner):
    """A name and an Ed25519 key pair. Immutable, usable from any thread.

    The private key stays in the library and is wiped by ``close``, at the end of a ``with`` block, or when the object
    is no longer reachable. Passphrases and PEM texts that pass through Python are ordinary objects, which nobody wipes.
    """

    def __init__(self, handle: Handle) -> None:
        """Not for callers: see ``new``, ``load`` and ``from_pem``."""
        self._handle = handle

    @classmethod
    def _adopt(cls, pointer: int) -> Identity:
        return cls(Handle("identity", pointer, library().conclave_identity_free))

    @classmethod
    def new(cls, name: str) -> Identity:
        """Makes a fresh identity; the name has 1 to NAME_MAX bytes and no control characters."""
        return cls._adopt(opened(library().conclave_identity_new, text_argument(name, "name")))

    @classmethod
    def load(cls, path: str | os.PathLike[str], passphrase: str | BytesLike | None = None) -> Identity:
        """Reads an identity from a PKCS#8 PEM file.

        Raises NotFound, PermissionDenied, InputOutputFailure, BadKeyFile, PassphraseRequired or BadPassphrase.
        """
        secret, size = passphrase_argument(passphrase)
        return cls._adopt(opened(library().conclave_identity_load, path_argument(path), secret, size))

    @classmethod
    def from_pem(cls, pem: str | BytesLike, passphrase: str | BytesLike | None = None) -> Identity:
        """Reads an identity from PEM in memory; otherwise as ``load``."""
        text = pem.encode("utf-8") if isinstance(pem, str) else bytes(pem)
        secret, size = passphrase_argument(passphrase)
        return cls._adopt(opened(library().conclave_identity_from_pem, text, len(text), secret, size))

    def save(self, path: str | os.PathLike[str], passphrase: str | BytesLike | None = None) -> None:
        """Writes the identity to a new file of mode 0600, whole or not at all; with a passphrase encrypted.

        Raises FileExists, PermissionDenied, NoSpace or InputOutputFailure; nothing is left behind.
        """
        secret, size = passphrase_argument(passphrase)
        error = c_void_p()
        with self._handle.lock:
            pointer = self._handle.pointer
            status = library().conclave_identity_save(pointer, path_argument(path), secret, size, byref(error))
        check_error(status, error)

    def to_pem(self, passphrase: str | BytesLike | None = None) -> bytes:
        """The identity as PEM, with a passphrase encrypted."""
        secret, secret_size = passphrase_argument(passphrase)
        # With room from the start: each call encrypts anew, and takes some tenths of a second for it.
        size = c_size_t(1_024)
        with self._handle.lock:
            pointer = self._handle.pointer
            # The size of an encrypted text may differ from one call to the next, so the question is asked again.
            for _ in range(8):
                buffer = ctypes.create_string_buffer(size.value)
                status = library().conclave_identity_to_pem(pointer, secret, secret_size, buffer, byref(size))
                if status != _abi.Status.BUFFER_TOO_SMALL:
                    break
            check(status)
            pem = buffer.raw[: size.value]
            ctypes.memset(buffer, 0, len(buffer))
            return pem

    @property
    def name(self) -> str:
        """The identity's name."""
        with self._handle.lock:
            pointer = self._handle.pointer
            return decoded(library().conclave_identity_name(pointer))

    @property
    def public_key(self) -> bytes:
        """The public key, PUBLIC_KEY_SIZE bytes."""
        output = ctypes.create_string_buffer(PUBLIC_KEY_SIZE)
        with self._handle.lock:
            pointer = self._handle.pointer
            check(library().conclave_identity_public_key(pointer, output))
        return output.raw

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the public key."""
        return fingerprint(self.public_key)

    def __enter__(self) -> Identity:
        return self

    def __repr__(self) -> str:
        if self._handle.is_closed:
            return "<conclave.Identity closed>"
        return f"<conclave.Identity {self.name!r} {self.fingerprint.hex()[:16]}…>"


@dataclass(frozen=True)
class TrustEntry:
    """An accepted public key and its label."""

    public_key: bytes
    label: str


class Trust(Owner):
    """A list of accepted public keys, each with a label, in order of insertion; made empty or read with ``load``.

    A group takes a copy when it joins: after a change, hand the list to ``Group.set_trust``.
    """

    def __init__(self, *, _pointer: int | None = None) -> None:
        pointer = opened(library().conclave_trust_new) if _pointer is None else _pointer
        self._handle = Handle("trust list", pointer, library().conclave_trust_free)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trust:
        """Reads a list, one line ``ed25519 BASE64 LABEL`` for each key.

        Raises NotFound, PermissionDenied, InputOutputFailure or BadTrustFile, whose message names the line.
        """
        return cls(_pointer=opened(library().conclave_trust_load, path_argument(path)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Replaces the file with this list, whole or not at all."""
        error = c_void_p()
        with self._handle.lock:
            pointer = self._handle.pointer
            status = library().conclave_trust_save(pointer, path_argument(path), byref(error))
        check_error(status, error)

    def add(self, public_key: BytesLike, label: str) -> None:
        """Accepts a key; one that is there already gets the new label."""
        key, text = fixed_argument(public_key, PUBLIC_KEY_SIZE, "public key"), text_argument(label, "label")
        with self._handle.lock:
            pointer = self._handle.pointer
            check(library().conclave_trust_add(pointer, key, text))

    def remove(self, public_key: BytesLike) -> None:
        """Accepts a key no longer; raises NotFound when it was not there."""
        key = fixed_argument(public_key, PUBLIC_KEY_SIZE, "public key")
        with self._handle.lock:
            pointer = self._handle.pointer
            check(library().conclave_trust_remove(pointer, key))

    def __contains__(self, public_key: object) -> bool:
        if not isinstance(public_key, (bytes, bytearray, memoryview)) or len(public_key) != PUBLIC_KEY_SIZE:
            return False
        with self._handle.lock:
            pointer = self._handle.pointer
            status = library().conclave_trust_contains(pointer, bytes(public_key))
        if status != _abi.Status.NOT_FOUND:
            check(status)
        return bool(status == _abi.Status.OK)

    def __len__(self) -> int:
        with self._handle.lock:
            pointer = self._handle.pointer
            return int(library().conclave_trust_count(pointer))

    def __iter__(self) -> Iterator[TrustEntry]:
        """Goes over the list as it is now."""
        return iter(self.entries())

    def entries(self) -> list[TrustEntry]:
        """The list as it is now, in order of insertion."""
        key, label = ctypes.create_string_buffer(PUBLIC_KEY_SIZE), c_char_p()
        entries = []
        with self._handle.lock:
            pointer = self._handle.pointer
            try:
                self._handle.is_lending = True
                for index in range(library().conclave_trust_count(pointer)):
                    check(library().conclave_trust_get(pointer, index, key, byref(label)))
                    entries.append(TrustEntry(key.raw, decoded(label.value)))
            finally:
                self._handle.is_lending = False
        return entries

    def __enter__(self) -> Trust:
        return self

    def __repr__(self) -> str:
        return "<conclave.Trust closed>" if self._handle.is_closed else f"<conclave.Trust of {len(self)} keys>"
