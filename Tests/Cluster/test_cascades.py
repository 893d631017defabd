"""Changes of membership that fall into the agreement of the one before."""

from __future__ import annotations

import time

from harness import LANGUAGES, NAMES, Group, Member, dice


def talkative(group: Group, places: list[tuple[str, int, str]]) -> list[Member]:
    members = group.join_all(places)
    group.await_view(members)
    for member in members:
        member.tell("every 15 100")
    return members


def settle(group: Group, members: list[Member]) -> None:
    """Everybody ends in one view, and can still talk."""
    group.cluster.heal()
    group.cluster.command("settle", 30)
    for member in members:
        member.tell("every 0 0")
    group.await_view(members, limit=60)
    group.talk(members, count=2)
    group.judge()


def test_scripted_cascade(group: Group) -> None:
    """A newcomer, a cut before it is in, a crash and a newcomer on one side, other cuts, and all is whole."""
    members = talkative(group, [("anna", 1, "c"), ("bert", 2, "python"), ("carl", 3, "go"), ("dora", 4, "c")])
    members.append(group.join("emil", 5))
    time.sleep(0.1)
    group.cluster.partition([1, 2, 5], [3, 4])
    time.sleep(1.9)
    members.pop(3).kill()
    members.append(group.join("fred", 3, "go"))
    group.cluster.partition([1], [2, 3], [4, 5])
    time.sleep(1.5)
    group.cluster.partition([1, 2, 3], [4, 5])
    time.sleep(0.9)
    settle(group, members)


def test_random_cascade(group: Group) -> None:
    """Twelve changes at random, at moments that are random too."""
    random = dice(4711)
    members = talkative(group, [(name, 1 + place, LANGUAGES[place % 3]) for place, name in enumerate(NAMES[:5])])
    fresh = iter(NAMES[5:])
    for _ in range(12):
        choice = random.choice(["cut", "cut", "heal", "join", "kill", "leave", "refresh"])
        print(choice, end=" ")
        if choice == "cut":
            components: list[list[int]] = [[], [], []]
            for node in range(1, 6):
                random.choice(components).append(node)
            group.cluster.partition(*(component for component in components if component))
        elif choice == "heal":
            group.cluster.heal()
        elif choice == "join":
            members.append(group.join(next(fresh), random.randint(1, 5), random.choice(LANGUAGES)))
        elif choice == "refresh":
            random.choice(members).tell("refresh")
        elif len(members) > 3:
            member = members.pop(random.randrange(len(members)))
            if choice == "kill":
                member.kill()
            else:
                member.tell("leave")
        time.sleep(random.choice([0, 0.05, 0.3, 1, 2]))
    settle(group, members)
