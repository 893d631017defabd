"""Reads what Benchmarks/Suites/suites printed; writes it as JSON, prints a table, and draws it.

    report.py MEASURED LIVE OUTPUT-FOLDER FIGURES     MEASURED, LIVE: JSON lines of the programs suites and live

Writes the figures with bounds that scripts/bench judges to the file FIGURES: name, value, unit, bound, with tabs
between.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

Row = dict[str, Any]

AGREEMENTS = ("GDH", "CKD", "TGDH", "STR", "BD")
EVENTS = ("join", "leave", "merge", "partition")
COLOURS = dict(zip(AGREEMENTS, ("#1b6ca8", "#d1495b", "#2e8b57", "#8d5a97", "#e09f3e")))
MARKS = dict(zip(AGREEMENTS, "osD^v"))
TITLES = {
    "paper512": "the paper's 512-bit group",
    "paper1024": "the paper's 1024-bit group",
    "modp2048-256": "modp2048-256",
    "ffdhe3072": "ffdhe3072",
    "p256": "P-256",
}
#: From this size on an event has to keep close to its bare cost.
BOUND_SIZE = 10
BOUND = 1.15


def main() -> None:
    folder = Path(sys.argv[3])
    rows, live = read(sys.argv[1]), read(sys.argv[2])
    (folder / "suites.json").write_text(json.dumps({"agreements": rows, "live": live}, indent=1) + "\n")
    plt.rcParams.update({"svg.hashsalt": "conclave", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3})
    for numbers in dict.fromkeys(row["numbers"] for row in rows):
        chosen = [row for row in rows if row["numbers"] == numbers]
        print_table(numbers, chosen)
        draw(numbers, chosen, folder / f"suites-{numbers}.svg")
    print_live(live)
    draw_live(live, folder / "suites-live.svg")
    write_figures(rows, Path(sys.argv[4]))


def read(path: str) -> list[Row]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def print_table(numbers: str, rows: list[Row]) -> None:
    """Milliseconds on the critical path."""
    print(f"\n{TITLES[numbers]}: processor time on the critical path, in milliseconds")
    print(f"{'':6}{'size':>6}" + "".join(f"{event:>12}" for event in EVENTS) + f"{'rounds':>24}{'exponentiations':>30}")
    for agreement in AGREEMENTS:
        for size in sorted({row["size"] for row in rows if row["agreement"] == agreement}):
            found = {row["event"]: row for row in rows if row["agreement"] == agreement and row["size"] == size}
            times = "".join(f"{found[event]['critical_ms']:12.2f}" for event in EVENTS)
            rounds = "/".join(str(found[event]["rounds"]) for event in EVENTS)
            most = "/".join(str(found[event]["most_exponentiations"]) for event in EVENTS)
            print(f"{agreement:6}{size:6}{times}{rounds:>24}{most:>30}")


def draw(numbers: str, rows: list[Row], path: Path) -> None:
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    for panel, event in zip(panels, ("join", "leave")):
        for agreement in AGREEMENTS:
            found = sorted(
                (row["size"], row["critical_ms"])
                for row in rows
                if row["agreement"] == agreement and row["event"] == event
            )
            if found:
                sizes, times = zip(*found)
                panel.plot(
                    sizes, times, label=agreement, color=COLOURS[agreement], marker=MARKS[agreement], markersize=4
                )
        panel.set_title(f"{event}, {TITLES[numbers]}")
        panel.set_xlabel("members")
        panel.set_yscale("log")
    panels[0].set_ylabel("critical path, ms of processor time")
    panels[1].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def print_live(rows: list[Row]) -> None:
    print("\nthrough the local hub, all members on one processor: milliseconds from the call to the last secure view,")
    print("and to the last view without its key")
    for row in rows:
        name, event, size = row["suite"], row["event"], row["size"]
        print(f"{name:40}{event:8}{size:6}{row['elapsed_ms']:12.2f}{row['membership_ms']:12.2f}")


def draw_live(rows: list[Row], path: Path) -> None:
    """As figures 5 and 6 of the paper: with key agreement, and membership alone."""
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6))
    for panel, event in zip(panels, ("join", "leave")):
        found = [row for row in rows if row["event"] == event]
        membership: dict[int, float] = {}
        for suite in dict.fromkeys(row["suite"] for row in found):
            chosen = [row for row in found if row["suite"] == suite]
            agreement, numbers = suite.split("_")[:2]
            panel.plot(
                [row["size"] for row in chosen],
                [row["elapsed_ms"] for row in chosen],
                label=f"{agreement}, {numbers}",
                color=COLOURS[agreement],
                linestyle="-" if numbers == "P256" else "--",
                marker=MARKS[agreement],
                markersize=4,
            )
            for row in chosen:
                membership[row["size"]] = min(row["membership_ms"], membership.get(row["size"], float("inf")))
        panel.plot(list(membership), list(membership.values()), label="membership alone", color="#555555", marker="x")
        panel.set_title(f"{event}, through the local hub")
        panel.set_xlabel("members, all on one processor")
    panels[0].set_ylabel("elapsed, ms")
    panels[0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def write_figures(rows: list[Row], path: Path) -> None:
    """The worst event of each agreement, against what its operations cost one by one."""
    with path.open("w") as file:
        for agreement in AGREEMENTS:
            for numbers in ("ffdhe3072", "p256"):
                ratios = [
                    (row["total_ms"] / row["bare_total_ms"], row["event"], row["size"])
                    for row in rows
                    if row["agreement"] == agreement and row["numbers"] == numbers and row["size"] >= BOUND_SIZE
                ]
                if ratios:
                    ratio, event, size = max(ratios)
                    name = f"{agreement} over {TITLES[numbers]}, its worst event ({event} at {size}) / its bare cost"
                    file.write(f"{name}\t{ratio:.3f}\ttimes\t{BOUND}\n")


if __name__ == "__main__":
    main()
