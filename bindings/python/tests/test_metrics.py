"""What a group tells about itself: its numbers and its log."""

from __future__ import annotations

import logging
import re
from types import ModuleType

import pytest

import conclave
import conclave._library
import conclave._reading
import conclave.group
from conclave import Group, Message, Metric
from conclave.metrics import Unit

from .conftest import ROOT
from .room import Room, gather, serve, together


def value(group: Group, name: str, **labels: str) -> int:
    found = [metric for metric in group.metrics() if metric.name == name and metric.labels == labels]
    assert len(found) == 1, (name, labels)
    return found[0].value


def test_numbers_follow_what_happens(room: Room) -> None:
    ada, barbara = room.meet("ada", "barbara")
    assert value(ada, "conclave_members") == 2
    assert value(ada, "conclave_exponentiations_total") == ada.counters.exponentiations
    ada.send(b"four")
    gather([barbara], Message, 1)
    assert value(ada, "conclave_message_bytes_total", direction="sent") == 4
    assert value(barbara, "conclave_messages_total", direction="received") == 1
    assert value(barbara, "conclave_tokens_total", kind="key_list", direction="received") >= 1


def test_a_metric_says_what_it_is(room: Room) -> None:
    (ada,) = room.meet("ada")
    known = {metric.name: metric for metric in ada.metrics()}
    assert known["conclave_secure_views_total"] == Metric(
        "conclave_secure_views_total", 1, {}, "secure views installed", is_counter=True, unit=Unit.COUNT
    )
    assert known["conclave_flush_seconds_total"].unit == Unit.MILLISECONDS
    assert not known["conclave_members"].is_counter


def test_prometheus_reads_the_text(room: Room) -> None:
    (ada,) = room.meet("ada")
    lines = ada.metrics_text().splitlines()
    assert 'conclave_members{group="the room",member="ada"} 1' in lines
    series = [line.rsplit(" ", 1)[0] for line in lines if not line.startswith("#")]
    assert len(series) == len(set(series)) == len(ada.metrics())
    described = [line.split(" ")[2] for line in lines if line.startswith("# TYPE")]
    assert len(described) == len(set(described))
    assert {line.split("{")[0] for line in series} == set(described)


@pytest.mark.parametrize("module", [conclave._reading, conclave.group])
def test_a_signal_handler_may_not_ask_while_texts_are_copied(
    room: Room, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ada,) = room.meet("ada")
    refused: list[bool] = []

    def decoded(text: bytes | None) -> str:
        # Here a handler would run that asks for the same: the text would be freed before it is read.
        with pytest.raises(conclave.WrongState):
            ada.metrics()
        refused.append(True)
        return conclave._library.decoded(text)

    monkeypatch.setattr(module, "decoded", decoded)
    if module is conclave.group:
        assert "conclave_members" in ada.metrics_text()
    else:
        assert ada.metrics()[0].name.startswith("conclave_")
    assert refused


def test_numbers_outlive_an_incarnation(room: Room) -> None:
    room.person("clara")
    ada, barbara = room.meet("ada", "barbara", flush_timeout=1.0)
    before = value(barbara, "conclave_exponentiations_total")
    clara = room.join("clara", flush_timeout=1.0)
    # Barbara does not answer, is excluded, and comes again.
    serve([ada, clara], lambda: clara.view is not None and len(clara.view.members) == 2, lambda *_: None)
    together([ada, barbara, clara])
    assert value(barbara, "conclave_rejoins_total") == 1
    assert value(barbara, "conclave_exponentiations_total") > before
    assert value(barbara, "conclave_refusals_total", cause="EXCLUDED") == 1


def test_a_group_is_silent_until_it_is_asked(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    room.person("clara")
    ada, barbara = room.meet("ada", "barbara")
    assert not caplog.records
    ada.log_to(logging.getLogger("group"), logging.INFO)
    barbara.refresh()
    together([ada, barbara])
    together([ada, barbara, room.join("clara")])
    assert any("secure view" in record.getMessage() for record in caplog.records)
    assert {record.levelno for record in caplog.records} <= {logging.INFO, logging.WARNING}
    ada.log_to(None)
    caplog.clear()
    barbara.refresh()
    assert value(ada, "conclave_members") == 3
    assert not caplog.records


def test_every_metric_is_documented(room: Room) -> None:
    documented = set(re.findall(r"`(conclave_\w+(?:_total|_last|_bytes|_events|_members|_counter|s))`", table()))
    groups = room.meet("ada", "barbara")
    names = {metric.name for group in groups for metric in group.metrics()}
    assert names | {"conclave_refusals_total"} == documented


def table() -> str:
    text = (ROOT / "docs" / "metrics.md").read_text()
    return text[text.index("| name |") : text.index("Worth an alarm")].replace("conclave_group_waiting_for", "")
