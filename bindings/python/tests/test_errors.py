"""Every status of the header has exactly one class, and the classes fit Python's own."""

from __future__ import annotations

import pickle
import re

import pytest

import conclave
from conclave import _library, errors


def statuses(header: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"CONCLAVE_E_(\w+) = (-\d+)", header)}


def classes() -> list[type[conclave.ConclaveError]]:
    public = [getattr(conclave, name) for name in conclave.__all__]
    return [item for item in public if isinstance(item, type) and issubclass(item, conclave.ConclaveError)]


def test_every_status_has_exactly_one_class(header: str) -> None:
    named = [item for item in classes() if vars(item).get("_status") is not None]
    assert sorted(item.status for item in named) == sorted(statuses(header).values())
    for name, status in statuses(header).items():
        error = errors.error_for(status, "what happened")
        assert (error.status, error.name, error.message) == (status, name, "what happened")
        assert errors.error_class(status) in named
        assert str(error) == f"what happened [{name}]"


def test_families_follow_the_headers_causes(header: str) -> None:
    families: dict[int, type[Exception] | tuple[type[Exception], ...]] = {
        1: conclave.UsageError,
        2: conclave.RetryLater,
        3: conclave.IdentityError,
        4: conclave.ProtocolError,
        5: (conclave.TransportError, conclave.SystemFailure),
        6: conclave.MembershipOver,
        9: conclave.InternalFault,
    }
    for status in statuses(header).values():
        assert issubclass(errors.error_class(status), families[-status // 100]), status


def test_the_library_agrees_on_names_and_on_what_is_fatal(header: str) -> None:
    library = _library.library()
    for name, status in statuses(header).items():
        assert library.conclave_status_name(status).decode() == name
        assert errors.error_class(status).is_fatal == library.conclave_status_is_fatal(status), name


def test_an_unknown_status_is_the_root() -> None:
    error = errors.error_for(-999, "from the future")
    assert type(error) is conclave.ConclaveError
    assert (error.status, error.name) == (-999, "UNKNOWN")


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (conclave.InvalidArgument, ValueError),
        (conclave.TimedOut, TimeoutError),
        (conclave.TransportLost, ConnectionError),
        (conclave.FileExists, FileExistsError),
        (conclave.PermissionDenied, PermissionError),
        (conclave.NoSpace, OSError),
        (conclave.NotFound, LookupError),
        (conclave.NotFound, FileNotFoundError),
        (conclave.OutOfMemory, MemoryError),
    ],
)
def test_builtin_exceptions_catch_them(error: type[conclave.ConclaveError], builtin: type[Exception]) -> None:
    with pytest.raises(builtin, match="the message"):
        raise error("the message")


def test_all_are_exported() -> None:
    assert {item.__name__ for item in classes()} == set(errors.__all__)


def test_errors_survive_pickling() -> None:
    for item in classes():
        copy = pickle.loads(pickle.dumps(item("a message")))
        assert (type(copy), copy.message, copy.status, copy.name) == (item, "a message", item.status, item("").name)
