"""What a promoter would earn on goods, before anybody buys them."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.distribution import plan_queries, rules
from siyu.growth.distribution.model import Sold
from siyu.kernel import money
from siyu.runtime.db import UnitOfWork


class Promise(msgspec.Struct, frozen=True):
    """What one piece earns at its price of now: `rate_bps` of what is paid or `fixed` fen, `amount` in fen.

    Caps and a budget may make it less; `has_caps` says that there are some.
    """

    product_id: UUID
    plan_id: UUID
    plan_name: str
    kind: str
    rate_bps: int
    fixed: int | None
    amount: int
    has_caps: bool


async def promises(
    uow: UnitOfWork, promoter: promoters.Promoter, prices: Sequence[tuple[UUID, int]]
) -> dict[UUID, Promise]:
    """Products (id, price of a piece in fen) by which this promoter would earn now; others are left out."""
    terms = await plan_queries.terms(uow, uow.now)
    share = (await plan_queries.settings(uow)).share_bps
    innermost = await catalog.category_of_products(uow, [product_id for product_id, _ in prices])
    outside = {category.id: category.parent_id for category in await catalog.categories(uow)}
    found: dict[UUID, Promise] = {}
    for product_id, price in prices:
        categories = rules.outwards(innermost.get(product_id), outside)
        sold = Sold(product_id, None, categories, promoter.id, promoter.kind)
        term = rules.term_for(terms, sold, uow.now)
        if term is None:
            continue
        rule, worth = term.rule, term.rule.worth_of(promoter.level)
        amount = min(rules.earned_by(term, promoter.level, price, 1), money.share(price, share))
        found[product_id] = Promise(
            product_id=product_id,
            plan_id=term.plan_id,
            plan_name=term.name,
            kind=rule.kind,
            rate_bps=0 if rule.rate_bps is None else worth,
            fixed=worth if rule.rate_bps is None else None,
            amount=amount,
            has_caps=any(
                cap is not None for cap in (rule.order_cap, rule.day_cap, rule.month_cap, rule.budget)
            ),
        )
    return found
