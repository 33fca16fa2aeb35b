"""Reading bargains and their offers."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods import catalog, offers
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade.bargains.model import Bargain, Help, Numbers, Offered
from siyu.trade.bargains.rules import veiled

LIST_MAX = 100


async def offered(
    uow: UnitOfWork, offer_ids: Sequence[UUID] | None = None, *, live_only: bool = False
) -> list[Offered]:
    """Bargain offers, the newest first: all, or these. `sold` counts what is bought or being paid for."""
    return await uow.all(
        Offered,
        """
        select o.id, o.name, o.rule, o.audience, o.version, o.state, o.starts_at, o.ends_at, o.uses_max, o.per_person,
               o.budget, coalesce(c.spent, 0) as given,
               (select count(*) from bargains b where b.merchant_id = o.merchant_id and b.offer_id = o.id
                                                  and b.order_id is not null)::int as sold
        from offers o left join offer_counters c on c.merchant_id = o.merchant_id and c.offer_id = o.id
        where o.merchant_id = %(merchant_id)s and o.kind = 'bargain'
          and (%(ids)s::uuid[] is null or o.id = any(%(ids)s))
          and (not %(live)s or (o.state = 'active' and coalesce(o.starts_at, %(now)s) <= %(now)s
                                and coalesce(o.ends_at, 'infinity') > %(now)s))
        order by o.created_at desc, o.id desc limit %(limit)s
        """,
        ids=None if offer_ids is None else list(offer_ids),
        live=live_only,
        limit=LIST_MAX,
    )


async def find_offer(uow: UnitOfWork, offer_id: UUID) -> Offered:
    """Raises NotFound."""
    for one in await offered(uow, [offer_id]):
        return one
    raise NotFound(what="砍价活动 / bargain offer")


async def bargains(
    uow: UnitOfWork,
    *,
    bargain_ids: Sequence[UUID] | None = None,
    customer_id: UUID | None = None,
    offer_id: UUID | None = None,
    running_only: bool = False,
) -> list[Bargain]:
    """Bargains, the newest first: these, of this person, of this offer."""
    return await uow.all(
        Bargain,
        """
        select b.id, b.offer_id, o.name as offer_name, b.customer_id, c.nickname, b.sku_id, b.version, b.start, b.floor,
               b.needed, b.helped, b.price, b.state, b.order_id, b.ends_at, b.started_at, b.bought_at
        from bargains b
        join offers o on o.merchant_id = b.merchant_id and o.id = b.offer_id
        join customers c on c.merchant_id = b.merchant_id and c.id = b.customer_id
        where b.merchant_id = %(merchant_id)s
          and (%(ids)s::uuid[] is null or b.id = any(%(ids)s))
          and (%(customer)s::uuid is null or b.customer_id = %(customer)s)
          and (%(offer)s::uuid is null or b.offer_id = %(offer)s)
          and (not %(running)s or (b.state = 'running' and b.ends_at > %(now)s))
        order by b.started_at desc, b.id desc limit %(limit)s
        """,
        ids=None if bargain_ids is None else list(bargain_ids),
        customer=customer_id,
        offer=offer_id,
        running=running_only,
        limit=LIST_MAX,
    )


async def find(uow: UnitOfWork, bargain_id: UUID) -> Bargain:
    """Raises NotFound."""
    for one in await bargains(uow, bargain_ids=[bargain_id]):
        return one
    raise NotFound(what="砍价 / bargain")


async def helps_of(uow: UnitOfWork, bargain_id: UUID) -> list[Help]:
    """Everybody who helped, the last one first. Nobody else is ever shown."""
    found = await uow.all(
        Help,
        """
        select h.place, c.nickname, h.amount, h.at
        from bargain_helps h join customers c on c.merchant_id = h.merchant_id and c.id = h.customer_id
        where h.merchant_id = %(merchant_id)s and h.bargain_id = %(bargain)s order by h.place desc
        """,
        bargain=bargain_id,
    )
    return [msgspec.structs.replace(one, nickname=veiled(one.nickname)) for one in found]


async def has_helped(uow: UnitOfWork, bargain_id: UUID, customer_id: UUID) -> bool:
    """Whether this person helped with this bargain."""
    return await uow.one(
        bool,
        """
        select exists (select from bargain_helps where merchant_id = %(merchant_id)s and bargain_id = %(bargain)s
                       and customer_id = %(customer)s)
        """,
        bargain=bargain_id,
        customer=customer_id,
    )


async def bought_by(uow: UnitOfWork, offer_id: UUID) -> dict[UUID, int]:
    """How many each person has bought, or is paying for, in this offer."""
    found = await uow.all(
        _Count,
        """
        select customer_id, count(*)::int as n from bargains
        where merchant_id = %(merchant_id)s and offer_id = %(offer)s and order_id is not null
        group by customer_id
        """,
        offer=offer_id,
    )
    return {one.customer_id: one.n for one in found}


class _Count(msgspec.Struct, frozen=True):
    customer_id: UUID
    n: int


async def numbers(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> dict[UUID, Numbers]:
    """What these offers brought until now; orders that were refunded as a whole are not counted."""
    found = await uow.all(
        Numbers,
        """
        select o.id as offer_id, b.started::int, h.helps::int, s.orders::int, s.sales::bigint, h.new_customers::int
        from unnest(%(ids)s::uuid[]) as o (id)
        cross join lateral (
            select count(*) as started from bargains b
            where b.merchant_id = %(merchant_id)s and b.offer_id = o.id
        ) b
        cross join lateral (
            select count(*) as helps, count(distinct c.id) filter (where c.joined_at >= b.started_at) as new_customers
            from bargains b
            join bargain_helps h on h.merchant_id = b.merchant_id and h.bargain_id = b.id
            join customers c on c.merchant_id = h.merchant_id and c.id = h.customer_id
            where b.merchant_id = %(merchant_id)s and b.offer_id = o.id
        ) h
        cross join lateral (
            select count(*) as orders, coalesce(sum(t.total - t.refunded), 0) as sales
            from bargains b join orders t on t.merchant_id = b.merchant_id and t.id = b.order_id
            where b.merchant_id = %(merchant_id)s and b.offer_id = o.id
              and t.state in ('paid', 'shipped', 'picked_up', 'received')
        ) s
        """,
        ids=list(offer_ids),
    )
    return {one.offer_id: one for one in found}


async def entries(uow: UnitOfWork, product_ids: Sequence[UUID] | None) -> list[offers.Entry]:
    """Live bargains of these products, or all, for the product page and the list of activities."""
    live = [one for one in await offered(uow, live_only=True) if one.left != 0]
    prices = await catalog.prices(uow, [one.rule.sku_id for one in live])
    found: list[offers.Entry] = []
    for one in live:
        price = prices.get(one.rule.sku_id)
        if price is None or not price.is_sellable:
            continue
        if product_ids is not None and price.product_id not in product_ids:
            continue
        needed = one.rule.helps
        found.append(
            offers.Entry(
                one.id, "bargain", one.name, price.product_id, one.rule.sku_id, one.rule.floor, price.price,
                f"/shop/{uow.merchant.slug}/bargains/{one.id}", one.starts_at, one.ends_at, one.left, one.uses_max,
                f"{needed} 位朋友帮忙可到底价 / {needed} friends bring it to the floor",
            )
        )  # fmt: skip
    return found
