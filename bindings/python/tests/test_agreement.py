"""Five contexts agree on a key; members join and leave; the test moves the tokens."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import weakref
from collections import deque
from collections.abc import Iterator, Sequence

import pytest

import conclave
from conclave import Agreement, Identity, Membership, Participant, Suite, Token, TokenKind

SUITE = Suite.GDH_FFDHE2048_ED25519_AES256GCM


class Table:
    """Participants at one table, and the network between them: in order, and agreed because there is one queue."""

    def __init__(self, count: int, suite: int = SUITE) -> None:
        self.suite = suite
        self.runs = 0
        self.seated: dict[int, Participant] = {}
        self.contexts: dict[int, Agreement] = {}
        for _ in range(count):
            self.seat()

    def seat(self) -> int:
        number = len(self.seated) + 1
        with Identity.new(f"participant {number}") as identity:
            self.seated[number] = Participant(number, identity.public_key)
            self.contexts[number] = Agreement(identity, number, self.suite)
        return number

    def membership(self, ids: Sequence[int], continuing: int = 0) -> Membership:
        self.runs += 1
        view, run = (hashlib.sha256(f"{what} {self.runs}".encode()).digest() for what in ("view", "run"))
        return Membership("the table", view, run, [self.seated[number] for number in ids], continuing)

    def begin(self, ids: Sequence[int], continuing: int = 0) -> None:
        membership = self.membership(ids, continuing)
        for number in ids:
            self.contexts[number].begin(membership)

    def deliver(self, ids: Sequence[int]) -> list[tuple[int, Token]]:
        """Carries tokens until there are none; returns what was carried."""
        carried: list[tuple[int, Token]] = []
        queue: deque[tuple[int, Token]] = deque()
        while True:
            for number in ids:
                queue.extend((number, token) for token in self.contexts[number].tokens())
            if not queue:
                return carried
            sender, token = queue.popleft()
            carried.append((sender, token))
            for number in ids if token.destination is None else [token.destination]:
                self.contexts[number].receive(sender, token.data)

    def agree(self, ids: Sequence[int], continuing: int = 0) -> bytes:
        """One run to its end; the key's fingerprint, which must be the same at all, as must be what is exported."""
        self.begin(ids, continuing)
        self.deliver(ids)
        contexts = [self.contexts[number] for number in ids]
        assert all(context.is_complete for context in contexts)
        fingerprints = {context.fingerprint for context in contexts}
        exports = {context.export("a label", 100, b"a context") for context in contexts}
        assert len(fingerprints) == len(exports) == 1
        return fingerprints.pop()

    def close(self) -> None:
        for context in self.contexts.values():
            context.close()


@contextlib.contextmanager
def table(count: int, suite: int = SUITE) -> Iterator[Table]:
    laid = Table(count, suite)
    try:
        yield laid
    finally:
        laid.close()


def test_five_agree_one_joins_two_leave_and_the_key_is_refreshed() -> None:
    with table(5) as laid:
        keys = [laid.agree([1, 2, 3, 4, 5])]
        newcomer = laid.seat()
        keys.append(laid.agree([1, 2, 3, 4, 5, newcomer], continuing=5))
        keys.append(laid.agree([1, 3, 5, 6], continuing=4))
        keys.append(laid.agree([1, 3, 5, 6], continuing=4))
        assert len(set(keys)) == len(keys)


def test_two_join_while_one_leaves() -> None:
    with table(3) as laid:
        first = laid.agree([1, 2, 3])
        laid.seat()
        laid.seat()
        assert laid.agree([1, 3, 4, 5], continuing=2) != first


def test_threads_change_no_key() -> None:
    with table(3) as laid:
        laid.contexts[1].set_threads(2)
        laid.agree([1, 2, 3])
        with pytest.raises(conclave.InvalidArgument):
            laid.contexts[1].set_threads(65)


def test_one_alone_agrees_with_itself() -> None:
    with table(1) as laid:
        assert len(laid.agree([1])) == conclave.FINGERPRINT_SIZE


@pytest.mark.parametrize(
    "suite",
    [
        Suite.STANDARD,
        Suite.GDH_MODP2048_256_ED25519_CHACHA20POLY1305,
        Suite.GDH_P256_ED25519_AES256GCM,
        Suite.CKD_P256_ED25519_AES256GCM,
        Suite.TGDH_P256_ED25519_AES256GCM,
        Suite.STR_P256_ED25519_CHACHA20POLY1305,
        Suite.BD_MODP2048_256_ED25519_AES256GCM,
        Suite.BD_P256_ED25519_AES256GCM,
    ],
)
def test_other_suites(suite: Suite) -> None:
    with table(3, suite) as laid:
        laid.agree([1, 2, 3])


def test_exports_differ_by_label_context_and_size() -> None:
    with table(2) as laid:
        laid.agree([1, 2])
        context = laid.contexts[1]
        outputs = [
            context.export("label", 32),
            context.export("other label", 32),
            context.export("label", 32, b"context"),
            context.export("label", 32, bytearray(b"another")),
        ]
        assert len(set(outputs)) == 4
        assert all(len(output) == 32 for output in outputs)
        assert len(context.export("label", conclave.EXPORT_MAX)) == conclave.EXPORT_MAX
        for size in (0, -1, conclave.EXPORT_MAX + 1):
            with pytest.raises(conclave.InvalidArgument):
                context.export("label", size)


def test_an_altered_token_is_refused_and_changes_nothing() -> None:
    with table(3) as laid:
        ids = [1, 2, 3]
        laid.begin(ids)
        first = laid.contexts[1].next_token()
        assert first is not None
        assert first.destination is not None
        receiver = laid.contexts[first.destination]
        for position in (0, len(first.data) // 2, len(first.data) - 1):
            altered = bytearray(first.data)
            altered[position] ^= 1
            with pytest.raises(conclave.ProtocolError) as caught:
                receiver.receive(1, altered)
            assert caught.value.message
        with pytest.raises(conclave.ProtocolError):
            receiver.receive(1, first.data[:-1])
        with pytest.raises(conclave.ProtocolError):
            receiver.receive(1, first.data + b"\0")
        with pytest.raises(conclave.ProtocolError):
            receiver.receive(1, b"")
        with pytest.raises(conclave.ProtocolError):
            receiver.receive(3, first.data)
        receiver.receive(1, first.data)
        laid.deliver(ids)
        assert all(laid.contexts[number].is_complete for number in ids)


def test_a_replayed_token_is_refused() -> None:
    with table(3) as laid:
        ids = [1, 2, 3]
        laid.begin(ids)
        carried = laid.deliver(ids)
        laid.begin(ids)
        sender, token = carried[0]
        assert token.destination is not None
        with pytest.raises(conclave.ProtocolError):
            laid.contexts[token.destination].receive(sender, token.data)
        laid.deliver(ids)
        assert all(laid.contexts[number].is_complete for number in ids)


def test_the_last_key_stays_until_the_next_is_installed() -> None:
    with table(2) as laid:
        fingerprint = laid.agree([1, 2])
        laid.begin([1, 2], continuing=2)
        assert not laid.contexts[1].is_complete
        assert laid.contexts[1].fingerprint == fingerprint


def test_nothing_to_export_before_the_first_key() -> None:
    with table(2) as laid:
        context = laid.contexts[1]
        assert context.next_token() is None
        assert not context.is_complete
        with pytest.raises(conclave.WrongState) as caught:
            context.export("label", 32)
        assert caught.value.message
        with pytest.raises(conclave.WrongState):
            context.fingerprint  # noqa: B018


def test_tokens_say_how_they_travel() -> None:
    with table(3) as laid:
        ids = [1, 2, 3]
        laid.begin(ids)
        carried = laid.deliver(ids)
        assert carried
        for _, token in carried:
            assert token.data
            assert (token.kind is TokenKind.UNICAST) == (token.destination is not None)
        assert carried[-1][1].kind is TokenKind.MULTICAST_AGREED


def test_counters_count() -> None:
    with table(3) as laid:
        assert laid.contexts[1].counters == conclave.Counters(0, 0, 0, 0, 0, 0, 0)
        laid.agree([1, 2, 3])
        counters = [laid.contexts[number].counters for number in (1, 2, 3)]
        assert all(counter.exponentiations > 0 and counter.signatures > 0 for counter in counters)
        assert sum(counter.unicasts for counter in counters) > 0


def test_memberships_that_are_refused() -> None:
    with table(3) as laid:
        context = laid.contexts[1]
        good = laid.membership([1, 2])
        bad: list[Membership] = [
            laid.membership([]),
            laid.membership([2, 3]),
            laid.membership([1, 2, 2]),
            laid.membership([1, 2], continuing=3),
            Membership("a\0b", good.view, good.run, good.participants),
            Membership("group", good.view[:-1], good.run, good.participants),
            Membership("group", good.view, b"", good.participants),
            Membership("group", good.view, good.run, [Participant(1, bytes(31))]),
            Membership("group", good.view, good.run, [Participant(1 << 64, bytes(32))]),
            Membership("group", good.view, good.run, good.participants, -1),
        ]
        for membership in bad:
            with pytest.raises(conclave.ConclaveError):
                context.begin(membership)
        assert laid.agree([1, 2, 3])


def test_contexts_that_are_refused() -> None:
    with Identity.new("anna") as anna:
        for number in (0, -1, 1 << 64):
            with pytest.raises(conclave.InvalidArgument):
                Agreement(anna, number)
        with pytest.raises(conclave.UnknownSuite):
            Agreement(anna, 1, 0x9999)
        with pytest.raises(conclave.InvalidArgument):
            Agreement(anna, 1, 1 << 16)
    with pytest.raises(conclave.BadHandle):
        Agreement(anna, 1)


def test_a_closed_context_says_so() -> None:
    with Identity.new("anna") as anna:
        context = Agreement(anna, 1, SUITE)
    context.close()
    context.close()
    with pytest.raises(conclave.BadHandle):
        context.next_token()
    with pytest.raises(conclave.BadHandle):
        context.is_complete  # noqa: B018


def test_what_nobody_refers_to_any_more_goes_away() -> None:
    with Identity.new("anna") as anna:
        context = Agreement(anna, 1, SUITE)
        reference = weakref.ref(context)
        del context
        gc.collect()
        assert reference() is None
