"""A member for the cluster tests, in Python: see member.c for its commands and its report.

member.py URL GROUP IDENTITY-FILE TRUST-FILE
"""

from __future__ import annotations

import os
import select
import sys
import time

import conclave


def report(*words: object) -> None:
    print(time.time_ns() // 1000, *words, flush=True)


class Member:
    """A membership, and what it was told to do."""

    def __init__(self, group: conclave.Group) -> None:
        self.group = group
        self.has_view = False
        self.has_flushed = False
        self.is_leaving = False
        self.is_over = False
        self.number = 0
        self.service, self.missing, self.size = 0, 0, 0
        self.period, self.next, self.period_size = 0.0, 0.0, 0
        self.input = b""

    def take(self, event: conclave.Event) -> None:
        if isinstance(event, conclave.FlushRequest):
            report("flush-request")
            if not self.is_leaving:
                try:
                    self.group.flush()
                except conclave.WrongState:
                    return
                self.has_flushed = True
                report("flush-ok")
        elif isinstance(event, conclave.TransitionalSignal):
            report("signal")
        elif isinstance(event, conclave.View):
            members = (f"{other.id},{other.name},{int(other.is_transitional)}" for other in event.members)
            report("view", event.counter, event.id.hex(), event.key_fingerprint.hex(), event.self_id, *members)
            self.has_view, self.has_flushed = True, False
        elif isinstance(event, conclave.Message):
            number = int.from_bytes(event.data[:8], "little")
            report("delivered", event.sender, int(event.service), int(event.is_private), len(event.data), number)
        elif isinstance(event, conclave.Left):
            report("end", event.error.name, event.error)
            self.is_over = True
        else:
            report("error", event.error.name, event.error)

    def take_all(self, timeout: float) -> None:
        """Waits for an event, then fetches all that is there: what is sent next belongs to the view reported last."""
        try:
            while not self.is_over:
                self.take(self.group.next(timeout))
                timeout = 0
        except conclave.TimedOut:
            pass

    def send_one(self, service: int, size: int) -> bool:
        if not self.has_view or self.has_flushed or self.is_leaving:
            return False
        data = self.number.to_bytes(8, "little").ljust(size, b"\0")
        try:
            self.group.send(data, service)
        except (conclave.RetryLater, conclave.WrongState):
            return False
        report("sent", service, len(data), self.number)
        self.number += 1
        return True

    def send_what_is_due(self) -> None:
        while self.missing > 0 and self.send_one(self.service, self.size):
            self.missing -= 1
        if self.period > 0 and time.monotonic() >= self.next:
            self.next = time.monotonic() + self.period
            self.send_one(conclave.Service.AGREED, self.period_size)

    def obey(self, line: str) -> None:
        words = line.split()
        if words[:1] == ["send"]:
            self.service, self.missing, self.size = (int(word) for word in words[1:])
        elif words[:1] == ["every"]:
            self.period, self.next, self.period_size = int(words[1]) / 1000, time.monotonic(), int(words[2])
        elif words[:1] == ["sleep"]:
            time.sleep(int(words[1]) / 1000)
        elif words == ["refresh"]:
            self.group.refresh()
        elif words == ["leave"]:
            self.group.leave()
            self.is_leaving = True

    def read_commands(self) -> bool:
        """Obeys what was said; whether there may be more."""
        while select.select([sys.stdin], [], [], 0)[0]:
            piece = os.read(sys.stdin.fileno(), 4096)
            if not piece:
                return False
            *lines, self.input = (self.input + piece).split(b"\n")
            for line in lines:
                self.obey(line.decode())
        return True

    def live(self) -> None:
        while self.read_commands() and not self.is_over:
            self.take_all(0.01)
            if not self.is_over:
                self.send_what_is_due()


def main() -> int:
    url, name, identity_file, trust_file = sys.argv[1:]
    try:
        with conclave.Identity.load(identity_file) as identity, conclave.Trust.load(trust_file) as trust:
            group = conclave.Group.join(url, name, identity, trust, manual_flush=True)
    except conclave.ConclaveError as error:
        report("end", error.name, error)
        return 1
    report("connected")
    member = Member(group)
    try:
        member.live()
    except conclave.ConclaveError as error:
        if not member.is_over:
            report("end", error.name, error)
    group.close()
    return 0


sys.exit(main())
