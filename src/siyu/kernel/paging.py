"""Keyset pages: a list is read forward from a cursor, never by offset, so page 1,000 costs what page 1 does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

T = TypeVar("T")


PAGE_SIZE = 50
PAGE_SIZE_MAX = 200  # more than a screen never helps a person; machines use exports


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some rows, and where the next ones begin (None at the end)."""

    items: Sequence[T]
    next: str | None = None


def bounded(limit: int) -> int:
    """A page size between 1 and the maximum."""
    return max(1, min(limit, PAGE_SIZE_MAX))


def after_moment(cursor: str | None) -> tuple[datetime, UUID] | None:
    """A cursor of a list by time: `2026-11-22T08:00:00+00:00~<id>`. One that cannot be read starts at the top."""
    moment, _, last_id = (cursor or "").partition("~")
    try:
        return datetime.fromisoformat(moment.replace(" ", "+")), UUID(last_id)
    except ValueError:
        return None


def after_position(cursor: str | None) -> tuple[int, UUID] | None:
    """A cursor of a list by position: `12~<id>`. One that cannot be read starts at the top."""
    position, _, last_id = (cursor or "").partition("~")
    try:
        return int(position), UUID(last_id)
    except ValueError:
        return None
