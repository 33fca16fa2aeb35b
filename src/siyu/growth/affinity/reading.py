"""What the calculation is made of, read in sets. No statement here reads an amount, a price or a rate: a test says so.

People who switched personalisation off (电子商务法 art. 18) or were erased are not read at all.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork

SINCE = timedelta(days=730)
REACH_DAYS = timedelta(days=28)
WEEKS = 12
PRODUCTS_MAX = 3_000  # the inversion takes the cube of it: 3,000 is about 300 MB and some seconds
PROMOTERS_MAX = 1_000
PEOPLE_MAX = 200_000  # the most recent buyers; the model of a shop does not change with more of them
CANDIDATES_MAX = 100

BOUGHT = """
    with bought as (
        select o.customer_id, l.product_id, count(distinct o.id)::int as times, max(o.paid_at) as last_at
        from orders o
        join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        where o.merchant_id = %(merchant_id)s and o.paid_at >= %(since)s and o.state not in ('unpaid', 'closed')
          and l.quantity > l.refunded_quantity and c.state = 'active' and c.personalised
        group by o.customer_id, l.product_id
    )
"""
# Buyers of orders that are bound to a promoter; nobody is their own audience.
BROUGHT = """
    , brought as (
        select distinct o.promoter_id, o.customer_id
        from orders o
        join promoters p on p.merchant_id = o.merchant_id and p.id = o.promoter_id
        join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        where o.merchant_id = %(merchant_id)s and o.promoter_id = any(%(promoters)s) and o.paid_at >= %(since)s
          and o.state not in ('unpaid', 'closed') and o.customer_id <> p.customer_id
          and c.state = 'active' and c.personalised
    )
"""
ORDINALS = """
    , ordinals as (
        select t.id, (t.place - 1)::int as n from unnest(%(products)s::uuid[]) with ordinality as t (id, place)
    )
"""


class ProductRow(msgspec.Struct, frozen=True):
    id: UUID
    category_id: UUID
    category_name: str


class PromoterRow(msgspec.Struct, frozen=True):
    id: UUID
    customer_id: UUID
    name: str


class Count(msgspec.Struct, frozen=True):
    """`number` of something, and for sold pieces how many came `back`, for a promoter and a product or category."""

    promoter_id: UUID
    subject_id: UUID
    number: int
    back: int = 0


class Audience(msgspec.Struct, frozen=True):
    promoter_id: UUID
    customer_ids: list[UUID]


class Visits(msgspec.Struct, frozen=True):
    promoter_id: UUID
    visitors: int


class Week(msgspec.Struct, frozen=True):
    """`ago`: 0 is the seven days until now."""

    promoter_id: UUID
    ago: int
    orders: int
    units: int
    back: int


class Read(msgspec.Struct, frozen=True):
    """Everything one calculation looks at. `baskets`: the products of one person each, as ordinals of `products`."""

    products: list[ProductRow]
    promoters: list[PromoterRow]
    baskets: list[list[int]]
    own: list[Count]
    audiences: list[Audience]
    audience_products: list[Count]
    audience_categories: list[Count]
    sold: list[Count]
    visits: list[Visits]
    weeks: list[Week]


async def read(uow: UnitOfWork) -> Read:
    """One look at everything, each bounded. The order of the products is that of their buyers, most first."""
    since = uow.now - SINCE
    products = await _products(uow)
    people = await uow.all(
        PromoterRow,
        """
        select id, customer_id, name from promoters
        where merchant_id = %(merchant_id)s and state = 'active' order by joined_at desc, id limit %(limit)s
        """,
        limit=PROMOTERS_MAX,
    )
    chosen = [product.id for product in products]
    promoters = [person.id for person in people]
    return Read(
        products,
        people,
        await _baskets(uow, chosen),
        await _own(uow, chosen, promoters),
        await uow.all(
            Audience,
            BOUGHT
            + BROUGHT
            + "select promoter_id, array_agg(customer_id) as customer_ids from brought group by promoter_id",
            since=since,
            promoters=promoters,
        ),
        await _audience_products(uow, chosen, promoters),
        await _audience_categories(uow, promoters),
        await _sold(uow, chosen, promoters),
        await _visits(uow, promoters),
        await _weeks(uow, promoters),
    )


async def _products(uow: UnitOfWork) -> list[ProductRow]:
    return await uow.all(
        ProductRow,
        BOUGHT
        + """
        , buyers as (select product_id, count(*) as n from bought group by product_id)
        select p.id, p.category_id, g.name as category_name from products p
        join categories g on g.merchant_id = p.merchant_id and g.id = p.category_id
        left join buyers b on b.product_id = p.id
        where p.merchant_id = %(merchant_id)s and p.is_on_shelf
        order by coalesce(b.n, 0) desc, p.id limit %(limit)s
        """,
        since=uow.now - SINCE,
        limit=PRODUCTS_MAX,
    )


async def _baskets(uow: UnitOfWork, products: Sequence[UUID]) -> list[list[int]]:
    return await uow.all(
        list[int],
        BOUGHT
        + ORDINALS
        + """
        select array_agg(n.n order by n.n) from bought b join ordinals n on n.id = b.product_id
        group by b.customer_id order by max(b.last_at) desc, b.customer_id limit %(limit)s
        """,
        since=uow.now - SINCE,
        products=list(products),
        limit=PEOPLE_MAX,
    )


async def _own(uow: UnitOfWork, products: Sequence[UUID], promoters: Sequence[UUID]) -> list[Count]:
    return await uow.all(
        Count,
        BOUGHT
        + """
        select p.id as promoter_id, b.product_id as subject_id, b.times as number, 0 as back
        from promoters p join bought b on b.customer_id = p.customer_id
        where p.merchant_id = %(merchant_id)s and p.id = any(%(promoters)s) and b.product_id = any(%(products)s)
        """,
        since=uow.now - SINCE,
        promoters=list(promoters),
        products=list(products),
    )


async def _audience_products(
    uow: UnitOfWork, products: Sequence[UUID], promoters: Sequence[UUID]
) -> list[Count]:
    """How many of each audience bought a product, through whomever."""
    return await uow.all(
        Count,
        BOUGHT
        + BROUGHT
        + """
        select a.promoter_id, b.product_id as subject_id, count(*)::int as number, 0 as back
        from brought a join bought b on b.customer_id = a.customer_id
        where b.product_id = any(%(products)s) group by a.promoter_id, b.product_id
        """,
        since=uow.now - SINCE,
        promoters=list(promoters),
        products=list(products),
    )


async def _audience_categories(uow: UnitOfWork, promoters: Sequence[UUID]) -> list[Count]:
    return await uow.all(
        Count,
        BOUGHT
        + BROUGHT
        + """
        select a.promoter_id, p.category_id as subject_id, count(distinct a.customer_id)::int as number, 0 as back
        from brought a join bought b on b.customer_id = a.customer_id
        join products p on p.merchant_id = %(merchant_id)s and p.id = b.product_id
        group by a.promoter_id, p.category_id
        """,
        since=uow.now - SINCE,
        promoters=list(promoters),
    )


async def _sold(uow: UnitOfWork, products: Sequence[UUID], promoters: Sequence[UUID]) -> list[Count]:
    return await uow.all(
        Count,
        """
        select o.promoter_id, l.product_id as subject_id, sum(l.quantity)::int as number,
               sum(l.refunded_quantity)::int as back
        from orders o
        join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        join promoters p on p.merchant_id = o.merchant_id and p.id = o.promoter_id
        where o.merchant_id = %(merchant_id)s and o.promoter_id = any(%(promoters)s) and o.paid_at >= %(since)s
          and o.state not in ('unpaid', 'closed') and o.customer_id <> p.customer_id
          and l.product_id = any(%(products)s)
        group by o.promoter_id, l.product_id
        """,
        since=uow.now - SINCE,
        promoters=list(promoters),
        products=list(products),
    )


async def _visits(uow: UnitOfWork, promoters: Sequence[UUID]) -> list[Visits]:
    return await uow.all(
        Visits,
        """
        select d.promoter_id, count(distinct t.visitor_id)::int as visitors
        from doors d join touches t on t.merchant_id = d.merchant_id and t.door_id = d.id
        where d.merchant_id = %(merchant_id)s and d.promoter_id = any(%(promoters)s) and t.at >= %(since)s
        group by d.promoter_id
        """,
        promoters=list(promoters),
        since=uow.now - REACH_DAYS,
    )


async def _weeks(uow: UnitOfWork, promoters: Sequence[UUID]) -> list[Week]:
    return await uow.all(
        Week,
        """
        select o.promoter_id, floor(extract(epoch from %(now)s - o.paid_at) / 604800)::int as ago,
               count(distinct o.id)::int as orders, sum(l.quantity)::int as units,
               sum(l.refunded_quantity)::int as back
        from orders o
        join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        join promoters p on p.merchant_id = o.merchant_id and p.id = o.promoter_id
        where o.merchant_id = %(merchant_id)s and o.promoter_id = any(%(promoters)s)
          and o.paid_at > %(since)s and o.paid_at <= %(now)s and o.state not in ('unpaid', 'closed')
          and o.customer_id <> p.customer_id
        group by 1, 2
        """,
        promoters=list(promoters),
        since=uow.now - timedelta(weeks=WEEKS),
    )


class Lover(msgspec.Struct, frozen=True):
    """A buyer who is no promoter: repurchases, products, friends who bought with them or helped, pieces sent back."""

    customer_id: UUID
    again: int
    products: int
    joined: int
    helped: int
    units: int
    back: int


async def lovers(uow: UnitOfWork) -> list[Lover]:
    """Buyers who come back or bring somebody, most first. Whoever is or was a promoter is none."""
    return await uow.all(
        Lover,
        BOUGHT
        + """
        , loved as (
            select customer_id, sum(times - 1)::int as again, count(*)::int as products from bought group by customer_id
        ), pieces as (
            select o.customer_id, sum(l.quantity)::int as units, sum(l.refunded_quantity)::int as back
            from orders o join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
            where o.merchant_id = %(merchant_id)s and o.paid_at >= %(since)s and o.state not in ('unpaid', 'closed')
            group by o.customer_id
        ), joined as (
            select g.opener_id as customer_id, count(distinct s.customer_id)::int as n
            from group_buys g join group_seats s on s.merchant_id = g.merchant_id and s.group_id = g.id
            where g.merchant_id = %(merchant_id)s and s.customer_id <> g.opener_id and s.state = 'paid'
            group by g.opener_id
        ), helped as (
            select b.customer_id, count(distinct h.customer_id)::int as n
            from bargains b join bargain_helps h on h.merchant_id = b.merchant_id and h.bargain_id = b.id
            where b.merchant_id = %(merchant_id)s and h.customer_id <> b.customer_id group by b.customer_id
        )
        select v.customer_id, v.again, v.products, coalesce(j.n, 0) as joined, coalesce(h.n, 0) as helped,
               i.units, i.back
        from loved v join pieces i on i.customer_id = v.customer_id
        left join joined j on j.customer_id = v.customer_id left join helped h on h.customer_id = v.customer_id
        where (v.again >= 2 or coalesce(j.n, 0) >= 2 or coalesce(h.n, 0) >= 3)
          and not exists (select from promoters p
                          where p.merchant_id = %(merchant_id)s and p.customer_id = v.customer_id)
        order by v.again + 2 * coalesce(j.n, 0) + coalesce(h.n, 0) desc, v.customer_id limit %(limit)s
        """,
        since=uow.now - SINCE,
        limit=CANDIDATES_MAX,
    )
