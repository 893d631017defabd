"""Secure groups over a hub in this process: members converse, leave, are woken and are refused."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import conclave
from conclave import (
    Algorithm,
    ErrorEvent,
    Event,
    FlushRequest,
    Group,
    Identity,
    Left,
    Message,
    Service,
    Suite,
    View,
)

from .room import PATIENCE, SUITE, Room, gather, serve, together


def test_three_members_converse_and_one_leaves(room: Room) -> None:
    groups = room.meet("anna", "bert", "carl")
    anna, bert, carl = groups
    views = together(groups)
    assert len({view.key_fingerprint for view in views}) == 1
    assert len({group.export("a label", 64, b"a context") for group in groups}) == 1
    assert sorted(member.name for member in views[0].members) == ["anna", "bert", "carl"]
    for group, view in zip(groups, views):
        me = view.member(view.self_id)
        assert me is not None
        assert me.is_self
        assert me.public_key == room.person(me.name).public_key
        assert group.waiting_for() == ()

    for number, group in enumerate(groups):
        group.send(f"from {number}".encode())
    heard = gather(groups, Message, 3)
    assert heard[0] == heard[1] == heard[2]
    assert sorted((message.sender_name, message.data) for message in heard[0]) == [
        ("anna", b"from 0"),
        ("bert", b"from 1"),
        ("carl", b"from 2"),
    ]
    assert all(message.service is Service.AGREED and not message.is_private for message in heard[0])

    bert.leave()
    (end,) = gather([bert], Left, 1)
    assert isinstance(end[0].error, conclave.HasLeft)
    with pytest.raises(conclave.HasLeft):
        bert.next(timeout=1)
    assert list(bert) == []
    later = together([anna, carl])
    assert [member.name for member in later[0].left] == ["bert"]
    assert later[0].key_fingerprint == later[1].key_fingerprint != views[0].key_fingerprint
    assert later[0].counter > views[0].counter
    assert {member.name for member in later[0].transitional} == {"anna", "carl"}
    assert later[0].joined == ()


@pytest.mark.parametrize(
    "suite",
    [
        Suite.CKD_P256_ED25519_AES256GCM,
        Suite.TGDH_P256_ED25519_AES256GCM,
        Suite.STR_P256_ED25519_AES256GCM,
        Suite.BD_P256_ED25519_CHACHA20POLY1305,
    ],
)
def test_every_agreement_carries_a_group(room: Room, suite: Suite) -> None:
    assert conclave.suite_name(suite) == suite.name
    groups = room.meet("anna", "bert", "carl", suite=suite)
    groups[1].send(b"hello")
    assert {messages[0].data for messages in gather(groups, Message, 1)} == {b"hello"}
    groups[0].leave()
    views = together(groups[1:])
    assert views[0].key_fingerprint == views[1].key_fingerprint


@pytest.mark.parametrize("service", list(Service))
def test_every_service_delivers_in_the_senders_order(room: Room, service: Service) -> None:
    groups = room.meet("anna", "bert")
    for number in range(50):
        groups[0].send(str(number).encode(), service, timeout=PATIENCE)
    for messages in gather(groups, Message, 50):
        assert [int(message.data) for message in messages] == list(range(50))
        assert {message.service for message in messages} == {service}


def test_a_message_to_one(room: Room) -> None:
    groups = room.meet("anna", "bert", "carl")
    anna, bert, carl = groups
    assert bert.view is not None
    anna.send_to(bert.view.self_id, b"between us")
    anna.send(b"for all")
    heard = gather([bert], Message, 2)[0]
    assert [(message.data, message.is_private) for message in heard] == [(b"between us", True), (b"for all", False)]
    assert [message.data for message in gather([carl], Message, 1)[0]] == [b"for all"]
    with pytest.raises(conclave.NotFound):
        anna.send_to(12345, b"nobody")
    with pytest.raises(conclave.InvalidArgument):
        anna.send_to(-1, b"nobody")


def test_the_largest_message(room: Room) -> None:
    groups = room.meet("anna", "bert")
    data = os.urandom(conclave.MESSAGE_MAX)
    groups[0].send(memoryview(data), timeout=PATIENCE)
    for messages in gather(groups, Message, 1):
        assert messages[0].data == data
    with pytest.raises(conclave.TooLarge):
        groups[0].send(data + b"x")
    groups[1].send(b"")
    for messages in gather(groups, Message, 1):
        assert messages[0].data == b""


def test_a_full_queue_is_waited_out(room: Room) -> None:
    groups = room.meet("anna", "bert", send_queue_bytes=256 * 1024)
    anna, bert = groups
    heard: list[Message] = []
    listener = threading.Thread(target=lambda: heard.extend(gather([bert], Message, 64)[0]))
    listener.start()
    for number in range(64):
        anna.send(bytes([number]) * 64 * 1024, timeout=PATIENCE)
    mine = gather([anna], Message, 64)[0]
    listener.join(PATIENCE)
    assert [message.data[0] for message in mine] == [message.data[0] for message in heard] == list(range(64))


def test_sending_while_a_flush_is_pending(room: Room) -> None:
    room.person("bert")
    anna = room.join("anna", manual_flush=True)
    together([anna])
    bert = room.join("bert")
    serve([bert], lambda: isinstance(next_or_none(anna), FlushRequest), lambda *_: None)
    anna.send(b"still in the old view")
    anna.flush()
    with pytest.raises(conclave.FlushPending) as caught:
        anna.send(b"too late")
    assert isinstance(caught.value, conclave.RetryLater)
    with pytest.raises(conclave.WrongState):
        anna.flush()
    together([anna, bert])
    anna.send(b"in the new view")
    assert [message.data for message in gather([bert], Message, 1)[0]] == [b"in the new view"]


def next_or_none(group: Group) -> Event | None:
    try:
        return group.next(timeout=0.002)
    except conclave.TimedOut:
        return None


def test_sending_before_the_first_view(room: Room) -> None:
    group = room.join("anna")
    assert group.view is None
    with pytest.raises(conclave.WrongState):
        group.send(b"too early")
    with pytest.raises(conclave.WrongState):
        group.export("label", 32)
    with pytest.raises(conclave.WrongState):
        group.flush()


def test_a_refresh_gives_a_new_key(room: Room) -> None:
    groups = room.meet("anna", "bert")
    before = together(groups)[0]
    groups[1].refresh()
    after = gather(groups, View, 1)[0][0]
    assert after.key_fingerprint != before.key_fingerprint
    assert after.members[0].id == before.members[0].id
    assert groups[0].counters.exponentiations > 0


def test_a_group_runs_the_basic_algorithm(room: Room) -> None:
    anna, bert = room.meet("anna", "bert", algorithm=Algorithm.BASIC)
    anna.send(b"from scratch, every time")
    (messages,) = gather([bert], Message, 1)
    assert messages[0].data == b"from scratch, every time"
    # Who runs the other one stays outside, and all are told.
    carl = room.join("carl")
    for events in gather([anna, bert, carl], ErrorEvent, 1):
        assert isinstance(events[0].error, conclave.WrongAlgorithm)
    with pytest.raises(conclave.InvalidArgument):
        room.join("carl", algorithm=2)


def test_whose_key_is_removed_is_expelled(room: Room) -> None:
    groups = room.meet("anna", "bert", "carl")
    room.trust.remove(room.person("carl").public_key)
    for group in groups[:2]:
        group.set_trust(room.trust)
    views = together(groups[:2], groups[2])
    assert {member.name for member in views[0].members} == {"anna", "bert"}


def test_a_stranger_is_kept_out_while_the_others_go_on(room: Room) -> None:
    groups = room.meet("anna", "bert")
    room.person("stranger", trusted=False)
    stranger = room.join("stranger", admission_timeout=0.2)
    heard: dict[Group, list[bytes]] = {group: [] for group in (*groups, stranger)}
    refusals: list[str] = []

    def taken(group: Group, event: Event) -> None:
        if isinstance(event, Message):
            heard[group].append(event.data)
        elif isinstance(event, ErrorEvent) and group is stranger:
            assert isinstance(event.error, conclave.NotAdmitted)
            refusals.append(event.error.message)

    groups[0].send(b"among us")
    everybody = [*groups, stranger]
    serve(everybody, lambda: bool(refusals) and all(heard[group] for group in groups), taken)
    assert heard == {groups[0]: [b"among us"], groups[1]: [b"among us"], stranger: []}
    assert refusals[0]
    assert stranger.view is None
    for group in groups:
        assert group.view is not None
        assert {member.name for member in group.view.members} == {"anna", "bert"}


def test_wake_from_another_thread(room: Room) -> None:
    (group,) = room.meet("anna")
    threading.Timer(0.05, group.wake).start()
    with pytest.raises(conclave.Interrupted):
        group.next(timeout=PATIENCE)
    group.wake()
    assert list(group) == []
    with pytest.raises(conclave.TimedOut):
        group.next(timeout=0.01)


def test_other_threads_send_and_look_while_one_waits(room: Room) -> None:
    groups = room.meet("anna", "bert")
    heard: list[list[bytes]] = [[], []]

    def listen(number: int) -> None:
        while len(heard[number]) < 200:
            event = groups[number].next(timeout=PATIENCE)
            if isinstance(event, Message):
                heard[number].append(event.data)

    def talk(group: Group, name: str) -> None:
        for number in range(50):
            group.send(f"{name} {number}".encode(), timeout=PATIENCE)
            group.export("label", 16)
            assert group.waiting_for() == ()

    threads = [threading.Thread(target=listen, args=(number,)) for number in (0, 1)]
    threads += [threading.Thread(target=talk, args=(group, name)) for group in groups for name in ("x", "y")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(heard[0]) == 200
    assert heard[0] == heard[1]


def test_closing_ends_a_wait_in_another_thread(room: Room) -> None:
    (group,) = room.meet("anna")
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            group.next()
        except conclave.ConclaveError as failure:
            caught.append(failure)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.05)
    group.close()
    waiting.join(PATIENCE)
    assert isinstance(caught[0], conclave.BadHandle)


def test_a_closed_group_says_so(room: Room) -> None:
    (group,) = room.meet("anna")
    group.close()
    group.close()
    group.wake()
    assert "closed" in repr(group)
    uses: list[Callable[[], object]] = [
        group.next,
        lambda: group.send(b""),
        group.flush,
        group.refresh,
        group.leave,
        group.waiting_for,
        lambda: group.export("label", 1),
        lambda: group.counters,
    ]
    for use in uses:
        with pytest.raises(conclave.BadHandle, match="closed"):
            use()


def test_the_end_of_a_block_sends_what_was_sent(room: Room) -> None:
    anna, bert = room.meet("anna", "bert")

    def say_and_go() -> None:
        with anna:
            anna.send(b"goodbye")

    going = threading.Thread(target=say_and_go)
    going.start()
    assert gather([bert], Message, 1)[0][0].data == b"goodbye"
    together([bert])
    going.join(PATIENCE)
    assert "closed" in repr(anna)


def test_the_end_of_a_block_waits_also_after_leave(room: Room) -> None:
    anna, bert = room.meet("anna", "bert")

    def say_and_go() -> None:
        with anna:
            anna.send(bytes(3_000_000))
            anna.leave()

    going = threading.Thread(target=say_and_go)
    going.start()
    assert gather([bert], Message, 1)[0][0].data == bytes(3_000_000)
    together([bert])
    going.join(PATIENCE)


def test_a_call_after_the_end_says_what_ended_it(room: Room) -> None:
    (group,) = room.meet("anna")
    room.hub.close()
    gather([group], Left, 1)
    for call in (group.refresh, group.leave, lambda: group.send(b"anybody?")):
        with pytest.raises(conclave.HasLeft, match="over: the connection to the transport is gone"):
            call()


def test_a_hub_that_is_not_there(tmp_path: Path) -> None:
    with Identity.new("anna") as anna:
        with pytest.raises(conclave.TransportUnreachable) as caught:
            Group.join(f"local:{tmp_path}/nowhere", "the room", anna)
        assert caught.value.message
        assert isinstance(caught.value, ConnectionError)
        for url in ("nonsense", "carrier-pigeon:loft", "local:"):
            with pytest.raises(conclave.BadUrl):
                Group.join(url, "the room", anna)


def test_arguments_that_are_refused(room: Room) -> None:
    anna = room.person("anna")
    for name in ("", "x" * (conclave.GROUP_NAME_MAX + 1), "zero\0"):
        with pytest.raises((conclave.BadText, conclave.InvalidArgument)):
            Group.join(room.hub.url, name, anna)
    with pytest.raises(conclave.UnknownSuite):
        Group.join(room.hub.url, "the room", anna, suite=0x9999)
    with pytest.raises(conclave.InvalidArgument):
        Group.join(room.hub.url, "the room", anna, flush_timeout=-1)
    (group,) = room.meet("anna")
    with pytest.raises(conclave.InvalidArgument):
        group.send(b"", 99)


def test_a_hub_that_goes_away(room: Room) -> None:
    (group,) = room.meet("anna")
    room.hub.close()
    (end,) = gather([group], Left, 1)
    assert isinstance(end[0].error, conclave.TransportLost)
    assert end[0].error.is_fatal
    with pytest.raises(ConnectionError):
        group.next(timeout=1)


def test_no_descriptor_is_left_open(room: Room) -> None:
    def open_descriptors() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    anna = room.person("anna")
    kept = []
    before = open_descriptors()
    for _ in range(5):
        group = Group.join(room.hub.url, "another room", anna, suite=SUITE)
        group.next(timeout=PATIENCE)
        group.leave()
        gather([group], Left, 1)
        with pytest.raises(conclave.HasLeft):
            group.next()
        kept.append(group)
        group.close()
    end = time.monotonic() + PATIENCE
    while open_descriptors() > before:  # the hub's side closes a moment later
        assert time.monotonic() < end
        time.sleep(0.01)


# -------------------------------------------------------------------------------------------------------------- asyncio


async def heard_by(group: Group, count: int) -> list[bytes]:
    heard: list[bytes] = []
    async for event in group.events():
        if isinstance(event, Message):
            heard.append(event.data)
            if len(heard) == count:
                break
    return heard


async def seated(group: Group, count: int) -> View:
    while group.view is None or len(group.view.members) != count:
        await group.next_async(PATIENCE)
    return group.view


def test_three_members_converse_in_one_event_loop(room: Room) -> None:
    async def converse() -> None:
        for name in ("anna", "bert", "carl"):
            room.person(name)
        groups = [room.join(name) for name in ("anna", "bert", "carl")]
        views = await asyncio.gather(*(seated(group, 3) for group in groups))
        assert len({view.key_fingerprint for view in views}) == 1
        await asyncio.gather(*(group.send_async(name.encode()) for group, name in zip(groups, "abc")))
        heard = await asyncio.gather(*(heard_by(group, 3) for group in groups))
        assert heard[0] == heard[1] == heard[2]
        assert sorted(heard[0]) == [b"a", b"b", b"c"]
        anna, bert, carl = groups
        await asyncio.gather(bert.finish_async(), seated(anna, 2), seated(carl, 2))
        assert "closed" in repr(bert)

    asyncio.run(asyncio.wait_for(converse(), PATIENCE))


def test_a_task_waits_for_room_in_the_queue(room: Room) -> None:
    async def converse() -> None:
        room.person("bert")
        anna, bert = room.join("anna", send_queue_bytes=256 * 1024), room.join("bert")
        await asyncio.gather(seated(anna, 2), seated(bert, 2))
        listeners = [asyncio.create_task(heard_by(group, 64)) for group in (anna, bert)]
        for number in range(64):
            await anna.send_async(bytes([number]) * 64 * 1024)
        for heard in await asyncio.gather(*listeners):
            assert [data[0] for data in heard] == list(range(64))

    asyncio.run(asyncio.wait_for(converse(), PATIENCE))


def test_time_limits_wakes_cancellation_and_closing_in_a_task(room: Room) -> None:
    async def wait() -> None:
        group = room.join("anna")
        await seated(group, 1)
        with pytest.raises(conclave.TimedOut):
            await group.next_async(0.01)
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, group.wake)
        with pytest.raises(conclave.Interrupted):
            await group.next_async(PATIENCE)
        group.wake()
        assert [event async for event in group.events()] == []
        waiting = asyncio.create_task(group.next_async())
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        waiting = asyncio.create_task(group.next_async())
        await asyncio.sleep(0.01)
        group.close()
        with pytest.raises(conclave.BadHandle):
            await waiting

    asyncio.run(asyncio.wait_for(wait(), PATIENCE))


def test_the_end_of_an_async_block_leaves(room: Room) -> None:
    async def leave() -> None:
        room.person("bert")
        anna, bert = room.join("anna"), room.join("bert")
        await asyncio.gather(seated(anna, 2), seated(bert, 2))
        async with anna:
            await anna.send_async(b"goodbye")
            heard = asyncio.create_task(heard_by(bert, 1))
        assert await heard == [b"goodbye"]
        await seated(bert, 1)

    asyncio.run(asyncio.wait_for(leave(), PATIENCE))
