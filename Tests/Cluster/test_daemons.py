"""What becomes of members when the daemon under them is killed, hangs, or was never there; and of garbage."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from harness import PEOPLE, TRUSTED, Group, Member, await_that, environment

FOREIGN = Path(__file__).parent / "members" / "foreign.py"


def outcome(member: Member, limit: float = 30) -> str:
    await_that(lambda: member.end is not None, limit, lambda: f"an end of {member.name}\n" + member.story())
    member.close(10)
    assert member.end is not None
    return member.end


def has_lost_its_daemon(member: Member) -> bool:
    return any(" error TRANSPORT_LOST " in line for line in member.lines)


def test_daemon_is_killed_and_comes_back(group: Group) -> None:
    """Its members are told that the transport is lost, and join again when it is back; the others go on meanwhile."""
    members = group.join_all([("anna", 1, "c"), ("bert", 2, "c"), ("carl", 2, "python"), ("dora", 3, "go")])
    group.await_view(members)
    group.talk(members, count=2)
    group.cluster.command("kill", 2)
    for member in members[1:3]:
        await_that(lambda m=member: has_lost_its_daemon(m), 30, group.story)  # type: ignore[misc]
    rest = [members[0], members[3]]
    group.await_view(rest)
    group.talk(rest, count=2)
    group.cluster.command("start", 2)
    group.await_view(members, limit=60)
    group.talk(members, count=2)
    group.judge()


def test_daemon_hangs(group: Group) -> None:
    """A daemon that stands still is a node that is lost; when it goes on, its members find their way back."""
    members = group.join_all([("anna", 1, "c"), ("bert", 2, "python"), ("carl", 3, "go")])
    group.await_view(members)
    group.cluster.command("pause", 2)
    members[1].tell("send 3 20 1000")
    rest = [members[0], members[2]]
    group.await_view(rest)
    group.talk(rest, count=2)
    group.cluster.command("resume", 2)
    group.await_view(members, limit=60)
    group.talk(members, count=2)
    group.judge()


def test_daemon_is_not_there(group: Group) -> None:
    group.cluster.command("kill", 5)
    member = group.join("anna", 5)
    assert outcome(member) == "TRANSPORT_UNREACHABLE"
    assert "corosync" in member.lines[-1].lower(), member.lines[-1]


def test_library_is_not_there(group: Group, tmp_path: Path) -> None:
    """Without libcpg all else works; joining says what is missing."""
    program = (
        "import conclave, sys\n"
        "identity, trust = conclave.Identity.load(sys.argv[1]), conclave.Trust.load(sys.argv[2])\n"
        "try:\n    conclave.Group.join('corosync:', 'none', identity, trust)\n"
        "except conclave.ConclaveError as error:\n    print(error.name, error)\n"
    )
    found = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    libraries = [Path(line.rpartition("=> ")[2]) for line in found.splitlines() if "libcpg.so" in line]
    assert libraries, "libcpg is not on this machine"
    # A mount namespace of its own: there the library is an empty file, for this one process.
    hide = " && ".join(f"mount --bind {tmp_path}/empty {path.resolve()}" for path in libraries)
    (tmp_path / "empty").touch()
    command = ["unshare", "--mount", "sh", "-c", f'{hide} && exec "$@"', "sh", sys.executable, "-c", program]
    files = [str(PEOPLE / "anna.pem"), str(TRUSTED)]
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=30, env=environment())
    assert "libcpg" in done.stdout, done.stdout + done.stderr
    assert done.stdout.startswith("LIBRARY_MISSING "), done.stdout


def test_garbage_from_a_foreign_process(group: Group) -> None:
    """A program that is no member joins the CPG group and sends into it: nobody believes it, and nothing gets lost."""
    members = group.join_all([("anna", 1, "c"), ("bert", 2, "python"), ("carl", 3, "go")])
    group.await_view(members)
    found = re.search(r"group (\S*" + re.escape(group.name) + r"\S*): ", group.cluster.command("status"))
    assert found is not None, group.cluster.command("status")
    foreign = subprocess.Popen(
        group.cluster.run(3, sys.executable, str(FOREIGN), found.group(1), "2000"),
        stdout=subprocess.PIPE,
        text=True,
    )
    group.talk(members, count=20)
    assert foreign.stdout is not None
    said = foreign.stdout.read()
    assert foreign.wait(60) == 0, said
    assert "sent 2000" in said
    group.talk(members, count=5)
    assert all(member.end is None for member in members), group.story()
    group.judge(disturbed=True)


def test_queue_of_the_daemon_is_full(group: Group) -> None:
    """More than the engine takes at once: senders are held back, and nothing that was accepted is lost."""
    members = group.join_all([("anna", 1, "c"), ("bert", 2, "c"), ("carl", 3, "c")])
    group.await_view(members)
    for member in members:
        member.tell("send 3 300 100000")
    await_that(lambda: all(member.sent >= 300 for member in members), 90, group.story)
    await_that(lambda: all(member.delivered >= 900 for member in members), 90, group.story)
    assert max(member.memory for member in members) < 400 << 20
    group.judge()


def test_member_that_is_always_behind(group: Group) -> None:
    """For longer than a stuck member is given, more waits than it takes at once; it takes all, and is no stuck one."""
    members = group.join_all([("anna", 1, "c"), ("bert", 2, "c"), ("carl", 3, "c")])
    group.await_view(members)
    began = time.monotonic()
    members[2].tell("lag 100")
    for member in members[:2]:
        member.tell("send 3 300 100000")
    await_that(lambda: members[2].end is not None or members[2].delivered >= 600, 180, group.story)
    assert members[2].end is None, group.story()
    assert time.monotonic() - began > 6, "it was not behind for long enough to prove anything"
    members[2].tell("lag 0")
    await_that(lambda: all(member.delivered >= 600 for member in members), 30, group.story)
    group.judge()
