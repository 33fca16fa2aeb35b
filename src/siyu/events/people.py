"""Facts of people: who joined, and through which door."""

from uuid import UUID

import msgspec


class CustomerJoined(msgspec.Struct, frozen=True, tag="people.joined", tag_field="kind"):
    customer_id: UUID
    door_id: UUID | None = None
