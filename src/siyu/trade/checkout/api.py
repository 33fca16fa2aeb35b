"""JSON: what an order would cost and promise, delivery included."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody

from siyu.kernel.errors import Invalid
from siyu.people import addresses
from siyu.runtime.edge import ByActor, InUow
from siyu.trade import orders

TAGS = ["Orders 订单"]


class AskCheckout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines and how to receive them. `address_id` names one of the signed-in shopper's own addresses.

    `claim` is the activity the price comes from; `coupon_ids` the coupons to use: left out, the best ones.
    """

    lines: tuple[orders.WantedLine, ...]
    delivery: Literal["pickup", "express", "local", "none"] = "pickup"
    store_id: UUID | None = None
    address: addresses.Address | None = None
    address_id: UUID | None = None
    slot: datetime | None = None
    claim: orders.Claim | None = None
    coupon_ids: tuple[UUID, ...] | None = None


@post("/api/v1/{slug:str}/checkout/quote", opt={"public": True}, tags=TAGS, status_code=200)
async def quote(data: JSONBody[AskCheckout], uow: InUow, actor: ByActor) -> orders.Quote:
    """What this costs now: each line's steps, freight with its reasons, what is promised. Nothing is reserved.

    Send the answer's `total` as `expected_total` when placing; the same fields name the delivery there.
    """
    address = data.address
    if data.address_id is not None:
        if address is not None:
            raise Invalid(field="address", zh="地址只填一种。", en="Give one of address and address_id.")
        address = (await addresses.find(uow, actor.customer_id, data.address_id)).address
    return await orders.quote(
        uow,
        orders.QuoteAsk(
            data.lines,
            customer_id=actor.id if actor.kind == "customer" else None,
            channel="shop" if actor.kind != "key" else "api",
            delivery=data.delivery,
            store_id=data.store_id,
            address=addresses.checked(address) if address is not None else None,
            slot=data.slot,
            claim=data.claim,
            coupon_ids=data.coupon_ids,
        ),
    )


routes = [quote]
