"""Three members agree on a key and talk over an engine of the program's own: a sequencer in a few dozen lines.

What a real engine does with a network, this one does with queues; the promises are the same (docs/transports.md).
"""

from __future__ import annotations

import os
from collections import deque

import conclave
from conclave import Attached, Configuration, Delivery, Ended, Engine, EngineEvent, EngineMember


class Sequencer(Engine):
    """Members that live in one process and one thread."""

    def __init__(self) -> None:
        self.members: list[Member] = []  # in order of connection, which is ascending
        self.connections = 0
        self.configurations = 0

    def join(self, group: str) -> Member:
        self.connections += 1
        member = Member(self, group, self.connections)
        self.members.append(member)
        member.tell(Attached(member.connection))
        self.configure(group, member)
        return member

    def configure(self, group: str, newcomer: Member | None = None) -> None:
        """Tells all members of a group who is connected now."""
        self.configurations += 1
        present = [member for member in self.members if member.group == group]
        everybody = tuple(member.connection for member in present)
        for member in present:
            if member is newcomer:
                transitional: tuple[int, ...] = (member.connection,)
            else:
                transitional = tuple(other.connection for other in present if other is not newcomer)
            member.tell(Configuration(self.configurations, everybody, transitional))


class Member(EngineMember):
    QUEUE_LIMIT = 2000

    def __init__(self, engine: Sequencer, group: str, connection: int) -> None:
        self.engine, self.group, self.connection = engine, group, connection
        self.queue: deque[EngineEvent] = deque()
        self.reader, self.writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def tell(self, event: EngineEvent) -> None:
        if not self.queue:
            os.write(self.writer, b"!")
        self.queue.append(event)

    def multicast(self, data: bytes) -> bool:
        present = [member for member in self.engine.members if member.group == self.group]
        # Who does not read holds back all who send to its group: nothing is dropped, and nothing grows without end.
        if any(len(member.queue) > self.QUEUE_LIMIT for member in present):
            return False
        for member in present:
            member.tell(Delivery(self.connection, data))
        return True

    def next_event(self) -> EngineEvent | None:
        if not self.queue:
            return None
        event = self.queue.popleft()
        if not self.queue:
            os.read(self.reader, 1)
        return event

    def fileno(self) -> int:
        return self.reader

    def leave(self) -> None:
        self.engine.members.remove(self)
        self.engine.configure(self.group)
        self.tell(Ended())

    def release(self) -> None:
        if self in self.engine.members:
            self.engine.members.remove(self)
            self.engine.configure(self.group)
        os.close(self.reader)
        os.close(self.writer)


def main() -> None:
    engine = Sequencer()
    for result in conclave.check_transport(engine):
        print("ok    " if result.held else "FAILED", result.name, result.detail)

    names = ["anna", "bert", "carl"]
    trust = conclave.Trust()
    identities = [conclave.Identity.new(name) for name in names]
    for identity in identities:
        trust.add(identity.public_key, identity.name)
    groups = [conclave.Group.join(engine, "room", identity, trust) for identity in identities]
    waiting = set(names)
    while waiting:
        for name, group in zip(names, groups):
            try:
                event = group.next(timeout=0.01)
            except conclave.TimedOut:
                continue
            if isinstance(event, conclave.View) and len(event.members) == len(names) and name == "anna":
                group.send(b"hello over an engine of our own")
            elif isinstance(event, conclave.Message):
                print(f"{name} heard {event.sender_name}: {event.data.decode()}")
                waiting.discard(name)
    for group in groups:
        group.close()


if __name__ == "__main__":
    main()
