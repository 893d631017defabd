"""The command as people use it: a file from one node to four others."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from pathlib import Path

from harness import NAMES, PEOPLE, PREFIX, TRUSTED, URL, Group, environment

#: 256 MiB in the long run: scripts/test --cluster --full.
SIZE = (256 if os.environ.get("CONCLAVE_CLUSTER_FULL") else 64) << 20
#: At most so much memory for a process, whatever the size of the file.
BOUND = 64 << 20


def peak(process: subprocess.Popen[bytes]) -> int:
    """The memory it has had at most; 0 when it is over."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_file_to_four_nodes(group: Group) -> None:
    names = NAMES[:5]
    source = group.folder / "file"
    with source.open("wb") as file:
        for block in range(SIZE >> 20):
            file.write(hashlib.shake_256(block.to_bytes(4, "big")).digest(1 << 20))

    def conclave(node: int, *words: object) -> subprocess.Popen[bytes]:
        name = names[node - 1]
        options = ["--transport", URL, "--identity", PEOPLE / f"{name}.pem", "--trust", TRUSTED]
        command = group.cluster.run(node, str(PREFIX / "bin" / "conclave"), *map(str, [*words, *options]))
        log = (group.folder / f"{name}.log").open("wb")
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())

    processes = []
    try:
        for node in range(2, 6):
            (group.folder / f"at-{node}").mkdir()
            processes.append(conclave(node, "receive", group.name, group.folder / f"at-{node}", "--once"))
        begin = time.monotonic()
        sender = conclave(1, "send", group.name, source, "--members", 5)
        processes.append(sender)
        peaks = [0] * len(processes)
        while sender.poll() is None:
            peaks = [max(known, peak(process)) for known, process in zip(peaks, processes)]
            assert time.monotonic() < begin + 150, "the file is not through"
            time.sleep(0.2)
        assert sender.returncode == 0, (group.folder / "anna.log").read_text()
        print(f"{SIZE >> 20} MiB to four nodes in {time.monotonic() - begin:.1f} s; memory {max(peaks) >> 20} MiB")
        wanted = digest(source)
        for node, process in zip(range(2, 6), processes):
            assert process.wait(30) == 0, (group.folder / f"{names[node - 1]}.log").read_text()
            assert digest(group.folder / f"at-{node}" / "file") == wanted
        assert max(peaks) < BOUND
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for path in [source, *(group.folder / f"at-{node}" / "file" for node in range(2, 6))]:
        path.unlink()
