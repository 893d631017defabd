"""What the tests share: the library of this tree, and keys and files to work with."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import conclave

from .room import Room

ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "build" / "release" / "lib" / "libconclave.so.0"


def pytest_configure(config: pytest.Config) -> None:
    """Loads the library of this tree, unless CONCLAVE_LIBRARY names another."""
    if "CONCLAVE_LIBRARY" not in os.environ and BUILT.exists():
        conclave.load(BUILT)


@pytest.fixture
def header() -> str:
    """The text of conclave.h."""
    return (ROOT / "include" / "conclave.h").read_text()


@pytest.fixture
def room() -> Iterator[Room]:
    with tempfile.TemporaryDirectory(prefix="room-") as folder:
        opened = Room(Path(folder))
        try:
            yield opened
        finally:
            opened.close()
