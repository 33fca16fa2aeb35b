"""Buyers of presales are told when their balance can be paid, and until when."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.people import notices
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade.presales.claiming import KIND

TOLD_AT_ONCE = 500


class _Due(msgspec.Struct, frozen=True):
    id: UUID
    number: str
    customer_id: UUID
    due: int
    until: datetime


async def tell_due(uow: UnitOfWork) -> int:
    """Orders whose balance can be paid now and whose buyer has not been told; returns how many were told."""
    due = await uow.all(
        _Due,
        """
        select t.id, t.number, t.customer_id, t.due_amount as due, t.balance_until as until from orders t
        where t.merchant_id = %(merchant_id)s and t.claim_kind = %(kind)s and t.state = 'unpaid'
          and t.deposit_paid_at is not null and t.balance_from <= %(now)s and t.balance_until > %(now)s
          and t.customer_id is not null
          and not exists (select from notices n where n.merchant_id = t.merchant_id and n.customer_id = t.customer_id
                                                  and n.kind = 'presale_balance' and n.subject_id = t.id)
        order by t.balance_until, t.id limit %(limit)s
        """,
        kind=KIND,
        limit=TOLD_AT_ONCE,
    )
    return await notices.tell(
        uow,
        [
            notices.Notice(
                one.customer_id,
                "presale_balance",
                one.id,
                {"number": one.number, "amount": one.due, "until": one.until.isoformat(), "id": str(one.id)},
            )
            for one in due
        ],
    )


async def sweep(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, tell_due)
