"""What an installed wheel must do: two members in one process meet at a hub, talk and leave. Prints figures."""

import sys
import tempfile
import threading
import time
from pathlib import Path

begun = time.perf_counter()
import conclave  # noqa: E402  (its import is timed)

imported = time.perf_counter()


def member(hub: str, name: str, trust: conclave.Trust, identity: conclave.Identity, heard: list[str]) -> None:
    """Joins, greets in each view, and leaves when it has heard the other."""
    with conclave.Group.join(hub, "smoke", identity, trust) as group:
        while not any(line != name for line in heard):
            event = group.next(timeout=30)
            if isinstance(event, conclave.View) and len(event.members) == 2:
                group.send(f"hello from {name}".encode())
            elif isinstance(event, conclave.Message):
                heard.append(event.sender_name)


def main() -> int:
    from conclave import _library

    bundled = _library.library().path == str(_library.BUNDLED)
    called = time.perf_counter()
    wanted = sys.argv[1]
    assert bundled == (wanted == "bundled"), f"the library comes from {_library.library().path}"
    names = ("anna", "bert")
    with tempfile.TemporaryDirectory() as folder, conclave.Hub(Path(folder) / "hub") as hub, conclave.Trust() as trust:
        hub.start()
        identities = {name: conclave.Identity.new(name) for name in names}
        for identity in identities.values():
            trust.add(identity.public_key, identity.name)
        heard: dict[str, list[str]] = {name: [] for name in names}
        threads = [
            threading.Thread(target=member, args=(hub.url, name, trust, identities[name], heard[name]))
            for name in names
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert all(set(names) - {name} <= set(heard[name]) for name in names), heard
    version = ".".join(str(number) for number in sys.version_info[:3])
    load, first = (imported - begun) * 1000, (called - imported) * 1000
    print(f"figure: Python {version}: import {load:.1f} ms, library loaded in {first:.1f} ms, two members met")
    return 0


if __name__ == "__main__":
    sys.exit(main())
