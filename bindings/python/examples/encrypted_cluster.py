"""A member of an encrypted cluster over UDP multicast on the loopback interface.

    python encrypted_cluster.py PORT SECRET-FILE NAME

It speaks the same as the examples in C and Go: everybody says every 100 ms that it is there, and who was heard lately
is in the host view, oldest first. Who has the secret is let in and gets the key. SIGTERM makes it leave.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path

from conclave import ConclaveError, Identity
from conclave.encrypt import Admission, Credential, Encryption, Member, MemberLeaves, Message, View

GROUP = "239.255.71.1"
HEAD = struct.Struct(">c32s32sQ")  # kind, sender, destination, the sender's start
BEACON, SILENCE = 100, 1500


def milliseconds() -> int:
    return int(time.monotonic() * 1000)


def open_socket(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    loopback = socket.inet_aton("127.0.0.1")
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((GROUP, port))
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + loopback)
    return opened


class Node:
    def __init__(self, port: int, secret: bytes, name: str) -> None:
        self.name, self.port, self.start = name.encode(), port, milliseconds()
        self.socket = open_socket(port)
        self.must_greet = False
        #: When each began, and when it was last heard.
        self.peers: dict[bytes, tuple[int, int]] = {self.name: (self.start, self.start)}
        with Identity.new(name) as identity, Admission.secret(secret) as admission:
            credential = Credential(identity).set_secret(secret)
            self.encryption = Encryption("kitchen", self.name, credential, admission)

    def send(self, kind: bytes, to: bytes, data: bytes) -> None:
        self.socket.sendto(HEAD.pack(kind, self.name, to, self.start) + data, (GROUP, self.port))

    def tell_host_view(self) -> None:
        oldest = sorted((started, name) for name, (started, _) in self.peers.items())
        self.encryption.host_view([name for _, name in oldest])

    def receive(self) -> None:
        packet = self.socket.recv(65_535)
        if len(packet) < HEAD.size:
            return
        kind, sender, to, started = HEAD.unpack_from(packet)
        sender, to = sender.rstrip(b"\0"), to.rstrip(b"\0")
        if sender in (b"", self.name):
            return
        if kind == b"b":
            is_new = sender not in self.peers
            self.peers[sender] = (started, milliseconds())
            if is_new:
                self.tell_host_view()
        elif to in (b"", self.name):
            with contextlib.suppress(ConclaveError):  # what is refused has changed nothing
                self.encryption.receive(packet[HEAD.size :])

    def serve(self) -> None:
        for output in self.encryption.outputs():
            self.send(b"e", output.address or b"", output.data)
        for event in self.encryption.events():
            if isinstance(event, View):
                print(f"{len(event.members)} members, epoch {event.epoch[:4].hex()}:", *map(shown, event.members))
                self.must_greet = True
            elif isinstance(event, Message):
                print(f"{event.sender.name}: {event.data.decode()}")
            elif isinstance(event, MemberLeaves):
                print(f"{event.member.name} leaves")
            else:
                print(event)
        # Not before everybody in the view is connected: whom the messaging system misses may have left.
        if self.must_greet and self.encryption.can_seal:
            self.send(b"e", b"", self.encryption.seal(b"hello from " + self.name))
            self.must_greet = False

    def run(self) -> None:
        self.tell_host_view()
        self.encryption.start()
        beacon = 0
        while True:
            now = milliseconds()
            self.peers[self.name] = (self.start, now)
            silent = [name for name, (_, heard) in self.peers.items() if heard + SILENCE <= now]
            for name in silent:
                del self.peers[name]
            if silent:
                self.tell_host_view()
            if now >= beacon:
                self.send(b"b", b"", b"")
                beacon = now + BEACON
            deadline = self.encryption.deadline
            if deadline is not None and deadline <= now:
                self.encryption.tick()
            self.serve()
            until = beacon if deadline is None else max(min(beacon, deadline), now)
            if select.select([self.socket], [], [], (until - now) / 1000)[0]:
                self.receive()


def shown(member: Member) -> str:
    return member.name + (" (coordinates)" if member.is_coordinator else "")


class Terminated(Exception):
    pass


def terminate(*_: object) -> None:
    raise Terminated


def main() -> None:
    port, secret, name = sys.argv[1:]
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    node = Node(int(port), Path(secret).read_bytes(), name)
    try:
        signal.signal(signal.SIGTERM, terminate)
        node.run()
    except Terminated:
        node.encryption.leave()
        node.serve()
        print("left")
    node.encryption.close()


main()
