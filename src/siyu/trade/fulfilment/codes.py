"""Codes: issued when an order is paid, used once, void when their unit is refunded, ended when their time is over."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.events import CodeRedeemed, CodesIssued, OrderPaid, OrderRefunded
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, IdempotencyConflict
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Consumer, Event, Sweep
from siyu.trade import orders, payments
from siyu.trade.fulfilment.code_model import (
    DEFAULT_ON_EXPIRY,
    Code,
    CodeExpired,
    CodeUsed,
    CodeVoid,
    UnknownCode,
    cleaned_code,
    is_code,
    new_code,
)
from siyu.trade.fulfilment.code_queries import code_under, find_code

EXPIRE_MAX = 100
EXPIRY_REASON = "核销码过期未使用，自动退款"


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Digest facts in order; neighbours of one kind together."""
    paid: list[OrderPaid] = []
    for event in events:
        if isinstance(event.fact, OrderPaid):
            paid.append(event.fact)
            continue
        await _issue(uow, paid)
        paid = []
        await void_refunded(uow, event.fact.order_id, event.fact.refund_id)
    await _issue(uow, paid)


class _Virtual(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    quantity: int
    valid_days: int
    on_expiry: str


class _Issued(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    unit: int
    id: UUID
    code: str
    days: int
    on_expiry: str


async def _issue(uow: UnitOfWork, paid: Sequence[OrderPaid]) -> None:
    """One code per unit of every virtual line. Lines that have their codes keep them."""
    if not paid:
        return
    lines = await uow.all(
        _Virtual,
        """
        select l.order_id, l.line_no, l.quantity, p.valid_days, coalesce(t.on_expiry, %(on_expiry)s) as on_expiry
        from order_lines l
        join products p on p.merchant_id = l.merchant_id and p.id = l.product_id
        left join code_terms t on t.merchant_id = l.merchant_id and t.product_id = l.product_id
        where l.merchant_id = %(merchant_id)s and l.order_id = any(%(orders)s) and l.kind = 'virtual'
        order by l.order_id, l.line_no
        """,
        orders=[fact.order_id for fact in paid],
        on_expiry=DEFAULT_ON_EXPIRY,
    )
    rows = [
        _Issued(line.order_id, line.line_no, unit, ids.new(), new_code(), line.valid_days, line.on_expiry)
        for line in lines
        for unit in range(1, line.quantity + 1)
    ]
    if not rows:
        return
    written = await _write(uow, rows)
    for fact in paid:
        if quantity := written.count(fact.order_id):
            uow.publish(CodesIssued(fact.order_id, fact.customer_id, quantity))
            # A refund may have been promised before its order's codes were made.
            await void_refunded(uow, fact.order_id, None)


async def _write(uow: UnitOfWork, rows: Sequence[_Issued]) -> list[UUID]:
    return await uow.all(
        UUID,
        """
        insert into redemption_codes (merchant_id, id, order_id, line_no, unit, code, state, on_expiry, issued_at,
                                      valid_until)
        select %(merchant_id)s, t.id, t.order_id, t.line_no, t.unit, t.code, 'ready', t.on_expiry, %(now)s,
               case when t.days > 0 then %(now)s + t.days * interval '1 day' end
        from unnest(%(ids)s::uuid[], %(orders)s::uuid[], %(lines)s::smallint[], %(units)s::int[], %(codes)s::text[],
                    %(days)s::int[], %(on_expiry)s::text[]) as t (id, order_id, line_no, unit, code, days, on_expiry)
        on conflict (merchant_id, order_id, line_no, unit) do nothing
        returning order_id
        """,
        ids=[row.id for row in rows],
        orders=[row.order_id for row in rows],
        lines=[row.line_no for row in rows],
        units=[row.unit for row in rows],
        codes=[row.code for row in rows],
        days=[row.days for row in rows],
        on_expiry=[row.on_expiry for row in rows],
    )


async def void_refunded(uow: UnitOfWork, order_id: UUID, refund_id: UUID | None) -> int:
    """Of each line leave as many codes ready as units wait; void the rest, the last issued first.

    Counting what waits instead of what was refunded makes a second call harmless, and leaves codes alone whose units
    were used before they were refunded.
    """
    return await uow.run(
        """
        update redemption_codes c set state = 'void', ended_at = %(now)s, refund_id = %(refund)s
        from (select r.id, row_number() over (partition by r.line_no order by r.unit) as place,
                     l.quantity - l.fulfilled_quantity - l.cancelled_quantity as waiting
              from redemption_codes r
              join order_lines l on l.merchant_id = r.merchant_id and l.order_id = r.order_id and l.line_no = r.line_no
              where r.merchant_id = %(merchant_id)s and r.order_id = %(order)s and r.state = 'ready') ready
        where c.merchant_id = %(merchant_id)s and c.id = ready.id and c.state = 'ready' and ready.place > ready.waiting
        """,
        order=order_id,
        refund=refund_id,
    )


class Redeem(msgspec.Struct, frozen=True):
    """Use a code. `id` is made by whoever redeems; `store_id` is where, for staff who belong to no store."""

    id: UUID
    code: str
    store_id: UUID | None = None


async def look_up_code(uow: UnitOfWork, text: str) -> Code:
    """The code if it can be used now. Raises UnknownCode, CodeUsed, CodeVoid and CodeExpired."""
    wanted = cleaned_code(text)
    found = await code_under(uow, wanted) if is_code(wanted) else None
    if found is None:
        raise UnknownCode(field="code")
    _usable(uow, found)
    return found


def _usable(uow: UnitOfWork, code: Code) -> None:
    match code.state:
        case "redeemed":
            assert code.redeemed_at is not None, "the table's own check"
            raise CodeUsed(field="code", at=_said(uow, code.redeemed_at), store=code.store_name or "—")
        case "void":
            raise CodeVoid(field="code")
        case _:
            pass
    if code.valid_until is not None and code.valid_until <= uow.now:
        raise CodeExpired(field="code", at=_said(uow, code.valid_until))


def _said(uow: UnitOfWork, moment: datetime) -> str:
    """The minute on the merchant's clock, written so that both languages read it."""
    return f"{moment.astimezone(ZoneInfo(uow.merchant.timezone)):%Y-%m-%d %H:%M}"


async def redeem(uow: UnitOfWork, asked: Redeem) -> Code:
    """Use one unit, once. The same id again returns the same code.

    Raises what `look_up_code` raises, and IdempotencyConflict when the id used another code.
    """
    wanted = cleaned_code(asked.code)
    found = await code_under(uow, wanted) if is_code(wanted) else None
    if found is None:
        raise UnknownCode(field="code")
    # The order first, as everywhere, so that a refund of this unit either came before or waits.
    await _lock(uow, found.order_id)
    if (twin := await _redeemed_by(uow, asked.id)) is not None:
        if twin != found.id:
            raise IdempotencyConflict
        return await find_code(uow, twin)
    found = await find_code(uow, found.id)
    _usable(uow, found)
    try:
        await orders.fulfil_units(uow, found.order_id, [(found.line_no, 1)], how="code")
    except (orders.NotWaiting, orders.WrongState):
        raise CodeVoid(field="code") from None
    store_id = uow.actor.store_id or asked.store_id
    await uow.run(
        """
        update redemption_codes
        set state = 'redeemed', redeemed_at = %(now)s, redeemed_by = %(actor)s, redeemed_by_name = %(name)s,
            redemption_id = %(redemption)s, store_id = %(store)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'ready'
        """,
        id=found.id,
        actor=uow.actor.id,
        name=uow.actor.name,
        redemption=asked.id,
        store=store_id,
    )
    uow.publish(CodeRedeemed(found.id, found.order_id, found.line_no, store_id))
    return await find_code(uow, found.id)


async def _lock(uow: UnitOfWork, order_id: UUID) -> None:
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
    )


async def _redeemed_by(uow: UnitOfWork, redemption_id: UUID) -> UUID | None:
    return await uow.maybe(
        UUID,
        "select id from redemption_codes where merchant_id = %(merchant_id)s and redemption_id = %(redemption)s",
        redemption=redemption_id,
    )


async def expire_due(database: Database, merchant: Merchant) -> int:
    """End codes whose time has passed; unused ones are given back where their terms say so. Returns how many orders.

    One order is one unit of work: a refusal of one leaves the others alone.
    """
    async with database.begin(merchant) as uow:
        due = await uow.all(
            UUID,
            """
            select order_id from redemption_codes
            where merchant_id = %(merchant_id)s and state = 'ready' and valid_until <= %(now)s
            group by order_id order by min(valid_until) limit %(limit)s
            """,
            limit=EXPIRE_MAX,
        )
    for order_id in due:
        try:
            await database.attempt(merchant, partial(_expire, order_id=order_id, is_refunded=True))
        except DomainError as refusal:
            note = refusal.sentence("zh")
            await database.attempt(
                merchant, partial(_expire, order_id=order_id, is_refunded=False, note=note)
            )
    return len(due)


class _Ended(msgspec.Struct, frozen=True):
    id: UUID
    line_no: int
    on_expiry: str


async def _expire(uow: UnitOfWork, order_id: UUID, *, is_refunded: bool, note: str = "") -> None:
    await _lock(uow, order_id)
    await void_refunded(uow, order_id, None)
    ended = await uow.all(
        _Ended,
        """
        update redemption_codes set state = 'expired', ended_at = %(now)s, note = %(note)s
        where merchant_id = %(merchant_id)s and order_id = %(order)s and state = 'ready' and valid_until <= %(now)s
        returning id, line_no, on_expiry
        """,
        order=order_id,
        note=note[:200],
    )
    kept = _units(code.line_no for code in ended if code.on_expiry == "keep")
    if kept:  # nobody will come for them: the order does not wait any longer
        await orders.fulfil_units(uow, order_id, kept, how="code")
    back = _units(code.line_no for code in ended if code.on_expiry == "refund")
    if not back or not is_refunded:
        return
    refund_id = ids.derived("fulfilment.expired", order_id, *sorted(str(code.id) for code in ended))
    await payments.request_refund(
        uow,
        payments.RequestRefund(
            id=refund_id,
            order_id=order_id,
            lines=tuple(back),
            reason=EXPIRY_REASON,
            restock=False,
            of="waiting",
        ),
    )
    await uow.run(
        """
        update redemption_codes set refund_id = %(refund)s
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and on_expiry = 'refund'
        """,
        refund=refund_id,
        ids=[code.id for code in ended],
    )


def _units(line_nos: Iterable[int]) -> list[tuple[int, int]]:
    """(line_no, how often it is named), by line."""
    return sorted(Counter(line_nos).items())


CONSUMERS = [Consumer("fulfilment.codes", (OrderPaid, OrderRefunded), on_facts)]
SWEEPS = [Sweep("fulfilment.expire_codes", 30.0, expire_due)]
