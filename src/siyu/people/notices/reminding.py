"""What nobody else is there to remind of: coupons that end within two days."""

from siyu.goods import offers
from siyu.people.notices.model import Notice
from siyu.people.notices.telling import tell
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Sweep


async def remind(uow: UnitOfWork) -> int:
    """Mark the coupons that end soon and tell their holders, in one unit of work: nobody is told twice or never."""
    ending = await offers.remind_coupons(uow)
    await tell(
        uow,
        [
            Notice(
                one.customer_id,
                "coupon_ends",
                one.id,
                {"name": one.name, "until": one.valid_until.isoformat()},
            )
            for one in ending
        ],
    )
    return len(ending)


async def _sweep(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, remind)


SWEEPS = [Sweep("notices.coupons", 30.0, _sweep)]
