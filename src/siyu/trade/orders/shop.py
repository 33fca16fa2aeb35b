"""A shopper's own orders: the list, one with its pickup code, and the way back into the cart.

Paying, cancelling and what was refunded are pages and fragments of `trade.payments`.
"""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.place import stores
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings
from siyu.trade import carts
from siyu.trade.orders import actions, queries
from siyu.trade.orders.model import Order
from siyu.trade.orders.words import BALANCE_WAITS, DELIVERIES, HELD, STEPS, WAITS_FOR

SHOPPER = {"permission": Permission.SHOPPER}
PAGE_SIZE = 10

# What a shopper calls the states of an order, with the tone of the badge.
STATE_WORDS = {
    "unpaid": (web.mark("待付款"), "warn"),
    "paid": (web.mark("待提货"), "accent"),
    "shipped": (web.mark("待收货"), "info"),
    "picked_up": (web.mark("已提货"), "info"),
    "received": (web.mark("已完成"), "good"),
    "refunded": (web.mark("已退款"), "neutral"),
    "closed": (web.mark("已关闭"), "neutral"),
}
# On the tab a paid order waits for the goods, however they come.
TAB_WORDS = {**{state: word for state, (word, _) in STATE_WORDS.items()}, "paid": web.mark("待发货/提货")}
TABS = ("unpaid", "paid", "shipped", "picked_up", "received", "refunded", "closed")
AHEAD_OF_PAID = {
    "pickup": web.mark("等你到店提货"),
    "express": web.mark("等待发货"),
    "local": web.mark("等待配送"),
    "none": web.mark("等你使用券码"),
}
# What a step of the price build-up is called, where the rule itself has no name.
CLOSED_BECAUSE = {
    "expired": web.mark("超过付款时间，订单已自动关闭"),
    "cancelled_by_buyer": web.mark("你取消了订单"),
    "cancelled_by_merchant": web.mark("店家取消了订单"),
}


@get("/shop/{slug:str}/orders", opt=SHOPPER, include_in_schema=False)
async def order_list(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    # Litestar keeps the name `state` for the application's own.
    order_state: Annotated[str, QueryParameter(name="state")] = "",
    after: FromQuery[str] = "",
) -> Response[str]:
    """My orders, newest first, by state."""
    state = order_state if order_state in STATE_WORDS else ""
    found = await queries.listing(
        uow,
        customer_id=actor.customer_id,
        state=state or None,
        after=after_moment(after or None),
        limit=PAGE_SIZE,
    )
    return web.page(
        request,
        "orders/shop_more.html" if after and web.wants_fragment(request) else "orders/shop_list.html",
        merchant=merchant,
        orders=found.items,
        next=found.next,
        state=state,
        tabs=TABS,
        tab_words=TAB_WORDS,
        state_word=state_word,
        counts=await queries.counts_by_state(uow, actor.customer_id),
        cart_count=await carts.count(uow, actor.customer_id),
    )


@get("/shop/{slug:str}/orders/shortcuts", opt=SHOPPER, include_in_schema=False)
async def shortcuts(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """The row of order states on the shopper's own page, with how many wait in each."""
    counts = await queries.counts_by_state(uow, actor.customer_id)
    return web.page(request, "orders/shop_shortcuts.html", merchant=merchant, counts=counts)


@get("/shop/{slug:str}/orders/{order_id:uuid}", opt=SHOPPER, include_in_schema=False)
async def order_page(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[str]:
    """One of my orders: where it stands, the code that fetches it, and what was in it."""
    order = await queries.find(uow, order_id, customer_id=actor.customer_id)
    return web.page(
        request,
        "orders/shop_order.html",
        merchant=merchant,
        order=order,
        store=await stores.find(uow, order.store_id) if order.store_id else None,
        state_word=state_word,
        delivery_word=DELIVERIES[order.delivery],
        steps=STEPS,
        held_words=HELD,
        half=partial(web.half, web.language_of(request)),
        story=_story(order),
        pickup_link=f"{settings.base_url}/desk/{merchant.slug}/verify?code={order.pickup_code}",
        is_late=order.pay_by is not None and order.pay_by <= uow.now,
        waits_for_balance=order.waits_at(uow.now),
    )


def state_word(state: str, delivery: str, has_deposit: bool = False) -> tuple[str, str]:
    """What a shopper calls where their order stands, with the tone of the badge."""
    if state == "unpaid" and has_deposit:
        return BALANCE_WAITS
    word, tone = STATE_WORDS[state]
    return (WAITS_FOR.get(delivery, word), tone) if state == "paid" else (word, tone)


def _story(order: Order) -> list[tuple[str, Any, str, str]]:
    """The order's timeline, newest first: word, moment, note, and done | now | ahead."""
    steps = [
        (web.mark("已下单"), order.placed_at, ""),
        (web.mark("已付定金"), order.deposit_paid_at, ""),
        (web.mark("已付款"), order.paid_at, ""),
        (web.mark("已发货"), order.shipped_at, ""),
        (web.mark("已提货"), order.picked_up_at, ""),
        (web.mark("已完成"), order.received_at, ""),
        (web.mark("已关闭"), order.closed_at, CLOSED_BECAUSE.get(order.close_reason or "", "")),
    ]
    done = [(word, moment, note, "done") for word, moment, note in steps if moment is not None]
    if order.state == "refunded":
        done.append((web.mark("已全部退款"), None, "", "done"))
    ahead = {
        "unpaid": web.mark("等待付尾款") if order.has_deposit else web.mark("等待付款"),
        "paid": AHEAD_OF_PAID[order.delivery],
        "shipped": web.mark("确认收货后完成"),
        "picked_up": web.mark("确认收货后完成"),
    }.get(order.state)
    story = [*done, *([(ahead, None, "", "now")] if ahead else [])]
    if not ahead:
        story[-1] = (*story[-1][:3], "now")
    return story[::-1]


@post("/shop/{slug:str}/orders/{order_id:uuid}/received", opt=SHOPPER, include_in_schema=False)
async def received(order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor) -> Redirect:
    """I have the goods."""
    await queries.find(uow, order_id, customer_id=actor.customer_id)
    await actions.confirm_received(uow, [order_id])
    return Redirect(f"/shop/{merchant.slug}/orders/{order_id}", status_code=303)


@post("/shop/{slug:str}/orders/{order_id:uuid}/again", opt=SHOPPER, include_in_schema=False)
async def buy_again(order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor) -> Redirect:
    """Put what is still sold of an order into the cart. Raises NotFound when nothing of it is sold any more."""
    order = await queries.find(uow, order_id, customer_id=actor.customer_id)
    prices = await catalog.prices(uow, [line.sku_id for line in order.lines])
    sold = [line for line in order.lines if line.sku_id in prices and prices[line.sku_id].is_sellable]
    if not sold:
        raise NotFound(what="还在售的同款商品 / anything of it still for sale")
    for line in sold:
        await carts.add(uow, actor.customer_id, line.sku_id, line.quantity)
    return Redirect(f"/shop/{merchant.slug}/cart", status_code=303)


routes = [order_list, shortcuts, order_page, received, buy_again]
