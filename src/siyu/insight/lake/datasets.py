"""What is copied to the lake: one query per data set, its columns in order, and how changes are noticed.

A leader is read by `updated_at`; followers are the rows below it (the lines of an order) and are read whenever
their leader is. A small data set is written whole when its signature changes.
"""

from typing import LiteralString

import msgspec


class Dataset(msgspec.Struct, frozen=True):
    """`columns` maps each column of `query` to text, whole, day, instant or flag.

    `key` identifies the row (for a follower: its leader's row). `signature` is a query for one text that
    differs whenever the rows differ; empty for a follower.
    """

    name: str
    key: str
    columns: dict[str, str]
    query: LiteralString
    signature: LiteralString = ""
    leader: str = ""
    is_small: bool = False


ORDERS = Dataset(
    name="orders",
    key="id",
    columns={
        "id": "text",
        "number": "text",
        "customer_id": "text",
        "channel": "text",
        "state": "text",
        "store_id": "text",
        "currency": "text",
        "total": "whole",
        "refunded": "whole",
        "door_id": "text",
        "promoter_id": "text",
        "placed_at": "instant",
        "placed_day": "day",
        "paid_at": "instant",
        "paid_day": "day",
        "picked_up_at": "instant",
        "received_at": "instant",
        "closed_at": "instant",
        "updated_at": "instant",
    },
    query="""
        copy (
            select id, number, customer_id, channel, state, store_id, currency, total, refunded, door_id, promoter_id,
                   placed_at, (placed_at at time zone %(timezone)s)::date,
                   paid_at, (paid_at at time zone %(timezone)s)::date,
                   picked_up_at, received_at, closed_at, updated_at
            from orders where merchant_id = %(merchant_id)s and updated_at >= %(since)s
        ) to stdout (format csv)
    """,
    signature="""
        select count(*) || ':' || coalesce(sum(extract(epoch from updated_at)), 0)
        from orders where merchant_id = %(merchant_id)s and updated_at >= %(since)s
    """,
)

ORDER_LINES = Dataset(
    name="order_lines",
    key="order_id",
    leader="orders",
    columns={
        "order_id": "text",
        "line_no": "whole",
        "product_id": "text",
        "sku_id": "text",
        "title": "text",
        "quantity": "whole",
        "unit_price": "whole",
        "amount": "whole",
        "refunded_quantity": "whole",
        "refunded_amount": "whole",
    },
    query="""
        copy (
            select l.order_id, l.line_no, l.product_id, l.sku_id, l.title, l.quantity, l.unit_price, l.amount,
                   l.refunded_quantity, l.refunded_amount
            from order_lines l
            join orders o on o.merchant_id = l.merchant_id and o.id = l.order_id
            where l.merchant_id = %(merchant_id)s and o.merchant_id = %(merchant_id)s and o.updated_at >= %(since)s
        ) to stdout (format csv)
    """,
)

CUSTOMERS = Dataset(
    name="customers",
    key="id",
    columns={
        "id": "text",
        "country": "text",
        "first_door_id": "text",
        "state": "text",
        "joined_at": "instant",
        "joined_day": "day",
        "updated_at": "instant",
    },
    query="""
        copy (
            select id, country, first_door_id, state, joined_at, (joined_at at time zone %(timezone)s)::date, updated_at
            from customers where merchant_id = %(merchant_id)s and updated_at >= %(since)s
        ) to stdout (format csv)
    """,
    signature="""
        select count(*) || ':' || coalesce(sum(extract(epoch from updated_at)), 0)
        from customers where merchant_id = %(merchant_id)s and updated_at >= %(since)s
    """,
)

TOUCHES = Dataset(
    name="touches",
    key="id",
    columns={
        "id": "text",
        "door_id": "text",
        "visitor_id": "text",
        "customer_id": "text",
        "at": "instant",
        "day": "day",
        "updated_at": "instant",
    },
    query="""
        copy (
            select id, door_id, visitor_id, customer_id, at, (at at time zone %(timezone)s)::date, updated_at
            from touches where merchant_id = %(merchant_id)s and updated_at >= %(since)s
        ) to stdout (format csv)
    """,
    signature="""
        select count(*) || ':' || coalesce(sum(extract(epoch from updated_at)), 0)
        from touches where merchant_id = %(merchant_id)s and updated_at >= %(since)s
    """,
)

REFUNDS = Dataset(
    name="refunds",
    key="id",
    columns={
        "id": "text",
        "order_id": "text",
        "amount": "whole",
        "kind": "text",
        "state": "text",
        "requested_at": "instant",
        "done_at": "instant",
        "updated_at": "instant",
    },
    query="""
        copy (
            select id, order_id, amount, kind, state, requested_at, done_at, updated_at
            from refunds where merchant_id = %(merchant_id)s and updated_at >= %(since)s
        ) to stdout (format csv)
    """,
    signature="""
        select count(*) || ':' || coalesce(sum(extract(epoch from updated_at)), 0)
        from refunds where merchant_id = %(merchant_id)s and updated_at >= %(since)s
    """,
)

REFUND_LINES = Dataset(
    name="refund_lines",
    key="refund_id",
    leader="refunds",
    columns={
        "refund_id": "text",
        "order_id": "text",
        "line_no": "whole",
        "first": "whole",
        "quantity": "whole",
        "amount": "whole",
    },
    query="""
        copy (
            select l.refund_id, l.order_id, l.line_no, l.first, l.quantity, l.amount
            from refund_lines l
            join refunds r on r.merchant_id = l.merchant_id and r.id = l.refund_id
            where l.merchant_id = %(merchant_id)s and r.merchant_id = %(merchant_id)s and r.updated_at >= %(since)s
        ) to stdout (format csv)
    """,
)

COMMISSIONS = Dataset(
    name="commissions",
    key="order_id",
    is_small=True,
    columns={
        "order_id": "text",
        "line_no": "whole",
        "promoter_id": "text",
        "plan_id": "text",
        "rate_bps": "whole",
        "basis": "whole",
        "units": "whole",
        "amount": "whole",
        "reversed_units": "whole",
        "reversed_amount": "whole",
        "state": "text",
        "earned_at": "instant",
        "matures_at": "instant",
        "payable_at": "instant",
    },
    query="""
        copy (
            select order_id, line_no, promoter_id, plan_id, rate_bps, basis, units, amount, reversed_units,
                   reversed_amount, state, earned_at, matures_at, payable_at
            from commissions where merchant_id = %(merchant_id)s
        ) to stdout (format csv)
    """,
    # A commission changes only by being earned, dated, made payable or reversed; each moves one of these.
    signature="""
        select concat_ws(':', count(*), count(matures_at), count(payable_at), sum(reversed_units),
                         sum(extract(epoch from matures_at)))
        from commissions where merchant_id = %(merchant_id)s
    """,
)

DOORS = Dataset(
    name="doors",
    key="id",
    is_small=True,
    columns={
        "id": "text",
        "code": "text",
        "name": "text",
        "kind": "text",
        "space": "text",
        "ownership": "text",
        "store_id": "text",
        "is_open": "flag",
    },
    query="""
        copy (
            select id, code, name, kind, space, ownership, store_id, is_open
            from doors where merchant_id = %(merchant_id)s
        ) to stdout (format csv)
    """,
    signature="""
        select count(*) || ':' || coalesce(sum(hashtextextended(d::text, 0)::numeric), 0)
        from doors d where merchant_id = %(merchant_id)s
    """,
)

DOOR_COSTS = Dataset(
    name="door_costs",
    key="id",
    is_small=True,
    columns={"id": "text", "door_id": "text", "day": "day", "amount": "whole"},
    query="""
        copy (select id, door_id, day, amount from door_costs where merchant_id = %(merchant_id)s)
        to stdout (format csv)
    """,
    signature="""
        select count(*) || ':' || coalesce(sum(hashtextextended(c::text, 0)::numeric), 0)
        from door_costs c where merchant_id = %(merchant_id)s
    """,
)

PRODUCTS = Dataset(
    name="products",
    key="id",
    is_small=True,
    columns={
        "id": "text",
        "category_id": "text",
        "category": "text",
        "reference": "text",
        "title": "text",
        "is_on_shelf": "flag",
        "created_at": "instant",
        "updated_at": "instant",
    },
    query="""
        copy (
            select p.id, p.category_id, c.name, p.reference, p.title, p.is_on_shelf, p.created_at, p.updated_at
            from products p
            join categories c on c.merchant_id = p.merchant_id and c.id = p.category_id
            where p.merchant_id = %(merchant_id)s and c.merchant_id = %(merchant_id)s
        ) to stdout (format csv)
    """,
    signature="""
        select count(*) || ':' || coalesce(sum(extract(epoch from p.updated_at)), 0) || ':'
               || (select coalesce(sum(hashtextextended(c::text, 0)::numeric), 0)
                   from categories c where c.merchant_id = %(merchant_id)s)
        from products p where p.merchant_id = %(merchant_id)s
    """,
)

STORES = Dataset(
    name="stores",
    key="id",
    is_small=True,
    columns={"id": "text", "code": "text", "name": "text", "is_open": "flag"},
    query="""
        copy (select id, code, name, is_open from stores where merchant_id = %(merchant_id)s) to stdout (format csv)
    """,
    signature="""
        select count(*) || ':' || coalesce(sum(hashtextextended(s::text, 0)::numeric), 0)
        from stores s where merchant_id = %(merchant_id)s
    """,
)

# Leaders stand before their followers.
DATASETS = (
    ORDERS,
    ORDER_LINES,
    CUSTOMERS,
    TOUCHES,
    REFUNDS,
    REFUND_LINES,
    COMMISSIONS,
    DOORS,
    DOOR_COSTS,
    PRODUCTS,
    STORES,
)


def followers_of(leader: Dataset) -> tuple[Dataset, ...]:
    """The data sets that are read together with `leader`."""
    return tuple(dataset for dataset in DATASETS if dataset.leader == leader.name)
