"""The script that makes clusters: whatever happens to it, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness import ROOT, Cluster

SCRIPT = str(ROOT / "scripts" / "cluster")
NAME = f"script-{os.getpid()}"
FOLDER = Path("/var/lib/conclave-cluster") / NAME


def script(*words: object) -> subprocess.CompletedProcess[str]:
    command = [SCRIPT, "--name", NAME, *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def namespaces() -> list[str]:
    return [path.name for path in Path("/run/netns").glob(f"conclave-{NAME}-*")]


def daemons() -> list[int]:
    return [int(path.read_text()) for path in FOLDER.glob("node-*/pid")]


def is_gone(pids: list[int]) -> bool:
    """Whether the processes have ended and their shared memory is removed."""
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            state = "X"
        left = [*Path("/dev/shm").glob(f"qb-{pid}-*"), *Path("/dev/shm").glob(f"qb-corosync-{pid}-*")]
        if state not in "XZ" or left:
            return False
    return True


@pytest.mark.parametrize("started", [0, 1, 2, 3])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_it_comes_up(started: int, number: signal.Signals) -> None:
    """With so many of the four daemons started, which is before it ends on a machine of any speed."""
    command = [SCRIPT, "--name", NAME, "up", "4"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not FOLDER.with_suffix(".lock").exists() or len(daemons()) < started:
        time.sleep(0.01)
    pids = daemons()
    process.send_signal(number)
    assert process.wait(30) == 130
    assert is_gone(pids)
    assert not namespaces()
    assert not FOLDER.exists()
    assert not FOLDER.with_suffix(".lock").exists()


def test_killed_while_it_comes_up() -> None:
    """What was made by half is removed by the next `up`, or by `down`, which may be given twice."""
    process = subprocess.Popen([SCRIPT, "--name", NAME, "up", "4"], stdout=subprocess.DEVNULL)
    while not daemons():
        time.sleep(0.01)
    process.kill()
    process.wait()
    halves = daemons()
    assert namespaces()
    assert script("down").returncode == 0
    assert is_gone(halves)
    assert script("down").returncode == 0
    assert not namespaces()
    assert not FOLDER.exists()


def test_side_by_side(nodes: Cluster) -> None:
    """Another cluster changes nothing for the first; a process on a node is the one started; quorum is told."""
    before = nodes.command("status")
    try:
        assert script("up", 3, "--quorum").returncode == 0
        assert script("up", 3).returncode == 0, "up again"
        assert script("up", 2).returncode == 1, "another size"
        pids = daemons()
        process = subprocess.Popen(
            [SCRIPT, "--name", NAME, "run", "2", "sh", "-c", "echo $$; exit 7"], stdout=subprocess.PIPE, text=True
        )
        assert process.communicate()[0] == f"{process.pid}\n"
        assert process.returncode == 7
        for wrong in (["1", "2"], ["1", "/", "2", "/"], ["1", "2", "3", "4"], ["1", "1", "/", "2", "3"]):
            assert script("partition", *wrong).returncode == 1, wrong
        assert script("partition", "1", "/", "2", "3").returncode == 0
        assert script("settle", 20).returncode == 0
        told = script("status").stdout
        assert "1 / 2 3\n" in told
        assert "sees 1, without quorum" in told
        assert told.count("sees 2 3, quorate") == 2
        assert script("kill", 2).returncode == 0
        assert "node 2  stopped" in script("status").stdout
        assert script("kill", 2).returncode == 0, "kill again"
        sleeper = subprocess.Popen([SCRIPT, "--name", NAME, "run", "3", "sleep", "1000"])
        time.sleep(0.3)
    finally:
        assert script("down").returncode == 0
    assert sleeper.wait(10) == -signal.SIGKILL
    assert is_gone(pids)
    assert not namespaces()
    assert nodes.command("status") == before
