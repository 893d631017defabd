"""Copies what the library lends about a group: events, views, members, metrics."""

from __future__ import annotations

import ctypes
import itertools
import re
from collections.abc import Iterator
from ctypes import byref, sizeof
from typing import Callable

from . import _abi
from ._abi import EventKind, Service, Status
from ._library import decoded, failure_for, library
from .errors import ConclaveError, NotFound
from .events import ErrorEvent, Event, FlushRequest, Left, Member, Message, TransitionalSignal, View
from .metrics import Metric, Unit


def check_group(pointer: int, status: int) -> None:
    failure = group_failure(pointer, status)
    if failure is not None:
        raise failure


def group_failure(pointer: int, status: int) -> ConclaveError | None:
    """The exception of a status, read before the next call replaces its message."""
    if status == Status.OK:
        return None
    return failure_for(status, decoded(library().conclave_group_message(pointer)))


def _service(number: int) -> Service | int:
    try:
        return Service(number)
    except ValueError:  # of a library that is newer than this package
        return number


def read_event(pointer: int, raw: _abi.Event) -> Event | None:
    """The event of a C structure, with copies of all that it borrows; None for a kind that is not known here."""
    kind, counter = raw.kind, raw.view_counter
    if kind == EventKind.MESSAGE:
        data = ctypes.string_at(raw.data, raw.data_size) if raw.data_size else b""
        sender_name = decoded(raw.sender_name)
        return Message(data, raw.sender, sender_name, _service(raw.service), raw.is_private, counter)
    if kind == EventKind.VIEW:
        return read_view(pointer)
    if kind == EventKind.FLUSH_REQUEST:
        return FlushRequest(counter)
    if kind == EventKind.TRANSITIONAL_SIGNAL:
        return TransitionalSignal(counter)
    if kind == EventKind.LEFT:
        # Who left of its own accord may be told so without an error.
        return Left(failure_for(raw.status or Status.LEFT, decoded(raw.message)), counter)
    if kind == EventKind.ERROR:
        error = failure_for(raw.status, decoded(raw.message))
        return ErrorEvent(error, raw.sender, decoded(raw.sender_name), counter)
    return None


def read_view(pointer: int) -> View:
    raw = _abi.View(size=sizeof(_abi.View))
    check_group(pointer, library().conclave_group_view(pointer, byref(raw)))
    members = library().conclave_group_member
    left = library().conclave_group_left_member
    return View(
        counter=raw.counter,
        id=bytes(raw.id),
        key_fingerprint=bytes(raw.key_fingerprint),
        members=tuple(_read_member(pointer, members, index) for index in range(raw.member_count)),
        left=tuple(_read_member(pointer, left, index) for index in range(raw.left_count)),
        self_id=raw.self,
    )


def read_waiting(pointer: int) -> Iterator[Member]:
    for index in itertools.count():
        try:
            yield _read_member(pointer, library().conclave_group_waiting_for, index)
        except NotFound:
            return


def _read_member(pointer: int, function: Callable[..., int], index: int) -> Member:
    raw = _abi.Member(size=sizeof(_abi.Member))
    check_group(pointer, function(pointer, index, byref(raw)))
    return Member(
        id=raw.id,
        name=decoded(raw.name),
        public_key=bytes(raw.public_key),
        is_self=raw.is_self,
        is_transitional=raw.is_transitional,
        has_joined=raw.has_joined,
    )


def read_metrics(pointer: int) -> Iterator[Metric]:
    """The numbers of one reading."""
    for index in itertools.count():
        raw = _abi.Metric(size=sizeof(_abi.Metric))
        try:
            check_group(pointer, library().conclave_group_metric(pointer, index, byref(raw)))
        except NotFound:
            return
        labels = dict(re.findall(r'(\w+)="([^"]*)"', decoded(raw.labels)))
        yield Metric(decoded(raw.name), raw.value, labels, decoded(raw.help), raw.is_counter, _unit(raw.unit))


def _unit(number: int) -> Unit | int:
    try:
        return Unit(number)
    except ValueError:  # of a library that is newer than this package
        return number
