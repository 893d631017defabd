"""Members in three languages on different nodes: they meet, talk, part, are cut off, and meet again."""

from __future__ import annotations

import time

from harness import LANGUAGES, NAMES, Group, Member, await_that, dice

#: One member a node, in all three languages.
FIVE = [("anna", 1, "c"), ("bert", 2, "python"), ("carl", 3, "go"), ("dora", 4, "c"), ("emil", 5, "python")]


def test_three_languages_meet(group: Group) -> None:
    members = group.join_all(FIVE[:3])
    first = group.await_view(members)
    group.talk(members)
    members[0].tell("refresh")
    second = group.await_view(members, since=first.arrival + 0.001)
    assert second.fingerprint != first.fingerprint
    group.leave(members[2])
    third = group.await_view(members[:2])
    assert third.fingerprint not in (first.fingerprint, second.fingerprint)
    group.judge()


def test_several_members_on_a_node(group: Group) -> None:
    members = group.join_all([(NAMES[place], 1 + place % 2, LANGUAGES[place % 3]) for place in range(6)])
    group.await_view(members)
    group.talk(members, count=3)
    members[0].kill()
    group.await_view(members[1:])
    group.talk(members[1:], count=3)
    group.judge()


def part_and_merge(group: Group, *components: list[int]) -> None:
    """Cuts five members apart while they talk, lets the parts talk, and joins them again."""
    members = group.join_all(FIVE)
    whole = group.await_view(members)
    for member in members:
        member.tell("every 20 200")
    group.cluster.partition(*components)
    parts = [[member for member in members if member.node in component] for component in components]
    fingerprints = {group.await_view(part).fingerprint for part in parts}
    assert len(fingerprints) == len(parts), "two components share a key"
    group.cluster.heal()
    merged = group.await_view(members)
    assert merged.fingerprint not in {whole.fingerprint, *fingerprints}
    for member in members:
        member.tell("every 0 0")
    group.talk(members)
    group.judge()


def test_partition_into_two_and_three(group: Group) -> None:
    part_and_merge(group, [1, 2], [3, 4, 5])


def test_partition_into_one_one_and_three(group: Group) -> None:
    part_and_merge(group, [1], [2], [3, 4, 5])


def test_controller_crashes_in_the_middle(group: Group) -> None:
    """GDH's controller is the member that came last: it is killed when the others have begun to agree with it.

    What it has sent by then differs from round to round; the rest always end in one view without it.
    """
    random = dice(11)
    members = group.join_all([("anna", 1, "c"), ("bert", 2, "python"), ("carl", 3, "go")])
    group.await_view(members)
    for place in range(8):
        asked = sum(line.endswith(" flush-request") for line in members[0].lines)
        doomed = group.join(NAMES[3 + place], 4 + place % 2)
        await_that(
            lambda asked=asked: sum(line.endswith(" flush-request") for line in members[0].lines) > asked,  # type: ignore[misc]
            20,
            group.story,
        )
        time.sleep(random.uniform(0, 0.02))
        doomed.kill()
        since = time.monotonic()
        members[0].tell("refresh")
        group.await_view(members, since=since)
    group.talk(members, count=2)
    group.judge()


def test_slow_member(group: Group) -> None:
    """A member that does nothing for seconds misses nothing, and the rest wait for it."""
    members = group.join_all(FIVE[:3])
    group.await_view(members)
    members[1].tell("sleep 3000")
    for member in (members[0], members[2]):
        member.tell("send 3 100 5000")
    late = group.join("dora", 4)
    group.await_view([*members, late])
    for member in members:
        await_that(lambda m=member: m.delivered >= 200, 20, group.story)  # type: ignore[misc]
    group.judge()


def test_joins_and_leaves(group: Group) -> None:
    """A hundred changes of membership in a row: fifty joins and fifty leaves, on all nodes and in all languages."""
    stayers = group.join_all([("anna", 1, "c"), ("bert", 2, "c")])
    group.await_view(stayers)
    names = NAMES[2:7]
    guests: list[Member] = []
    for change in range(50):
        guests.append(group.join(names[change % 5], 1 + change % 5, "c" if change % 5 else LANGUAGES[change // 5 % 3]))
        group.await_view([*stayers, *guests])
        stayers[change % 2].tell("send 3 1 100")
        if len(guests) == 3 or change >= 48:
            group.leave(guests.pop(0))
            group.await_view([*stayers, *guests])
    for guest in guests:
        group.leave(guest)
    group.await_view(stayers)
    group.judge()
