"""The inbox of callbacks: verified on the raw bytes, stored with what became of them, taken in again when need be.

A notice and its effect are one transaction. When taking it in breaks, the notice is stored all the same, as failed:
a person sees it, the gateway repeats it, and a sweep takes it in again.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import psycopg

from siyu.connect import gateways
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.actors import SYSTEM, Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade.payments.returning import refund_finished
from siyu.trade.payments.settling import Outcome, settle

log = logging.getLogger(__name__)

FAILED = "failed"
RETRIES_MAX = 5  # by ourselves; more is for a person, who sees why in the inbox
RETRY_AFTER = timedelta(minutes=1)
RETRY_WITHIN = timedelta(days=3)


class Notice(msgspec.Struct, frozen=True):
    """A notice in the inbox. `outcome` and `why` are of the last time it was taken in, `tries` says how often."""

    id: str
    gateway: str
    kind: str
    about: str
    outcome: str
    why: str
    tries: int
    received_at: datetime
    last_at: datetime
    order_id: UUID | None
    order_number: str | None


class _Content(msgspec.Struct, frozen=True):
    """What of a notice is kept: the payment or the refund it speaks of."""

    transaction: gateways.Transaction | None = None
    refund: gateways.Refund | None = None

    @property
    def about(self) -> str:
        if self.refund is not None:
            return self.refund.out_refund_no
        return self.transaction.out_trade_no if self.transaction is not None else ""


async def receive_notice(
    database: Database,
    merchant: Merchant,
    gateway: gateways.Gateway,
    headers: Mapping[str, str],
    body: bytes,
) -> Outcome:
    """Take in one callback. The same notice again has no second effect; it is answered as the first time.

    Raises CallbackRefused for anything that does not verify: nothing is stored then.
    """
    notice = gateway.open_callback(headers, body)
    content = _Content(notice.transaction, notice.refund)

    async def take_in(uow: UnitOfWork) -> Outcome:
        outcome = await _effect(uow, content)
        if not await _store(uow, notice, gateway.name, content, str(outcome)):
            await _tell_again(uow, notice.id, outcome)
        return outcome

    try:
        outcome = await database.attempt(merchant, take_in)
    except Exception as problem:
        await _keep_failed(database, merchant, notice, gateway.name, content, problem)
        raise
    if not outcome.is_accepted:
        log.warning("notice %s of %s refused: %s", notice.id, merchant.slug, outcome)
    return outcome


async def _effect(uow: UnitOfWork, content: _Content) -> Outcome:
    if content.transaction is not None:
        (outcome,) = await settle(uow, [content.transaction])
        return outcome
    if content.refund is not None:
        return await refund_finished(uow, content.refund)
    return Outcome.IGNORED


async def _store(
    uow: UnitOfWork, notice: gateways.Callback, gateway: str, content: _Content, outcome: str, why: str = ""
) -> bool:
    """Write the notice down; False when it was there before."""
    written = await uow.run(
        """
        insert into gateway_notices (merchant_id, id, gateway, kind, about, body, outcome, why, received_at)
        values (%(merchant_id)s, %(id)s, %(gateway)s, %(kind)s, %(about)s, %(body)s::jsonb, %(outcome)s, %(why)s,
                %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=notice.id,
        gateway=gateway,
        kind=notice.event_type,
        about=content.about,
        body=msgspec.json.encode(content).decode(),
        outcome=outcome,
        why=why[:300],
    )
    return written == 1


async def _tell_again(uow: UnitOfWork, notice_id: str, outcome: Outcome) -> None:
    """A repeat: worth a line only when the notice had been refused and now something came of it."""
    last = await uow.one(str, LAST_OUTCOME, id=notice_id)
    if last in {FAILED, "unknown", "wrong_amount"} and last != outcome:
        await _retried(uow, notice_id, str(outcome), "")


LAST_OUTCOME = """
    select coalesce((select r.outcome from notice_retries r
                     where r.merchant_id = n.merchant_id and r.notice_id = n.id order by r.at desc, r.id desc limit 1),
                    n.outcome)
    from gateway_notices n where n.merchant_id = %(merchant_id)s and n.id = %(id)s
"""


async def _keep_failed(
    database: Database,
    merchant: Merchant,
    notice: gateways.Callback,
    gateway: str,
    content: _Content,
    problem: Exception,
) -> None:
    why = f"{type(problem).__name__}: {problem}"
    log.error("notice %s of %s could not be taken in: %s", notice.id, merchant.slug, why)
    try:
        async with database.begin(merchant) as uow:
            await _store(uow, notice, gateway, content, FAILED, why)
    except psycopg.Error:
        # The database itself is away: the gateway repeats what it is not thanked for.
        log.warning("notice %s could not even be stored", notice.id)


class _Stored(msgspec.Struct, frozen=True):
    body: dict[str, object]
    outcome: str


async def take_in_again(
    database: Database, merchant: Merchant, notice_id: str, *, actor: Actor = SYSTEM
) -> Outcome:
    """Process a stored notice once more. What it did before is not done twice. Raises NotFound."""

    async def work(uow: UnitOfWork) -> Outcome:
        stored = await uow.maybe(
            _Stored,
            "select body, outcome from gateway_notices where merchant_id = %(merchant_id)s and id = %(id)s",
            id=notice_id,
        )
        if stored is None:
            raise NotFound(what="通知 / notice")
        outcome = await _effect(uow, _content(stored.body))
        await _retried(uow, notice_id, str(outcome), "")
        return outcome

    try:
        return await database.attempt(merchant, work, actor)
    except NotFound:
        raise
    except Exception as problem:
        async with database.begin(merchant, actor) as uow:
            await _retried(uow, notice_id, FAILED, f"{type(problem).__name__}: {problem}")
        raise


def _content(body: dict[str, object]) -> _Content:
    """What a stored body speaks of. Older rows hold the payment or refund itself."""
    if "out_refund_no" in body:
        return _Content(refund=msgspec.convert(body, gateways.Refund))
    if "out_trade_no" in body:
        return _Content(transaction=msgspec.convert(body, gateways.Transaction))
    return msgspec.convert(body, _Content)


async def _retried(uow: UnitOfWork, notice_id: str, outcome: str, why: str) -> None:
    await uow.run(
        """
        insert into notice_retries (merchant_id, id, notice_id, outcome, why, actor_id, actor_name, at)
        values (%(merchant_id)s, %(retry)s, %(id)s, %(outcome)s, %(why)s, %(actor)s, %(name)s, %(now)s)
        """,
        retry=ids.new(),
        id=notice_id,
        outcome=outcome,
        why=why[:300],
        actor=uow.actor.id,
        name=uow.actor.name,
    )


async def retry_failed(database: Database, merchant: Merchant) -> int:
    """Take in again what broke, a minute apart and a few times; returns how many were tried."""
    async with database.begin(merchant) as uow:
        due = await uow.all(
            str,
            """
            select n.id from gateway_notices n
            left join lateral (
                select count(*) as tries, max(r.at) as last_at,
                       (array_agg(r.outcome order by r.at desc, r.id desc))[1] as outcome
                from notice_retries r where r.merchant_id = n.merchant_id and r.notice_id = n.id
            ) t on true
            where n.merchant_id = %(merchant_id)s and n.received_at > %(since)s and n.outcome = 'failed'
              and coalesce(t.outcome, 'failed') = 'failed' and t.tries < %(most)s
              and coalesce(t.last_at, n.received_at) < %(before)s
            order by n.received_at limit 20
            """,
            since=uow.now - RETRY_WITHIN,
            before=uow.now - RETRY_AFTER,
            most=RETRIES_MAX,
        )
    for notice_id in due:
        try:
            await take_in_again(database, merchant, notice_id)
        except Exception:
            # It is in the inbox with its reason; the next ones must not wait for it.
            log.exception("notice %s of %s still cannot be taken in", notice_id, merchant.slug)
    return len(due)


async def inbox(
    uow: UnitOfWork,
    *,
    outcome: str | None = None,
    about: str | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> Page[Notice]:
    """Notices, newest first; of one last outcome ('refused' stands for all that need a person), or about one number."""
    limit = bounded(limit)
    wanted = ["failed", "unknown", "wrong_amount"] if outcome == "refused" else [outcome] if outcome else None
    found = await uow.all(
        Notice,
        """
        select n.id, n.gateway, n.kind, n.about, coalesce(t.outcome, n.outcome) as outcome,
               case when t.outcome is null then n.why else t.why end as why, 1 + t.tries as tries, n.received_at,
               coalesce(t.last_at, n.received_at) as last_at, o.id as order_id, o.number as order_number
        from gateway_notices n
        left join lateral (
            select count(*) as tries, max(r.at) as last_at,
                   (array_agg(r.outcome order by r.at desc, r.id desc))[1] as outcome,
                   (array_agg(r.why order by r.at desc, r.id desc))[1] as why
            from notice_retries r where r.merchant_id = n.merchant_id and r.notice_id = n.id
        ) t on true
        left join payments p on p.merchant_id = n.merchant_id and p.out_trade_no = n.about
        left join refunds f on f.merchant_id = n.merchant_id and f.out_refund_no = n.about
        left join orders o on o.merchant_id = n.merchant_id and o.id = coalesce(p.order_id, f.order_id)
        where n.merchant_id = %(merchant_id)s
          and (%(wanted)s::text[] is null or coalesce(t.outcome, n.outcome) = any(%(wanted)s))
          and (%(about)s::text is null or n.about = %(about)s or o.number = %(about)s)
          and (%(before)s::timestamptz is null or n.received_at < %(before)s)
        order by n.received_at desc, n.id desc limit %(limit)s
        """,
        wanted=wanted,
        about=about or None,
        before=before,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=last.received_at.isoformat() if last else None)
