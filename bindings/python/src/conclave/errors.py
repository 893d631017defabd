"""What can go wrong: one class for each status of the library, in families by cause.

Catch a family to treat a cause (``except RetryLater``), a class to treat one status (``except QueueFull``), or
``ConclaveError`` for everything. Where Python has an exception of the same meaning, the class is that one as well:
``TimedOut`` is a ``TimeoutError``, ``FileExists`` a ``FileExistsError``, every ``UsageError`` a ``ValueError``.
"""

from __future__ import annotations

from typing import ClassVar

from ._abi import Status

__all__ = [
    "AddressInUse",
    "AgreementFailed",
    "BadElement",
    "BadHandle",
    "BadKeyFile",
    "BadPassphrase",
    "BadSeal",
    "BadSignature",
    "BadStructSize",
    "BadText",
    "BadTrustFile",
    "BadUrl",
    "BufferTooSmall",
    "ConclaveError",
    "CryptographyFault",
    "EntropyFault",
    "Excluded",
    "Exhausted",
    "FileExists",
    "FlushPending",
    "HasLeft",
    "IdentityError",
    "InputOutputFailure",
    "InternalFault",
    "Interrupted",
    "InvalidArgument",
    "KeyConfirmationFailed",
    "LibraryMissing",
    "LibraryNotLoaded",
    "Malformed",
    "MembershipOver",
    "NameTaken",
    "NoEvent",
    "NoKey",
    "NoSpace",
    "NotAdmitted",
    "NotFound",
    "NullArgument",
    "OutOfMemory",
    "OutOfOrder",
    "PassphraseRequired",
    "PermissionDenied",
    "ProtocolError",
    "QueueFull",
    "Replaced",
    "Replayed",
    "RetryLater",
    "Stale",
    "SystemFailure",
    "TimedOut",
    "TooLarge",
    "TransportError",
    "TransportLost",
    "TransportRefused",
    "TransportUnfit",
    "TransportUnreachable",
    "UnknownEpoch",
    "UnknownSender",
    "UnknownSuite",
    "Unsupported",
    "UnsupportedVersion",
    "UsageError",
    "WrongAlgorithm",
    "WrongDestination",
    "WrongGroup",
    "WrongMemberList",
    "WrongPhase",
    "WrongRun",
    "WrongSender",
    "WrongState",
    "WrongView",
]


class ConclaveError(Exception):
    """The root of all errors of this package. An instance of the root itself is a status that this version knows not.

    ``message`` is one line that tells what happened and what to do about it; ``status`` is the library's number,
    ``name`` its name. ``is_fatal`` tells that the object whose call raised this error can do nothing more but be
    closed. It says nothing about the error of an ErrorEvent, after which the membership goes on.
    """

    status: int = 0
    is_fatal: bool = False
    _status: ClassVar[Status | None] = None

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    def __init_subclass__(cls, status: Status | None = None) -> None:
        super().__init_subclass__()
        if status is not None:
            cls.status = cls._status = status

    @property
    def name(self) -> str:
        """The status's name, such as ``QUEUE_FULL``."""
        return self._status.name if self._status is not None else "UNKNOWN"

    def __str__(self) -> str:
        return f"{self.message} [{self.name}]" if self.message else self.name


# ---------------------------------------------------------------------------------------------------------------- usage


class UsageError(ConclaveError, ValueError):
    """The call itself is wrong: mend the program."""


class InvalidArgument(UsageError, status=Status.INVALID_ARGUMENT):
    """A value outside what the function documents."""


class NullArgument(UsageError, status=Status.NULL_ARGUMENT):
    """Something that must be given is missing."""


class BadHandle(UsageError, status=Status.BAD_HANDLE):
    """The object is closed, or was inherited by a forked process."""

    is_fatal = True


class BadText(UsageError, status=Status.BAD_TEXT):
    """Text that is not UTF-8, is too long or holds a control character."""


class TooLarge(UsageError, status=Status.TOO_LARGE):
    """Larger than the documented bound."""


class BufferTooSmall(UsageError, status=Status.BUFFER_TOO_SMALL):
    """A buffer is too small for the result."""


class BadStructSize(UsageError, status=Status.BAD_STRUCT_SIZE):
    """The library does not know this version of a structure."""


class WrongState(UsageError, status=Status.WRONG_STATE):
    """Not possible now; the message says what is awaited."""


class Unsupported(UsageError, status=Status.UNSUPPORTED):
    """Known, but not part of this build of the library."""


class LibraryNotLoaded(Unsupported):
    """The shared library is missing, is not Conclave's, or is too old for this package."""


class BadUrl(UsageError, status=Status.BAD_URL):
    """A transport URL that cannot be understood."""


# ---------------------------------------------------------------------------------------------------------------- later


class RetryLater(ConclaveError):
    """Not now: wait, then call again."""


class NoEvent(RetryLater, status=Status.NO_EVENT):
    """Nothing has happened."""


class QueueFull(RetryLater, status=Status.QUEUE_FULL):
    """The send queue is full; take events for a while, then send again."""


class FlushPending(RetryLater, status=Status.FLUSH_PENDING):
    """A view change is under way: sending is over until the next view."""


class TimedOut(RetryLater, TimeoutError, status=Status.TIMED_OUT):
    """The time given has passed."""


class Interrupted(RetryLater, status=Status.INTERRUPTED):
    """A call of ``wake`` ended the wait."""


class NoKey(RetryLater, status=Status.NO_KEY):
    """There is no key to seal with now: wait for the next view."""


class Exhausted(RetryLater, status=Status.EXHAUSTED):
    """All record numbers of this key were used: change the key."""


# ------------------------------------------------------------------------------------------------- identities and trust


class IdentityError(ConclaveError):
    """Something about an identity or a trust store."""


class PassphraseRequired(IdentityError, status=Status.PASSPHRASE_REQUIRED):
    """The private key is encrypted and no passphrase was given."""


class BadPassphrase(IdentityError, status=Status.BAD_PASSPHRASE):
    """The passphrase does not open the private key."""


class BadKeyFile(IdentityError, status=Status.BAD_KEY_FILE):
    """Not an Ed25519 private key in PKCS#8 PEM."""


class BadTrustFile(IdentityError, status=Status.BAD_TRUST_FILE):
    """A line of the trust store cannot be read; the message names it."""


class NotFound(IdentityError, LookupError, FileNotFoundError, status=Status.NOT_FOUND):
    """No such entry, member or file."""


class NotAdmitted(IdentityError, status=Status.NOT_ADMITTED):
    """The members do not accept this identity's key (yet)."""


class NameTaken(IdentityError, status=Status.NAME_TAKEN):
    """The name is held by a member with another key."""


# ------------------------------------------------------------------------------------------------------------- protocol


class ProtocolError(ConclaveError):
    """Bytes from the network that were refused. Nothing changed."""


class Malformed(ProtocolError, status=Status.MALFORMED):
    """Not a message of this protocol."""


class UnsupportedVersion(ProtocolError, status=Status.UNSUPPORTED_VERSION):
    """A protocol version that this build does not speak."""


class UnknownSuite(ProtocolError, status=Status.UNKNOWN_SUITE):
    """A suite number that this build does not have, or another than ours."""


class BadSignature(ProtocolError, status=Status.BAD_SIGNATURE):
    """The signature or authentication code is wrong."""


class WrongGroup(ProtocolError, status=Status.WRONG_GROUP):
    """Made for another group."""


class WrongView(ProtocolError, status=Status.WRONG_VIEW):
    """Made for another view."""


class WrongRun(ProtocolError, status=Status.WRONG_RUN):
    """Made for another run of the agreement."""


class WrongSender(ProtocolError, status=Status.WRONG_SENDER):
    """Not from the member who may send this."""


class WrongDestination(ProtocolError, status=Status.WRONG_DESTINATION):
    """Meant for another member."""


class Replayed(ProtocolError, status=Status.REPLAYED):
    """Seen before."""


class OutOfOrder(ProtocolError, status=Status.OUT_OF_ORDER):
    """Messages of this sender are missing or were reordered."""


class WrongPhase(ProtocolError, status=Status.WRONG_PHASE):
    """Not a message that is awaited now."""


class BadElement(ProtocolError, status=Status.BAD_ELEMENT):
    """A value outside the prime-order subgroup, or an identity element."""


class WrongMemberList(ProtocolError, status=Status.MEMBER_LIST):
    """The message's member list is not the view's."""


class KeyConfirmationFailed(ProtocolError, status=Status.KEY_CONFIRMATION):
    """The sender holds another key."""


class BadSeal(ProtocolError, status=Status.BAD_SEAL):
    """An encrypted message was altered."""


class WrongAlgorithm(ProtocolError, status=Status.WRONG_ALGORITHM):
    """Somebody runs the other robust algorithm: all members must choose the same."""


class UnknownEpoch(ProtocolError, status=Status.UNKNOWN_EPOCH):
    """Sealed under keys that are not here yet, or no longer."""


class UnknownSender(ProtocolError, status=Status.UNKNOWN_SENDER):
    """Of a member that is in no view here, or in the current one no more."""


class Stale(ProtocolError, status=Status.STALE):
    """Older than what is known: a view, or an answer to another request."""


# ------------------------------------------------------------------------------------------------------------ the world


class SystemFailure(ConclaveError, OSError):
    """The operating system refused; the message says what."""


class InputOutputFailure(SystemFailure, status=Status.IO):
    """The system refused; the message names errno."""


class NoSpace(SystemFailure, status=Status.NO_SPACE):
    """The disk is full; nothing was changed."""


class PermissionDenied(SystemFailure, PermissionError, status=Status.PERMISSION):
    """The system denies access."""


class FileExists(SystemFailure, FileExistsError, status=Status.FILE_EXISTS):
    """There is a file already, and it is not overwritten."""


class AddressInUse(SystemFailure, status=Status.ADDRESS_IN_USE):
    """Another hub listens there."""


class TransportError(ConclaveError, ConnectionError):
    """The connection to the transport."""


class TransportUnreachable(TransportError, status=Status.TRANSPORT_UNREACHABLE):
    """Nobody answers at the transport's address."""


class TransportLost(TransportError, status=Status.TRANSPORT_LOST):
    """The connection to the transport is gone; join again."""

    is_fatal = True


class TransportRefused(TransportError, status=Status.TRANSPORT_REFUSED):
    """The transport does not take this member; the message says why."""


class TransportUnfit(TransportError, status=Status.TRANSPORT_UNFIT):
    """The transport breaks its contract; the message says how."""

    is_fatal = True


class LibraryMissing(TransportError, status=Status.LIBRARY_MISSING):
    """A library that the transport needs is not installed; the message says which."""


# ------------------------------------------------------------------------------------------- the end of a membership


class MembershipOver(ConclaveError):
    """The membership has ended."""

    is_fatal = True


class HasLeft(MembershipOver, status=Status.LEFT):
    """This member has left the group."""


class Excluded(MembershipOver, status=Status.EXCLUDED):
    """The others went on without this silent member; it joins again by itself."""

    is_fatal = False


class Replaced(MembershipOver, status=Status.REPLACED):
    """The same identity joined again elsewhere."""


class AgreementFailed(MembershipOver, status=Status.AGREEMENT_FAILED):
    """No key was agreed within the allowed restarts; this member joins again by itself."""

    is_fatal = False


# -------------------------------------------------------------------------------------------------------- faults inside


class InternalFault(ConclaveError):
    """A fault inside the library or the machine."""

    is_fatal = True


class CryptographyFault(InternalFault, status=Status.CRYPTOGRAPHY):
    """The cryptographic library failed without a reason that input explains."""


class EntropyFault(InternalFault, status=Status.ENTROPY):
    """The system gave no random bytes."""


class OutOfMemory(InternalFault, MemoryError, status=Status.OUT_OF_MEMORY):
    """A large buffer could not be allocated; what was to be done was not, and the object goes on."""

    is_fatal = False


def _leaves(root: type[ConclaveError]) -> dict[int, type[ConclaveError]]:
    found: dict[int, type[ConclaveError]] = {}
    for child in root.__subclasses__():
        if "_status" in child.__dict__:
            found[child.status] = child
        found.update(_leaves(child))
    return found


_CLASSES = _leaves(ConclaveError)


def error_class(status: int) -> type[ConclaveError]:
    """The class of a status; ``ConclaveError`` itself for a number that this version does not know."""
    return _CLASSES.get(status, ConclaveError)


def error_for(status: int, message: str = "") -> ConclaveError:
    """The exception that tells of a status."""
    error = error_class(status)(message)
    error.status = status
    return error
