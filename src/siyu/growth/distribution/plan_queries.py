"""Reading plans, their versions, and the terms in which versions hold."""

from datetime import datetime
from uuid import UUID

from siyu.growth.distribution.model import Plan, PlanVersion, Settings, Term
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork


async def plans(uow: UnitOfWork) -> list[Plan]:
    """All plans, newest first."""
    return await _plans(uow, None)


async def find_plan(uow: UnitOfWork, plan_id: UUID) -> Plan:
    """Raises NotFound."""
    found = await _plans(uow, plan_id)
    if not found:
        raise NotFound(what="佣金方案 / commission plan")
    return found[0]


async def _plans(uow: UnitOfWork, plan_id: UUID | None) -> list[Plan]:
    return await uow.all(
        Plan,
        """
        select p.id, p.name, c.id as category_id, c.name as category_name,
               coalesce((v.rule ->> 'rate_bps')::int, 0) as rate_bps,
               coalesce(t.starts_at, (v.rule ->> 'starts_at')::timestamptz, p.created_at) as starts_at,
               coalesce(t.ends_at, (v.rule ->> 'ends_at')::timestamptz) as ends_at,
               p.state, p.version, nullif(d.version, p.version) as draft, p.budget, p.spent, v.rule
        from commission_plans p
        join lateral (select max(n.version) as version from commission_plan_versions n
                      where n.merchant_id = %(merchant_id)s and n.plan_id = p.id) d on true
        join commission_plan_versions v
          on v.merchant_id = %(merchant_id)s and v.plan_id = p.id
         and v.version = case p.version when 0 then d.version else p.version end
        left join lateral (select n.starts_at, n.ends_at from commission_plan_terms n
                           where n.merchant_id = %(merchant_id)s and n.plan_id = p.id
                           order by n.starts_at desc, n.version desc limit 1) t on true
        left join categories c
          on c.merchant_id = %(merchant_id)s and v.rule ->> 'scope' = 'categories'
         and jsonb_array_length(v.rule -> 'targets') = 1 and c.id = (v.rule -> 'targets' ->> 0)::uuid
        where p.merchant_id = %(merchant_id)s and (%(plan)s::uuid is null or p.id = %(plan)s)
        order by starts_at desc, p.id desc
        """,
        plan=plan_id,
    )


async def versions(uow: UnitOfWork, plan_id: UUID) -> list[PlanVersion]:
    """Every version of a plan there ever was, newest first."""
    return await uow.all(
        PlanVersion,
        """
        select version, rule, created_by, created_at, published_by, published_at, approved_by, approval_reason
        from commission_plan_versions where merchant_id = %(merchant_id)s and plan_id = %(plan)s order by version desc
        """,
        plan=plan_id,
    )


async def terms(uow: UnitOfWork, since: datetime) -> list[Term]:
    """What held at some time from `since` on, or will hold."""
    return await uow.all(
        Term,
        """
        select t.plan_id, p.name, t.version, v.rule, t.starts_at, t.ends_at
        from commission_plan_terms t
        join commission_plan_versions v
          on v.merchant_id = t.merchant_id and v.plan_id = t.plan_id and v.version = t.version
        join commission_plans p on p.merchant_id = t.merchant_id and p.id = t.plan_id
        where t.merchant_id = %(merchant_id)s and (t.ends_at is null or t.ends_at > %(since)s)
        """,
        since=since,
    )


async def settings(uow: UnitOfWork) -> Settings:
    """The merchant's terms of commission, or the house's."""
    found = await uow.maybe(
        Settings,
        """
        select hold_days, new_hold_days, new_days, share_bps, velocity_orders, velocity_hours, levels
        from commission_settings where merchant_id = %(merchant_id)s
        """,
    )
    return found or Settings()
