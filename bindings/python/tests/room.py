"""Secure groups over a hub in this process, for the tests that need members."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import conclave
from conclave import Event, Group, Hub, Identity, Left, Suite, Trust, View

SUITE = Suite.GDH_FFDHE2048_ED25519_AES256GCM
PATIENCE = 20.0
Kind = TypeVar("Kind")


class Room:
    """A hub, people who trust each other, and the groups that they joined."""

    def __init__(self, folder: Path) -> None:
        self.hub = Hub(folder / "hub")
        self.hub.start()
        self.people: dict[str, Identity] = {}
        self.trust = Trust()
        self.groups: list[Group] = []

    def person(self, name: str, trusted: bool = True) -> Identity:
        if name not in self.people:
            self.people[name] = Identity.new(name)
            if trusted:
                self.trust.add(self.people[name].public_key, name)
        return self.people[name]

    def join(self, name: str, **options: Any) -> Group:
        chosen = {"suite": SUITE, **options}
        group = Group.join(self.hub.url, "the room", self.person(name), self.trust, **chosen)
        self.groups.append(group)
        return group

    def meet(self, *names: str, **options: Any) -> list[Group]:
        """Members who know of each other, in one view."""
        for name in names:
            self.person(name)
        groups = [self.join(name, **options) for name in names]
        together(groups)
        return groups

    def close(self) -> None:
        for group in self.groups:
            group.close()
        self.hub.close()


def serve(groups: list[Group], done: Callable[[], bool], taken: Callable[[Group, Event], None]) -> None:
    """Takes the events of all groups in turn until something is so."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        for group in groups:
            try:
                taken(group, group.next(timeout=0.002))
            except (conclave.TimedOut, conclave.MembershipOver):
                continue


def gather(groups: list[Group], kind: type[Kind], count: int) -> list[list[Kind]]:
    """Takes events until each group has had `count` of a kind."""
    found: list[list[Kind]] = [[] for _ in groups]

    def taken(group: Group, event: Event) -> None:
        if isinstance(event, kind):
            found[groups.index(group)].append(event)

    serve(groups, lambda: all(len(events) >= count for events in found), taken)
    return found


def together(groups: list[Group], *bystanders: Group) -> list[View]:
    """Takes events until all groups are in one view of just them; returns each one's view. Bystanders keep going."""

    def agreed() -> bool:
        views = [group.view for group in groups]
        return len({view.id if view else b"" for view in views}) == 1 and all(
            view is not None and len(view.members) == len(groups) for view in views
        )

    def taken(group: Group, event: Event) -> None:
        assert group in bystanders or not isinstance(event, Left), event

    serve([*groups, *bystanders], agreed, taken)
    return [group.view for group in groups if group.view is not None]
