"""One figure of a benchmark, and how it is judged: always as a ratio within one run."""

from typing import Any

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """`value` in `unit`; `ratio` against what stands beside it in the same run; `goal` is what it should hold.

    `limit` is what the value or ratio is compared with, in words.
    """

    name: str
    value: float
    unit: str
    limit: str = ""
    ratio: float | None = None
    goal: float | None = None
    holds: bool | None = None


def at_least(name: str, value: float, unit: str, *, against: float, goal: float, limit: str) -> Figure:
    """A figure that should reach `goal` times what it is measured against."""
    ratio = value / against if against else 0.0
    return Figure(
        name=name,
        value=round(value, 1),
        unit=unit,
        limit=limit,
        ratio=round(ratio, 3),
        goal=goal,
        holds=ratio >= goal,
    )


def at_most(name: str, value: float, unit: str, *, goal: float) -> Figure:
    """A figure that should stay below `goal`."""
    return Figure(
        name=name,
        value=round(value, 1),
        unit=unit,
        limit=f"≤ {goal:g} {unit}",
        goal=goal,
        holds=value <= goal,
    )


def plain(name: str, value: float, unit: str) -> Figure:
    """A figure to know, without a goal."""
    return Figure(name=name, value=round(value, 1), unit=unit)


def as_json(figures: list[Figure]) -> list[dict[str, Any]]:
    """What `siyu bench NAME --json` prints."""
    return [msgspec.to_builtins(figure) for figure in figures]
