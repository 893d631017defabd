"""Structures and callbacks of the C interface. Written by scripts/generate from conclave.h; do not edit."""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char_p,
    c_int,
    c_int32,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

from .constants import FINGERPRINT_SIZE, PUBLIC_KEY_SIZE


class Participant(Structure):
    """One participant of a run."""

    _fields_ = (
        ("id", c_uint64),
        ("public_key", c_uint8 * PUBLIC_KEY_SIZE),
    )


class Membership(Structure):
    """A membership to agree on. Zero it, set `size`, fill in the rest."""

    _fields_ = (
        ("size", c_size_t),
        ("group", c_char_p),
        ("view", c_uint8 * 32),
        ("run", c_uint8 * 32),
        ("participants", POINTER(Participant)),
        ("participant_count", c_size_t),
        ("continuing_count", c_size_t),
    )


class Token(Structure):
    """A token to send."""

    _fields_ = (
        ("size", c_size_t),
        ("kind", c_uint32),
        ("destination", c_uint64),
        ("bytes", c_void_p),
        ("byte_count", c_size_t),
    )


class Counters(Structure):
    """What an agreement has done since it was made."""

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


class GroupOptions(Structure):
    """How a group behaves. Begin with CONCLAVE_GROUP_OPTIONS_INIT or conclave_group_options_init."""

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


class Event(Structure):
    """An event. Borrowed members stay as they are until the next event is fetched from this group or it is freed."""

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


class View(Structure):
    """A secure view."""

    _fields_ = (
        ("size", c_size_t),
        ("counter", c_uint64),
        ("id", c_uint8 * 32),
        ("key_fingerprint", c_uint8 * FINGERPRINT_SIZE),
        ("member_count", c_size_t),
        ("left_count", c_size_t),
        ("self", c_uint64),
    )


class Member(Structure):
    """A member of a view."""

    _fields_ = (
        ("size", c_size_t),
        ("id", c_uint64),
        ("name", c_char_p),
        ("public_key", c_uint8 * PUBLIC_KEY_SIZE),
        ("is_self", c_bool),
        ("is_transitional", c_bool),
        ("has_joined", c_bool),
    )


class Metric(Structure):
    """One number that a group keeps about itself. docs/metrics.md lists all of them."""

    _fields_ = (
        ("size", c_size_t),
        ("name", c_char_p),
        ("labels", c_char_p),
        ("help", c_char_p),
        ("is_counter", c_bool),
        ("unit", c_uint32),
        ("value", c_uint64),
    )


LogCallback = CFUNCTYPE(None, c_void_p, c_uint32, c_char_p)


class TransportEvent(Structure):
    """One such event. The engine fills it; what it points to has to stay until the engine is next called for this
    member.
    """

    _fields_ = (
        ("size", c_size_t),
        ("kind", c_uint32),
        ("status", c_int32),
        ("connection", c_uint64),
        ("configuration", c_uint64),
        ("members", POINTER(c_uint64)),
        ("member_count", c_size_t),
        ("transitional", POINTER(c_uint64)),
        ("transitional_count", c_size_t),
        ("data", c_void_p),
        ("data_size", c_size_t),
    )


TransportJoinFn = CFUNCTYPE(c_int32, c_void_p, c_char_p, POINTER(c_void_p))
TransportMulticastFn = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t)
TransportUnicastFn = CFUNCTYPE(c_int32, c_void_p, c_uint64, c_void_p, c_size_t)
TransportEventFn = CFUNCTYPE(c_int32, c_void_p, POINTER(TransportEvent))
TransportDescriptorFn = CFUNCTYPE(c_int32, c_void_p, POINTER(c_int))
TransportLeaveFn = CFUNCTYPE(c_int32, c_void_p)
TransportReleaseFn = CFUNCTYPE(None, c_void_p)


class Transport(Structure):
    """An engine. The structure is copied; `user_data` and the functions must stay as long as there are groups that use
    it. A function that is NULL is refused with NULL_ARGUMENT, except `unicast`.
    """

    _fields_ = (
        ("size", c_size_t),
        ("user_data", c_void_p),
        ("payload_limit", c_size_t),
        ("join", TransportJoinFn),
        ("multicast", TransportMulticastFn),
        ("unicast", TransportUnicastFn),
        ("next_event", TransportEventFn),
        ("descriptor", TransportDescriptorFn),
        ("leave", TransportLeaveFn),
        ("release", TransportReleaseFn),
    )


class TransportCheckOptions(Structure):
    """How a transport is tried out. Begin with CONCLAVE_TRANSPORT_CHECK_OPTIONS_INIT or the _init function. All that
    all members are told is recorded: member_count * member_count * message_count may be 2,000,000.
    """

    _fields_ = (
        ("size", c_size_t),
        ("member_count", c_uint32),
        ("message_count", c_uint32),
        ("step_timeout_ms", c_uint32),
    )


TransportReportFn = CFUNCTYPE(None, c_void_p, c_char_p, c_bool, c_char_p)


class HubOptions(Structure):
    """A hub's bounds. Begin with CONCLAVE_HUB_OPTIONS_INIT or conclave_hub_options_init."""

    _fields_ = (
        ("size", c_size_t),
        ("client_limit", c_uint32),
        ("group_limit", c_uint32),
        ("queue_bytes", c_size_t),
        ("stuck_timeout_ms", c_uint32),
    )


class HubCounters(Structure):
    """What a hub has seen."""

    _fields_ = (
        ("size", c_size_t),
        ("clients", c_uint64),
        ("groups", c_uint64),
        ("messages", c_uint64),
        ("message_bytes", c_uint64),
        ("dropped_clients", c_uint64),
    )


class Bytes(Structure):
    """Bytes that stay the caller's, or are borrowed as the function says."""

    _fields_ = (
        ("bytes", c_void_p),
        ("size", c_size_t),
    )


class EncryptOptions(Structure):
    """How a cluster is encrypted. Begin with CONCLAVE_ENCRYPT_OPTIONS_INIT or the _init function."""

    _fields_ = (
        ("size", c_size_t),
        ("keys_from", c_uint32),
        ("authenticity", c_uint32),
        ("cipher", c_uint32),
        ("rekey", c_uint32),
        ("replay_window", c_uint32),
        ("epochs_kept", c_uint32),
        ("epoch_lifetime_ms", c_uint32),
        ("gather_ms", c_uint32),
        ("ask_after_ms", c_uint32),
        ("repeat_after_ms", c_uint32),
        ("part_size", c_size_t),
        ("whole_message", c_bool),
        ("seals_while_members_leave", c_bool),
    )


class ClusterMember(Structure):
    """A member of an encrypted view."""

    _fields_ = (
        ("size", c_size_t),
        ("address", c_void_p),
        ("address_size", c_size_t),
        ("name", c_char_p),
        ("public_key", c_uint8 * PUBLIC_KEY_SIZE),
        ("introduction", c_uint8 * 32),
        ("is_self", c_bool),
        ("is_coordinator", c_bool),
    )


class ClusterView(Structure):
    """An encrypted view: who shares the keys."""

    _fields_ = (
        ("size", c_size_t),
        ("counter", c_uint64),
        ("epoch", c_uint8 * 16),
        ("member_count", c_size_t),
        ("coordinator", c_size_t),
        ("self", c_size_t),
    )


class EncryptOutput(Structure):
    """What the program is to send; it may be lost, doubled, delayed and overtaken on its way."""

    _fields_ = (
        ("size", c_size_t),
        ("to_everyone", c_bool),
        ("address", c_void_p),
        ("address_size", c_size_t),
        ("bytes", c_void_p),
        ("byte_count", c_size_t),
    )


class EncryptEvent(Structure):
    """Such an event. Everything it points to is borrowed until the next call on this context."""

    _fields_ = (
        ("size", c_size_t),
        ("kind", c_uint32),
        ("status", c_int32),
        ("cause", c_uint32),
        ("member", POINTER(ClusterMember)),
        ("data", c_void_p),
        ("data_size", c_size_t),
        ("headers", c_void_p),
        ("headers_size", c_size_t),
        ("view_counter", c_uint64),
        ("count", c_uint64),
    )


class Opened(Structure):
    """A record that conclave_encrypt_open opened."""

    _fields_ = (
        ("size", c_size_t),
        ("sender", POINTER(ClusterMember)),
        ("view_counter", c_uint64),
        ("number", c_uint64),
        ("is_current", c_bool),
        ("headers", c_void_p),
        ("headers_size", c_size_t),
        ("messages", POINTER(Bytes)),
        ("message_count", c_size_t),
    )


class EncryptCounters(Structure):
    """What a context has done so far."""

    _fields_ = (
        ("size", c_size_t),
        ("sealed_records", c_uint64),
        ("sealed_messages", c_uint64),
        ("opened_records", c_uint64),
        ("opened_messages", c_uint64),
        ("opened_earlier", c_uint64),
        ("refused_malformed", c_uint64),
        ("refused_unknown_epoch", c_uint64),
        ("refused_unknown_sender", c_uint64),
        ("refused_bad_seal", c_uint64),
        ("refused_bad_signature", c_uint64),
        ("refused_replayed", c_uint64),
        ("forgotten_epochs", c_uint64),
        ("refused", c_uint64),
    )


#: By the names that they have in C.
STRUCTURES: dict[str, type[Structure]] = {
    "conclave_participant": Participant,
    "conclave_membership": Membership,
    "conclave_token": Token,
    "conclave_counters": Counters,
    "conclave_group_options": GroupOptions,
    "conclave_event": Event,
    "conclave_view": View,
    "conclave_member": Member,
    "conclave_metric": Metric,
    "conclave_transport_event": TransportEvent,
    "conclave_transport": Transport,
    "conclave_transport_check_options": TransportCheckOptions,
    "conclave_hub_options": HubOptions,
    "conclave_hub_counters": HubCounters,
    "conclave_bytes": Bytes,
    "conclave_encrypt_options": EncryptOptions,
    "conclave_cluster_member": ClusterMember,
    "conclave_cluster_view": ClusterView,
    "conclave_encrypt_output": EncryptOutput,
    "conclave_encrypt_event": EncryptEvent,
    "conclave_opened": Opened,
    "conclave_encrypt_counters": EncryptCounters,
}
CALLBACKS: dict[str, Any] = {
    "conclave_log_callback": LogCallback,
    "conclave_transport_join_fn": TransportJoinFn,
    "conclave_transport_multicast_fn": TransportMulticastFn,
    "conclave_transport_unicast_fn": TransportUnicastFn,
    "conclave_transport_event_fn": TransportEventFn,
    "conclave_transport_descriptor_fn": TransportDescriptorFn,
    "conclave_transport_leave_fn": TransportLeaveFn,
    "conclave_transport_release_fn": TransportReleaseFn,
    "conclave_transport_report_fn": TransportReportFn,
}
