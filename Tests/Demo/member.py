"""The demo's member in Python: reports what happens and greets every half second. See member.c for the messages.

member.py HUB-PATH GROUP IDENTITY-FILE TRUST-FILE
"""

import hashlib
import sys
import time

import conclave


def report(*words: object) -> None:
    print(time.time_ns() // 1_000_000, *words, flush=True)


class Receiver:
    """The file that is on its way."""

    def __init__(self) -> None:
        self.missing = 0
        self.digest = hashlib.sha256()

    def begin(self, size: int) -> None:
        self.missing, self.digest = size, hashlib.sha256()

    def add(self, piece: bytes) -> None:
        if len(piece) > self.missing:
            return
        self.digest.update(piece)
        self.missing -= len(piece)
        if self.missing == 0:
            report("file", self.digest.hexdigest())


def take(event: conclave.Event, receiver: Receiver) -> None:
    if isinstance(event, conclave.View):
        names = ",".join(member.name for member in event.members)
        report("view", event.counter, event.key_fingerprint.hex(), names)
    elif isinstance(event, conclave.Message):
        kind, body = event.data[:1], event.data[1:]
        if kind == b"G":
            report("greeting", event.sender_name)
        elif kind == b"F":
            receiver.begin(int(body))
        elif kind == b"P":
            receiver.add(body)
    elif isinstance(event, conclave.ErrorEvent):
        report("error", event.error.name)


def live(group: conclave.Group) -> None:
    receiver, next_greeting = Receiver(), time.monotonic()
    while True:
        try:
            event = group.next(timeout=max(0.0, next_greeting - time.monotonic()))
        except conclave.TimedOut:
            pass
        else:
            if isinstance(event, conclave.Left):
                report("end", event.error.name if event.error else "LEFT")
                return
            take(event, receiver)
        if time.monotonic() >= next_greeting:
            next_greeting = time.monotonic() + 0.5
            try:
                group.send(b"G")
            except (conclave.RetryLater, conclave.WrongState):
                pass  # a greeting that cannot go out now is left out


def main() -> int:
    hub, name, identity_file, trust_file = sys.argv[1:]
    identity, trust = conclave.Identity.load(identity_file), conclave.Trust.load(trust_file)
    with identity, trust:
        group = conclave.Group.join(f"local:{hub}", name, identity, trust)
    with group:
        live(group)
    return 1


sys.exit(main())
