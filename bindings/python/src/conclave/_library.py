"""Loading the shared library, and what every call of it shares: arguments checked, statuses raised."""

from __future__ import annotations

import ctypes
import math
import os
import threading
from ctypes import byref, c_void_p
from pathlib import Path
from typing import Any, Callable, Union

from . import _abi
from .errors import BadText, ConclaveError, InvalidArgument, LibraryNotLoaded, Unsupported, error_for

#: What the functions of this package take as a byte string.
BytesLike = Union[bytes, bytearray, memoryview]

#: A time of the library's that never comes.
NEVER = 2**64 - 1

#: The name that the dynamic linker knows the library by.
SONAME = "libconclave.so.0"
#: Where to load the library from instead; read by this package only, when the library is first used.
ENVIRONMENT_VARIABLE = "CONCLAVE_LIBRARY"
#: Where a wheel has the library that it brings along; other installations have no such file.
BUNDLED = Path(__file__).parent / "_bundled" / SONAME


#: How the names begin of the functions that call the program back, inside its own call.
_CALLING_BACK = ("conclave_group_", "conclave_transport_check")
_kept = threading.local()


def keep(error: BaseException) -> None:
    """Keeps what cannot pass through the library that called this thread: it is raised when its call has returned."""
    if getattr(_kept, "error", None) is None:
        _kept.error = error


def _raise_kept(result: Any, _function: object, _arguments: object) -> Any:
    error: BaseException | None = getattr(_kept, "error", None)
    if error is None:
        return result
    _kept.error = None
    raise error


class Library:
    """The loaded library: its attributes are the functions, by their names in the header."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._shared_object = ctypes.CDLL(path)
        except OSError as failure:
            raise LibraryNotLoaded(
                f"cannot load {path}: {failure}; install libconclave, or name the file in {ENVIRONMENT_VARIABLE}"
            ) from failure
        if not hasattr(self._shared_object, "conclave_abi_date"):
            raise LibraryNotLoaded(f"{path} is not Conclave's library: it has no function conclave_abi_date")
        date = self.conclave_abi_date()
        if date < _abi.ABI_DATE:
            raise LibraryNotLoaded(
                f"{path} is too old: its interface is of {date}, this package needs {_abi.ABI_DATE}; update libconclave"
            )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in _abi.PROTOTYPES:
            raise AttributeError(name)
        result, arguments = _abi.PROTOTYPES[name]
        try:
            function: Callable[..., Any] = getattr(self._shared_object, name)
        except AttributeError:
            raise Unsupported(f"{self.path} has no function {name}") from None
        function.restype, function.argtypes = result, arguments  # type: ignore[attr-defined]
        if name.startswith(_CALLING_BACK):
            function.errcheck = _raise_kept  # type: ignore[attr-defined]
        setattr(self, name, function)
        return function


_lock = threading.Lock()
_loaded: Library | None = None


def load(path: str | os.PathLike[str]) -> None:
    """Loads the library from a file, instead of by its name. Call it before anything else of this package.

    Calling it again with the same path does nothing; another path is refused, since objects of the first library exist.
    """
    global _loaded
    wanted = os.fspath(path)
    with _lock:
        if _loaded is None:
            _loaded = Library(wanted)
        elif _loaded.path != wanted:
            raise Unsupported(f"the library is loaded already, from {_loaded.path}; call load before anything else")


def library() -> Library:
    """The library, loaded at the first call: from ``load``, else from CONCLAVE_LIBRARY, else the one that the wheel
    brought along, else by its name.
    """
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = Library(
                    os.environ.get(ENVIRONMENT_VARIABLE) or (str(BUNDLED) if BUNDLED.exists() else SONAME)
                )
    return _loaded


def version() -> str:
    """The library's version, "major.minor.patch"."""
    return decoded(library().conclave_version())


def supports(feature: str) -> bool:
    """Whether the loaded library has a feature, such as "gdh" or "local"; an unknown name is false."""
    return bool(library().conclave_supports_feature(text_argument(feature, "feature")))


def suite_name(suite: int) -> str:
    """The suite's name, such as "GDH_FFDHE3072_ED25519_AES256GCM"; InvalidArgument for a number that is none."""
    name = library().conclave_suite_name(unsigned_argument(suite, 16, "suite"))
    if name is None:
        raise InvalidArgument(f"{suite:#06x} is no suite")
    return decoded(name)


# ------------------------------------------------------------------------------------------------------------- statuses


def decoded(text: bytes | None) -> str:
    """The library's text as a string."""
    return (text or b"").decode("utf-8", "replace")


def check(status: int, message: str = "") -> None:
    """Raises the exception of a status that is not OK."""
    if status != _abi.Status.OK:
        raise failure_for(status, message)


def failure_for(status: int, message: str = "") -> ConclaveError:
    """The exception of a status, with the library's own sentence when there is no message."""
    error = error_for(status, message or decoded(library().conclave_status_text(status)))
    error.is_fatal = bool(library().conclave_status_is_fatal(status))
    return error


def opened(function: Callable[..., int], *arguments: Any) -> int:
    """Calls a function that makes a handle and tells failures in an error object; returns the handle."""
    handle, error = c_void_p(), c_void_p()
    try:
        status = function(*arguments, byref(handle), byref(error))
    except BaseException:
        library().conclave_error_free(error)
        raise
    check_error(status, error)
    if handle.value is None:
        raise error_for(_abi.Status.BAD_HANDLE, "the library made no handle")
    return handle.value


def check_error(status: int, error: c_void_p) -> None:
    """Raises the exception of a status with the message of an owned error object, which it frees."""
    message = ""
    if error.value is not None:
        message = decoded(library().conclave_error_message(error))
        library().conclave_error_free(error)
    check(status, message)


# ------------------------------------------------------------------------------------------------------------ arguments


def text_argument(value: str, what: str) -> bytes:
    """Text as UTF-8. A zero would end it early on the other side, so it is refused here."""
    encoded = _utf8(value, what)
    if b"\0" in encoded:
        raise BadText(f"the {what} holds a zero character")
    return encoded


def _utf8(value: str, what: str) -> bytes:
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as failure:
        raise BadText(f"the {what} cannot be written as UTF-8: {failure.reason}") from None


def path_argument(value: str | os.PathLike[str]) -> bytes:
    """A path as the file system spells it."""
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise BadText("the path holds a zero character")
    return encoded


def passphrase_argument(value: str | BytesLike | None) -> tuple[bytes | None, int]:
    """A passphrase and its size; a string counts as its UTF-8 bytes."""
    if value is None:
        return None, 0
    passphrase = _utf8(value, "passphrase") if isinstance(value, str) else bytes(value)
    return passphrase, len(passphrase)


def unsigned_argument(value: int, bits: int, what: str) -> int:
    """An integer that fits: ctypes would cut the upper bits off without a word."""
    if not 0 <= value < 1 << bits:
        raise InvalidArgument(f"the {what} must be from 0 to {(1 << bits) - 1}, not {value}")
    return value


def milliseconds_argument(seconds: float, what: str) -> int:
    """Seconds as whole milliseconds, rounded up: a time that was not meant to be 0 must not become "never"."""
    if not 0 <= seconds <= 4_294_967:
        raise InvalidArgument(f"the {what} must be from 0 to 4294967 seconds, not {seconds}")
    return math.ceil(seconds * 1000)


def fixed_argument(value: BytesLike, size: int, what: str) -> bytes:
    """A byte string of exactly `size` bytes, which the library will read without asking."""
    if len(value) != size:
        raise InvalidArgument(f"the {what} must have {size} bytes, not {len(value)}")
    return bytes(value)
