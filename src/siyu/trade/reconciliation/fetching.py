"""Fetching bills: each day after ten in China a sweep asks each gateway for yesterday's, and for days it missed."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import psycopg

from siyu.connect import gateways
from siyu.kernel import clock
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import payments
from siyu.trade.reconciliation.comparing import take_in
from siyu.trade.reconciliation.queries import day_of

log = logging.getLogger(__name__)

CATCH_UP_DAYS = 7  # that a process was away; older days are fetched by hand
TRY_AGAIN = timedelta(minutes=30)


async def fetch_bills(database: Database, merchant: Merchant, lines: payments.Lines) -> int:
    """Reconcile every day that is due; returns how many days were tried."""
    known = payments.by_name(lines)
    tried = 0
    for name, gateway in known.items():
        for day in await _due(database, merchant, name):
            try:
                await reconcile(database, merchant, gateway, day)
            except (DomainError, psycopg.DataError) as problem:
                log.warning("bill of %s at %s for %s: %s", day, name, merchant.slug, problem)
            tried += 1
    return tried


async def _due(database: Database, merchant: Merchant, gateway: str) -> Sequence[date]:
    today = clock.now().astimezone(gateways.CHINA).date()
    ready = [
        day
        for day in (today - timedelta(days=n) for n in range(CATCH_UP_DAYS, 0, -1))
        if gateways.ready_at(day) <= clock.now()
    ]
    if not ready:
        return []
    async with database.begin(merchant) as uow:
        first_paid = await uow.one(
            datetime | None,  # type: ignore[arg-type]
            "select min(paid_at) from payments where merchant_id = %(merchant_id)s and paid_at is not null",
        )
        if first_paid is None:
            return []
        settled = await uow.all(
            date,
            """
            select day from bill_days
            where merchant_id = %(merchant_id)s and gateway = %(gateway)s and day >= %(since)s
              and (state = 'compared' or next_attempt_at > %(now)s)
            """,
            gateway=gateway,
            since=ready[0],
        )
    first_day = first_paid.astimezone(gateways.CHINA).date()
    return [day for day in ready if day >= first_day and day not in settled]


async def reconcile(database: Database, merchant: Merchant, gateway: gateways.Gateway, day: date) -> bool:
    """Fetch one day's bill and compare it; False when that was done before.

    Raises BillNotReady, BillUnreadable and what the gateway refuses; the day is then marked with why, and tried
    again later.
    """
    async with database.begin(merchant) as uow:
        known = await day_of(uow, gateway.name, day)
    if known is not None and known.state == "compared":
        return False
    try:
        bill = await gateway.trade_bill(day)
    except DomainError as problem:
        await _failed(database, merchant, gateway.name, day, str(problem))
        raise

    async def work(uow: UnitOfWork) -> bool:
        return await take_in(uow, bill)

    return await database.attempt(merchant, work)


async def _failed(database: Database, merchant: Merchant, gateway: str, day: date, why: str) -> None:
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            insert into bill_days (merchant_id, gateway, day, state, attempts, next_attempt_at, error, updated_at)
            values (%(merchant_id)s, %(gateway)s, %(day)s, 'failed', 1, %(next)s, %(why)s, %(now)s)
            on conflict (merchant_id, gateway, day) do update
            set state = excluded.state, attempts = bill_days.attempts + 1, next_attempt_at = excluded.next_attempt_at,
                error = excluded.error, updated_at = excluded.updated_at
            where bill_days.state <> 'compared'
            """,
            gateway=gateway,
            day=day,
            next=uow.now + TRY_AGAIN,
            why=why[:300],
        )
