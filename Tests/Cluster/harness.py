"""A cluster with members on its nodes, and what a test asks of them."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recording import Recording

ROOT = Path(__file__).resolve().parents[2]
PREFIX = Path(os.environ.get("CONCLAVE_PREFIX", ROOT / "build" / "prefix"))
URL = os.environ.get("CONCLAVE_CLUSTER_URL", "corosync:")
KEPT = ROOT / "build" / "cluster"
#: The judge, which scripts/simulate builds.
SIMULATE = ROOT / "build" / "simulation" / "release" / "simulate"
LANGUAGES = ("c", "python", "go")
#: Everybody that the tests know; all of them trust each other.
NAMES = [
    *("anna", "bert", "carl", "dora", "emil", "fred", "gina", "hugo", "inge", "jana", "karl", "lena"),
    *("moni", "nils", "olga", "paul", "rosa", "sven", "tina", "ulla", "vera", "will", "xena", "yuri"),
]
PEOPLE = KEPT / "people"
TRUSTED = PEOPLE / "trusted"


def await_that(condition: Callable[[], bool], limit: float, what: Callable[[], str]) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"waited {limit:g} s in vain: {what()}"
        time.sleep(0.02)


@dataclass(frozen=True)
class View:
    """A secure view, as a member reported it."""

    counter: int
    fingerprint: str
    names: tuple[str, ...]
    #: By the harness's own clock.
    arrival: float


class Cluster:
    """The nodes, through scripts/cluster."""

    def __init__(self) -> None:
        self.size = 0

    def command(self, *words: object, limit: float = 60) -> str:
        arguments = [str(ROOT / "scripts" / "cluster"), *(str(word) for word in words)]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"cluster {' '.join(arguments[1:])}: {done.stderr}"
        return done.stdout

    def up(self, size: int) -> None:
        self.command("up", size)
        self.size = size

    def partition(self, *components: Sequence[int]) -> None:
        self.command("partition", *" / ".join(" ".join(map(str, component)) for component in components).split())

    def heal(self) -> None:
        self.command("heal")

    def restore(self) -> None:
        """Makes everything as it was when the cluster came up."""
        self.heal()
        everybody = range(1, self.size + 1)
        self.command("start", *everybody)
        self.command("resume", *everybody)
        self.command("settle", 30)

    def run(self, node: int, *command: str) -> list[str]:
        """The arguments with which a command runs on a node, in the process that is started so."""
        return [str(ROOT / "scripts" / "cluster"), "run", str(node), *command]


def environment() -> dict[str, str]:
    """What members need to find the library."""
    libraries = str(next(PREFIX.rglob("libconclave.so.0")).parent)
    return {
        **os.environ,
        "LD_LIBRARY_PATH": libraries,
        "PYTHONPATH": str(ROOT / "bindings" / "python" / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SWIFT_BACKTRACE": "enable=no",
    }


def conclave(*words: object) -> None:
    command = [str(PREFIX / "bin" / "conclave"), *(str(word) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment())
    assert done.returncode == 0, f"{command}: {done.stderr}"


def make_people() -> None:
    """Identities for all names, and one trust store with all of them."""
    shutil.rmtree(PEOPLE, ignore_errors=True)
    PEOPLE.mkdir(parents=True)
    for name in NAMES:
        conclave("identity", "new", name, "--out", PEOPLE / f"{name}.pem")
        conclave("trust", "add", "--store", TRUSTED, PEOPLE / f"{name}.pem")


class Member:
    """A process on a node that is a member, or wants to be."""

    def __init__(self, group: Group, name: str, node: int, language: str) -> None:
        self.name, self.node, self.language = name, node, language
        self.recording = Recording(name, group.name)
        self.views: list[View] = []
        self.lines: list[str] = []
        self.delivered = 0
        self.sent = 0
        self.end: str | None = None
        program = {
            "c": [str(PREFIX / "bin" / "cluster-member-c")],
            "python": ["python3", str(Path(__file__).parent / "members" / "member.py")],
            "go": [str(PREFIX / "bin" / "cluster-member-go")],
        }[language]
        arguments = [URL, group.name, str(PEOPLE / f"{name}.pem"), str(TRUSTED)]
        self.process = subprocess.Popen(
            group.cluster.run(node, *program, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(group.folder / f"{name}.log").open("ab"),
            text=True,
            bufsize=1,
            env=environment(),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if not line.endswith("\n"):
                break
            self._take(line[:-1])

    def _take(self, line: str) -> None:
        words = line.split(" ")
        if words[1] == "view":
            names = tuple(word.split(",")[1] for word in words[6:])
            self.views.append(View(int(words[2]), words[4], names, time.monotonic()))
        elif words[1] == "delivered":
            self.delivered += 1
        elif words[1] == "sent":
            self.sent += 1
        elif words[1] == "end":
            self.end = words[2]
        if words[1] not in ("sent", "delivered"):
            self.lines.append(line)
        self.recording.take(line)

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(command + "\n")
        except BrokenPipeError:
            assert self.end is not None, f"{self.name} ended without a word"

    def kill(self) -> None:
        """Ends it at once, like a power cut for this one program."""
        self.process.kill()
        self.close(10)
        # A member in C has said what it sent before it can have gone out; of the others the last words may be missing,
        # and the oracles have to know.
        if self.language == "c":
            self.recording.end(time.time_ns() // 1000, {"crashed": {}})

    def close(self, limit: float) -> None:
        try:
            self.process.wait(limit)
        finally:
            self.process.kill()
            self._reader.join(10)
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    stream.close()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def memory(self) -> int:
        """The memory it has had at most, in bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no memory of {self.name}")

    def story(self) -> str:
        return "\n".join([f"{self.name} ({self.language}, node {self.node}):", *self.lines[-8:]])


class Group:
    """A group of a test: its members, living and dead, and what it knows of them."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name = cluster, name
        self.folder = KEPT / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.members: list[Member] = []

    def join(self, name: str, node: int, language: str = "c") -> Member:
        member = Member(self, name, node, language)
        self.members.append(member)
        return member

    def join_all(self, places: Sequence[tuple[str, int, str]]) -> list[Member]:
        return [self.join(name, node, language) for name, node, language in places]

    # ------------------------------------------------------------------------------------------------------- asking

    def share_view(self, members: Sequence[Member], since: float = 0) -> bool:
        """Whether they are all in one view of just them, with one key, installed since a time."""
        wanted = sorted(member.name for member in members)
        views = [member.views[-1] for member in members if member.views]
        return (
            len(views) == len(members)
            and len({(view.counter, view.fingerprint) for view in views}) == 1
            and all(sorted(view.names) == wanted and view.arrival >= since for view in views)
        )

    def await_view(self, members: Sequence[Member], *, limit: float = 30, since: float = 0) -> View:
        def missing() -> str:
            return f"a view of {', '.join(member.name for member in members)}\n" + self.story()

        await_that(lambda: self.share_view(members, since), limit, missing)
        return members[0].views[-1]

    def story(self) -> str:
        return "\n".join(member.story() for member in self.members)

    # --------------------------------------------------------------------------------------------------------- ends

    def talk(self, members: Sequence[Member], count: int = 5, size: int = 100) -> None:
        """Has each member send messages of each service; all of them come to all."""
        before = [member.delivered for member in members]
        for service in (3, 4, 1, 2):
            sent = [member.sent for member in members]
            for member in members:
                member.tell(f"send {service} {count} {size}")
            for member, count_before in zip(members, sent):
                await_that(lambda m=member, b=count_before: m.sent >= b + count, 20, self.story)  # type: ignore[misc]
        wanted = 4 * count * len(members)
        for member, count_before in zip(members, before):
            await_that(lambda m=member, b=count_before: m.delivered >= b + wanted, 20, self.story)  # type: ignore[misc]

    def leave(self, member: Member, limit: float = 30) -> None:
        member.tell("leave")
        await_that(lambda: member.end is not None, limit, lambda: f"{member.name} to leave\n" + self.story())
        assert member.end == "LEFT", member.story()
        member.close(10)

    def leave_all(self) -> None:
        living = [member for member in self.members if member.is_alive]
        for member in living:
            member.tell("leave")
        for member in living:
            await_that(lambda m=member: m.end is not None, 60, self.story)  # type: ignore[misc]
            member.close(10)

    def close(self) -> None:
        for member in self.members:
            member.process.kill()
            member.close(10)

    def record(self) -> list[Path]:
        paths = []
        for index, member in enumerate(self.members):
            path = self.folder / f"{index:03}-{member.name}.jsonl"
            path.write_text("".join(line + "\n" for line in member.recording.lines))
            paths.append(path)
        return paths

    def judge(self, *, disturbed: bool = False) -> None:
        """Ends all memberships in order and has the oracles judge what everybody recorded."""
        self.leave_all()
        paths = [str(path) for path in self.record()]
        command = [str(SIMULATE), "judge", *paths, *(["--disturbed"] if disturbed else [])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        (self.folder / "judgement").write_text(done.stdout + done.stderr)
        assert done.returncode == 0, "\n".join(
            line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("  holds  ")
        )
        assert "  holds       12.2 Safe Delivery" in done.stdout, done.stdout
        print(done.stdout.splitlines()[-2], done.stdout.splitlines()[-1])
        shutil.rmtree(self.folder)


def dice(default: int) -> random.Random:
    """Randomness from a seed that is printed: CONCLAVE_CLUSTER_SEED chooses another."""
    seed = int(os.environ.get("CONCLAVE_CLUSTER_SEED", default))
    print(f"seed {seed}: CONCLAVE_CLUSTER_SEED={seed}")
    return random.Random(seed)
