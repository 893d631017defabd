"""Engines of one's own: the example's passes the check, faulty ones do not, and groups over them end with a reason."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import conclave
from conclave import CheckResult, Delivery, EngineEvent, Group, Identity, Left, Message, View

from .test_examples import environment

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "own_engine.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    specification = importlib.util.spec_from_file_location("own_engine", EXAMPLE)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["own_engine"] = module
    specification.loader.exec_module(module)
    return module


def failed(results: list[CheckResult]) -> list[str]:
    return [result.name for result in results if not result.held]


def test_the_example_runs() -> None:
    finished = subprocess.run(
        [sys.executable, str(EXAMPLE)], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.count("ok ") >= 30
    assert "FAILED" not in finished.stdout
    assert finished.stdout.count("heard anna: hello over an engine of our own") == 3


def test_a_sound_engine_passes(example: ModuleType) -> None:
    told: list[CheckResult] = []
    results = conclave.check_transport(example.Sequencer(), message_count=50, report=told.append)
    assert told == results
    assert len(results) >= 30
    assert failed(results) == []


def test_an_engine_that_loses_a_message_is_found_out(example: ModuleType) -> None:
    class Losing(example.Member):  # type: ignore[misc, name-defined]
        def next_event(self) -> EngineEvent | None:
            event = super().next_event()
            if isinstance(event, Delivery) and self.connection == 2 and len(event.data) == 132:
                return super().next_event()  # type: ignore[no-any-return]
            return event  # type: ignore[no-any-return]

    engine = example.Sequencer()
    engine.join = lambda group: _join(engine, Losing, group)
    results = conclave.check_transport(engine, step_timeout=0.3)
    assert "nothing is lost when all send" in failed(results)


def _join(engine: Any, kind: Any, group: str) -> Any:
    engine.connections += 1
    member = kind(engine, group, engine.connections)
    engine.members.append(member)
    member.tell(conclave.Attached(member.connection))
    engine.configure(group, member)
    return member


def test_an_exception_ends_the_membership(example: ModuleType) -> None:
    class Breaking(example.Member):  # type: ignore[misc, name-defined]
        def multicast(self, data: bytes) -> bool:
            raise RuntimeError("the engine is broken")

    engine = example.Sequencer()
    engine.join = lambda group: _join(engine, Breaking, group)
    with Identity.new("anna") as anna, Group.join(engine, "g", anna) as group:
        event = group.next(timeout=10)
        assert isinstance(event, Left)
        assert isinstance(event.error, conclave.TransportLost)
    assert engine.members == []


@pytest.mark.parametrize("where", ["multicast", "next_event", "leave", "release"])
def test_an_interrupt_inside_the_engine_is_raised_by_the_group(example: ModuleType, where: str) -> None:
    armed: list[str] = []

    class Interrupted(example.Member):  # type: ignore[misc, name-defined]
        def multicast(self, data: bytes) -> bool:
            strike("multicast")
            return super().multicast(data)  # type: ignore[no-any-return]

        def next_event(self) -> EngineEvent | None:
            strike("next_event")
            return super().next_event()  # type: ignore[no-any-return]

        def leave(self) -> None:
            super().leave()
            strike("leave")

        def release(self) -> None:
            super().release()
            strike("release")

    def strike(place: str) -> None:
        if place in armed:
            armed.clear()
            raise KeyboardInterrupt

    engine = example.Sequencer()
    engine.join = lambda group: _join(engine, Interrupted, group)
    with Identity.new("anna") as anna:
        group = Group.join(engine, "g", anna)
        assert isinstance(group.next(timeout=10), View)
        armed.append(where)

        def use() -> None:
            group.send(b"hello")
            group.leave()
            group.close()

        with pytest.raises(KeyboardInterrupt):
            use()
        assert not armed
        if where != "release":
            while not isinstance(event := group.next(timeout=10), Left):
                pass
            assert isinstance(event.error, conclave.TransportLost)
        group.close()
    assert engine.members == []


def test_what_the_report_raises_is_raised_at_the_end(example: ModuleType) -> None:
    told: list[CheckResult] = []

    def report(result: CheckResult) -> None:
        told.append(result)
        if len(told) == 3:
            raise ValueError("no more of this")

    with pytest.raises(ValueError, match="no more"):
        conclave.check_transport(example.Sequencer(), message_count=5, report=report)
    assert len(told) >= 30


def test_the_status_of_a_refusal_arrives(example: ModuleType) -> None:
    engine = example.Sequencer()

    def refuse(group: str) -> Any:
        raise conclave.TransportRefused(f"no room for {group}")

    engine.join = refuse
    with Identity.new("anna") as anna, pytest.raises(conclave.TransportRefused):
        Group.join(engine, "g", anna)
    engine.payload_limit = 1000
    with Identity.new("anna") as anna, pytest.raises(conclave.TransportUnfit, match="payload limit"):
        Group.join(engine, "g", anna)


def test_a_group_talks_over_an_engine(example: ModuleType) -> None:
    engine = example.Sequencer()
    with Identity.new("anna") as anna:
        group = Group.join(engine, "g", anna)
        assert isinstance(group.next(timeout=10), View)
        group.send(bytes(500_000), timeout=5)
        while not isinstance(event := group.next(timeout=10), Message):
            pass
        assert event.data == bytes(500_000)
        group.close()
    assert engine.members == []


def test_a_url_that_is_none() -> None:
    with pytest.raises(conclave.BadUrl):
        conclave.check_transport("tcp:nowhere")
    with pytest.raises(conclave.TransportUnreachable):
        conclave.check_transport("local:/nowhere/hub")
