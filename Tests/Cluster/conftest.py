"""The cluster of five nodes that all tests share; each begins with all daemons up and nobody cut off."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from harness import PEOPLE, URL, Cluster, Group, environment, make_people


@pytest.fixture(scope="session")
def nodes() -> Iterator[Cluster]:
    cluster = Cluster()
    try:
        make_people()
        cluster.up(5)
        yield cluster
    finally:
        cluster.command("down")
        shutil.rmtree(PEOPLE, ignore_errors=True)


@pytest.fixture(scope="session")
def transport(nodes: Cluster) -> None:
    """The library has to know the transport; without this, each test would fail in its own words."""
    program = "import conclave, sys; conclave.Group.join(sys.argv[1], 'probe', conclave.Identity.new('probe'))"
    done = subprocess.run(
        nodes.run(1, sys.executable, "-c", program, URL),
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
    )
    if "BadUrl" in done.stderr:
        pytest.fail(f"the library does not know {URL}")


@pytest.fixture
def cluster(nodes: Cluster, transport: None) -> Cluster:
    nodes.restore()
    return nodes


@pytest.fixture
def group(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Group]:
    """A group of its own for each test."""
    made = Group(cluster, request.node.name.replace("[", "-").replace("]", "").replace("_", "-"))
    try:
        yield made
    finally:
        if made.folder.exists():
            made.record()
        made.close()
