"""Asking for a payout: what it would come to, and asking for it. One is in flight per promoter at a time."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from siyu.growth import distribution, promoters
from siyu.growth.distribution import OpenLine
from siyu.growth.payouts import books, tax
from siyu.growth.payouts.model import (
    BelowMinimum,
    DayCapReached,
    NothingToPay,
    NotVerified,
    NoWallet,
    Offer,
    OneInFlight,
    Payout,
    Requested,
)
from siyu.growth.payouts.queries import (
    find,
    history,
    in_flight,
    local_day,
    maybe_find,
    sent_today,
    terms,
)
from siyu.kernel import money
from siyu.kernel.errors import IdempotencyConflict, Invalid
from siyu.people import customers
from siyu.runtime.db import UnitOfWork, json_rows


async def offer(uow: UnitOfWork, promoter_id: UUID) -> Offer:
    """What the promoter would get now by WeChat, and what of it is tax. Nothing is changed or held."""
    lines = await distribution.open_lines(uow, promoter_id, lock=False)
    identity = await promoters.identity(uow, promoter_id)
    method = identity.tax_method if identity else "labour"
    balance = sum(line.open for line in lines)
    room = max((await terms(uow)).day_cap - await sent_today(uow, promoter_id), 0)
    gross = max(min(balance, room), 0)
    known = await history(uow, promoter_id, this_month(uow))
    withheld = tax.due(method, gross, known)
    return Offer(balance, gross, withheld, gross - withheld, method, known.month_gross, known.month_tax)


def this_month(uow: UnitOfWork) -> date:
    """The first day of the merchant's running month: what is asked for now counts to it."""
    return local_day(uow).replace(day=1)


async def request(uow: UnitOfWork, promoter_id: UUID, wanted: Requested) -> Payout:
    """Put everything that is open, up to the day's limit, into a payout. The same id again is the same payout.

    Raises AgreementChanged, NotVerified, NoWallet, OneInFlight, NothingToPay, BelowMinimum, DayCapReached and Invalid.
    """
    known = await _met_again(uow, promoter_id, wanted)
    if known is not None:
        return known
    promoter = await promoters.find(uow, promoter_id)
    await promoters.require_agreed(uow, promoter)
    # Two requests at once queue here, so that the second sees the first.
    await uow.run(
        "select 1 from promoters where merchant_id = %(merchant_id)s and id = %(id)s for no key update",
        id=promoter_id,
    )
    known = await _met_again(uow, promoter_id, wanted)
    if known is not None:
        return known
    if await in_flight(uow, promoter_id):
        raise OneInFlight
    identity = await promoters.identity(uow, promoter_id)
    if identity is None or not identity.is_verified:
        raise NotVerified
    openid = await _wallet(uow, promoter.customer_id, wanted.method, has_card=bool(identity.card_masked))
    taken = await _chosen(uow, promoter_id, wanted)
    gross = sum(amount for _, amount in taken)
    period = this_month(uow)
    withheld = tax.due(identity.tax_method, gross, await history(uow, promoter_id, period))
    draft = _Draft(
        wanted.id, promoter_id, wanted.method, identity.tax_method, period, gross, withheld, openid
    )
    await _write(uow, draft, taken)
    await distribution.settle(uow, promoter_id, taken)
    await books.hold(uow, wanted.id, promoter_id, gross)
    await books.step(uow, wanted.id, "requested")
    return await find(uow, wanted.id)


async def _met_again(uow: UnitOfWork, promoter_id: UUID, wanted: Requested) -> Payout | None:
    known = await maybe_find(uow, wanted.id)
    if known is not None and (known.promoter_id, known.method) != (promoter_id, wanted.method):
        raise IdempotencyConflict
    return known


async def _wallet(uow: UnitOfWork, customer_id: UUID, method: str, *, has_card: bool) -> str:
    """Where the money goes, fixed now: who changes their WeChat later gets this payout where it was asked for."""
    if method == "bank":
        if not has_card:
            raise NoWallet(field="method")
        return ""
    if method != "wechat":
        raise Invalid(field="method", zh="请选择收款方式。", en="Choose how you are paid.")
    openid = await customers.openid_of(uow, customer_id)
    if openid is None:
        raise NoWallet(field="method")
    return openid


async def _chosen(uow: UnitOfWork, promoter_id: UUID, wanted: Requested) -> list[tuple[OpenLine, int]]:
    lines = await distribution.open_lines(uow, promoter_id)
    balance = sum(line.open for line in lines)
    agreed = await terms(uow)
    if balance <= 0:
        raise NothingToPay
    room = balance
    if wanted.method == "wechat":
        room = agreed.day_cap - await sent_today(uow, promoter_id)
        if room <= 0:
            raise DayCapReached
    if wanted.most is not None:
        if wanted.most <= 0:
            raise Invalid(field="most", zh="提现金额必须大于零。", en="The amount must be above zero.")
        room = min(room, wanted.most)
    taken = fitting(lines, room)
    if sum(amount for _, amount in taken) < agreed.minimum:
        raise BelowMinimum(least=money.plain(agreed.minimum, uow.merchant.currency))
    return taken


def fitting(lines: Sequence[OpenLine], room: int) -> list[tuple[OpenLine, int]]:
    """Every refund that is owed back, and the oldest earnings up to `room` in all; the last may be taken in part. Pure."""
    taken = [(line, line.open) for line in lines if line.open < 0]
    left = room - sum(amount for _, amount in taken)
    for line in lines:
        amount = min(line.open, left)
        if amount > 0:
            taken.append((line, amount))
            left -= amount
    return taken


class _Draft(msgspec.Struct, frozen=True):
    id: UUID
    promoter_id: UUID
    method: str
    tax_method: str
    period: date
    gross: int
    tax: int
    openid: str


class _Row(msgspec.Struct, frozen=True):
    position: int
    source: str
    order_id: UUID | None
    line_no: int | None
    adjustment_id: UUID | None
    amount: int
    title: str
    order_number: str


async def _write(uow: UnitOfWork, draft: _Draft, taken: Sequence[tuple[OpenLine, int]]) -> None:
    await uow.run(
        """
        insert into payouts (merchant_id, id, number, promoter_id, method, tax_method, period, gross, tax, net, state,
                             openid, requested_by, requested_id, requested_at)
        values (%(merchant_id)s, %(id)s, %(number)s, %(promoter)s, %(method)s, %(tax_method)s, %(period)s, %(gross)s,
                %(tax)s, %(net)s, 'requested', %(openid)s, %(by)s, %(by_id)s, %(now)s)
        """,
        id=draft.id,
        # 20 hex digits of a version 7 id are 80 bits, 74 of them random: no two merchants of one account meet.
        number=f"TX{local_day(uow):%Y%m%d}{draft.id.hex[-20:].upper()}",
        promoter=draft.promoter_id,
        method=draft.method,
        tax_method=draft.tax_method,
        period=draft.period,
        gross=draft.gross,
        tax=draft.tax,
        net=draft.gross - draft.tax,
        openid=draft.openid,
        by=uow.actor.name,
        by_id=uow.actor.id,
    )
    await uow.run(
        """
        insert into payout_lines (merchant_id, payout_id, position, source, order_id, line_no, adjustment_id, amount,
                                  title, order_number)
        select %(merchant_id)s, %(payout)s, t.position, t.source, t.order_id, t.line_no, t.adjustment_id, t.amount,
               t.title, t.order_number
        from json_to_recordset(%(rows)s::json)
            as t (position int, source text, order_id uuid, line_no smallint, adjustment_id uuid, amount bigint,
                  title text, order_number text)
        """,
        payout=draft.id,
        rows=json_rows(
            _Row(
                i, line.source, None if line.adjustment_id else line.order_id, line.line_no, line.adjustment_id,
                amount, line.title, line.order_number,
            )
            for i, (line, amount) in enumerate(taken, start=1)
        ),
    )  # fmt: skip
