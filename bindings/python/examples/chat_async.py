"""A member for asyncio that says what is typed and prints what it hears: chat_async.py HUB GROUP IDENTITY TRUST"""

import asyncio
import sys

import conclave


async def listen(group: conclave.Group) -> None:
    async for event in group.events():
        if isinstance(event, conclave.View):
            names = ", ".join(member.name for member in event.members)
            print(f"view {event.counter}: {names}; key {event.key_fingerprint.hex()[:16]}", flush=True)
        elif isinstance(event, conclave.Message):
            print(f"{event.sender_name}: {event.data.decode()}", flush=True)
        elif isinstance(event, conclave.Left):
            print(f"no longer a member: {event.error}", flush=True)


async def typed_lines() -> asyncio.StreamReader:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    return lines


async def send(group: conclave.Group, line: bytes) -> None:
    while True:
        try:
            return await group.send_async(line)
        except (conclave.FlushPending, conclave.WrongState):
            await asyncio.sleep(0.05)  # A view is on its way.


async def main(hub: str, name: str, identity_file: str, trust_file: str) -> None:
    identity, trust = conclave.Identity.load(identity_file), conclave.Trust.load(trust_file)
    async with conclave.Group.join(f"local:{hub}", name, identity, trust) as group:
        listener = asyncio.create_task(listen(group))
        async for line in await typed_lines():
            await send(group, line.rstrip(b"\n"))
        group.leave()
        await listener


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
