"""Parcels: sent, renumbered, and cancelled where one was entered by mistake. Units leave in the same unit of work."""

from collections.abc import Sequence
from uuid import UUID

from siyu.events import ParcelCancelled, ParcelRenumbered, ParcelSent
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.fulfilment import carriers
from siyu.trade.fulfilment.carriers import Carrier
from siyu.trade.fulfilment.model import (
    CANCEL_WITHIN,
    NotByParcel,
    NumberTaken,
    Parcel,
    SendParcel,
    TooLateToCancel,
    TwoLocations,
)
from siyu.trade.fulfilment.queries import find_parcel

BY_PARCEL = frozenset({"express", "local"})
REASON_MAX = 200


async def send(uow: UnitOfWork, asked: SendParcel) -> Parcel:
    """Units of an order leave in a box. The same id again returns the same parcel and sends nothing.

    Raises UnknownCarrier, BadNumber, NumberTaken, NotByParcel, TwoLocations, orders.WrongState, orders.NotWaiting,
    NotFound and Invalid; IdempotencyConflict when the id was used for another box.
    """
    return await send_by(uow, asked, await carriers.in_use(uow))


async def send_by(uow: UnitOfWork, asked: SendParcel, known: dict[str, Carrier]) -> Parcel:
    """The same with the carriers in use at hand."""
    # Locked before looking, so that the same box arriving twice at once waits for its twin.
    await lock_order(uow, asked.order_id)
    lines = merged(asked.lines)
    if (twin := await _twin(uow, asked, lines)) is not None:
        return twin
    if asked.carrier not in known:
        raise carriers.UnknownCarrier(field="carrier", carrier=asked.carrier[:40])
    number = carriers.checked(known[asked.carrier], asked.number)
    order = await orders.find(uow, asked.order_id)
    location_id = _leaving_from(order, lines)
    if not uow.actor.sees(location_id):
        raise NotFound(what="订单 / order")
    await orders.fulfil_units(uow, order.id, lines, how="parcel")
    await _claim_number(uow, asked.carrier, number, order)
    await _write(uow, asked, number, location_id, lines)
    uow.publish(ParcelSent(asked.id, order.id, asked.carrier, number, tuple(lines)))
    return await find_parcel(uow, asked.id)


def merged(lines: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """One entry per line. Raises Invalid when nothing, or less than one unit, is named."""
    sums: dict[int, int] = {}
    for line_no, quantity in lines:
        if quantity < 1:
            raise Invalid(field=f"line-{line_no}", zh="数量至少为 1。", en="The quantity is at least 1.")
        sums[line_no] = sums.get(line_no, 0) + quantity
    if not sums:
        raise Invalid(field="lines", zh="请选择要发出的商品。", en="Choose what goes into the parcel.")
    return sorted(sums.items())


async def _twin(uow: UnitOfWork, asked: SendParcel, lines: Sequence[tuple[int, int]]) -> Parcel | None:
    try:
        found = await find_parcel(uow, asked.id)
    except NotFound:
        return None
    same = [(line.line_no, line.quantity) for line in found.lines] == list(lines)
    if not same or found.order_id != asked.order_id:
        raise IdempotencyConflict
    return found


def _leaving_from(order: orders.Order, wanted: Sequence[tuple[int, int]]) -> UUID | None:
    """The one location these lines leave from. Raises NotByParcel, TwoLocations and Invalid."""
    if order.delivery not in BY_PARCEL:
        raise NotByParcel(number=order.number)
    known = {line.line_no: line for line in order.lines}
    for line_no, _ in wanted:
        if line_no not in known:
            raise Invalid(field=f"line-{line_no}", zh="订单里没有这一行。", en="The order has no such line.")
        if known[line_no].kind == "virtual":
            raise NotByParcel(field=f"line-{line_no}", number=order.number)
    places = {known[line_no].location_id for line_no, _ in wanted}
    if len(places) > 1:
        raise TwoLocations(field="lines")
    return places.pop()


async def _claim_number(uow: UnitOfWork, carrier: str, number: str, order: orders.Order) -> None:
    """The number belongs to one buyer: several orders of theirs may be in the box, nobody else's. Raises NumberTaken."""
    owner = order.customer_id or order.id
    await uow.run(
        """
        insert into tracking_numbers (merchant_id, carrier, number, owner_id)
        values (%(merchant_id)s, %(carrier)s, %(number)s, %(owner)s) on conflict (merchant_id, carrier, number) do nothing
        """,
        carrier=carrier,
        number=number,
        owner=owner,
    )
    # Locked in a statement of its own: whoever waited here sees in the next one what the other has written.
    holder = await uow.one(
        UUID,
        """
        select owner_id from tracking_numbers
        where merchant_id = %(merchant_id)s and carrier = %(carrier)s and number = %(number)s for update
        """,
        carrier=carrier,
        number=number,
    )
    sent_with = await uow.all(
        UUID,
        """
        select order_id from parcels
        where merchant_id = %(merchant_id)s and carrier = %(carrier)s and number = %(number)s and state = 'sent'
        """,
        carrier=carrier,
        number=number,
    )
    if order.id in sent_with or (sent_with and holder != owner):
        raise NumberTaken(field="number", number=number)
    if holder != owner:  # entered for somebody else by mistake, and cancelled since
        await uow.run(
            """
            update tracking_numbers set owner_id = %(owner)s
            where merchant_id = %(merchant_id)s and carrier = %(carrier)s and number = %(number)s
            """,
            carrier=carrier,
            number=number,
            owner=owner,
        )


async def _write(
    uow: UnitOfWork,
    asked: SendParcel,
    number: str,
    location_id: UUID | None,
    lines: Sequence[tuple[int, int]],
) -> None:
    await uow.run(
        """
        insert into parcels (merchant_id, id, order_id, location_id, carrier, number, state, sent_at, sent_by,
                             sent_by_name, updated_at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(location)s, %(carrier)s, %(number)s, 'sent', %(now)s, %(actor)s,
                %(name)s, %(now)s)
        """,
        id=asked.id,
        order=asked.order_id,
        location=location_id,
        carrier=asked.carrier,
        number=number,
        actor=uow.actor.id,
        name=uow.actor.name,
    )
    await uow.run(
        """
        insert into parcel_lines (merchant_id, parcel_id, order_id, line_no, quantity)
        select %(merchant_id)s, %(id)s, %(order)s, t.line_no, t.quantity
        from unnest(%(lines)s::smallint[], %(quantities)s::int[]) as t (line_no, quantity)
        """,
        id=asked.id,
        order=asked.order_id,
        lines=[line_no for line_no, _ in lines],
        quantities=[quantity for _, quantity in lines],
    )


async def renumber(uow: UnitOfWork, parcel_id: UUID, *, carrier: str, number: str) -> Parcel:
    """Correct a parcel's carrier or number; what it was is in the audit log.

    Raises NotFound, Invalid for a cancelled parcel, UnknownCarrier, BadNumber and NumberTaken.
    """
    parcel = await _locked(uow, parcel_id)
    number = carriers.checked(await carriers.find(uow, carrier), number)
    if (carrier, number) == (parcel.carrier, parcel.number):
        return parcel
    order = await orders.find(uow, parcel.order_id)
    await _claim_number(uow, carrier, number, order)
    await uow.run(
        """
        update parcels set carrier = %(carrier)s, number = %(number)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=parcel_id,
        carrier=carrier,
        number=number,
    )
    await audit.note(
        uow,
        "fulfilment.renumber",
        subject_kind="order",
        subject=order.id,
        name=order.number,
        before={"carrier": parcel.carrier, "number": parcel.number},
        after={"carrier": carrier, "number": number},
    )
    uow.publish(ParcelRenumbered(parcel_id, order.id, carrier, number))
    return await find_parcel(uow, parcel_id)


async def cancel(uow: UnitOfWork, parcel_id: UUID, *, reason: str) -> Parcel:
    """There never was such a parcel: its units wait again. A second time changes nothing.

    Raises NotFound, Invalid without a reason, and TooLateToCancel.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX:
        raise Invalid(
            field="reason", zh="请填写撤销原因（200 字以内）。", en="Give a reason of at most 200 characters."
        )
    parcel = await _locked(uow, parcel_id, is_sent=False)
    if parcel.state == "cancelled":
        return parcel
    order = await orders.find(uow, parcel.order_id)
    if order.received_at is not None or uow.now - parcel.sent_at > CANCEL_WITHIN:
        raise TooLateToCancel
    await orders.unfulfil_units(uow, order.id, [(line.line_no, line.quantity) for line in parcel.lines])
    await uow.run(
        """
        update parcels set state = 'cancelled', cancelled_at = %(now)s, cancelled_by = %(actor)s,
                           cancel_reason = %(reason)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=parcel_id,
        actor=uow.actor.id,
        reason=reason,
    )
    await audit.note(
        uow,
        "fulfilment.cancel_parcel",
        subject_kind="order",
        subject=order.id,
        name=order.number,
        before={"carrier": parcel.carrier, "number": parcel.number},
        reason=reason,
    )
    uow.publish(ParcelCancelled(parcel_id, order.id))
    return await find_parcel(uow, parcel_id)


async def _locked(uow: UnitOfWork, parcel_id: UUID, *, is_sent: bool = True) -> Parcel:
    """The parcel, its order locked first as everywhere. Raises NotFound, and Invalid when `is_sent` is not so."""
    parcel = await find_parcel(uow, parcel_id)
    if not uow.actor.sees(parcel.location_id):
        raise NotFound(what="包裹 / parcel")
    await lock_order(uow, parcel.order_id)
    parcel = await find_parcel(uow, parcel_id)
    if is_sent and parcel.state == "cancelled":
        raise Invalid(field="number", zh="这个包裹已撤销。", en="This parcel was cancelled.")
    return parcel


async def lock_order(uow: UnitOfWork, order_id: UUID) -> None:
    """Let nobody else change the order until this unit of work ends. An order that is not there is no error here."""
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
    )
