"""The plans that say what sales earn."""

from datetime import datetime
from uuid import UUID

from siyu.growth.distribution.model import Plan
from siyu.growth.distribution.queries import plans
from siyu.growth.distribution.rules import RATE_BPS_MAX
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork


async def add_plan(
    uow: UnitOfWork,
    *,
    name: str,
    rate_bps: int,
    category_id: UUID | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Plan:
    """A plan for sales paid from `starts_at` on. Rates are basis points, at most 3,000 (30 %). Raises Invalid."""
    if not 1 <= rate_bps <= RATE_BPS_MAX:
        raise Invalid(
            field="rate_bps", zh="佣金比例需在 0.01% 到 30% 之间。", en="A rate is between 0.01% and 30%."
        )
    if not 1 <= len(name.strip()) <= 60:
        raise Invalid(field="name", zh="方案名称需为 1 到 60 个字。", en="A name has 1 to 60 characters.")
    plan_id = ids.new()
    await uow.run(
        """
        insert into commission_plans (merchant_id, id, name, category_id, rate_bps, starts_at, ends_at, created_at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(category)s, %(rate)s, %(starts)s, %(ends)s, %(now)s)
        """,
        id=plan_id,
        name=name.strip(),
        category=category_id,
        rate=rate_bps,
        starts=starts_at or uow.now,
        ends=ends_at,
    )
    return next(plan for plan in await plans(uow) if plan.id == plan_id)
