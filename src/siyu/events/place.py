"""Facts of places: a door was scanned."""

from uuid import UUID

import msgspec


class DoorScanned(msgspec.Struct, frozen=True, tag="place.scanned", tag_field="kind"):
    touch_id: UUID
    door_id: UUID
    visitor_id: UUID
