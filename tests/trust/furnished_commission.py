"""What commission keeps: plans with versions, a hold, a correction, terms, and the rows that rarely happen."""

from uuid import UUID

from siyu.growth import distribution
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant


async def commissioned(
    database: Database, merchant: Merchant, promoter_id: UUID, order_id: UUID, mark: str
) -> dict[str, object]:
    """A directed plan with a draft on top, an open hold of a promoter, a proposed correction, terms, an early refund."""
    made = {name: ids.new() for name in ("draft_plan_id", "hold_id", "adjustment_id")}
    boss = Actor("staff", ids.new(), ROLES["owner"], f"{mark}老板")
    async with database.begin(merchant, boss) as uow:
        rule = distribution.PlanRule(
            rate_bps=300, kind="directed", promoter_ids=(promoter_id,), budget=100_000
        )
        await distribution.save(uow, made["draft_plan_id"], f"{mark}定向", rule)
        await distribution.publish(uow, made["draft_plan_id"])
        changed = distribution.PlanRule(
            rate_bps=400, kind="directed", promoter_ids=(promoter_id,), budget=100_000
        )
        await distribution.save(uow, made["draft_plan_id"], f"{mark}定向", changed)
        await distribution.hold_promoter(uow, made["hold_id"], promoter_id, f"{mark}查一查")
        await distribution.propose(uow, made["adjustment_id"], promoter_id, 100, f"{mark}补发")
        await distribution.save_settings(uow, distribution.Settings(hold_days=8))
        await uow.run(
            """
            with looked as (
                insert into commission_level_runs (merchant_id, month, changed, at)
                values (%(merchant_id)s, '2026-01-01', 0, %(now)s)
            )
            insert into commission_early_refunds (merchant_id, refund_id, order_id, lines)
            values (%(merchant_id)s, %(refund)s, %(order)s, '[]')
            """,
            refund=ids.new(),
            order=order_id,
        )
    return {**made}
