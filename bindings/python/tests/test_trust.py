"""The list of accepted keys."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest

import conclave
from conclave import Identity, Trust, TrustEntry


def key(name: str) -> bytes:
    with Identity.new(name) as identity:
        return identity.public_key


def test_an_empty_list_accepts_nobody() -> None:
    with Trust() as trust:
        assert len(trust) == 0
        assert key("anna") not in trust
        assert list(trust) == []


def test_keys_keep_their_order_and_their_labels() -> None:
    anna, bert, carl = key("anna"), key("bert"), key("carl")
    with Trust() as trust:
        trust.add(anna, "Anna")
        trust.add(bert, "Bert")
        trust.add(carl, "Carl ✓")
        trust.add(bert, "Bert of the second floor")
        expected = [TrustEntry(anna, "Anna"), TrustEntry(bert, "Bert of the second floor"), TrustEntry(carl, "Carl ✓")]
        assert sorted(trust, key=lambda entry: entry.label) == expected
        assert next(iter(trust)) == expected[0]
        assert anna in trust
        assert bytearray(bert) in trust


def test_a_removed_key_is_gone() -> None:
    anna = key("anna")
    with Trust() as trust:
        trust.add(anna, "Anna")
        trust.remove(anna)
        assert anna not in trust
        with pytest.raises(conclave.NotFound):
            trust.remove(anna)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "trusted"
    with Trust() as trust:
        trust.add(key("anna"), "Anna")
        trust.add(key("bert"), "Bert")
        trust.save(file)
        trust.save(file)
        with Trust.load(file) as again:
            assert list(again) == list(trust)


def test_comments_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    anna = key("anna")
    file = tmp_path / "trusted"
    file.write_text(f"# friends\n\ned25519 {base64.b64encode(anna).decode()} Anna A.\n")
    with Trust.load(file) as trust:
        assert list(trust) == [TrustEntry(anna, "Anna A.")]


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "trusted"
    file.write_text("# friends\nrsa AAAA Anna\n")
    with pytest.raises(conclave.BadTrustFile, match="2"):
        Trust.load(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(conclave.NotFound):
        Trust.load(tmp_path / "nobody")


def test_keys_and_labels_that_are_refused() -> None:
    with Trust() as trust:
        with pytest.raises(conclave.InvalidArgument):
            trust.add(bytes(33), "too long")
        with pytest.raises((conclave.BadText, conclave.InvalidArgument)):
            trust.add(key("anna"), "two\nlines")
        assert len(trust) == 0
        assert b"short" not in trust
        assert "text" not in trust


def test_threads_may_share_a_list() -> None:
    keys = [bytes([first, second]) * 16 for first in range(4) for second in range(50)]
    with Trust() as trust:

        def work(mine: list[bytes]) -> None:
            for public_key in mine:
                trust.add(public_key, public_key[:2].hex())
                assert all(entry.label == entry.public_key[:2].hex() for entry in trust)
                assert public_key in trust

        threads = [threading.Thread(target=work, args=(keys[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {entry.public_key for entry in trust} == set(keys)


def test_a_closed_list_says_so() -> None:
    trust = Trust()
    trust.close()
    trust.close()
    assert "closed" in repr(trust)
    with pytest.raises(conclave.BadHandle):
        len(trust)
