"""What a page says of an activity: enough for a card on the product page and in the list of all activities."""

from datetime import datetime
from uuid import UUID

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """One activity as a buyer meets it. `price` and `marked` are minor units of one unit; `left` of `total` pieces or
    places are still to be had (None where nothing is counted). `note` is words "中文 / english".
    """

    offer_id: UUID
    kind: str
    title: str
    product_id: UUID
    sku_id: UUID
    price: int
    marked: int
    href: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    left: int | None = None
    total: int | None = None
    note: str = ""
