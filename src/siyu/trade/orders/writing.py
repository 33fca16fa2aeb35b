"""Writing placed orders: one statement for all of them and their lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.events import OrderPlaced
from siyu.goods import catalog, offers, pricing
from siyu.people.addresses import Address
from siyu.place import doors
from siyu.runtime.db import UnitOfWork, json_rows
from siyu.trade import delivery
from siyu.trade.orders.drafting import Draft
from siyu.trade.orders.model import InvoiceTitle, PlacedOrder


class _OrderRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row for `json_to_recordset`; what is left out is null there."""

    id: UUID
    number: str
    customer: UUID
    channel: str
    delivery: str
    total: int
    freight: int
    remark: str
    pay_by: datetime
    store: UUID | None = None
    door: UUID | None = None
    promoter: UUID | None = None
    address: Address | None = None
    deliver_from: datetime | None = None
    deliver_until: datetime | None = None
    ship_by: datetime | None = None
    invoice: InvoiceTitle | None = None
    claim_kind: str | None = None
    claim: UUID | None = None
    held_for: str = ""
    freight_build_up: tuple[pricing.Step, ...] | None = None
    deposit: int | None = None
    balance_from: datetime | None = None
    balance_until: datetime | None = None


class _LineRow(msgspec.Struct, frozen=True, omit_defaults=True):
    order_id: UUID
    line_no: int
    product: UUID
    sku: UUID
    title: str
    sku_title: str
    picture: str
    quantity: int
    unit_price: int
    amount: int
    kind: str
    policy: str
    location: UUID | None = None
    components: tuple[catalog.Component, ...] | None = None
    build_up: tuple[pricing.Step, ...] | None = None
    is_gift: bool = False


async def write(
    uow: UnitOfWork, drafts: Sequence[Draft], came: Mapping[UUID, doors.Attribution]
) -> list[PlacedOrder]:
    """Write drafts whose stock is promised, book their slots and publish the facts."""
    if not drafts:
        return []
    rows = [_order_row(draft, came[draft.asked.order.customer_id], uow.now) for draft in drafts]
    await uow.send(
        """
        with placed as (
            insert into orders (merchant_id, id, number, customer_id, channel, state, store_id, currency, total,
                                freight, delivery, address, deliver_from, deliver_until, ship_by, invoice,
                                door_id, promoter_id, remark, placed_at, pay_by, updated_at, claim_kind, claim_id, held_for,
                                freight_build_up, deposit, balance_from, balance_until)
            select %(merchant_id)s, t.id, t.number, t.customer, t.channel, 'unpaid', t.store, %(currency)s, t.total,
                   t.freight, t.delivery, t.address, t.deliver_from, t.deliver_until, t.ship_by, t.invoice,
                   t.door, t.promoter, t.remark, %(now)s, t.pay_by, %(now)s, t.claim_kind, t.claim,
                   coalesce(t.held_for, ''), coalesce(t.freight_build_up, '[]'),
                   t.deposit, t.balance_from, t.balance_until
            from json_to_recordset(%(orders)s::json)
                as t (id uuid, number text, customer uuid, channel text, store uuid, total bigint, freight bigint,
                      delivery text, address jsonb, deliver_from timestamptz, deliver_until timestamptz,
                      ship_by timestamptz, invoice jsonb, door uuid, promoter uuid, remark text, pay_by timestamptz,
                      claim_kind text, claim uuid, held_for text, freight_build_up jsonb, deposit bigint,
                      balance_from timestamptz, balance_until timestamptz)
        )
        insert into order_lines (merchant_id, order_id, line_no, product_id, sku_id, title, sku_title, picture,
                                 quantity, unit_price, amount, kind, return_policy, location_id, components, build_up,
                                 is_gift)
        select %(merchant_id)s, t.order_id, t.line_no, t.product, t.sku, t.title, t.sku_title, t.picture, t.quantity,
               t.unit_price, t.amount, t.kind, t.policy, t.location, t.components, coalesce(t.build_up, '[]'),
               coalesce(t.is_gift, false)
        from json_to_recordset(%(lines)s::json)
            as t (order_id uuid, line_no smallint, product uuid, sku uuid, title text, sku_title text, picture text,
                  quantity int, unit_price bigint, amount bigint, kind text, policy text, location uuid,
                  components jsonb, build_up jsonb, is_gift boolean)
        """,
        currency=uow.merchant.currency,
        orders=json_rows(rows),
        lines=json_rows(row for draft in drafts for row in _line_rows(draft)),
    )
    slots = [
        delivery.Booking(draft.ask.store_id, draft.ask.slot)
        for draft in drafts
        if draft.ask is not None and draft.ask.store_id is not None and draft.ask.slot is not None
    ]
    if slots:
        await delivery.book(uow, slots)
    uses = [
        offers.Taken(draft.id, draft.asked.order.customer_id, draft.uses) for draft in drafts if draft.uses
    ]
    if uses:
        await offers.take(uow, uses)
    for row in rows:
        uow.publish(OrderPlaced(order_id=row.id, customer_id=row.customer, total=row.total))
    return [PlacedOrder(row.id, row.number, row.total, uow.merchant.currency, row.pay_by) for row in rows]


def _order_row(draft: Draft, came: doors.Attribution, now: datetime) -> _OrderRow:
    order, quote, terms = draft.asked.order, draft.quote, draft.terms
    is_sent = draft.ask is not None
    row = _OrderRow(
        id=draft.id,
        number=draft.asked.number,
        customer=order.customer_id,
        channel=order.channel,
        delivery=draft.how,
        total=quote.total,
        freight=quote.freight,
        remark=order.remark,
        pay_by=now + timedelta(minutes=_minutes(draft)),
        store=order.store_id if draft.how in {"pickup", "local"} else None,
        door=came.door_id,
        promoter=came.promoter_id,
        address=order.address if is_sent else None,
        deliver_from=quote.deliver_from,
        deliver_until=quote.deliver_until,
        ship_by=quote.ship_by,
        invoice=order.invoice,
        freight_build_up=quote.freight_build_up or None,
    )
    if terms is None:
        return row
    return msgspec.structs.replace(
        row,
        claim_kind=order.claim.kind if order.claim is not None else None,
        claim=terms.claim_id,
        held_for=terms.held_for,
        deposit=terms.deposit or None,
        balance_from=terms.balance_from,
        balance_until=terms.balance_until,
    )


def _minutes(draft: Draft) -> int:
    """How long the order keeps its stock unpaid: an activity may give less."""
    terms = draft.terms
    return draft.asked.pay_minutes if terms is None or terms.pay_minutes is None else terms.pay_minutes


def _line_rows(draft: Draft) -> list[_LineRow]:
    return [
        _LineRow(
            draft.id, li.line_no, li.product_id, li.sku_id, li.title, li.sku_title, li.picture, li.quantity,
            li.unit_price, li.amount, li.kind, li.return_policy, None if li.kind == "virtual" else place,
            li.components or None, li.build_up or None, li.is_gift,
        )
        for li, place in zip(draft.quote.lines, draft.places, strict=True)
    ]  # fmt: skip
