"""Measures secure groups over Corosync against bare CPG, side by side on one cluster of namespaces.

measure.py PROGRAMS-FOLDER [--messages], with the library's prefix in CONCLAVE_PREFIX; --messages leaves the changes of
membership out. Prints a line for each figure: name, value, unit and bound (0 for none), separated by tabs.
"""

from __future__ import annotations

import os
import statistics
import sys

from harness import Cluster, make_people
from members import Side, flood, say

ROUNDS = int(os.environ.get("ROUNDS", 5))


def change(side: Side, kind: str, count: int) -> int:
    """Brings one change about; when its cause was."""
    if kind == "join":
        return int(side.join(count).await_report("joining")[0])
    return side.leave() if kind == "leave" else side.crash()


def measure_changes(cluster: Cluster, count: int) -> None:
    """Members come, leave, come and crash, each time the last of so many, on both sides in turn.

    Both are timed from the cause (the call, or the kill) until the last member has the new membership. An observer in
    the CPG group of the members would say when each configuration came, but they would wait for it in each round.
    """
    times: dict[tuple[str, str], list[float]] = {}
    sides = [Side(cluster, "cpg"), Side(cluster, "conclave")]
    for side in sides:
        side.gather(count - 1)
    for _ in range(ROUNDS):
        for kind in ("join", "leave", "join", "crash"):
            after = count if kind == "join" else count - 1
            for side in sides:
                cause = change(side, kind, count)
                installed, spent = side.await_all(after)
                times.setdefault((kind, side.kind), []).append((installed - cause) / 1000)
                times.setdefault((kind, side.kind + " work"), []).append(spent / 1000)
    for side in sides:
        side.end()
    for kind in ("join", "leave", "crash"):
        what = f"{count} nodes, {kind}"
        bare, secure = (statistics.median(times[kind, side.kind]) for side in sides)
        say(f"{what}: bare CPG, from the cause to the configuration at all members", bare, "ms")
        say(f"{what}: from there to the secure view at all members", secure - bare, "ms")
        say(
            f"{what}: processor time of all members for the secure view",
            statistics.median(times[kind, "conclave work"]),
            "ms",
        )


def latency(side: Side, count: int, size: int) -> float:
    side.members[0].tell(f"latency {count} {size}")
    return float(side.members[0].await_report("latency")[2])


def measure_messages(cluster: Cluster) -> None:
    sides = [Side(cluster, "cpg"), Side(cluster, "conclave")]
    for side in sides:
        side.gather(3)
    for size, count, name in ((1024, 20000, "1 KiB"), (65536, 1000, "64 KiB")):
        rates = [[flood(side, count, size) for side in sides] for _ in range(ROUNDS)]
        bare, secure = (max(rate[side] for rate in rates) for side in (0, 1))
        say(f"messages of {name} a second through bare CPG, 3 nodes", bare, "/s")
        say(f"messages of {name} a second through a secure group", secure, "/s")
        say(f"throughput at {name}: bare CPG / secure", bare / secure, "times", 1 / 0.8)
    medians = [[latency(side, 300, 1024) for side in sides] for _ in range(ROUNDS)]
    bare, secure = (min(median[side] for median in medians) for side in (0, 1))
    say("latency of one message of 1 KiB through bare CPG, 3 nodes, median", bare, "us")
    say("latency of one message of 1 KiB through a secure group, median", secure, "us")
    say("latency of one message: secure / bare CPG", secure / bare, "times", 1.2)
    for side in sides:
        side.end()


def main() -> int:
    cluster = Cluster()
    make_people()
    messages_alone = "--messages" in sys.argv
    for count in (3,) if messages_alone else (3, 5, 8):
        try:
            cluster.up(count)
            if not messages_alone:
                measure_changes(cluster, count)
            if count == 3:
                measure_messages(cluster)
        finally:
            cluster.command("down")
    return 0


sys.exit(main())
