"""Joining as a promoter, and the plans that say what sales earn. Joining is free and pays nothing (禁止传销条例 art. 7)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from siyu.growth.distribution.model import Plan, Promoter
from siyu.growth.distribution.queries import plans, promoter_of_customer
from siyu.growth.distribution.rules import RATE_BPS_MAX
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.place import doors
from siyu.runtime.db import UnitOfWork

AGREEMENT_VERSION = "2026-11"

Kind = Literal["koc", "leader", "guide", "anchor"]


async def enrol(
    uow: UnitOfWork, customer_id: UUID, *, kind: Kind, name: str, door_code: str = ""
) -> Promoter:
    """Make a customer a promoter and open their own door; somebody who is one already stays as they are."""
    if not 1 <= len(name.strip()) <= 40:
        raise Invalid(field="name", zh="名字需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    promoter_id = ids.new()
    written = await uow.run(
        """
        insert into promoters (merchant_id, id, customer_id, kind, name, state, agreement_version, joined_at)
        values (%(merchant_id)s, %(id)s, %(customer)s, %(kind)s, %(name)s, 'active', %(version)s, %(now)s)
        on conflict (merchant_id, customer_id) do nothing
        """,
        id=promoter_id,
        customer=customer_id,
        kind=kind,
        name=name.strip(),
        version=AGREEMENT_VERSION,
    )
    if written:
        door_kind: Literal["koc", "leader", "guide", "live"] = "live" if kind == "anchor" else kind
        await doors.open_door(
            uow,
            doors.NewDoor(
                name=name.strip(),
                kind=door_kind,
                space="social",
                ownership="owned",
                promoter_id=promoter_id,
                code=door_code,
            ),
        )
    return await promoter_of_customer(uow, customer_id)


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
