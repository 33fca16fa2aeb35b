"""Handovers at the counter: what went out when, through whom, from whose shelf; and taking a mistake back. Owns tables
handovers and handover_lines.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.goods import inventory
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.fulfilling import unfulfil_units
from siyu.trade.orders.model import Order
from siyu.trade.orders.queries import find
from siyu.trade.orders.units import lines_of

UNDO_WITHIN = timedelta(minutes=10)  # the buyer is still in the shop, and the goods with them
REASON_MAX = 200
SHOWN_MAX = 100


class TooLateToUndo(DomainError):
    """The handover is longer ago than a mistake takes to be noticed, or the buyer has confirmed. Nothing was changed."""

    code = "orders.too_late_to_undo"
    status = 409
    zh = "交付超过 10 分钟或顾客已确认收货，不能撤销；请走售后。"
    en = "The goods were handed over more than 10 minutes ago or were confirmed; use an after-sale instead."


class HandoverLine(msgspec.Struct, frozen=True):
    line_no: int
    quantity: int
    title: str
    sku_title: str


class Handover(msgspec.Struct, frozen=True):
    """Goods that went over a counter. `from_store_name` where another store's order was handed out."""

    id: UUID
    order_id: UUID
    number: str
    customer_name: str | None
    store_id: UUID | None
    store_name: str | None
    from_store_id: UUID | None
    from_store_name: str | None
    is_by_code: bool
    actor_name: str
    at: datetime
    undone_at: datetime | None
    undone_by_name: str
    undo_reason: str
    lines: tuple[HandoverLine, ...]

    @property
    def is_cross_store(self) -> bool:
        return self.store_id != self.from_store_id


async def order_of(uow: UnitOfWork, handover_id: UUID) -> UUID | None:
    """The order of a handover that was done; None when there is none with this id."""
    return await uow.maybe(
        UUID,
        "select order_id from handovers where merchant_id = %(merchant_id)s and id = %(id)s",
        id=handover_id,
    )


async def record(
    uow: UnitOfWork,
    handover_id: UUID,
    order: Order,
    units: Sequence[tuple[int, int]],
    *,
    store_id: UUID | None,
    is_by_code: bool,
) -> None:
    """Write down what went out, through whom and where."""
    await uow.run(
        """
        insert into handovers (merchant_id, id, order_id, store_id, from_store_id, is_by_code, actor_id, actor_name, at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(store)s, %(from_store)s, %(by_code)s, %(actor)s, %(name)s, %(now)s)
        """,
        id=handover_id,
        order=order.id,
        store=store_id,
        from_store=order.store_id,
        by_code=is_by_code,
        actor=uow.actor.id,
        name=uow.actor.name,
    )
    sums: dict[int, int] = {}
    for line_no, quantity in units:
        sums[line_no] = sums.get(line_no, 0) + quantity
    await uow.run(
        """
        insert into handover_lines (merchant_id, handover_id, order_id, line_no, quantity)
        select %(merchant_id)s, %(id)s, %(order)s, t.line_no, t.quantity
        from unnest(%(lines)s::smallint[], %(quantities)s::int[]) as t (line_no, quantity)
        """,
        id=handover_id,
        order=order.id,
        lines=list(sums),
        quantities=list(sums.values()),
    )


async def move_over(
    uow: UnitOfWork,
    order_id: UUID,
    units: Sequence[tuple[int, int]],
    *,
    to_store_id: UUID,
    handover_id: UUID,
    is_back: bool = False,
) -> None:
    """Another store gives the goods out: its pieces go over to the order's location, in the books of both.

    After it the order's pieces leave from where they were promised, and what lay there for it is free again. With
    `is_back` the same the other way. Raises inventory.NotAllFree when the store has too few that are promised to
    nobody.
    """
    wanted: dict[int, int] = {}
    for line_no, quantity in units:
        wanted[line_no] = wanted.get(line_no, 0) + quantity
    promised = inventory.summed(
        piece
        for line in await lines_of(uow, [order_id])
        for piece in line.pieces(wanted.get(line.line_no, 0))
        if piece.location_id != to_store_id and piece.quantity > 0
    )
    if not promised:
        return
    there = inventory.summed(
        inventory.Pieces(to_store_id, piece.sku_id, piece.quantity) for piece in promised
    )
    leaving, arriving = (promised, there) if is_back else (there, promised)
    # Both rows of each SKU at once and in one order, as everybody locks them.
    await inventory.lock(uow, [*leaving, *arriving])
    await inventory.take_out(uow, leaving, reason="transfer_out", subject_id=handover_id)
    await inventory.receive(uow, arriving, reason="transfer_in", subject_id=handover_id)


async def undo(uow: UnitOfWork, handover_id: UUID, *, reason: str) -> Handover:
    """Take a handover back: its units wait again under the same code. A second time changes nothing.

    Raises NotFound, Invalid without a reason, TooLateToUndo, WrongState and inventory.NotAllFree.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX:
        raise Invalid(
            field="reason", zh="请填写撤销原因（200 字以内）。", en="Give a reason of at most 200 characters."
        )
    done = await find_handover(uow, handover_id)
    if not (uow.actor.sees(done.store_id) or uow.actor.sees(done.from_store_id)):
        raise NotFound(what="交付记录 / handover")
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=done.order_id
    )
    done = await find_handover(uow, handover_id)
    if done.undone_at is not None:
        return done
    order = await find(uow, done.order_id)
    if uow.now - done.at > UNDO_WITHIN or order.received_at is not None:
        raise TooLateToUndo
    units = [(line.line_no, line.quantity) for line in done.lines]
    await unfulfil_units(uow, order.id, units)
    if done.is_cross_store and done.store_id is not None:
        await move_over(
            uow, order.id, units, to_store_id=done.store_id, handover_id=handover_id, is_back=True
        )
    await uow.run(
        """
        update handovers set undone_at = %(now)s, undone_by = %(actor)s, undone_by_name = %(name)s,
                             undo_reason = %(reason)s
        where merchant_id = %(merchant_id)s and id = %(id)s and undone_at is null
        """,
        id=handover_id,
        actor=uow.actor.id,
        name=uow.actor.name,
        reason=reason,
    )
    await audit.note(
        uow,
        "orders.undo_handover",
        subject_kind="order",
        subject=order.id,
        name=order.number,
        before={"state": order.state},
        after={"state": "paid"},
        reason=reason,
    )
    return await find_handover(uow, handover_id)


async def find_handover(uow: UnitOfWork, handover_id: UUID) -> Handover:
    """Raises NotFound."""
    found = await _handovers(uow, handover_id=handover_id)
    if not found:
        raise NotFound(what="交付记录 / handover")
    return found[0]


async def handovers_of(uow: UnitOfWork, order_id: UUID) -> list[Handover]:
    """What went over counters of an order, the latest first."""
    return await _handovers(uow, order_id=order_id)


async def lately(uow: UnitOfWork, since: datetime, store_id: UUID | None) -> list[Handover]:
    """Handovers from an instant on, the latest first; at one counter or at all."""
    return await _handovers(uow, since=since, store_id=store_id)


async def _handovers(
    uow: UnitOfWork,
    *,
    handover_id: UUID | None = None,
    order_id: UUID | None = None,
    since: datetime | None = None,
    store_id: UUID | None = None,
) -> list[Handover]:
    return await uow.all(
        Handover,
        """
        select h.id, h.order_id, o.number, c.nickname as customer_name, h.store_id, s.name as store_name,
               h.from_store_id, f.name as from_store_name, h.is_by_code, h.actor_name, h.at, h.undone_at, h.undone_by_name,
               h.undo_reason,
               (select json_agg(json_build_object('line_no', i.line_no, 'quantity', i.quantity, 'title', l.title,
                                                  'sku_title', l.sku_title) order by i.line_no)
                from handover_lines i
                join order_lines l on l.merchant_id = i.merchant_id and l.order_id = i.order_id
                    and l.line_no = i.line_no
                where i.merchant_id = h.merchant_id and i.handover_id = h.id) as lines
        from handovers h
        join orders o on o.merchant_id = h.merchant_id and o.id = h.order_id
        left join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        left join stores s on s.merchant_id = h.merchant_id and s.id = h.store_id
        left join stores f on f.merchant_id = h.merchant_id and f.id = h.from_store_id
        where h.merchant_id = %(merchant_id)s and (%(id)s::uuid is null or h.id = %(id)s)
          and (%(order)s::uuid is null or h.order_id = %(order)s)
          and (%(since)s::timestamptz is null or h.at >= %(since)s)
          and (%(store)s::uuid is null or h.store_id = %(store)s)
          and (not %(is_list)s or %(scope)s::uuid[] is null or h.store_id = any(%(scope)s)
               or h.from_store_id = any(%(scope)s))
        order by h.at desc, h.id desc limit %(limit)s
        """,
        id=handover_id,
        order=order_id,
        since=since,
        store=store_id,
        # One handover, or one order's, is found for a reason; a list keeps to what the actor may see.
        is_list=since is not None,
        scope=uow.actor.scope_list,
        limit=SHOWN_MAX,
    )
