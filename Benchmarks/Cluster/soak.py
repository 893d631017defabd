"""A long run: does memory grow over view changes and messages?

soak.py PROGRAMS-FOLDER VIEWS MESSAGES, with the library's prefix in CONCLAVE_PREFIX. Three members on three nodes; of
twenty changes two are a member that joins and leaves, the rest ask for a new key. Prints figures as measure.py does.
"""

from __future__ import annotations

import sys

from harness import Cluster, make_people
from members import Side, flood, say

PARTS = 10


def await_new_key(side: Side) -> None:
    side.members[0].tell("refresh")
    side.await_all(3)


def guest_comes_and_goes(side: Side) -> None:
    guest = side.join(4)
    side.await_all(4)
    guest.tell("leave")
    guest.await_report("left")
    side.members.pop()
    guest.end()
    side.await_all(3)


def memories(side: Side) -> list[int]:
    return [member.memory for member in side.members]


def growth(name: str, samples: list[list[int]]) -> None:
    """From the end of the first part, when all that is needed is there, to the end of the last: the worst member's."""
    worst = max(last - first for first, last in zip(samples[0], samples[-1]))
    print(f"{name}: KB of each member: {[[size >> 10 for size in sample] for sample in samples]}", file=sys.stderr)
    say(f"growth of memory over {name}", worst / 1024, "KB", 512)


def main() -> int:
    views, messages = int(sys.argv[2]), int(sys.argv[3])
    cluster = Cluster()
    make_people()
    try:
        cluster.up(4)
        side = Side(cluster, "conclave")
        side.gather(3)
        samples = []
        for _ in range(PARTS):
            for change in range(views // PARTS):
                # Joining and leaving are two changes.
                if change % 20 == 0:
                    guest_comes_and_goes(side)
                elif change % 20 != 1:
                    await_new_key(side)
            samples.append(memories(side))
        growth(f"{views * (PARTS - 1) // PARTS} view changes", samples)
        samples = []
        for _ in range(PARTS):
            flood(side, messages // PARTS, 200)
            samples.append(memories(side))
        growth(f"{messages * (PARTS - 1) // PARTS} messages", samples)
        side.end()
    finally:
        cluster.command("down")
    return 0


sys.exit(main())
