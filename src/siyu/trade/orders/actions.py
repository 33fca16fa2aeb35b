"""Moving orders on: paid, closed, received. Each move is one guarded statement over a set of orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from siyu.events import LineFact, OrderClosed, OrderPaid, OrderReceived
from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade import delivery
from siyu.trade.orders.model import PaidOrder, WrongState
from siyu.trade.orders.units import Line, lines_of, waiting_pieces

PICKUP_CODE_LENGTH = 8  # 40 bits: not guessed at a counter, still read aloud in two breaths
SWEEP_MAX = 500
AUTO_RECEIVE_AFTER = timedelta(hours=24)  # handed over the counter and not contradicted for a day
AUTO_RECEIVE_SHIPPED_AFTER = timedelta(days=10)  # the usual time a parcel may take, and be looked at


class _Paid(msgspec.Struct, frozen=True):
    id: UUID
    number: str
    customer_id: UUID | None
    total: int
    door_id: UUID | None
    promoter_id: UUID | None
    claim_kind: str


async def mark_paid(uow: UnitOfWork, amounts: Mapping[UUID, int]) -> dict[UUID, PaidOrder]:
    """Money (order → minor units) has arrived. An order that was closed is brought back when stock allows.

    Returns for each order the state it was found in and whether the money counts; an order that had been paid
    before, or to which another amount is due, is reported with its state and changes nothing. The deposit of a
    presale leaves its order unpaid until the balance has come too.
    """
    found = await uow.all(
        _Found,
        """
        select id, state, due_amount as due, deposit, deposit_paid_at, balance_until from orders
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) order by id for update
        """,
        ids=list(amounts),
    )
    right = [order for order in found if order.due == amounts[order.id]]
    closed = [order.id for order in right if order.state == "closed" and order.may_come_back(uow.now)]
    counted = {order.id for order in right if order.state == "unpaid"} | set(
        await _reserve_again(uow, closed)
    )
    whole = [order.id for order in right if order.id in counted and order.part != "deposit"]
    if whole:
        await _pay(uow, whole)
    if deposits := [order.id for order in right if order.id in counted and order.part == "deposit"]:
        await _take_deposits(uow, deposits)
    return {
        order.id: PaidOrder(order.id, order.state, order.id in counted, order.part, order.deposit or 0)
        for order in found
    }


class _Found(msgspec.Struct, frozen=True):
    id: UUID
    state: str
    due: int
    deposit: int | None
    deposit_paid_at: datetime | None
    balance_until: datetime | None

    @property
    def part(self) -> Literal["all", "deposit", "balance"]:
        if self.deposit is None:
            return "all"
        return "deposit" if self.deposit_paid_at is None else "balance"

    def may_come_back(self, now: datetime) -> bool:
        """A presale whose deposit was lost is over, and one whose balance nobody could pay in time begins no more."""
        return self.part == "all" or (
            self.part == "deposit" and self.balance_until is not None and now < self.balance_until
        )


async def _take_deposits(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """The deposit is paid: the order keeps its stock, unpaid, until the end of the time for its balance."""
    await uow.run(
        """
        update orders set state = 'unpaid', deposit_paid_at = %(now)s, pay_by = balance_until, closed_at = null,
                          close_reason = null, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and deposit_paid_at is null
        """,
        ids=list(order_ids),
    )


async def _reserve_again(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[UUID]:
    """Closed orders whose pieces are all there still. A courier's slot was given away: such an order stays closed."""
    if not order_ids:
        return []
    groups: dict[UUID, list[Line]] = {}
    for line in await lines_of(uow, order_ids):
        groups.setdefault(line.order_id, []).append(line)
    sent = await uow.all(
        UUID,
        """
        select id from orders
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and delivery = 'local'
        """,
        ids=list(order_ids),
    )
    for order_id in sent:
        del groups[order_id]
    answers = await inventory.reserve_groups(uow, [_where_it_lay(lines) for lines in groups.values()])
    return [
        order_id
        for order_id, answer in zip(groups, answers, strict=True)
        if not isinstance(answer, inventory.NotEnoughStock)
    ]


def _where_it_lay(lines: Sequence[Line]) -> inventory.Group:
    """Every line again from the location it was promised at."""
    return inventory.Group(
        lines=tuple(
            tuple(inventory.Need(piece.sku_id, piece.quantity) for piece in line.pieces(line.waiting))
            for line in lines
        ),
        locations=(),
        fixed=tuple(line.location_id for line in lines),
    )


async def _pay(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    paid = await uow.all(
        _Paid,
        """
        update orders o set state = 'paid', paid_at = %(now)s, updated_at = %(now)s,
                            pickup_code = case when o.delivery = 'pickup' then t.code end,
                            closed_at = null, close_reason = null
        from unnest(%(ids)s::uuid[], %(codes)s::text[]) as t (id, code)
        where o.merchant_id = %(merchant_id)s and o.id = t.id and o.state in ('unpaid', 'closed')
        returning o.id, o.number, o.customer_id, o.total, o.door_id, o.promoter_id,
                  coalesce(o.claim_kind, '') as claim_kind
        """,
        ids=list(order_ids),
        codes=[ids.code(PICKUP_CODE_LENGTH) for _ in order_ids],
    )
    lines: dict[UUID, list[LineFact]] = {}
    for line in await lines_of(uow, order_ids):
        fact = LineFact(line.line_no, line.product_id, line.sku_id, line.quantity, line.amount)
        lines.setdefault(line.order_id, []).append(fact)
    for order in paid:
        assert order.customer_id is not None, "an order of the shop has a buyer"
        uow.publish(
            OrderPaid(
                order_id=order.id,
                number=order.number,
                customer_id=order.customer_id,
                total=order.total,
                lines=tuple(lines[order.id]),
                door_id=order.door_id,
                promoter_id=order.promoter_id,
                claim_kind=order.claim_kind,
            )
        )


class _Closed(msgspec.Struct, frozen=True):
    id: UUID
    delivery: str
    store_id: UUID | None
    deliver_from: datetime | None


async def close(uow: UnitOfWork, order_ids: Sequence[UUID], reason: str) -> list[UUID]:
    """End unpaid orders; their stock and slots are free again. Returns those closed; others stay as they are."""
    closed = await uow.all(
        _Closed,
        """
        update orders set state = 'closed', closed_at = %(now)s, close_reason = %(reason)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and state = 'unpaid'
        returning id, delivery, store_id, deliver_from
        """,
        ids=list(order_ids),
        reason=reason,
    )
    if closed:
        await inventory.release(uow, waiting_pieces(await lines_of(uow, [order.id for order in closed])))
        await free_slots(uow, [(order.store_id, order.deliver_from) for order in closed])
        for order in closed:
            uow.publish(OrderClosed(order_id=order.id, reason=reason))
    return [order.id for order in closed]


async def free_slots(uow: UnitOfWork, slots: Sequence[tuple[UUID | None, datetime | None]]) -> None:
    """Courier slots of orders that will not be delivered."""
    booked = [delivery.Booking(store, slot) for store, slot in slots if store and slot]
    if booked:
        await delivery.release(uow, booked)


async def close_expired(uow: UnitOfWork) -> int:
    """Close orders whose time to pay has passed and for which no payment was ever begun at a gateway.

    One with a payment under way is closed only after asking the gateway; see siyu.trade.payments.
    """
    expired = await uow.all(
        UUID,
        """
        select o.id from orders o
        where o.merchant_id = %(merchant_id)s and o.state = 'unpaid' and o.pay_by < %(now)s
          and not exists (select from payments p where p.merchant_id = o.merchant_id and p.order_id = o.id
                          and p.state = 'waiting')
        order by o.pay_by limit %(limit)s
        for update skip locked
        """,
        limit=SWEEP_MAX,
    )
    return len(await close(uow, expired, "expired")) if expired else 0


async def confirm_received(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[UUID]:
    """The buyer has the goods: the time to return them starts (消费者权益保护法 art. 25). Raises WrongState."""
    received = await _receive(uow, order_ids)
    if len(received) != len(set(order_ids)):
        await _explain(uow, [i for i in order_ids if i not in set(received)])
    return received


async def _receive(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[UUID]:
    received = await uow.all(
        UUID,
        """
        update orders set state = 'received', received_at = %(now)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and state in ('picked_up', 'shipped')
        returning id
        """,
        ids=list(order_ids),
    )
    for order_id in received:
        uow.publish(OrderReceived(order_id=order_id))
    return received


async def receive_overdue(
    uow: UnitOfWork, after: timedelta, shipped_after: timedelta = AUTO_RECEIVE_SHIPPED_AFTER
) -> int:
    """Goods fetched longer than `after` ago, or sent longer than `shipped_after` ago, count as received.

    Not while an after-sale of the order is open. Judged by stored times, so a stopped worker loses nothing.
    """
    overdue = await uow.all(
        UUID,
        """
        with fetched as (
            select id from orders
            where merchant_id = %(merchant_id)s and state = 'picked_up' and picked_up_at < %(fetched)s
              and open_cases = 0
            order by picked_up_at limit %(limit)s for update skip locked
        ), sent as (
            select id from orders
            where merchant_id = %(merchant_id)s and state = 'shipped' and shipped_at < %(sent)s and open_cases = 0
            order by shipped_at limit %(limit)s for update skip locked
        )
        select id from fetched union all select id from sent
        """,
        fetched=uow.now - after,
        sent=uow.now - shipped_after,
        limit=SWEEP_MAX,
    )
    return len(await _receive(uow, overdue)) if overdue else 0


async def _explain(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """Say why an order could not be moved. Always raises."""
    state = await uow.maybe(
        str, "select state from orders where merchant_id = %(merchant_id)s and id = %(id)s", id=order_ids[0]
    )
    if state is None:
        raise NotFound(what="订单 / order")
    raise WrongState(state)
