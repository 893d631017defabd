"""Numbers that a group keeps about itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from ._abi import Unit


@dataclass(frozen=True)
class Metric:
    """One number of a group.

    ``name`` is the one that Prometheus knows, and the same in every version; ``labels`` tell several of one name apart.
    ``is_counter``: it only grows; otherwise it is as of now. ``unit`` says what ``value`` counts: times are
    milliseconds.
    """

    name: str
    value: int
    labels: dict[str, str] = field(default_factory=dict)
    help: str = ""
    is_counter: bool = False
    unit: Unit | int = Unit.COUNT


__all__ = ["Metric", "Unit"]
