"""A member that greets whoever comes and prints what it hears: chat.py HUB GROUP IDENTITY TRUST"""

import contextlib
import sys

import conclave

hub, name, identity_file, trust_file = sys.argv[1:]

identity, trust = conclave.Identity.load(identity_file), conclave.Trust.load(trust_file)
with identity, trust, conclave.Group.join(f"local:{hub}", name, identity, trust) as group:
    for event in group:
        if isinstance(event, conclave.View):
            names = ", ".join(member.name for member in event.members)
            print(f"view {event.counter}: {names}; key {event.key_fingerprint.hex()[:16]}", flush=True)
            with contextlib.suppress(conclave.FlushPending):  # the next view is on its way, and gets the greeting
                group.send(f"hello from {identity.name}".encode())
        elif isinstance(event, conclave.Message):
            print(f"{event.sender_name}: {event.data.decode()}", flush=True)
        elif isinstance(event, conclave.Left):
            print(f"no longer a member: {event.error}")
        elif isinstance(event, conclave.ErrorEvent):
            print(f"amiss: {event.error}", file=sys.stderr)
