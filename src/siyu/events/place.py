"""Facts of places: a door was scanned, and whose scans they turned out to be."""

from uuid import UUID

import msgspec


class DoorScanned(msgspec.Struct, frozen=True, tag="place.scanned", tag_field="kind"):
    touch_id: UUID
    door_id: UUID
    visitor_id: UUID


class TouchesClaimed(msgspec.Struct, frozen=True, tag="place.touches_claimed", tag_field="kind"):
    """The visitor turned out to be this customer, and touches followed."""

    visitor_id: UUID
    customer_id: UUID
