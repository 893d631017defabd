"""Numbers of the C interface. Written by scripts/generate from conclave.h; do not edit."""

from __future__ import annotations

from enum import IntEnum

ABI_DATE = 20261122  # The day on which the ABI last grew, as yyyymmdd.
PUBLIC_KEY_SIZE = 32  # Bytes of a public key (Ed25519, RFC 8032).
FINGERPRINT_SIZE = 32  # Bytes of a fingerprint: SHA-256 of a public key, or the public name of a group key.
NAME_MAX = 64  # Bytes of a member's name or a trust store's label at most, without the final zero.
GROUP_NAME_MAX = 128  # Bytes of a group's name at most, without the final zero.
MESSAGE_MAX = 16777216  # Bytes of an application message at most.
CLUSTER_NAME_MAX = 255  # Bytes of a cluster's name at most, without the final zero.
ADDRESS_MAX = 64  # Bytes of an address at most: what the messaging system calls a member.
BATCH_MAX = 64  # Messages of one sealed record at most.


class Suite(IntEnum):
    """A suite names everything two members must have in common: key agreement, group of numbers, signature, cipher,
    hash. Its number travels on the wire. Four hexadecimal digits: agreement, group, signature, cipher with hash.
    """

    GDH_FFDHE2048_ED25519_AES256GCM = 0x1111
    GDH_FFDHE3072_ED25519_AES256GCM = 0x1211
    GDH_FFDHE4096_ED25519_AES256GCM = 0x1311
    GDH_MODP2048_256_ED25519_AES256GCM = 0x1411
    GDH_P256_ED25519_AES256GCM = 0x1511
    GDH_FFDHE2048_ED25519_CHACHA20POLY1305 = 0x1112
    GDH_FFDHE3072_ED25519_CHACHA20POLY1305 = 0x1212
    GDH_FFDHE4096_ED25519_CHACHA20POLY1305 = 0x1312
    GDH_MODP2048_256_ED25519_CHACHA20POLY1305 = 0x1412
    GDH_P256_ED25519_CHACHA20POLY1305 = 0x1512
    CKD_FFDHE2048_ED25519_AES256GCM = 0x2111
    CKD_FFDHE3072_ED25519_AES256GCM = 0x2211
    CKD_FFDHE4096_ED25519_AES256GCM = 0x2311
    CKD_MODP2048_256_ED25519_AES256GCM = 0x2411
    CKD_P256_ED25519_AES256GCM = 0x2511
    CKD_FFDHE2048_ED25519_CHACHA20POLY1305 = 0x2112
    CKD_FFDHE3072_ED25519_CHACHA20POLY1305 = 0x2212
    CKD_FFDHE4096_ED25519_CHACHA20POLY1305 = 0x2312
    CKD_MODP2048_256_ED25519_CHACHA20POLY1305 = 0x2412
    CKD_P256_ED25519_CHACHA20POLY1305 = 0x2512
    TGDH_FFDHE2048_ED25519_AES256GCM = 0x3111
    TGDH_FFDHE3072_ED25519_AES256GCM = 0x3211
    TGDH_FFDHE4096_ED25519_AES256GCM = 0x3311
    TGDH_MODP2048_256_ED25519_AES256GCM = 0x3411
    TGDH_P256_ED25519_AES256GCM = 0x3511
    TGDH_FFDHE2048_ED25519_CHACHA20POLY1305 = 0x3112
    TGDH_FFDHE3072_ED25519_CHACHA20POLY1305 = 0x3212
    TGDH_FFDHE4096_ED25519_CHACHA20POLY1305 = 0x3312
    TGDH_MODP2048_256_ED25519_CHACHA20POLY1305 = 0x3412
    TGDH_P256_ED25519_CHACHA20POLY1305 = 0x3512
    STR_FFDHE2048_ED25519_AES256GCM = 0x4111
    STR_FFDHE3072_ED25519_AES256GCM = 0x4211
    STR_FFDHE4096_ED25519_AES256GCM = 0x4311
    STR_MODP2048_256_ED25519_AES256GCM = 0x4411
    STR_P256_ED25519_AES256GCM = 0x4511
    STR_FFDHE2048_ED25519_CHACHA20POLY1305 = 0x4112
    STR_FFDHE3072_ED25519_CHACHA20POLY1305 = 0x4212
    STR_FFDHE4096_ED25519_CHACHA20POLY1305 = 0x4312
    STR_MODP2048_256_ED25519_CHACHA20POLY1305 = 0x4412
    STR_P256_ED25519_CHACHA20POLY1305 = 0x4512
    BD_FFDHE2048_ED25519_AES256GCM = 0x5111
    BD_FFDHE3072_ED25519_AES256GCM = 0x5211
    BD_FFDHE4096_ED25519_AES256GCM = 0x5311
    BD_MODP2048_256_ED25519_AES256GCM = 0x5411
    BD_P256_ED25519_AES256GCM = 0x5511
    BD_FFDHE2048_ED25519_CHACHA20POLY1305 = 0x5112
    BD_FFDHE3072_ED25519_CHACHA20POLY1305 = 0x5212
    BD_FFDHE4096_ED25519_CHACHA20POLY1305 = 0x5312
    BD_MODP2048_256_ED25519_CHACHA20POLY1305 = 0x5412
    BD_P256_ED25519_CHACHA20POLY1305 = 0x5512
    STANDARD = 0x1511


class Status(IntEnum):
    """What a fallible function answers: 0, or one of the negative numbers below, grouped by cause."""

    OK = 0

    # The call itself is wrong: mend the program.
    INVALID_ARGUMENT = -101  # a value outside what the function documents
    NULL_ARGUMENT = -102  # a pointer that must not be NULL is NULL
    BAD_HANDLE = -103  # no such handle: of another type, freed, or inherited by fork
    BAD_TEXT = -104  # text that is not UTF-8, is too long or holds a control character
    TOO_LARGE = -105  # larger than the documented bound
    BUFFER_TOO_SMALL = -106  # the needed size was written to the size argument
    BAD_STRUCT_SIZE = -107  # the size of a structure is none that it ever had
    WRONG_STATE = -108  # not possible now; the message says what is awaited
    UNSUPPORTED = -109  # known, but not part of this build
    BAD_URL = -110  # a transport URL that cannot be understood

    # Not now: wait, then call again.
    NO_EVENT = -201  # nothing has happened
    QUEUE_FULL = -202  # the send queue is full; call again after the descriptor was processed
    FLUSH_PENDING = -203  # a view change is under way: sending is over until the next view
    TIMED_OUT = -204  # the time given has passed
    INTERRUPTED = -205  # a _wake call ended the wait
    NO_KEY = -206  # there is no key to seal with yet, or a view change is under way
    EXHAUSTED = -207  # all record numbers of this key were used: change the key

    # Identities and trust.
    PASSPHRASE_REQUIRED = -301  # the private key is encrypted and no passphrase was given
    BAD_PASSPHRASE = -302  # the passphrase does not open the private key
    BAD_KEY_FILE = -303  # not an Ed25519 private key in PKCS#8 PEM
    BAD_TRUST_FILE = -304  # a line of the trust store cannot be read; the message names it
    NOT_FOUND = -305  # no such entry, member or file
    NOT_ADMITTED = -306  # the members do not accept this identity's key (yet)
    NAME_TAKEN = -307  # the name is held by a member with another key

    # Bytes from the network that were refused. Nothing changed.
    MALFORMED = -401  # not a message of this protocol
    UNSUPPORTED_VERSION = -402  # a protocol version that this build does not speak
    UNKNOWN_SUITE = -403  # a suite number that this build does not have, or another than ours
    BAD_SIGNATURE = -404  # the signature or authentication code is wrong
    WRONG_GROUP = -405  # made for another group
    WRONG_VIEW = -406  # made for another view
    WRONG_RUN = -407  # made for another run of the agreement
    WRONG_SENDER = -408  # not the member who may send this
    WRONG_DESTINATION = -409  # meant for another member
    REPLAYED = -410  # seen before
    OUT_OF_ORDER = -411  # messages of this sender are missing or were reordered
    WRONG_PHASE = -412  # not a message that is awaited now
    BAD_ELEMENT = -413  # a value outside the prime-order subgroup, or an identity element
    MEMBER_LIST = -414  # the message's member list is not the view's
    KEY_CONFIRMATION = -415  # the sender holds another key
    BAD_SEAL = -416  # an encrypted message was altered
    WRONG_ALGORITHM = -417  # somebody runs the other robust algorithm: all must choose the same
    UNKNOWN_EPOCH = -418  # sealed under keys that are not here yet, or no longer
    UNKNOWN_SENDER = -419  # of a member that is in no view here, or in the current one no more
    STALE = -420  # older than what is known: a view, or an answer to another request

    # The world outside.
    TRANSPORT_UNREACHABLE = -501  # nobody answers at the transport's address
    TRANSPORT_LOST = -502  # the connection to the transport is gone; join again
    TRANSPORT_REFUSED = -503  # the transport does not take this member; the message says why
    IO = -504  # the system refused; the message names errno
    NO_SPACE = -505  # the disk is full; nothing was changed
    PERMISSION = -506  # the system denies access
    FILE_EXISTS = -507  # there is a file already, and it is not overwritten
    ADDRESS_IN_USE = -508  # another hub listens there
    TRANSPORT_UNFIT = -509  # a transport breaks its contract; the message says how
    LIBRARY_MISSING = -510  # a library that the transport needs is not installed; which, is said

    # The end of a membership.
    LEFT = -601  # this member has left the group
    EXCLUDED = -602  # the others went on without this silent member; it joins again by itself
    REPLACED = -603  # the same identity joined again elsewhere
    AGREEMENT_FAILED = -604  # no key within the allowed restarts; this member joins again by itself

    # Faults inside.
    CRYPTOGRAPHY = -901  # libcrypto failed without a reason that input explains
    ENTROPY = -902  # the system gave no random bytes
    OUT_OF_MEMORY = -903  # a large buffer could not be allocated


class TokenKind(IntEnum):
    """How a token is to be sent."""

    UNICAST = 1  # to `destination`, in first-in-first-out order
    MULTICAST = 2  # to all participants, in first-in-first-out order
    MULTICAST_AGREED = 3  # to all participants and oneself, in the same total order at all


class Algorithm(IntEnum):
    """Which robust algorithm carries the key from view to view. Both give the same guarantees; all members of a group
    choose the same: somebody with the other one stays outside, and both sides get ERROR events with WRONG_ALGORITHM.
    """

    OPTIMIZED = 0  # continues from the last key where it can: a leave costs one message
    BASIC = 1  # simpler: every change costs a whole agreement, 2n messages for n members


class Service(IntEnum):
    """In which order a message is delivered (properties 9 to 12 of the paper); each includes those before it."""

    FIFO = 1  # after what its sender sent before
    CAUSAL = 2  # after everything its sender had delivered before it sent
    AGREED = 3  # in the same order at all members
    SAFE = 4  # agreed, and not before every member of the view has received it


class EventKind(IntEnum):
    """What happened."""

    FLUSH_REQUEST = 1  # the view is about to change; with manual_flush: conclave_group_flush
    TRANSITIONAL_SIGNAL = 2  # from here to the next view guarantees hold for the transitional set
    VIEW = 3  # a new secure view with a new key; see conclave_group_view
    MESSAGE = 4  # a message of a member, decrypted and verified
    LEFT = 5  # the membership is over; status says why; nothing follows
    ERROR = 6  # something was refused or is amiss, and the membership goes on


class Unit(IntEnum):
    """What a metric's value counts."""

    COUNT = 1
    BYTES = 2
    MILLISECONDS = 3  # although the name says seconds: the text has them, with three decimals


class LogLevel(IntEnum):
    """How much a log tells; each level includes those before it."""

    NONE = 0
    WARNING = 1  # what was refused or went amiss
    INFO = 2  # views, and what leads to them
    DEBUG = 3  # every step of flush and agreement


class TransportEventKind(IntEnum):
    """What a transport tells of one membership."""

    ATTACHED = 1  # the member has this connection; once, before all else
    CONFIGURATION = 2  # who is connected from this point of the order on
    MESSAGE = 3  # a message at its place in the order, own ones included
    ENDED = 4  # the last event, with why


class CertificateName(IntEnum):
    """For which name a certificate has to be. Patterns know `*` and `?`, which stand for no dot of a DNS name and no
    slash of a URI.
    """

    DNS = 1  # a DNS name fits the pattern
    URI = 2  # a URI fits
    COMMON = 3  # the subject's common name fits
    MEMBER = 4  # the name by which the member introduces itself is one of them
    ANY = 5  # any: the authority vouches for members of this cluster only


class AdmissionCause(IntEnum):
    """Why somebody is not admitted."""

    UNKNOWN_KEY = 1  # the public key is not in the trust store
    CERTIFICATE_UNTRUSTED = 2  # no certificate, or none that an anchor vouches for
    CERTIFICATE_EXPIRED = 3  # the certificate is not valid now
    CERTIFICATE_REVOKED = 4  # the certificate was revoked
    CERTIFICATE_WRONG_NAME = 5  # the certificate is for another name
    CERTIFICATE_UNFIT = 6  # unreadable, too weak, or not for the member's key
    WRONG_SECRET = 7  # the member does not hold the pre-shared secret
    PATTERN_MISMATCH = 8  # name or address fit no pattern
    HAS_LEFT = 9  # the member has left; it may come again as a new one
    OTHER = 255  # a reason that this build does not know


class Wrapping(IntEnum):
    """To what kind of key secrets are wrapped for a member."""

    X25519 = 1  # X25519, a new key at each start
    P256 = 2  # P-256, a new key at each start
    RSA = 3  # RSA-OAEP: the certificate's key if it is one, else a new key at each start


class KeysFrom(IntEnum):
    """Where the keys of a cluster come from; the same at all its members."""

    COORDINATOR = 0  # the first member of the host view makes them and wraps them for each
    STORE = 1  # every member has them in its key ring
    EXCHANGE = 2  # as FROM_COORDINATOR, but each member fetches them over TLS: KEY_WANTED


class Authenticity(IntEnum):
    """How receivers know who has sealed a message; the same at all members."""

    SIGNATURES = 1  # each record is signed: nobody but its sender can have made it
    SENDER_KEYS = 2  # a key a sender: nobody outside the view; a member that betrays could


class Cipher(IntEnum):
    """What seals the messages; the same at all members."""

    AES_256_GCM = 1  # the fastest where the processor helps
    CHACHA20_POLY1305 = 2  # the fastest where it does not


class Rekey(IntEnum):
    """Which changes get a fresh secret from the coordinator; a sum of these."""

    JOIN = 1  # without: who joins can open what it recorded before
    LEAVE = 2  # without: who has left can open what it records afterwards
    COORDINATOR_CHANGE = 4  # without: a former coordinator's secret stays in use
    MERGE = 8  # without: the secret of one component is given to the others


class EncryptEventKind(IntEnum):
    """What has happened in an encrypted cluster."""

    VIEW = 1  # a view was installed; see conclave_encrypt_view
    MESSAGE = 2  # a message was opened, at once or when its keys had come
    MEMBER_LEAVES = 3  # a member says, authenticated, that it leaves
    REFUSED = 4  # the coordinator does not let this member in; cause says why
    NOT_ADMITTED = 5  # this member does not admit another; cause says why
    DROPPED = 6  # records whose keys did not come in time were dropped
    ERROR = 7  # a record that had waited was refused; status says why
    KEY_WANTED = 8  # a view's key is to be fetched from `member`; conclave_key_fetch_new
