"""Pressing the button: everything is read again, counted against the limits, and placed once."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from siyu.kernel.errors import DomainError, Invalid
from siyu.people import addresses, customers
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.edge import visitor_of
from siyu.runtime.sessions import Session
from siyu.settings import Settings
from siyu.trade import carts, orders, presales
from siyu.trade.checkout import guests
from siyu.trade.checkout.guarding import check_person, limit_placing
from siyu.trade.checkout.model import CheckoutForm
from siyu.trade.checkout.rules import chosen_coupons, claim_in, invoice_of, wanted_lines
from siyu.trade.checkout.view import NEW, chosen_address, store_of


class Placed(msgspec.Struct, frozen=True):
    """The order, and the session of a guest who got one."""

    order: orders.PlacedOrder
    session: Session | None = None


async def submit(
    request: Request[Any, Any, Any],
    database: Database,
    merchant: Merchant,
    actor: Actor,
    settings: Settings,
    form: CheckoutForm,
) -> Placed:
    """Place the order of this form. The same form again is the same order.

    Raises TooManyRequests, NotAPerson, Invalid naming the field, and what `orders.place` raises.
    """
    await limit_placing(request, database, merchant, actor, settings)
    lines, invoice = wanted_lines(form.lines, form.accepts), invoice_of(form)
    if actor.kind != "customer":
        customers.agreed(form.agree)
        check_person(settings, merchant, form)
    claim = claim_in(form.claim)
    if claim is not None and actor.kind != "customer":
        raise orders.ClaimNeedsSignIn(field="claim")
    if claim is not None and claim.kind == presales.ACTIVITY.kind and not form.deposit_read:
        raise presales.DepositNotRead(field="deposit_read")
    address = await _address(database, merchant, actor, form)
    customer_id, session = await _buyer(request, database, merchant, actor, settings, form, address)
    placed = await orders.place(
        database,
        merchant,
        orders.PlaceOrder(
            customer_id=customer_id,
            store_id=_store(form),
            lines=lines,
            expected_total=form.expected_total,
            key=form.key,
            remark=form.remark,
            delivery=form.delivery or "pickup",
            address=address,
            slot=form.slot if form.delivery == "local" else None,
            invoice=invoice,
            claim=claim,
            coupon_ids=chosen_coupons(form),
        ),
        pay_minutes=settings.order_pay_minutes,
    )
    await _tidy(request, database, merchant, actor, form, customer_id, address)
    return Placed(placed, session)


def _store(form: CheckoutForm) -> UUID | None:
    """Raises Invalid when a store has to be chosen."""
    store_id = store_of(form)
    if store_id is None and form.delivery in {"", "pickup"}:
        raise Invalid(field="store_id", zh="请选择自提门店。", en="Please choose a store to pick up from.")
    return store_id


async def _address(
    database: Database, merchant: Merchant, actor: Actor, form: CheckoutForm
) -> addresses.Address | None:
    """Where it goes, when it goes anywhere. Raises Invalid naming the field."""
    if form.delivery not in {"express", "local"}:
        return None
    async with database.begin(merchant, actor) as uow:
        chosen = await chosen_address(uow, actor, form)
    if chosen.error is not None:
        raise chosen.error
    return chosen.address


async def _buyer(
    request: Request[Any, Any, Any],
    database: Database,
    merchant: Merchant,
    actor: Actor,
    settings: Settings,
    form: CheckoutForm,
    address: addresses.Address | None,
) -> tuple[UUID, Session | None]:
    """Who buys: the signed-in customer, or the guest the visitor becomes. Raises Invalid for a name or phone."""
    if actor.kind == "customer":
        return actor.customer_id, None
    name, phone = (
        (address.name, address.phone)
        if address is not None
        else addresses.checked_contact(form.address.name, form.address.phone)
    )
    return await guests.welcome(
        request, database, merchant, key=form.key, name=name, phone=phone, days=settings.session_days
    )


async def _tidy(
    request: Request[Any, Any, Any],
    database: Database,
    merchant: Merchant,
    actor: Actor,
    form: CheckoutForm,
    customer_id: UUID,
    address: addresses.Address | None,
) -> None:
    """What was ordered leaves the cart; a new address is kept when the buyer asked for it.

    Apart from the placing: should this fail, the cart merely keeps its lines.
    """
    skus = [line.sku_id for line in wanted_lines(form.lines)]
    owner = customer_id if actor.kind == "customer" else carts.visitors_cart(visitor_of(request))

    async def tidy(uow: UnitOfWork) -> None:
        if form.from_cart:
            await carts.remove(uow, owner, skus)
        if address is not None and form.save_address and form.address_id in {"", NEW}:
            await addresses.keep(uow, customer_id, addresses.id_for(customer_id, form.key), address)

    try:
        await database.attempt(merchant, tidy, actor)
    except DomainError:
        # A full address book is no reason to lose an order that stands.
        return
