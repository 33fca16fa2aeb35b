"""Reading payouts."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.growth.payouts.model import Payout, PayoutLine, Step, Terms
from siyu.growth.payouts.tax import History
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork

SHOWN_MAX = 200


async def terms(uow: UnitOfWork) -> Terms:
    """How this merchant pays out."""
    found = await uow.maybe(
        Terms,
        "select minimum, second_from, day_cap, job from payout_settings where merchant_id = %(merchant_id)s",
    )
    return found or Terms()


def local_day(uow: UnitOfWork) -> date:
    """Today at the merchant's."""
    return uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date()


def day_start(uow: UnitOfWork) -> datetime:
    """When the merchant's day began."""
    return uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )


async def find(uow: UnitOfWork, payout_id: UUID) -> Payout:
    """Raises NotFound."""
    found = await maybe_find(uow, payout_id)
    if found is None:
        raise NotFound(what="提现 / payout")
    return found


async def maybe_find(uow: UnitOfWork, payout_id: UUID) -> Payout | None:
    return await uow.maybe(
        Payout,
        """
        select p.id, p.number, p.promoter_id, m.name as promoter_name, m.customer_id, p.method, p.tax_method, p.period,
               p.gross, p.tax, p.net, p.state, p.openid, p.invoice, p.requested_by, p.requested_id, p.requested_at,
               p.first_id, p.approved_by, p.approved_at, p.submitted_at, p.attempts, p.lacks_funds, p.package,
               p.expires_at, p.reminded_at, p.fail_code, p.fail_reason, p.reference, p.finished_at
        from payouts p join promoters m on m.merchant_id = p.merchant_id and m.id = p.promoter_id
        where p.merchant_id = %(merchant_id)s and p.id = %(id)s
        """,
        id=payout_id,
    )


async def locked(uow: UnitOfWork, payout_id: UUID) -> Payout:
    """The payout, held until the unit ends. Raises NotFound."""
    await uow.run(
        "select 1 from payouts where merchant_id = %(merchant_id)s and id = %(id)s for no key update",
        id=payout_id,
    )
    return await find(uow, payout_id)


async def of_number(uow: UnitOfWork, number: str) -> UUID | None:
    """The payout that the gateway knows by this number."""
    return await uow.maybe(
        UUID,
        "select id from payouts where merchant_id = %(merchant_id)s and number = %(number)s",
        number=number,
    )


async def listing(
    uow: UnitOfWork,
    *,
    states: tuple[str, ...] | None = None,
    promoter_id: UUID | None = None,
    limit: int = SHOWN_MAX,
) -> list[Payout]:
    """Payouts in these states (None: all), of one promoter or of all; what waits longest first, a person's newest first."""
    return await uow.all(
        Payout,
        """
        select p.id, p.number, p.promoter_id, m.name as promoter_name, m.customer_id, p.method, p.tax_method, p.period,
               p.gross, p.tax, p.net, p.state, p.openid, p.invoice, p.requested_by, p.requested_id, p.requested_at,
               p.first_id, p.approved_by, p.approved_at, p.submitted_at, p.attempts, p.lacks_funds, p.package,
               p.expires_at, p.reminded_at, p.fail_code, p.fail_reason, p.reference, p.finished_at
        from payouts p join promoters m on m.merchant_id = p.merchant_id and m.id = p.promoter_id
        where p.merchant_id = %(merchant_id)s and (%(states)s::text[] is null or p.state = any(%(states)s))
          and (%(promoter)s::uuid is null or p.promoter_id = %(promoter)s)
        order by case when %(newest)s then p.requested_at end desc, p.requested_at, p.id limit %(limit)s
        """,
        states=list(states) if states is not None else None,
        promoter=promoter_id,
        newest=promoter_id is not None or (states is not None and "paid" in states),
        limit=limit,
    )


async def of_promoter(uow: UnitOfWork, promoter_id: UUID, limit: int = SHOWN_MAX) -> list[Payout]:
    """What one promoter asked for, the newest first."""
    return await listing(uow, promoter_id=promoter_id, limit=limit)


async def in_flight(uow: UnitOfWork, promoter_id: UUID) -> UUID | None:
    """The payout of this promoter that is on its way."""
    return await uow.maybe(
        UUID,
        """
        select id from payouts
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
          and state in ('requested', 'reviewing', 'approved', 'submitted', 'awaiting_user', 'manual')
        """,
        promoter=promoter_id,
    )


async def lines_of(uow: UnitOfWork, payout_id: UUID) -> list[PayoutLine]:
    """What a payout consists of, in order."""
    return await uow.all(
        PayoutLine,
        """
        select source, order_id, line_no, adjustment_id, amount, title, order_number from payout_lines
        where merchant_id = %(merchant_id)s and payout_id = %(payout)s order by position
        """,
        payout=payout_id,
    )


async def steps_of(uow: UnitOfWork, payout_id: UUID) -> list[Step]:
    """What happened to a payout, the first step first."""
    return await uow.all(
        Step,
        """
        select state, note, by_name, at from payout_steps
        where merchant_id = %(merchant_id)s and payout_id = %(payout)s order by at, id
        """,
        payout=payout_id,
    )


class _Sums(msgspec.Struct, frozen=True):
    month_gross: int
    month_tax: int
    year_gross: int
    year_tax: int
    first: date | None


async def history(
    uow: UnitOfWork, promoter_id: UUID, period: date, *, without: UUID | None = None
) -> History:
    """What was paid, or is on its way, to this promoter in the month and year of `period`; `without` one payout."""
    sums = await uow.one(
        _Sums,
        """
        select coalesce(sum(gross) filter (where period = %(period)s), 0)::bigint as month_gross,
               coalesce(sum(tax) filter (where period = %(period)s), 0)::bigint as month_tax,
               coalesce(sum(gross), 0)::bigint as year_gross, coalesce(sum(tax), 0)::bigint as year_tax,
               min(period) as first
        from payouts
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
          and period between date_trunc('year', %(period)s::date)::date and %(period)s
          and state not in ('expired', 'failed') and (%(without)s::uuid is null or id <> %(without)s)
        """,
        promoter=promoter_id,
        period=period,
        without=without,
    )
    first = sums.first or period
    return History(
        sums.month_gross,
        sums.month_tax,
        sums.year_gross,
        sums.year_tax,
        months=period.month - first.month + 1,
    )


async def sent_today(uow: UnitOfWork, promoter_id: UUID) -> int:
    """Fen that the channel has given, or is about to give, this promoter today."""
    return await uow.one(
        int,
        """
        select coalesce(sum(net), 0)::bigint from payouts
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s and method = 'wechat'
          and state not in ('expired', 'failed') and coalesce(submitted_at, requested_at) >= %(since)s
        """,
        promoter=promoter_id,
        since=day_start(uow),
    )


class Counts(msgspec.Struct, frozen=True):
    """Payouts by what they wait for, and sums in fen."""

    to_review: int
    to_review_amount: int
    to_send: int
    lacks_funds: int
    awaiting: int
    awaiting_amount: int
    manual: int
    returned: int
    paid_month: int
    tax_month: int
    differences: int


async def counts(uow: UnitOfWork) -> Counts:
    """Everything at a glance; `returned` of the last thirty days, money of the running month."""
    return await uow.one(
        Counts,
        """
        select count(*) filter (where state in ('requested', 'reviewing')) as to_review,
               coalesce(sum(gross) filter (where state in ('requested', 'reviewing')), 0)::bigint as to_review_amount,
               count(*) filter (where state in ('approved', 'submitted')) as to_send,
               count(*) filter (where lacks_funds and state = 'approved') as lacks_funds,
               count(*) filter (where state = 'awaiting_user') as awaiting,
               coalesce(sum(net) filter (where state = 'awaiting_user'), 0)::bigint as awaiting_amount,
               count(*) filter (where state = 'manual') as manual,
               count(*) filter (where state in ('failed', 'expired') and finished_at > %(since)s) as returned,
               coalesce(sum(net) filter (where state = 'paid' and period = %(month)s), 0)::bigint as paid_month,
               coalesce(sum(tax) filter (where state = 'paid' and period = %(month)s), 0)::bigint as tax_month,
               (select count(*) from payout_differences d
                where d.merchant_id = %(merchant_id)s and d.state = 'open') as differences
        from payouts where merchant_id = %(merchant_id)s
        """,
        month=local_day(uow).replace(day=1),
        since=uow.now - timedelta(days=30),
    )


class Difference(msgspec.Struct, frozen=True):
    """Something about money sent that a person must look at; amounts in fen."""

    id: UUID
    day: date
    kind: str
    number: str
    ours: int | None
    theirs: int | None
    found_at: datetime


async def differences(uow: UnitOfWork, limit: int = 100) -> list[Difference]:
    """What waits for a person, the oldest first."""
    return await uow.all(
        Difference,
        """
        select id, day, kind, number, ours, theirs, found_at from payout_differences
        where merchant_id = %(merchant_id)s and state = 'open' order by found_at, id limit %(limit)s
        """,
        limit=limit,
    )
