"""Reading oversight: open risks with who answers for them, the figures of the last days, and the thresholds."""

from datetime import datetime
from uuid import UUID

from siyu.growth.oversight.model import Figures, Risk, Settings
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork


async def settings(uow: UnitOfWork) -> Settings:
    """The merchant's thresholds, or the defaults."""
    found = await uow.maybe(
        Settings,
        """
        select idle_bps, idle_least, own_bps, refund_bps, refund_least, concentration_bps, concentration_least, velocity,
               window_days
        from oversight_settings where merchant_id = %(merchant_id)s
        """,
    )
    return found or Settings()


async def risks(
    uow: UnitOfWork, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Page[Risk]:
    """Risks that stand, newest first. The cursor is (found_at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Risk,
        """
        select r.id, r.rule, r.severity, r.subject_kind, r.subject_id, r.subject, r.field, r.zh, r.en, r.fix_zh,
               r.fix_en, r.found_at, r.seen_at, coalesce(o.by_name, '') as override_by,
               coalesce(o.reason, '') as override_reason, o.until as override_until
        from risks r
        left join lateral (
            select by_name, reason, until from risk_overrides o
            where o.merchant_id = r.merchant_id and o.risk_id = r.id and o.until > %(now)s
            order by o.at desc, o.id desc limit 1
        ) o on true
        where r.merchant_id = %(merchant_id)s and r.gone_at is null
          and (%(at)s::timestamptz is null or (r.found_at, r.id) < (%(at)s, %(last_id)s::uuid))
        order by r.found_at desc, r.id desc limit %(limit)s
        """,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.found_at.isoformat()}~{last.id}" if last else None)


async def open_count(uow: UnitOfWork) -> int:
    """How many risks stand that nobody answers for."""
    return await uow.one(
        int,
        """
        select count(*) from risks r where r.merchant_id = %(merchant_id)s and r.gone_at is null
          and not exists (select from risk_overrides o where o.merchant_id = r.merchant_id and o.risk_id = r.id
                          and o.until > %(now)s)
        """,
    )


async def days(uow: UnitOfWork, limit: int = 30) -> list[Figures]:
    """The figures of the last days, newest first."""
    return await uow.all(
        Figures,
        """
        select day, promoters, idle, lines, own, refunded, top_bps from oversight_days
        where merchant_id = %(merchant_id)s order by day desc limit %(limit)s
        """,
        limit=limit,
    )
