"""Orders on the console: the list, one order's whole story, and fragments for the pages of other rooms."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods import catalog, inventory
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.money import ledger
from siyu.people import customers
from siyu.place import stores
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.orders import queries, words
from siyu.trade.orders.model import Order

READ = {"permission": Permission.ORDERS_READ}
WRONG_SHOWN = 20  # more than a screen of differences is a case for an export, not for reading


@get("/console/{slug:str}/orders", opt=READ)
async def order_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    # Litestar keeps the name `state` for the application's own.
    order_state: Annotated[str | None, QueryParameter(name="state")] = None,
    q: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Response[str]:
    """Orders by state, newest first; one is found by its whole number."""
    order_state = order_state if order_state in words.STATES else None
    here = f"/console/{merchant.slug}/orders"
    counts = await queries.counts_by_state(uow)
    found = await queries.listing(uow, state=order_state, search=q, after=after_moment(after))
    tabs = [(web.mark("全部"), here, order_state is None, sum(counts.values()))]
    tabs += [
        (word, f"{here}?state={state}", order_state == state, counts.get(state, 0))
        for state, (word, _) in words.STATES.items()
    ]
    kept = {"state": order_state, "q": q.strip()}
    return web.page(
        request,
        "orders/console_list.html",
        merchant=merchant,
        orders=found.items,
        tabs=tabs,
        words=words,
        order_state=order_state,
        q=q.strip(),
        first_href=_address(here, **kept) if after else None,
        next_href=_address(here, **kept, after=found.next) if found.next else None,
    )


def _address(path: str, **asked: str | None) -> str:
    """`path` with those questions that were asked."""
    said = {name: value for name, value in asked.items() if value}
    return f"{path}?{urlencode(said)}" if said else path


@get("/console/{slug:str}/orders/{order_id:uuid}", opt=READ)
async def order_page(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """An order's story on one screen; money and commission come as fragments of their rooms."""
    order = await queries.find(uow, order_id)
    return web.page(
        request,
        "orders/console_order.html",
        merchant=merchant,
        order=order,
        words=words,
        ledger=ledger,
        buyer=await customers.find(uow, order.customer_id) if order.customer_id else None,
        store=await stores.find(uow, order.store_id) if order.store_id else None,
        entries=await ledger.entries_of(uow, [order_id]),
        steps=timeline(order),
        sums=build_up(order),
    )


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
    if order.picked_up_at:
        happened.append((web.mark("到店提货"), order.picked_up_at, order.store_name))
    if order.received_at:
        happened.append((web.mark("确认收货"), order.received_at, None))
    if order.closed_at:
        happened.append((web.mark("订单关闭"), order.closed_at, words.close_reason_word(order.close_reason)))
    if order.state == "refunded":
        happened.append((web.mark("全部退款"), None, None))
    coming = {
        "unpaid": [web.mark("付款"), web.mark("到店提货"), web.mark("确认收货")],
        "paid": [web.mark("到店提货"), web.mark("确认收货")],
        "picked_up": [web.mark("确认收货")],
    }.get(order.state, [])
    shown = [(word, moment, note, "done") for word, moment, note in happened]
    shown[-1] = (*shown[-1][:3], "now")
    return [*((word, None, None, "ahead") for word in reversed(coming)), *reversed(shown)]


def build_up(order: Order) -> list[tuple[str, int]]:
    """How what the merchant keeps came to be: (word, minor units)."""
    goods = sum(line.unit_price * line.quantity for line in order.lines)
    sums = [(web.mark("商品合计"), goods)]
    if goods != order.total:
        sums.append((web.mark("优惠与调整"), order.total - goods))
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
        stores={store.id: store for store in await stores.every(uow)},
        checked_at=uow.now,
    )


routes = [order_list, order_page, order_glance, orders_of_customer, stock_proof]
