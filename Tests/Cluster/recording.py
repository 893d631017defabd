"""Turns a member's report into a recording, as `conclave join --record` writes it: see Tools' Recorder.swift.

Times are microseconds of the wall clock. A message gets the same number at its sender and at its receivers: a hash of
the view, the sender and the number that the sender has written into it, so that one which is missing shows. (The
command does not know what is in a message, and counts.)
"""

from __future__ import annotations

import json
from typing import Any

SERVICES = {1: "fifo", 2: "causal", 3: "agreed", 4: "safe"}


def fnv(parts: list[bytes]) -> int:
    """FNV-1a of 64 bits."""
    value = 0xCBF29CE484222325
    for byte in b"".join(parts):
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


class Recording:
    """The report of one process, line by line."""

    def __init__(self, name: str, group: str) -> None:
        self.name = name
        title = f"{name} in {group}"
        head = {"algorithm": "optimized", "events": [], "hasOneClock": False, "isComplete": False}
        self.lines: list[str] = []
        self._write({"trace": {**head, "members": [], "replay": "", "title": title}})
        self._pending: list[tuple[int, dict[str, Any]]] = []
        self._id = 0
        self._index = -1
        self._view = b""
        self._is_over = False

    def take(self, line: str) -> None:
        """A line of the report; one that was cut short is passed over."""
        words = line.split(" ")
        if len(words) < 2 or not words[0].isdigit() or self._is_over:
            return
        time, what, rest = int(words[0]), words[1], words[2:]
        if what in ("connected", "signal"):
            self._happen(time, {what: {}})
        elif what == "flush-request":
            self._happen(time, {"flushRequest": {}})
        elif what == "flush-ok":
            self._happen(time, {"flushOk": {}})
        elif what == "error" and rest[0] == "TRANSPORT_LOST":
            pass  # the network's doing, which is no fault of the group's: the membership ends, and another begins
        elif what == "error" and rest[0] == "NOT_ADMITTED":
            self._happen(time, {"problem": {"_0": "not admitted: " + " ".join(rest[1:])}})
        elif what == "error":
            self._happen(time, {"problem": {"_0": " ".join(rest[1:])}})
        elif what == "view":
            self._install(time, rest)
        elif what == "sent":
            service, size, number = (int(word) for word in rest)
            self._message(time, "sent", self._id, service, 0, size, number)
        elif what == "delivered":
            sender, service, is_private, size, number = (int(word) for word in rest)
            self._message(time, "delivered", sender, service, self._id if is_private else 0, size, number)
        elif what == "end":
            self.end(time, {"left": {}} if rest[0] == "LEFT" else {"crashed": {}})

    def end(self, time: int, kind: dict[str, Any]) -> None:
        """The membership is over. Who was never admitted has no incarnation that anybody knows, and is left out."""
        if self._id and not self._is_over:
            self._happen(time, kind)
        self._is_over = True

    def _install(self, time: int, words: list[str]) -> None:
        counter, identifier, fingerprint, own = int(words[0]), bytes.fromhex(words[1]), words[2], int(words[3])
        members = [word.split(",") for word in words[4:]]
        if own != self._id:
            if self._id:
                self._happen(time, {"rejoining": {"_0": "this membership was over"}})
            pending, self._pending = self._pending or [(time, {"connected": {}})], []
            self._id, self._index = own, self._index + 1
            self._write({"membership": {"id": own, "isStranger": False, "isWhole": True, "name": self.name}})
            for earlier, kind in pending:
                self._happen(earlier, kind)
        self._view = identifier
        view = {
            "keyFingerprint": fingerprint,
            "members": [int(member[0]) for member in members],
            "name": {"counter": counter, "hash": int.from_bytes(identifier[:8], "big")},
            "transitionalSet": [int(member[0]) for member in members if member[2] == "1"],
        }
        self._happen(time, {"view": {"_0": view}})

    def _message(
        self, time: int, kind: str, sender: int, service: int, destination: int, size: int, number: int
    ) -> None:
        name = fnv([self._view, *(part.to_bytes(8, "little") for part in (sender, number))])
        record: dict[str, Any] = {"number": name, "sender": sender, "service": SERVICES[service]}
        if destination:
            record["destination"] = destination
        self._happen(time, {kind: {"_0": {**record, "what": f"text of {size} bytes"}}})

    def _happen(self, time: int, kind: dict[str, Any]) -> None:
        if self._id == 0:
            self._pending.append((time, kind))
        else:
            self._write({"event": {"kind": kind, "member": self._index, "time": time}})

    def _write(self, line: dict[str, Any]) -> None:
        self.lines.append(json.dumps(line, separators=(",", ":"), sort_keys=True))
