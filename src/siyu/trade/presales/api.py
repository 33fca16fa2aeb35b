"""JSON: a presale's terms. Ordering is an ordinary order with the claim `{"kind": "presale", "id": offer}`."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import FromPath

from siyu.goods import catalog
from siyu.kernel.errors import NotFound
from siyu.runtime.edge import InUow
from siyu.trade.presales import queries
from siyu.trade.presales.rules import is_lawful, unit_prices

TAGS = ["Presales 预售"]


class GoodsAnswer(msgspec.Struct, frozen=True):
    """One unit, in minor units: `price` all in all, `deposit` now, `balance` later, `marked` what it costs outside."""

    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    picture: str
    price: int
    deposit: int
    balance: int
    marked: int


class PresaleAnswer(msgspec.Struct, frozen=True):
    """A presale. `is_live`: deposits are taken now. `left`: orders that may still be placed, None without a limit.

    Who does not pay the balance in its window loses the deposit; who is not delivered gets it back doubled (民法典 art.
    587): show this before the order. Times are UTC.
    """

    id: UUID
    name: str
    is_live: bool
    starts_at: datetime | None
    ends_at: datetime | None
    balance_from: datetime
    balance_until: datetime
    ships_from: datetime
    worth: int
    left: int | None
    goods: tuple[GoodsAnswer, ...]


@get("/api/v1/{slug:str}/presales/{offer_id:uuid}", opt={"public": True}, tags=TAGS)
async def presale(offer_id: FromPath[UUID], uow: InUow) -> PresaleAnswer:
    """One presale and its goods. A draft is not found."""
    offer = await queries.find(uow, offer_id)
    if offer.state == "draft":
        raise NotFound(what="预售 / presale")
    rule = offer.rule
    prices = await catalog.prices(uow, list(rule.prices))
    return PresaleAnswer(
        id=offer.id,
        name=offer.name,
        is_live=offer.is_live(uow.now) and offer.left != 0 and is_lawful(rule),
        starts_at=offer.starts_at,
        ends_at=offer.ends_at,
        balance_from=rule.balance_from,
        balance_until=rule.balance_until,
        ships_from=rule.ships_from,
        worth=rule.worth,
        left=offer.left,
        goods=tuple(
            GoodsAnswer(
                sku_id, known.product_id, known.title, known.sku_title, known.picture, amount, rule.deposit,
                amount - rule.deposit, known.price,
            )
            for sku_id, amount in unit_prices(rule).items()
            if (known := prices.get(sku_id)) is not None and known.is_sellable
        ),
    )  # fmt: skip


routes = [presale]
