"""An order on the console: its whole story on one screen, and fragments for the pages of other rooms."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from siyu import web
from siyu.goods import catalog, inventory
from siyu.kernel.permissions import Permission
from siyu.money import ledger
from siyu.people import addresses, customers, staff
from siyu.place import stores
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.orders import bulk, console_changes, console_list, finding, queries, words
from siyu.trade.orders.model import Order, OrderLine

READ = {"permission": Permission.ORDERS_READ}
WRONG_SHOWN = 20  # more than a screen of differences is a case for an export, not for reading
COMMANDS_SHOWN = 50


@get("/console/{slug:str}/orders/{order_id:uuid}", opt=READ)
async def order_page(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """An order's story on one screen; money, parcels, after-sales and commission come as fragments of their rooms."""
    order = await queries.find(uow, order_id)
    customer_id = order.customer_id
    levels = await customers.levels_of(uow, [customer_id]) if customer_id else {}
    return web.page(
        request,
        "orders/console_order.html",
        merchant=merchant,
        order=order,
        words=words,
        ledger=ledger,
        buyer=await customers.find(uow, customer_id) if customer_id else None,
        identities=await customers.identities_of(uow, customer_id) if customer_id else [],
        level=levels.get(customer_id, "") if customer_id else "",
        store=await stores.find(uow, order.store_id) if order.store_id else None,
        places={store.id: store.name for store in await stores.locations(uow)},
        address=masked(order.address),
        entries=await ledger.entries_of(uow, [order_id]),
        notes=await queries.notes(uow, order_id),
        story=await story_of(uow, order),
        line_steps=partial(line_steps, web.language_of(request)),
        can_change_address=order.state in {"unpaid", "paid"}
        and order.address is not None
        and not any(line.fulfilled_quantity for line in order.lines),
        sums=build_up(order),
    )


def masked(address: addresses.Address | None) -> addresses.Address | None:
    """The address as everybody may see it who may see the order: where to, not who exactly."""
    if address is None:
        return None
    return msgspec.structs.replace(
        address,
        name=address.name[:1] + "**",
        phone=customers.masked(address.phone),
        detail="•••",
        latitude=0,
        longitude=0,
    )


def line_steps(language: str, line: OrderLine) -> list[tuple[str, int]]:
    """How a line's price came to be: (word or the rule's own name, minor units), from the list price on."""
    base = [(web.mark("标价"), line.unit_price * line.quantity)]
    steps = [
        (web.half(language, step.name) or words.STEPS.get(step.code, step.code), step.amount)
        for step in line.build_up
    ]
    rest = line.amount - base[0][1] - sum(amount for _, amount in steps)
    return [*base, *steps, *([(web.mark("优惠与调整"), rest)] if rest else [])]


async def story_of(uow: UnitOfWork, order: Order) -> list[tuple[str, datetime | None, str, str]]:
    """What happened, what people did and what is still to come, newest first: (word, moment, note, done | now | ahead)."""
    happened = [(word, moment, note or "", state) for word, moment, note, state in timeline(order)]
    commands = (await audit.listing(uow, audit.Wanted(subject_id=order.id), limit=COMMANDS_SHOWN)).items
    done = [
        (
            staff.action_word(entry.action),
            entry.at,
            " · ".join(filter(None, (entry.actor_name, entry.reason))),
            "done",
        )
        for entry in commands
    ]
    ahead = [step for step in happened if step[1] is None]
    past = sorted([*(step for step in happened if step[1] is not None), *done], key=_moment, reverse=True)
    return [*ahead, *past]


def _moment(step: tuple[str, datetime | None, str, str]) -> datetime:
    assert step[1] is not None, "only what has happened is sorted"
    return step[1]


@get("/console/{slug:str}/orders/{order_id:uuid}/glance", opt=READ)
async def order_glance(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The order in a drawer, so that one's place in the list is kept."""
    order = await queries.find(uow, order_id)
    return web.page(
        request,
        "orders/console_glance.html",
        merchant=merchant,
        order=order,
        words=words,
        buyer=await customers.find(uow, order.customer_id) if order.customer_id else None,
        steps=timeline(order),
        sums=build_up(order),
    )


def timeline(order: Order) -> list[tuple[str, datetime | None, str | None, str]]:
    """What happened and what is still to come, newest first: (word, moment, note, done | now | ahead)."""
    happened: list[tuple[str, datetime | None, str | None]] = [(web.mark("下单"), order.placed_at, None)]
    if order.paid_at:
        happened.append((web.mark("付款"), order.paid_at, None))
    if order.shipped_at:
        happened.append((web.mark("发货"), order.shipped_at, None))
    if order.picked_up_at:
        happened.append((web.mark("到店提货"), order.picked_up_at, order.store_name))
    if order.received_at:
        happened.append((web.mark("确认收货"), order.received_at, None))
    if order.closed_at:
        happened.append((web.mark("订单关闭"), order.closed_at, words.close_reason_word(order.close_reason)))
    if order.state == "refunded":
        happened.append((web.mark("全部退款"), None, None))
    leaving = {
        "pickup": web.mark("到店提货"),
        "express": web.mark("发货"),
        "local": web.mark("配送"),
        "none": web.mark("使用券码"),
    }[order.delivery]
    coming = {
        "unpaid": [web.mark("付款"), leaving, web.mark("确认收货")],
        "paid": [leaving, web.mark("确认收货")],
        "picked_up": [web.mark("确认收货")],
        "shipped": [web.mark("确认收货")],
    }.get(order.state, [])
    shown = [(word, moment, note, "done") for word, moment, note in happened]
    shown[-1] = (*shown[-1][:3], "now")
    return [*((word, None, None, "ahead") for word in reversed(coming)), *reversed(shown)]


def build_up(order: Order) -> list[tuple[str, int]]:
    """How what the merchant keeps came to be: (word, minor units)."""
    goods = sum(line.unit_price * line.quantity for line in order.lines)
    sums = [(web.mark("商品合计"), goods)]
    if goods != order.goods_total:
        sums.append((web.mark("优惠与调整"), order.goods_total - goods))
    if order.freight or order.delivery in {"express", "local"}:
        sums.append((web.mark("运费"), order.freight))
    if order.refunded:
        sums.append((web.mark("已退款"), -order.refunded))
    return sums


@get("/console/{slug:str}/customers/{customer_id:uuid}/orders", opt=READ)
async def orders_of_customer(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the customer's page: what they bought."""
    found = await queries.of_customer(uow, customer_id)
    bought = [order for order in found if order.state not in {"unpaid", "closed"}]
    return web.page(
        request,
        "orders/console_of_customer.html",
        merchant=merchant,
        orders=found,
        words=words,
        bought=len(bought),
        spent=sum(order.total - order.refunded for order in bought),
        last=bought[0].placed_at if bought else None,
    )


@get("/console/{slug:str}/stock/proof", opt={"permission": Permission.CATALOG_READ})
async def stock_proof(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """A fragment for the stock page: every piece is accounted for, and every promise has an order behind it."""
    moved = await inventory.differences(uow)
    promised = await queries.stock_promised_wrongly(uow)
    wrong = [*moved[:WRONG_SHOWN], *promised[:WRONG_SHOWN]]
    return web.page(
        request,
        "orders/console_stock_proof.html",
        merchant=merchant,
        moved=moved[:WRONG_SHOWN],
        promised=promised[:WRONG_SHOWN],
        skus=await catalog.prices(uow, [row.sku_id for row in wrong]),
        stores={store.id: store for store in await stores.locations(uow)},
        checked_at=uow.now,
    )


routes = [
    *console_list.routes,
    *console_changes.routes,
    *finding.routes,
    order_page,
    order_glance,
    orders_of_customer,
    stock_proof,
]
JOBS = bulk.JOBS
