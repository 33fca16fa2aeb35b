"""What this process has just seen of running sessions, to refuse from memory what is gone or has not begun.

Twenty thousand people want a thousand pieces: nineteen thousand answers cost no statement. Memory is refreshed by the
orders themselves: once a second whoever comes first is let through to the database. After two seconds without a fresh
look nobody is refused from memory, so what came back is never withheld for longer than that.
"""

import time
from collections.abc import Iterable
from uuid import UUID

import msgspec

from siyu.kernel import clock
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.trade import orders
from siyu.trade.flashsales.model import NotStarted, Over, Session, SoldOut
from siyu.trade.flashsales.rules import Key, Scene, refuse_by_phase

FRESH_SECONDS = 1.0
STALE_SECONDS = 2.0
SESSIONS_MAX = 1_000  # remembered at a time: more never run at once in one process

Where = tuple[UUID, UUID]  # merchant, session


class _Seen(msgspec.Struct):
    """A session as it was `at` (seconds of the monotonic clock). `gone`: SKUs of which nothing is left, with the
    pieces that are not paid yet.
    """

    session: Session
    at: float
    asked_at: float
    gone: dict[UUID, int] = {}
    holders: set[UUID] = set()  # who has pieces: their second submit must find their order
    refused: dict[UUID, int] = {}  # not yet written down


_seen: dict[Where, _Seen] = {}


def gate(merchant: Merchant, order: orders.PlaceOrder) -> DomainError | None:
    """A refusal from memory, or None: the database has to say."""
    seen = _seen.get((merchant.id, order.claim.id)) if order.claim is not None else None
    if seen is None or order.customer_id in seen.holders:
        return None
    now = time.monotonic()
    if now - seen.at > STALE_SECONDS:
        return None
    refusal = _refusal(seen, merchant, order)
    if refusal is None:
        return None
    if now - seen.at > FRESH_SECONDS and now - seen.asked_at > FRESH_SECONDS:
        seen.asked_at = now
        return None
    if isinstance(refusal, SoldOut):
        sku_id = UUID(refusal.facts["sku_id"])
        seen.refused[sku_id] = seen.refused.get(sku_id, 0) + 1
    return refusal


def _refusal(seen: _Seen, merchant: Merchant, order: orders.PlaceOrder) -> DomainError | None:
    try:
        refuse_by_phase(seen.session, merchant, clock.now())
    except (NotStarted, Over) as refusal:
        return refusal
    except DomainError:
        return None  # paused, or withdrawn: rare, and the database knows better
    sku_id = next((line.sku_id for line in order.lines if line.sku_id in seen.gone), None)
    return SoldOut(sku_id, seen.gone[sku_id]) if sku_id is not None else None


def refused_since(merchant: Merchant, offer_ids: Iterable[UUID]) -> dict[Key, int]:
    """How many asks for each item were refused since this was last called; the caller writes them down."""
    counts: dict[Key, int] = {}
    for offer_id in offer_ids:
        seen = _seen.get((merchant.id, offer_id))
        if seen is not None:
            counts |= {(offer_id, sku_id): count for sku_id, count in seen.refused.items()}
            seen.refused = {}
    return counts


async def note(uow: UnitOfWork, scene: Scene) -> None:
    """Remember what a batch has found. Should it not be committed, the next look in a second puts it right."""
    now = time.monotonic()
    for offer_id, session in scene.sessions.items():
        where = (uow.merchant_id, offer_id)
        seen = _seen.pop(where, None) or _Seen(session, now, now, {}, set(), {})
        looked = {key[1]: item for key, item in scene.items.items() if key[0] == offer_id}
        gone = {sku: item.unpaid for sku, item in looked.items() if item.left <= 0}
        if gone.keys() - seen.gone.keys():
            seen.holders |= set(await _holders(uow, offer_id))
        seen.gone = {sku: unpaid for sku, unpaid in seen.gone.items() if sku not in looked} | gone
        seen.session, seen.at, seen.asked_at = session, now, now
        seen.holders |= {one.customer_id for one in scene.given if one.offer_id == offer_id}
        _seen[where] = seen  # last in the order: the one looked at least is forgotten first
    while len(_seen) > SESSIONS_MAX:
        del _seen[next(iter(_seen))]


async def _holders(uow: UnitOfWork, offer_id: UUID) -> list[UUID]:
    """Everybody with pieces of a session: at most as many as there are pieces. Asked once, when something is gone."""
    return await uow.all(
        UUID,
        """
        select distinct customer_id from flash_takes
        where merchant_id = %(merchant_id)s and offer_id = %(offer)s and state <> 'closed'
        """,
        offer=offer_id,
    )


def forget() -> None:
    """A process that has just begun knows nothing."""
    _seen.clear()
