"""Structs of notices. Times are UTC, amounts minor units."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

Facts = Mapping[str, str | int]


class Notice(msgspec.Struct, frozen=True):
    """Something to tell one customer: of `kind` (see words.KINDS), about the thing `subject_id`.

    `facts` fill the words: `name` of what it is about, `number` of an order, `amount` in minor units, `until` as an
    ISO 8601 instant, `count`, and `id`, which the notice's address is made of.
    """

    customer_id: UUID
    kind: str
    subject_id: UUID
    facts: Facts


class Told(msgspec.Struct, frozen=True):
    """A notice as its customer finds it. `read_at` is None while it is new."""

    id: UUID
    kind: str
    subject_id: UUID
    facts: Facts
    at: datetime
    read_at: datetime | None
