"""The measuring programs on the nodes of a cluster, and what is asked of them."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

from harness import NAMES, PEOPLE, TRUSTED, URL, Cluster, environment

PROGRAMS = Path(sys.argv[1])


class Member:
    """A measuring program on a node."""

    def __init__(self, cluster: Cluster, node: int, program: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            # Above whatever else the machine does, below the daemons: those run with priority 99.
            cluster.run(node, "chrt", "--rr", "1", str(PROGRAMS / program), *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=environment(),
        )
        self._reports: queue.Queue[list[str]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        #: Processor time, in microseconds, when the change that is under way began.
        self.before = 0

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._reports.put(line.split())
        self._reports.put([])

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")

    def await_report(self, *words: str) -> list[str]:
        """The next line that says this; those before it are passed over."""
        while True:
            report = self._reports.get(timeout=60)
            assert report, f"a member ended, and did not say {words}"
            if report[1] == "begins":
                self.before = int(report[2])
            if report[1 : 1 + len(words)] == list(words):
                return report

    def await_members(self, count: int) -> tuple[int, int]:
        """When the membership of so many came, and the processor time since the change began, both in microseconds."""
        report = self.await_report("members", str(count))
        spent, self.before = int(report[3]) - self.before, int(report[3])
        return int(report[0]), spent

    @property
    def memory(self) -> int:
        """Its resident memory, in bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Side:
    """Members of Conclave or of bare CPG, on as many nodes as there are."""

    def __init__(self, cluster: Cluster, kind: str) -> None:
        self.cluster, self.kind, self.members = cluster, kind, list[Member]()

    def join(self, node: int) -> Member:
        if self.kind == "cpg":
            member = Member(self.cluster, node, "cpg-member", "bare")
        else:
            name = NAMES[node - 1]
            member = Member(
                self.cluster, node, "conclave-member", URL, "secure", str(PEOPLE / f"{name}.pem"), str(TRUSTED)
            )
        self.members.append(member)
        return member

    def gather(self, count: int) -> None:
        for node in range(1, count + 1):
            self.join(node)
            self.await_all(node)

    def await_all(self, count: int) -> tuple[int, int]:
        """When the last of the members had the membership of so many, and the processor time that all of them spent."""
        reports = [member.await_members(count) for member in self.members]
        return max(when for when, _ in reports), sum(spent for _, spent in reports)

    def leave(self) -> int:
        """The last one leaves; when it began to."""
        member = self.members.pop()
        member.tell("leave")
        return int(member.await_report("leaving")[0])

    def crash(self) -> int:
        member = self.members.pop()
        when = time.monotonic_ns() // 1000
        member.end()
        return when

    def end(self) -> None:
        for member in self.members:
            member.end()


def say(name: str, value: float, unit: str, bound: float = 0) -> None:
    print(f"{name}\t{value:.3f}\t{unit}\t{bound:g}", flush=True)


def flood(side: Side, count: int, size: int) -> float:
    """Messages a second, from the first sent to the last received by all."""
    for member in side.members:
        member.tell(f"expect {count}")
    side.members[0].tell(f"flood {count} {size}")
    began = int(side.members[0].await_report("began")[0])
    received = max(int(member.await_report("received")[0]) for member in side.members)
    return count / ((received - began) / 1e6)
