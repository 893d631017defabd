"""What the tests share: the library of this tree, and keys and files to work with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import conclave

ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "build" / "release" / "lib" / "libconclave.so.0"


def pytest_configure(config: pytest.Config) -> None:
    """Loads the library of this tree, unless CONCLAVE_LIBRARY names another."""
    if "CONCLAVE_LIBRARY" not in os.environ and BUILT.exists():
        conclave.load(BUILT)
    config.addinivalue_line(
        "markers", "needs(function): the test waits for a function that the library has not got yet"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    exported = _exported_names()
    for marker in item.iter_markers("needs"):
        if marker.args[0] not in exported:
            pytest.skip(f"AWAITED: the library has no {marker.args[0]} yet")


_names: set[str] = set()


def _exported_names() -> set[str]:
    if not _names:
        path = os.environ.get("CONCLAVE_LIBRARY", str(BUILT))
        listing = subprocess.run(["nm", "-D", "--defined-only", path], check=True, capture_output=True, text=True)
        _names.update(line.split()[-1].split("@")[0] for line in listing.stdout.splitlines())
    return _names


@pytest.fixture
def header() -> str:
    """The text of conclave.h."""
    return (ROOT / "include" / "conclave.h").read_text()
