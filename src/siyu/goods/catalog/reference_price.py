"""The reference price 划线价: what may be struck through beside today's price. Computed from deals, never typed.

明码标价和禁止价格欺诈规定 art. 16 and 17: without further words it is at most the lowest price at which the shop really
dealt within the last seven days; without a deal in that time, the last one before. A price that was set but at which
nobody bought is no basis, so raising a price just before lowering it makes none.

A deal is a line of a paid order; one whose units were all refunded is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from siyu.events import OrderPaid, OrderRefunded
from siyu.kernel import money
from siyu.runtime.db import UnitOfWork
from siyu.runtime.worker import Consumer, Event

WINDOW = timedelta(days=7)  # 7 × 24 hours before this very moment


class Reference(msgspec.Struct, frozen=True):
    """What one unit of a SKU was dealt for, in minor units.

    `basis` week: the lowest of `deals` deals within WINDOW, `at` the latest of them; last: the last one before.
    """

    sku_id: UUID
    price: int
    basis: Literal["week", "last"]
    deals: int
    at: datetime


class _Row(msgspec.Struct, frozen=True):
    sku_id: UUID
    lowest: int | None
    deals: int
    latest: datetime | None
    last_price: int | None
    last_at: datetime | None


async def reference_prices(uow: UnitOfWork, sku_ids: Sequence[UUID]) -> dict[UUID, Reference]:
    """The reference price of each SKU now; one that was never dealt is missing."""
    rows = await uow.all(
        _Row,
        """
        select t.sku_id, w.lowest, w.deals, w.latest, l.unit_price as last_price, l.at as last_at
        from unnest(%(skus)s::uuid[]) as t (sku_id)
        cross join lateral (
            select min(d.unit_price) as lowest, count(*)::int as deals, max(d.at) as latest from deals d
            where d.merchant_id = %(merchant_id)s and d.sku_id = t.sku_id and d.refunded < d.quantity
              and d.at >= %(since)s and d.at <= %(now)s
        ) w
        left join lateral (
            select d.unit_price, d.at from deals d
            where w.deals = 0 and d.merchant_id = %(merchant_id)s and d.sku_id = t.sku_id
              and d.refunded < d.quantity and d.at < %(since)s
            order by d.at desc, d.unit_price limit 1
        ) l on true
        """,
        skus=list(dict.fromkeys(sku_ids)),
        since=uow.now - WINDOW,
    )
    found = [_reference(row) for row in rows]
    return {reference.sku_id: reference for reference in found if reference is not None}


def _reference(row: _Row) -> Reference | None:
    if row.lowest is not None and row.latest is not None:
        return Reference(row.sku_id, row.lowest, "week", row.deals, row.latest)
    if row.last_price is not None and row.last_at is not None:
        return Reference(row.sku_id, row.last_price, "last", 1, row.last_at)
    return None


async def struck_prices(uow: UnitOfWork, today: Mapping[UUID, int]) -> dict[UUID, int]:
    """The reference prices of those SKUs where it is above today's price: only these are shown."""
    found = await reference_prices(uow, list(today))
    return {sku_id: each.price for sku_id, each in found.items() if each.price > today[sku_id]}


class _Cheapest(msgspec.Struct, frozen=True):
    product_id: UUID
    sku_id: UUID
    price: int


async def struck_of_products(uow: UnitOfWork, product_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What a card that shows a product's lowest price may strike through, by product.

    Where several SKUs have that price each of them has to allow it, and the lowest counts.
    """
    if not product_ids:
        return {}
    cheapest = await uow.all(
        _Cheapest,
        """
        select product_id, sku_id, price from (
            select k.product_id, k.id as sku_id, k.price, min(k.price) over (partition by k.product_id) as least
            from skus k
            where k.merchant_id = %(merchant_id)s and k.product_id = any(%(ids)s) and k.is_sellable
        ) t where price = least
        """,
        ids=list(product_ids),
    )
    struck = await struck_prices(uow, {row.sku_id: row.price for row in cheapest})
    found: dict[UUID, int] = {}
    for product_id in {row.product_id for row in cheapest}:
        own = [row.sku_id for row in cheapest if row.product_id == product_id]
        if all(sku_id in struck for sku_id in own):
            found[product_id] = min(struck[sku_id] for sku_id in own)
    return found


class PriceSet(msgspec.Struct, frozen=True):
    """A price that was set within WINDOW and at which nobody has bought: no basis."""

    sku_id: UUID
    price: int
    at: datetime


async def without_deals(uow: UnitOfWork, sku_ids: Sequence[UUID]) -> list[PriceSet]:
    """Prices set within WINDOW without a deal at them, newest first (art. 17)."""
    return await uow.all(
        PriceSet,
        """
        select c.sku_id, c.new_price as price, c.at from price_changes c
        where c.merchant_id = %(merchant_id)s and c.sku_id = any(%(skus)s) and c.at >= %(since)s
          and not exists (select from deals d
                          where d.merchant_id = %(merchant_id)s and d.sku_id = c.sku_id and d.refunded < d.quantity
                            and d.at >= c.at and d.unit_price = c.new_price)
        order by c.at desc, c.id desc limit 20
        """,
        skus=list(sku_ids),
        since=uow.now - WINDOW,
    )


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keep what was dealt, and what of it was given back. An order is paid before it is refunded."""
    await _deal([(event.at, event.fact) for event in events if isinstance(event.fact, OrderPaid)], uow)
    await _give_back(uow, [event.fact for event in events if isinstance(event.fact, OrderRefunded)])


async def _deal(paid: Sequence[tuple[datetime, OrderPaid]], uow: UnitOfWork) -> None:
    lines = [(at, fact.order_id, line) for at, fact in paid for line in fact.lines if line.quantity > 0]
    await uow.run(
        """
        insert into deals (merchant_id, order_id, line_no, sku_id, quantity, unit_price, at)
        select %(merchant_id)s, t.order_id, t.line_no, t.sku_id, t.quantity, t.unit_price, t.at
        from unnest(%(orders)s::uuid[], %(numbers)s::int[], %(skus)s::uuid[], %(quantities)s::int[],
                    %(prices)s::bigint[], %(moments)s::timestamptz[])
            as t (order_id, line_no, sku_id, quantity, unit_price, at)
        on conflict do nothing
        """,
        orders=[order_id for _, order_id, _ in lines],
        numbers=[line.line_no for *_, line in lines],
        skus=[line.sku_id for *_, line in lines],
        quantities=[line.quantity for *_, line in lines],
        # A unit's price rounded down: the struck price is never above what anybody paid.
        prices=[money.share_of_units(line.amount, line.quantity, 0, 1) for *_, line in lines],
        moments=[at for at, *_ in lines],
    )


async def _give_back(uow: UnitOfWork, refunds: Iterable[OrderRefunded]) -> None:
    units: dict[tuple[UUID, int], int] = {}
    for fact in refunds:
        for line in fact.lines:
            key = (fact.order_id, line.line_no)
            units[key] = units.get(key, 0) + line.quantity
    if not units:
        return
    await uow.run(
        """
        update deals d set refunded = least(d.quantity, d.refunded + t.quantity)
        from unnest(%(orders)s::uuid[], %(numbers)s::int[], %(quantities)s::int[]) as t (order_id, line_no, quantity)
        where d.merchant_id = %(merchant_id)s and d.order_id = t.order_id and d.line_no = t.line_no
        """,
        orders=[order_id for order_id, _ in units],
        numbers=[line_no for _, line_no in units],
        quantities=list(units.values()),
    )


CONSUMERS = [Consumer("catalog.deals", (OrderPaid, OrderRefunded), on_facts)]
