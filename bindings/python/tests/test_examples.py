"""What the README and the examples say is what happens."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import conclave
from conclave import Group, Hub, Identity, Message, Trust, View
from conclave._library import library

PACKAGE = Path(__file__).resolve().parents[1]
PATIENCE = 30.0


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="example-") as path:
        yield Path(path)


def environment() -> dict[str, str]:
    source = str(Path(conclave.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": source, "CONCLAVE_LIBRARY": library().path, "PYTHONWARNINGS": "error"}


def test_the_readme_runs(folder: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), flags=re.DOTALL)
    assert len(blocks) == 7
    finished = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert finished.returncode == 0, finished.stderr
    assert "anna b'hello'" in finished.stdout
    assert "bert b'hello from a task'" in finished.stdout
    assert "10.0.0.1:7800 b'bread'" in finished.stdout
    assert "BAD_PASSPHRASE" in finished.stdout


@pytest.mark.parametrize("example", ["chat.py", "chat_async.py"])
def test_an_example_converses(folder: Path, example: str) -> None:
    with Hub(folder / "hub") as hub, Identity.new("anna") as anna, Identity.new("bert") as bert, Trust() as trust:
        hub.start()
        trust.add(anna.public_key, "anna")
        trust.add(bert.public_key, "bert")
        trust.save(folder / "trusted")
        bert.save(folder / "bert.pem")
        with contextlib.ExitStack() as entered:
            group = entered.enter_context(Group.join(hub.url, "planning", anna, trust))
            assert isinstance(group.next(timeout=PATIENCE), View)
            child = entered.enter_context(member(folder, example))
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write("hello from bert\n")
            child.stdin.flush()
            hear_each_other(group)
            printed: list[str] = []
            while "anna: good day\n" not in printed:
                line = child.stdout.readline()
                assert line, f"{example} ended early and printed {printed}"
                printed.append(line)
            assert any(re.fullmatch(r"view \d+: (anna, bert|bert, anna); key [0-9a-f]{16}\n", line) for line in printed)
            child.stdin.close()  # the asyncio member leaves at the end of its input
            if example == "chat.py":
                child.terminate()
            while group.view is None or len(group.view.members) != 1:
                group.next(timeout=PATIENCE)
            assert [member.name for member in group.view.left] == ["bert"]
            assert child.wait(PATIENCE) == (-signal.SIGTERM if example == "chat.py" else 0)


@contextlib.contextmanager
def member(folder: Path, example: str) -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, str(PACKAGE / "examples" / example), "hub", "planning", "bert.pem", "trusted"]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, cwd=folder, env=environment(), stdin=pipe, stdout=pipe, text=True) as child:
        limit = threading.Timer(PATIENCE, child.kill)
        limit.start()
        try:
            yield child
        finally:
            limit.cancel()
            child.kill()


def hear_each_other(group: Group) -> None:
    """Greets bert once he has come, and waits until both have been heard."""
    heard: set[str] = set()
    while heard != {"anna", "bert"}:
        event = group.next(timeout=PATIENCE)
        if isinstance(event, View) and len(event.members) == 2:
            group.send(b"good day")
        elif isinstance(event, Message):
            heard.add(event.sender_name)
