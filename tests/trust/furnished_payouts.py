"""What payouts keep: a payout with a line and a step, a difference, and the terms."""

from uuid import UUID

from siyu.growth import payouts
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant


async def paid_out(database: Database, merchant: Merchant, promoter_id: UUID, mark: str) -> dict[str, object]:
    """A payout that failed and would not be sent again, so that it changes nothing else."""
    payout_id, difference_id, correction_id = ids.new(), ids.new(), ids.new()
    async with database.begin(merchant) as uow:
        await payouts.save_terms(uow, payouts.Terms())
        await uow.run(
            """
            insert into payouts (merchant_id, id, number, promoter_id, method, tax_method, period, gross, tax, net,
                                 state, requested_by, requested_at, fail_code, fail_reason, finished_at)
            values (%(merchant_id)s, %(id)s, %(number)s, %(promoter)s, 'wechat', 'labour',
                    date_trunc('month', %(now)s::timestamptz at time zone 'UTC')::date, 100, 0, 100, 'failed', %(mark)s,
                    %(now)s, 'declined', %(mark)s, %(now)s)
            """,
            id=payout_id,
            number=payout_id.hex,
            promoter=promoter_id,
            mark=mark,
        )
        await uow.run(
            """
            insert into commission_adjustments (merchant_id, id, promoter_id, kind, amount, reason, state, proposed_id,
                                                proposed_by, proposed_at, decided_id, decided_by, decided_at)
            values (%(merchant_id)s, %(id)s, %(promoter)s, 'adjustment', 100, %(mark)s, 'refused', %(payout)s, %(mark)s,
                    %(now)s, %(id)s, %(mark)s, %(now)s)
            """,
            id=correction_id,
            promoter=promoter_id,
            payout=payout_id,
            mark=mark,
        )
        await uow.run(
            """
            insert into payout_lines (merchant_id, payout_id, position, source, adjustment_id, amount, title,
                                      order_number)
            values (%(merchant_id)s, %(id)s, 1, 'adjustment', %(correction)s, 100, %(mark)s, '')
            """,
            id=payout_id,
            correction=correction_id,
            mark=mark,
        )
        await uow.run(
            """
            insert into payout_steps (merchant_id, id, payout_id, state, by_name, at)
            values (%(merchant_id)s, %(id)s, %(id)s, 'failed', %(mark)s, %(now)s)
            """,
            id=payout_id,
            mark=mark,
        )
        await uow.run(
            """
            insert into payout_differences (merchant_id, id, day, kind, number, ours, theirs, state, found_at)
            values (%(merchant_id)s, %(id)s, %(now)s::date, 'amount', %(number)s, 100, 101, 'open', %(now)s)
            """,
            id=difference_id,
            number=payout_id.hex,
        )
    return {"payout_id": payout_id, "payout_difference_id": difference_id}
