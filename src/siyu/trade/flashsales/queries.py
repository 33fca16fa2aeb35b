"""Sessions as pages show them: what is sold when, what is left, what is coming."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.goods import catalog, offers
from siyu.goods.offers import FlashItem
from siyu.kernel.errors import NotFound
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.trade.flashsales import reading
from siyu.trade.flashsales.model import Item, Session

SHOWN_MAX = 50
SOON = timedelta(days=2)
ONE_DAY = timedelta(days=1)


class Goods(msgspec.Struct, frozen=True):
    """An item of a session with its names. `marked` is what it costs outside the session.

    `quota` is what was really put aside; before that, what the merchant means to. `refused` counts asks that found
    nothing left.
    """

    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    picture: str
    price: int
    marked: int
    per_person: int
    wanted: int
    quota: int
    taken: int
    sold: int
    refused: int
    is_carved: bool
    was_carved: bool
    is_sellable: bool

    @property
    def missing(self) -> int:
        """How many of the pieces that the merchant meant to sell were not there."""
        return max(0, self.wanted - self.quota)

    @property
    def left(self) -> int:
        return self.quota - self.taken

    @property
    def unpaid(self) -> int:
        return self.taken - self.sold


class Shown(msgspec.Struct, frozen=True):
    """A session and its goods. `phase` is draft, paused, ahead, on or over."""

    session: Session
    phase: str
    goods: tuple[Goods, ...]

    @property
    def is_gone(self) -> bool:
        """Nothing is left of anything."""
        return self.phase == "on" and all(one.is_carved and one.left <= 0 for one in self.goods)


async def find(uow: UnitOfWork, offer_id: UUID, *, for_buyers: bool = True) -> Shown:
    """One session. Raises NotFound; buyers do not see drafts."""
    found = await reading.sessions(uow, [offer_id])
    if not found or (for_buyers and found[0].state == "draft"):
        raise NotFound(what="秒杀场次 / flash sale")
    return (await shown(uow, found))[0]


def midnight(merchant: Merchant, now: datetime) -> datetime:
    """When today began at the merchant's."""
    there = ZoneInfo(merchant.timezone)
    return datetime.combine(now.astimezone(there).date(), time(), there)


async def of_days(uow: UnitOfWork) -> list[Shown]:
    """Sessions of today and tomorrow at the merchant's, and those that run: what buyers see."""
    since = midnight(uow.merchant, uow.now)
    ids = await uow.all(
        UUID,
        """
        select id from offers
        where merchant_id = %(merchant_id)s and kind = 'flash' and state in ('active', 'paused', 'ended')
          and coalesce(starts_at, created_at) < %(before)s
          and (coalesce(starts_at, created_at) >= %(since)s
               or state = 'active' and coalesce(ends_at > %(now)s, true))
          and not (state = 'ended' and starts_at > %(now)s)
        order by coalesce(starts_at, created_at), id limit %(limit)s
        """,
        since=since,
        before=since + SOON,
        limit=SHOWN_MAX,
    )
    return await shown(uow, await reading.sessions(uow, ids))


async def shown(uow: UnitOfWork, sessions: Sequence[Session]) -> list[Shown]:
    """These sessions with their goods as they stand."""
    kept = {(one.offer_id, one.sku_id): one for one in await reading.items(uow, [one.id for one in sessions])}
    prices = await catalog.prices(uow, list({item.sku_id for one in sessions for item in one.rule.items}))
    return [
        Shown(
            one,
            one.phase(uow.now),
            tuple(
                _goods(item, prices[item.sku_id], kept.get((one.id, item.sku_id)))
                for item in one.rule.items
                if item.sku_id in prices
            ),
        )
        for one in sessions
    ]


def _goods(named: FlashItem, price: catalog.SkuPrice, kept: Item | None) -> Goods:
    return Goods(
        sku_id=named.sku_id,
        product_id=price.product_id,
        title=price.title,
        sku_title=price.sku_title,
        picture=price.picture,
        price=min(kept.price if kept else named.price, price.price),
        marked=price.price,
        per_person=kept.per_person if kept else named.per_person,
        wanted=named.quota,
        quota=kept.quota if kept else named.quota,
        taken=kept.taken if kept else 0,
        sold=kept.sold if kept else 0,
        refused=kept.refused if kept else 0,
        is_carved=kept is not None and kept.returned_at is None,
        was_carved=kept is not None,
        is_sellable=price.is_sellable,
    )


async def entries(uow: UnitOfWork, product_ids: Sequence[UUID] | None) -> list[offers.Entry]:
    """Items of sessions that run or begin within two days, of these products (None: of all)."""
    ids = await uow.all(
        UUID,
        """
        select id from offers
        where merchant_id = %(merchant_id)s and kind = 'flash' and state = 'active'
          and coalesce(ends_at > %(now)s, true) and coalesce(starts_at < %(soon)s, true)
        order by starts_at, id limit %(limit)s
        """,
        soon=uow.now + SOON,
        limit=SHOWN_MAX,
    )
    if not ids:
        return []
    found = await shown(uow, await reading.sessions(uow, ids))
    return list(_entries(uow.merchant, found, None if product_ids is None else set(product_ids)))


def _entries(
    merchant: Merchant, found: Sequence[Shown], products: set[UUID] | None
) -> Iterable[offers.Entry]:
    for one in found:
        for goods in one.goods:
            if goods.is_sellable and (products is None or goods.product_id in products):
                yield offers.Entry(
                    offer_id=one.session.id,
                    kind="flash",
                    title=one.session.name,
                    product_id=goods.product_id,
                    sku_id=goods.sku_id,
                    price=goods.price,
                    marked=goods.marked,
                    href=f"/shop/{merchant.slug}/flash/{one.session.id}/{goods.sku_id}",
                    starts_at=one.session.starts_at,
                    ends_at=one.session.ends_at,
                    left=goods.left,
                    total=goods.quota,
                    note="已抢光 / sold out"
                    if one.phase == "on" and goods.is_carved and goods.left <= 0
                    else "",
                )


class Listed(msgspec.Struct, frozen=True):
    """A session in the console's list. Pieces over all of its items."""

    id: UUID
    name: str
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    goods: int
    wanted: int
    quota: int | None
    taken: int
    sold: int


async def listing(uow: UnitOfWork, *, after: UUID | None = None, limit: int = 50) -> list[Listed]:
    """All sessions, newest first; `after` is the last one of the page before."""
    return await uow.all(
        Listed,
        """
        select o.id, o.name, o.state, o.starts_at, o.ends_at, jsonb_array_length(o.rule -> 'items') as goods,
               (select coalesce(sum((t ->> 'quota')::int), 0) from jsonb_array_elements(o.rule -> 'items') as t)::int
                   as wanted,
               i.quota::int as quota, coalesce(i.taken, 0)::int as taken, coalesce(i.sold, 0)::int as sold
        from offers o
        left join lateral (select sum(quota) as quota, sum(taken) as taken, sum(sold) as sold from flash_items i
                           where i.merchant_id = o.merchant_id and i.offer_id = o.id) i on true
        where o.merchant_id = %(merchant_id)s and o.kind = 'flash'
          and (%(after)s::uuid is null or o.id < %(after)s::uuid)
        order by o.id desc limit %(limit)s
        """,
        after=after,
        limit=limit,
    )


async def skus_called(uow: UnitOfWork, text: str, *, limit: int) -> list[UUID]:
    """SKUs on the shelf whose code or product's title has these words, for picking."""
    return await uow.all(
        UUID,
        """
        select s.id from skus s join products p on p.merchant_id = s.merchant_id and p.id = s.product_id
        where s.merchant_id = %(merchant_id)s and s.is_sellable and p.kind not in ('virtual', 'bundle')
          and (position(lower(%(text)s) in lower(p.title)) > 0 or position(lower(%(text)s) in lower(s.code)) > 0)
        order by p.title, s.position, s.id limit %(limit)s
        """,
        text=text,
        limit=limit,
    )
