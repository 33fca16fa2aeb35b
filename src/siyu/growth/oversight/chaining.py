"""D-11: a chain over audit notes, plan versions, payouts and changes of promoters.

Each day's rows are digested in a fixed order, and each link holds the digest of all before it: who changes a row, or
takes one away, breaks every link from that day on. The application may add links and never change one; the last link
is worth keeping outside of the database (the risks page shows it, `siyu doctor` proves the whole).
"""

import hashlib
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from siyu.runtime.db import Database, Merchant, UnitOfWork

DAYS_PER_TURN = 31
SETTLED = timedelta(hours=1)  # no unit of work is open this long after its time
START = "0" * 64


class Link(msgspec.Struct, frozen=True):
    day: date
    rows: int
    digest: str
    chain: str


class Broken(msgspec.Struct, frozen=True):
    """A day whose link is not what its rows give: `digest` its own rows, `chain` what went before, `gap` a day missing."""

    day: date
    what: str


class _Digest(msgspec.Struct, frozen=True):
    rows: int
    digest: str


async def last_link(uow: UnitOfWork) -> Link | None:
    """The newest link; None before the first."""
    return await uow.maybe(
        Link,
        """
        select day, rows, digest, chain from evidence
        where merchant_id = %(merchant_id)s order by day desc limit 1
        """,
    )


async def keep_evidence(uow: UnitOfWork, most: int = DAYS_PER_TURN) -> int:
    """Add links for the days that are over, at most so many; return how many."""
    zone = ZoneInfo(uow.merchant.timezone)
    last = await last_link(uow)
    first = last.day + timedelta(days=1) if last else await _first_day(uow, zone)
    over = (uow.now - SETTLED).astimezone(zone).date()
    chain, added = last.chain if last else START, 0
    while first is not None and first < over and added < most:
        made = await _digest(uow, first, zone)
        chain = linked(chain, first, made.digest)
        await uow.run(
            """
            insert into evidence (merchant_id, day, rows, digest, chain, at)
            values (%(merchant_id)s, %(day)s, %(rows)s, %(digest)s, %(chain)s, %(now)s)
            """,
            day=first,
            rows=made.rows,
            digest=made.digest,
            chain=chain,
        )
        first, added = first + timedelta(days=1), added + 1
    return added


async def evidence_wrong(uow: UnitOfWork) -> list[Broken]:
    """Every day whose link does not follow from its rows and the links before it; empty when nothing was touched."""
    zone = ZoneInfo(uow.merchant.timezone)
    links = await uow.all(
        Link,
        """
        select day, rows, digest, chain from evidence where merchant_id = %(merchant_id)s order by day
        """,
    )
    wrong, chain, expected = [], START, links[0].day if links else None
    for link in links:
        if link.day != expected:
            wrong.append(Broken(link.day, "gap"))
        made = await _digest(uow, link.day, zone)
        if (made.rows, made.digest) != (link.rows, link.digest):
            wrong.append(Broken(link.day, "digest"))
        chain = linked(chain, link.day, made.digest)
        if chain != link.chain:
            wrong.append(Broken(link.day, "chain"))
        expected = link.day + timedelta(days=1)
    return wrong


def linked(chain: str, day: date, digest: str) -> str:
    """The link of a day: SHA-256 over the link before, the day and its digest."""
    return hashlib.sha256(f"{chain}|{day.isoformat()}|{digest}".encode()).hexdigest()


async def keep_daily(database: Database, merchant: Merchant) -> int:
    """The sweep: links for the days that are over."""
    return await database.attempt(merchant, keep_evidence)


async def _first_day(uow: UnitOfWork, zone: ZoneInfo) -> date | None:
    first = await uow.one(
        datetime,
        """
        select min(at) from (
            select min(at) as at from audit_log where merchant_id = %(merchant_id)s
            union all select min(created_at) from commission_plan_versions where merchant_id = %(merchant_id)s
            union all select min(requested_at) from payouts where merchant_id = %(merchant_id)s
            union all select min(at) from promoter_changes where merchant_id = %(merchant_id)s
        ) firsts
        """,
    )
    return first.astimezone(zone).date() if first else None


async def _digest(uow: UnitOfWork, day: date, zone: ZoneInfo) -> _Digest:
    """The number of a day's rows and SHA-256 over them, in the order of kind, instant and id.

    Of rows that live on (a version is published later, a payout moves on) only what never changes is digested; the steps
    of a payout are rows of their own.
    """
    begin = datetime.combine(day, time(), zone)
    return await uow.one(
        _Digest,
        """
        with told as (
            select 1 as kind, at, id::text as id,
                   concat_ws('|', actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject, before,
                             after, reason) as text
            from audit_log where merchant_id = %(merchant_id)s and at >= %(begin)s and at < %(end)s
            union all
            select 2, created_at, concat(plan_id, version), concat_ws('|', rule, created_by)
            from commission_plan_versions
            where merchant_id = %(merchant_id)s and created_at >= %(begin)s and created_at < %(end)s
            union all
            select 3, published_at, concat(plan_id, version),
                   concat_ws('|', rule, published_by, approved_by, approval_reason)
            from commission_plan_versions
            where merchant_id = %(merchant_id)s and published_at >= %(begin)s and published_at < %(end)s
            union all
            select 4, requested_at, id::text, concat_ws('|', number, promoter_id, tax_method, period, gross, tax, net)
            from payouts where merchant_id = %(merchant_id)s and requested_at >= %(begin)s and requested_at < %(end)s
            union all
            select 5, at, id::text, concat_ws('|', payout_id, state, note, by_name)
            from payout_steps where merchant_id = %(merchant_id)s and at >= %(begin)s and at < %(end)s
            union all
            select 6, at, id::text, concat_ws('|', promoter_id, what, before, after, reason, by_name)
            from promoter_changes where merchant_id = %(merchant_id)s and at >= %(begin)s and at < %(end)s
        ), lined as (
            select encode(sha256(convert_to(concat_ws('|', kind, extract(epoch from at), id, text), 'UTF8')), 'hex') as sum,
                   kind, at, id
            from told
        )
        select count(*)::bigint as rows,
               encode(sha256(convert_to(coalesce(string_agg(sum, '' order by kind, at, id collate "C"), ''), 'UTF8')), 'hex')
                   as digest
        from lined
        """,
        begin=begin,
        end=datetime.combine(day + timedelta(days=1), time(), zone),
    )
