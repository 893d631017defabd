"""What members report becomes recordings that the oracles understand: they pass what is right, and see what is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness import SIMULATE
from recording import Recording

VIEW = "view 1 " + "ab" * 32 + " " + "cd" * 32
ANNA = [
    "100 connected",
    f"110 {VIEW} 7 7,anna,1 8,bert,0",
    "120 sent 3 10 0",
    "121 sent 3 10 1",
    "130 delivered 7 3 0 10 0",
    "140 delivered 8 3 0 10 0",
    "150 delivered 7 3 0 10 1",
    "160 flush-request",
    "161 flush-ok",
    "162 signal",
    "170 end LEFT you left",
]
BERT = [
    "101 connected",
    f"111 {VIEW} 8 7,anna,0 8,bert,1",
    "125 sent 3 10 0",
    "131 delivered 7 3 0 10 0",
    "141 delivered 8 3 0 10 0",
    "151 delivered 7 3 0 10 1",
    "165 flush-request",
    "166 flush-ok",
    "167 signal",
    "175 end LEFT you left",
]


def judged(folder: Path, *reports: list[str]) -> subprocess.CompletedProcess[str]:
    paths = []
    for name, report in zip(("anna", "bert"), reports):
        recording = Recording(name, "group")
        for line in report:
            recording.take(line)
        paths.append(folder / f"{name}.jsonl")
        paths[-1].write_text("".join(line + "\n" for line in recording.lines))
    return subprocess.run([str(SIMULATE), "judge", *paths], capture_output=True, text=True, timeout=60)


def swapped(report: list[str], first: int, second: int) -> list[str]:
    result = list(report)
    result[first], result[second] = result[second], result[first]
    return result


def test_who_waits_outside_disturbs_nobody(tmp_path: Path) -> None:
    told = "109 error NOT_ADMITTED the members do not accept this identity"
    done = judged(tmp_path, ANNA, [*BERT[:1], told, *BERT[1:]])
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_right_holds(tmp_path: Path) -> None:
    done = judged(tmp_path, ANNA, BERT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not judged  A.3" in done.stdout


@pytest.mark.parametrize(
    ("broken", "bert"),
    [
        ("11.2 Agreed Delivery", swapped(BERT, 3, 4)),
        ("4 Delivery Integrity", [*BERT[:6], "152 delivered 7 3 0 10 2", *BERT[6:]]),
        ("5 No Duplication", [*BERT[:6], "152 delivered 7 3 0 10 1", *BERT[6:]]),
        ("9 FIFO Delivery", [*BERT[:3], *BERT[4:]]),
        ("11.3 Agreed Delivery", [*BERT[:4], *BERT[5:]]),
        ("same view, same key", [line.replace("cd", "ce") for line in BERT]),
        ("undisturbed", [*BERT[:6], "152 error WRONG_VIEW the message was made for another view", *BERT[6:]]),
        ("A.1", [*BERT[:8], "166 sent 3 10 1", *BERT[8:]]),
    ],
)
def test_what_is_wrong_is_seen(tmp_path: Path, broken: str, bert: list[str]) -> None:
    done = judged(tmp_path, ANNA, bert)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"BROKEN      {broken}" in done.stdout, done.stdout
