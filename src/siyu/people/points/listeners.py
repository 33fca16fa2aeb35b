"""What an order does to points: paid, they are on their way; received, they are there; refunded, they go again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.events import OrderPaid, OrderReceived, OrderRefunded
from siyu.people.points.model import Move, movement_id
from siyu.people.points.moving import move
from siyu.people.points.rules import earned, expiry, taken_back, taken_back_for
from siyu.people.points.ruling import rule
from siyu.runtime.db import UnitOfWork, json_rows, uuid_array
from siyu.runtime.worker import Consumer, Event


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Digest facts in order; neighbours of one kind are dealt with together."""
    start = 0
    for i in range(1, len(events) + 1):
        if i == len(events) or type(events[i].fact) is not type(events[start].fact):
            run = events[start:i]
            start = i
            match run[0].fact:
                case OrderPaid():
                    await _expect(uow, run)
                case OrderReceived():
                    await _earn(uow, run)
                case OrderRefunded():
                    for event in run:
                        await _reverse(uow, event.fact)


class _Expected(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    customer_id: UUID
    number: str
    units: int
    basis: int
    points: int
    at: datetime


async def _expect(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Write down what each line will bring, by the rule at the time of paying. Freight brings nothing."""
    in_force = await rule(uow)
    if not in_force.is_on:
        return
    rows: list[_Expected] = []
    for event in events:
        fact: OrderPaid = event.fact
        points = earned([line.amount for line in fact.lines], in_force, uow.merchant.currency)
        rows += [
            _Expected(
                fact.order_id, line.line_no, fact.customer_id, fact.number, line.quantity, line.amount, count, event.at
            )
            for line, count in zip(fact.lines, points, strict=True)
            if count
        ]  # fmt: skip
    await uow.run(
        """
        insert into point_earnings (merchant_id, order_id, line_no, customer_id, number, units, basis, points, state,
                                    created_at)
        select %(merchant_id)s, t.order_id, t.line_no, t.customer_id, t.number, t.units, t.basis, t.points, 'pending',
               t.at
        from json_to_recordset(%(rows)s::json) as t (order_id uuid, line_no smallint, customer_id uuid, number text,
             units int, basis bigint, points bigint, at timestamptz)
        on conflict do nothing
        """,
        rows=json_rows(rows),
    )


class _Ripe(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    customer_id: UUID
    number: str
    points: int


async def _earn(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The buyer has the goods: what was not refunded meanwhile is theirs."""
    received = {event.fact.order_id: event.at for event in events}
    ripe = await uow.all(
        _Ripe,
        """
        update point_earnings set state = 'earned'
        where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::uuid[]) and state = 'pending'
        returning order_id, line_no, customer_id, number, points - reversed_points as points
        """,
        ids=uuid_array(received),
    )
    in_force = await rule(uow)
    await move(
        uow,
        [
            Move(
                line.customer_id,
                "earned",
                line.order_id,
                line.points,
                part=line.line_no,
                expires_at=expiry(received[line.order_id], in_force, uow.merchant.timezone),
                note=line.number,
            )
            for line in sorted(ripe, key=lambda one: (one.order_id, one.line_no))
            if line.points
        ],
    )


class _Line(msgspec.Struct, frozen=True):
    line_no: int
    customer_id: UUID
    number: str
    units: int
    basis: int
    points: int
    reversed_points: int
    state: str


async def _reverse(uow: UnitOfWork, refund: OrderRefunded) -> None:
    """Units were refunded: exactly what they brought, or would have brought, goes again."""
    lines = await uow.all(
        _Line,
        """
        select line_no, customer_id, number, units, basis, points, reversed_points, state from point_earnings
        where merchant_id = %(merchant_id)s and order_id = %(order)s order by line_no for update
        """,
        order=refund.order_id,
    )
    known = {line.line_no: line for line in lines}
    moves: list[Move] = []
    for units in refund.lines:
        line = known.get(units.line_no)
        if line is None:
            continue
        back = (
            taken_back(line.points, line.units, units.first, units.quantity, line.reversed_points)
            if units.quantity
            else taken_back_for(line.points, line.reversed_points, line.basis, units.amount)
        )
        if await _note(uow, refund, line, units.quantity, back) and back and line.state == "earned":
            moves.append(
                Move(
                    line.customer_id, "reversed", refund.refund_id, -back, part=line.line_no, note=line.number,
                    first=movement_id("earned", refund.order_id, line.line_no), owes=True,
                )
            )  # fmt: skip
    await move(uow, moves)


async def _note(uow: UnitOfWork, refund: OrderRefunded, line: _Line, units: int, back: int) -> bool:
    written = await uow.run(
        """
        insert into point_reversals (merchant_id, refund_id, order_id, line_no, units, points, at)
        values (%(merchant_id)s, %(refund)s, %(order)s, %(line)s, %(units)s, %(points)s, %(now)s)
        on conflict do nothing
        """,
        refund=refund.refund_id,
        order=refund.order_id,
        line=line.line_no,
        units=units,
        points=back,
    )
    if written:
        await uow.run(
            """
            update point_earnings
            set reversed_units = reversed_units + %(units)s, reversed_points = reversed_points + %(points)s
            where merchant_id = %(merchant_id)s and order_id = %(order)s and line_no = %(line)s
            """,
            order=refund.order_id,
            line=line.line_no,
            units=units,
            points=back,
        )
    return written == 1


CONSUMERS = [Consumer("points", (OrderPaid, OrderReceived, OrderRefunded), on_facts)]
