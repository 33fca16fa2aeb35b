"""What attribution keeps: a policy, a relation with its history, a dispute, and a line that moved."""

from uuid import UUID

from siyu.growth import disputes
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES
from siyu.place import attribution
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant


async def bound(
    database: Database, merchant: Merchant, promoter_id: UUID, buyer: UUID, order_id: UUID, mark: str
) -> dict[str, object]:
    """A second policy, a customer given to the promoter, an open dispute about an order of theirs."""
    dispute_id = ids.new()
    boss = Actor("staff", ids.new(), ROLES["owner"], f"{mark}经理")
    async with database.begin(merchant, boss) as uow:
        await attribution.set_policy(uow, attribution.Policy(touch_days=8))
        await attribution.assign(uow, ids.new(), buyer, promoter_id, f"{mark}老顾客")
        asked = disputes.RaiseDispute(dispute_id, order_id, None, f"{mark}不是小鱼带来的")
        await disputes.open_dispute(uow, asked)
        await uow.run(
            """
            insert into commission_rounds (merchant_id, order_id, line_no, round, dispute_id, promoter_id, plan_id,
                                           plan_version, rate_bps, fixed, amount, earned_at, at)
            select merchant_id, order_id, line_no, 7, %(dispute)s, promoter_id, plan_id, plan_version, rate_bps, fixed,
                   amount, earned_at, %(now)s
            from commissions where merchant_id = %(merchant_id)s and order_id = %(order)s
            """,
            dispute=dispute_id,
            order=order_id,
        )
    return {"dispute_id": dispute_id}
