"""Facts of fulfilment: parcels and codes."""

from uuid import UUID

import msgspec


class ParcelSent(msgspec.Struct, frozen=True, tag="fulfilment.parcel_sent", tag_field="kind"):
    """A parcel left. `carrier` is our code of the carrier, `lines` are (line_no, quantity)."""

    parcel_id: UUID
    order_id: UUID
    carrier: str
    number: str
    lines: tuple[tuple[int, int], ...]


class ParcelRenumbered(msgspec.Struct, frozen=True, tag="fulfilment.parcel_renumbered", tag_field="kind"):
    """A parcel's carrier or number had been written down wrongly; these are the right ones."""

    parcel_id: UUID
    order_id: UUID
    carrier: str
    number: str


class ParcelCancelled(msgspec.Struct, frozen=True, tag="fulfilment.parcel_cancelled", tag_field="kind"):
    """There never was such a parcel; its units wait again."""

    parcel_id: UUID
    order_id: UUID


class CodesIssued(msgspec.Struct, frozen=True, tag="fulfilment.codes_issued", tag_field="kind"):
    """The codes of an order can be shown to its buyer."""

    order_id: UUID
    customer_id: UUID
    quantity: int


class CodeRedeemed(msgspec.Struct, frozen=True, tag="fulfilment.code_redeemed", tag_field="kind"):
    """One unit was used at a store."""

    code_id: UUID
    order_id: UUID
    line_no: int
    store_id: UUID | None = None
