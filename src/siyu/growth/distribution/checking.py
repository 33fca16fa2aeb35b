"""The check before a plan is published: what the law forbids, what the caps forbid, what a person must answer for."""

from uuid import UUID

import msgspec

from siyu.growth import guard
from siyu.growth.distribution.model import PlanRule
from siyu.growth.distribution.plan_queries import settings
from siyu.growth.guard import Finding
from siyu.kernel import money
from siyu.runtime.db import UnitOfWork


class _Goods(msgspec.Struct, frozen=True):
    """Of the goods a plan covers: the lowest price of a unit (fen), and the lowest margin in basis points where known."""

    least_price: int | None
    margin_bps: int | None


async def findings(uow: UnitOfWork, plan_id: UUID, name: str, rule: PlanRule) -> list[Finding]:
    """What stands against publishing this plan: `block` forbids it, `gate` needs an approver, `warn` is to be known."""
    terms = await settings(uow)
    goods = await _covered(uow, rule)
    worths = [rule.worth_of(""), *rule.level_rates.values()]
    worst = _worst_share(rule, max(worths), goods.least_price)
    conditions = [
        name for name, is_asked in (("level", rule.level_rates), ("kind", rule.promoter_kinds)) if is_asked
    ]
    facts = guard.PlanFacts(
        name=name,
        rate_bps=rule.rate_bps,
        fixed=rule.fixed,
        scope=rule.scope,
        kind=rule.kind,
        worst_share_bps=worst,
        margin_bps=goods.margin_bps,
        qualification=(*conditions, *(() if rule.kind == "open" else ("named",))),
        order_cap_bps=terms.share_bps,
        funders=("merchant", "supplier") if rule.supplier_bps else ("merchant",),
        is_cut=True,
        release_days=min(terms.hold_days, terms.new_hold_days),
    )
    found = list(guard.plan(facts))
    if await _is_taken(uow, plan_id, rule):
        found.append(_TAKEN)
    return found


def _worst_share(rule: PlanRule, worth: int, least_price: int | None) -> int:
    """Basis points of what a buyer pays that the plan costs at worst, before the cap per line."""
    if rule.rate_bps is not None:
        return worth
    return worth * money.BASIS_POINTS // least_price if least_price else 0


_TAKEN = Finding(
    rule="J13",
    severity="block",
    field="targets",
    zh="这些商品已有另一个专属方案，同一商品只能有一个。",
    en="Another exclusive plan covers some of these goods; a product has at most one.",
    fix_zh="先结束另一个专属方案，或去掉重复的商品。",
    fix_en="End the other exclusive plan, or leave out the goods it covers.",
)


async def _covered(uow: UnitOfWork, rule: PlanRule) -> _Goods:
    return await uow.one(
        _Goods,
        """
        with covered as (
            select k.id, k.price from skus k
            join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
            left join categories c on c.merchant_id = p.merchant_id and c.id = p.category_id
            where k.merchant_id = %(merchant_id)s and k.price > 0 and case %(scope)s
                when 'all' then true
                when 'categories' then p.category_id = any(%(targets)s) or c.parent_id = any(%(targets)s)
                when 'products' then p.id = any(%(targets)s)
                else k.id = any(%(targets)s) end
        )
        select min(c.price) as least_price,
               min(case when i.supply_price is not null
                        then greatest(c.price - i.supply_price, 0) * 10000 / c.price end)::int as margin_bps
        from covered c left join supplier_items i on i.merchant_id = %(merchant_id)s and i.sku_id = c.id
        """,
        scope=rule.scope,
        targets=list(rule.targets),
    )


async def _is_taken(uow: UnitOfWork, plan_id: UUID, rule: PlanRule) -> bool:
    """Whether another exclusive plan in force covers some SKU that this one covers."""
    if rule.kind != "exclusive":
        return False
    return await uow.one(
        bool,
        """
        with others as (
            select v.rule ->> 'scope' as scope,
                   array(select jsonb_array_elements_text(v.rule -> 'targets')::uuid) as targets
            from commission_plan_terms t
            join commission_plan_versions v
              on v.merchant_id = t.merchant_id and v.plan_id = t.plan_id and v.version = t.version
            where t.merchant_id = %(merchant_id)s and t.plan_id <> %(plan)s and v.rule ->> 'kind' = 'exclusive'
              and (t.ends_at is null or t.ends_at > greatest(%(now)s, coalesce(%(starts)s::timestamptz, %(now)s)))
              and t.starts_at < coalesce(%(ends)s::timestamptz, 'infinity')
        ), mine as (select %(scope)s::text as scope, %(targets)s::uuid[] as targets)
        select exists (
            select from skus k
            join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
            left join categories c on c.merchant_id = p.merchant_id and c.id = p.category_id
            join others o on case o.scope when 'all' then true
                when 'categories' then p.category_id = any(o.targets) or c.parent_id = any(o.targets)
                when 'products' then p.id = any(o.targets) else k.id = any(o.targets) end
            join mine m on case m.scope when 'all' then true
                when 'categories' then p.category_id = any(m.targets) or c.parent_id = any(m.targets)
                when 'products' then p.id = any(m.targets) else k.id = any(m.targets) end
            where k.merchant_id = %(merchant_id)s)
        """,
        plan=plan_id,
        scope=rule.scope,
        targets=list(rule.targets),
        starts=rule.starts_at,
        ends=rule.ends_at,
    )
