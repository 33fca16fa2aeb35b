"""Facts of people: who joined, and through which door."""

from uuid import UUID

import msgspec


class CustomerJoined(msgspec.Struct, frozen=True, tag="people.joined", tag_field="kind"):
    customer_id: UUID
    door_id: UUID | None = None


class GuestRecognised(msgspec.Struct, frozen=True, tag="people.guest_recognised", tag_field="kind"):
    """Somebody who had bought as a guest in this browser signed in as a customer known before."""

    guest_id: UUID
    customer_id: UUID
