"""The C interface in ctypes: constants, structures and a prototype for every function.

It mirrors ``conclave.h`` and holds no logic. ``tests/test_header.py`` reads the header and compares everything here
with it, so an edit there that is not repeated here fails.

Two conventions keep the callers short. Byte strings that go in are ``c_char_p``, which takes ``bytes`` or ``None``
without a copy; buffers that are written to are ``c_void_p``, which takes any ctypes array. Handles are ``c_void_p``.
"""

from __future__ import annotations

import ctypes
from ctypes import (
    POINTER,
    c_bool,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from enum import IntEnum
from typing import Any

ABI_DATE = 20261121
PUBLIC_KEY_SIZE = 32
FINGERPRINT_SIZE = 32
NAME_MAX = 64
GROUP_NAME_MAX = 128
MESSAGE_MAX = 16777216


class Status(IntEnum):
    """What a function of the library answers."""

    OK = 0
    INVALID_ARGUMENT = -101
    NULL_ARGUMENT = -102
    BAD_HANDLE = -103
    BAD_TEXT = -104
    TOO_LARGE = -105
    BUFFER_TOO_SMALL = -106
    BAD_STRUCT_SIZE = -107
    WRONG_STATE = -108
    UNSUPPORTED = -109
    BAD_URL = -110
    NO_EVENT = -201
    QUEUE_FULL = -202
    FLUSH_PENDING = -203
    TIMED_OUT = -204
    INTERRUPTED = -205
    PASSPHRASE_REQUIRED = -301
    BAD_PASSPHRASE = -302
    BAD_KEY_FILE = -303
    BAD_TRUST_FILE = -304
    NOT_FOUND = -305
    NOT_ADMITTED = -306
    NAME_TAKEN = -307
    MALFORMED = -401
    UNSUPPORTED_VERSION = -402
    UNKNOWN_SUITE = -403
    BAD_SIGNATURE = -404
    WRONG_GROUP = -405
    WRONG_VIEW = -406
    WRONG_RUN = -407
    WRONG_SENDER = -408
    WRONG_DESTINATION = -409
    REPLAYED = -410
    OUT_OF_ORDER = -411
    WRONG_PHASE = -412
    BAD_ELEMENT = -413
    MEMBER_LIST = -414
    KEY_CONFIRMATION = -415
    BAD_SEAL = -416
    WRONG_ALGORITHM = -417
    TRANSPORT_UNREACHABLE = -501
    TRANSPORT_LOST = -502
    TRANSPORT_REFUSED = -503
    IO = -504
    NO_SPACE = -505
    PERMISSION = -506
    FILE_EXISTS = -507
    ADDRESS_IN_USE = -508
    LEFT = -601
    EXCLUDED = -602
    REPLACED = -603
    AGREEMENT_FAILED = -604
    CRYPTOGRAPHY = -901
    ENTROPY = -902
    OUT_OF_MEMORY = -903


class Suite(IntEnum):
    """What two members must have in common: key agreement, group of numbers, signature, cipher and hash."""

    GDH_FFDHE2048_ED25519_AES256GCM = 0x1111
    GDH_FFDHE3072_ED25519_AES256GCM = 0x1211
    GDH_FFDHE4096_ED25519_AES256GCM = 0x1311
    GDH_MODP2048_256_ED25519_AES256GCM = 0x1411
    GDH_FFDHE2048_ED25519_CHACHA20POLY1305 = 0x1112
    GDH_FFDHE3072_ED25519_CHACHA20POLY1305 = 0x1212
    GDH_FFDHE4096_ED25519_CHACHA20POLY1305 = 0x1312
    GDH_MODP2048_256_ED25519_CHACHA20POLY1305 = 0x1412
    STANDARD = 0x1211


class Algorithm(IntEnum):
    """Which robust algorithm carries the key from view to view; all members of a group choose the same."""

    OPTIMIZED = 0
    BASIC = 1


class TokenKind(IntEnum):
    """How a token of a key agreement is to be sent."""

    UNICAST = 1
    MULTICAST = 2
    MULTICAST_AGREED = 3


class Service(IntEnum):
    """In which order a message is delivered; each service includes those before it."""

    FIFO = 1
    CAUSAL = 2
    AGREED = 3
    SAFE = 4


class EventKind(IntEnum):
    FLUSH_REQUEST = 1
    TRANSITIONAL_SIGNAL = 2
    VIEW = 3
    MESSAGE = 4
    LEFT = 5
    ERROR = 6


class Participant(ctypes.Structure):
    _fields_ = (("id", c_uint64), ("public_key", c_uint8 * PUBLIC_KEY_SIZE))


class Membership(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("group", c_char_p),
        ("view", c_uint8 * 32),
        ("run", c_uint8 * 32),
        ("participants", POINTER(Participant)),
        ("participant_count", c_size_t),
        ("continuing_count", c_size_t),
    )


class Token(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("kind", c_uint32),
        ("destination", c_uint64),
        ("bytes", c_void_p),
        ("byte_count", c_size_t),
    )


class Counters(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("exponentiations", c_uint64),
        ("signatures", c_uint64),
        ("verifications", c_uint64),
        ("unicasts", c_uint64),
        ("multicasts", c_uint64),
        ("membership_checks", c_uint64),
        ("inversions", c_uint64),
    )


class GroupOptions(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("suite", c_uint16),
        ("manual_flush", c_bool),
        ("flush_timeout_ms", c_uint32),
        ("agreement_timeout_ms", c_uint32),
        ("restart_limit", c_uint32),
        ("admission_timeout_ms", c_uint32),
        ("send_queue_bytes", c_size_t),
        ("event_queue_bytes", c_size_t),
        ("algorithm", c_uint32),
    )


class Event(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("kind", c_uint32),
        ("service", c_uint32),
        ("sender", c_uint64),
        ("sender_name", c_char_p),
        ("data", c_void_p),
        ("data_size", c_size_t),
        ("view_counter", c_uint64),
        ("is_private", c_bool),
        ("status", c_int32),
        ("message", c_char_p),
    )


class View(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("counter", c_uint64),
        ("id", c_uint8 * 32),
        ("key_fingerprint", c_uint8 * FINGERPRINT_SIZE),
        ("member_count", c_size_t),
        ("left_count", c_size_t),
        ("self", c_uint64),
    )


class Member(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("id", c_uint64),
        ("name", c_char_p),
        ("public_key", c_uint8 * PUBLIC_KEY_SIZE),
        ("is_self", c_bool),
        ("is_transitional", c_bool),
        ("has_joined", c_bool),
    )


class HubOptions(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("client_limit", c_uint32),
        ("group_limit", c_uint32),
        ("queue_bytes", c_size_t),
        ("stuck_timeout_ms", c_uint32),
    )


class HubCounters(ctypes.Structure):
    _fields_ = (
        ("size", c_size_t),
        ("clients", c_uint64),
        ("groups", c_uint64),
        ("messages", c_uint64),
        ("message_bytes", c_uint64),
        ("dropped_clients", c_uint64),
    )


_status = c_int32
_suite = c_uint16
_handle = c_void_p
_new_handle = POINTER(c_void_p)
_error = POINTER(c_void_p)
_input = c_char_p
_output = c_void_p

#: Every function of the header: name, result, arguments.
PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    # version and status
    "conclave_version": (c_char_p, ()),
    "conclave_abi_date": (c_uint32, ()),
    "conclave_supports_feature": (c_bool, (c_char_p,)),
    "conclave_status_text": (c_char_p, (_status,)),
    "conclave_status_name": (c_char_p, (_status,)),
    "conclave_status_is_fatal": (c_bool, (_status,)),
    "conclave_error_status": (_status, (_handle,)),
    "conclave_error_message": (c_char_p, (_handle,)),
    "conclave_error_free": (None, (_handle,)),
    # identities and trust
    "conclave_identity_new": (_status, (c_char_p, _new_handle, _error)),
    "conclave_identity_load": (_status, (c_char_p, _input, c_size_t, _new_handle, _error)),
    "conclave_identity_from_pem": (_status, (_input, c_size_t, _input, c_size_t, _new_handle, _error)),
    "conclave_identity_save": (_status, (_handle, c_char_p, _input, c_size_t, _error)),
    "conclave_identity_to_pem": (_status, (_handle, _input, c_size_t, _output, POINTER(c_size_t))),
    "conclave_identity_name": (c_char_p, (_handle,)),
    "conclave_identity_public_key": (_status, (_handle, _output)),
    "conclave_identity_free": (None, (_handle,)),
    "conclave_fingerprint": (_status, (_input, _output)),
    "conclave_trust_new": (_status, (_new_handle, _error)),
    "conclave_trust_load": (_status, (c_char_p, _new_handle, _error)),
    "conclave_trust_save": (_status, (_handle, c_char_p, _error)),
    "conclave_trust_add": (_status, (_handle, _input, c_char_p)),
    "conclave_trust_remove": (_status, (_handle, _input)),
    "conclave_trust_contains": (_status, (_handle, _input)),
    "conclave_trust_count": (c_size_t, (_handle,)),
    "conclave_trust_get": (_status, (_handle, c_size_t, _output, POINTER(c_char_p))),
    "conclave_trust_free": (None, (_handle,)),
    # suites
    "conclave_suite_name": (c_char_p, (_suite,)),
    # key agreement
    "conclave_membership_init": (_status, (POINTER(Membership), c_size_t)),
    "conclave_agreement_new": (_status, (_suite, _handle, c_uint64, _new_handle, _error)),
    "conclave_agreement_begin": (_status, (_handle, POINTER(Membership))),
    "conclave_agreement_receive": (_status, (_handle, c_uint64, _input, c_size_t)),
    "conclave_agreement_next_token": (_status, (_handle, POINTER(Token))),
    "conclave_agreement_is_complete": (c_bool, (_handle,)),
    "conclave_agreement_export": (_status, (_handle, c_char_p, _input, c_size_t, _output, c_size_t)),
    "conclave_agreement_fingerprint": (_status, (_handle, _output)),
    "conclave_agreement_counters": (_status, (_handle, POINTER(Counters))),
    "conclave_agreement_message": (c_char_p, (_handle,)),
    "conclave_agreement_free": (None, (_handle,)),
    # secure groups
    "conclave_group_options_init": (_status, (POINTER(GroupOptions), c_size_t)),
    "conclave_group_join": (
        _status,
        (c_char_p, c_char_p, _handle, _handle, POINTER(GroupOptions), _new_handle, _error),
    ),
    "conclave_group_descriptor": (_status, (_handle, POINTER(c_int))),
    "conclave_group_deadline": (_status, (_handle, POINTER(c_int64))),
    "conclave_group_process": (_status, (_handle,)),
    "conclave_group_next_event": (_status, (_handle, POINTER(Event))),
    "conclave_group_wait_event": (_status, (_handle, c_int64, POINTER(Event))),
    "conclave_group_wake": (_status, (_handle,)),
    "conclave_group_send": (_status, (_handle, c_uint32, _input, c_size_t)),
    "conclave_group_send_to": (_status, (_handle, c_uint64, _input, c_size_t)),
    "conclave_group_flush": (_status, (_handle,)),
    "conclave_group_refresh": (_status, (_handle,)),
    "conclave_group_set_trust": (_status, (_handle, _handle)),
    "conclave_group_leave": (_status, (_handle,)),
    "conclave_group_view": (_status, (_handle, POINTER(View))),
    "conclave_group_member": (_status, (_handle, c_size_t, POINTER(Member))),
    "conclave_group_left_member": (_status, (_handle, c_size_t, POINTER(Member))),
    "conclave_group_waiting_for": (_status, (_handle, c_size_t, POINTER(Member))),
    "conclave_group_export": (_status, (_handle, c_char_p, _input, c_size_t, _output, c_size_t)),
    "conclave_group_counters": (_status, (_handle, POINTER(Counters))),
    "conclave_group_message": (c_char_p, (_handle,)),
    "conclave_group_free": (None, (_handle,)),
    # local hub
    "conclave_hub_options_init": (_status, (POINTER(HubOptions), c_size_t)),
    "conclave_hub_new": (_status, (c_char_p, POINTER(HubOptions), _new_handle, _error)),
    "conclave_hub_descriptor": (_status, (_handle, POINTER(c_int))),
    "conclave_hub_deadline": (_status, (_handle, POINTER(c_int64))),
    "conclave_hub_process": (_status, (_handle,)),
    "conclave_hub_run": (_status, (_handle,)),
    "conclave_hub_wake": (_status, (_handle,)),
    "conclave_hub_counters_read": (_status, (_handle, POINTER(HubCounters))),
    "conclave_hub_free": (None, (_handle,)),
}
