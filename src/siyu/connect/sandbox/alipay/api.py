"""The one address of Alipay's gateway: pages for browsers, signed answers for servers; and its bill files."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import HttpMethod, Request, Response, Router, get, post
from litestar.handlers import route

from siyu.connect import gateways
from siyu.connect.sandbox import deliveries, persons, screens, statement
from siyu.connect.sandbox.alipay import bills, refunds, trades, wire
from siyu.connect.sandbox.alipay.rows import STATUS_WORDS, Refused, Trade
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World, world_of
from siyu.web import mark

AnyRequest = Request[Any, Any, Any]


class ByNumber(trades.Strict, frozen=True):
    out_trade_no: trades.Short


CALLS: dict[str, Callable[[World, dict[str, str]], msgspec.Struct]] = {
    "alipay.trade.query": lambda world, given: trades.described(
        world, wire.content(given, ByNumber).out_trade_no
    ),
    "alipay.trade.close": lambda world, given: trades.close(
        world, wire.content(given, ByNumber).out_trade_no
    ),
    "alipay.trade.refund": lambda world, given: refunds.refund(
        world, wire.content(given, refunds.RefundOrder)
    ),
    "alipay.trade.fastpay.refund.query": lambda world, given: refunds.found(
        world, wire.content(given, refunds.RefundQuestion)
    ),
    "alipay.data.dataservice.bill.downloadurl.query": lambda world, given: bills.lay_ready(
        world, wire.content(given, bills.BillQuestion)
    ),
}
CHANGING = ("alipay.trade.close", "alipay.trade.refund")


@route("/gateway.do", http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200)
async def gateway(request: AnyRequest) -> Response[Any]:
    """What a call becomes depends on its `method` alone."""
    world, method = world_of(request), ""
    try:
        given = await wire.parameters(request)
        method = given.get("method", "")
        wire.check_signed(world, given)
        if method in trades.PRODUCTS:
            return _page(request, given)
        said = _call_of(method)(world, given)
        if method in CHANGING:
            _stumble(world)
    except Refused as refusal:
        if method in trades.PRODUCTS:
            return _message(request, refusal)
        return wire.refused(world, method, refusal)
    return wire.answer(world, method, said)


@post("/alipay/sign-in", status_code=303)
async def sign_in(request: AnyRequest) -> Response[Any]:
    """Somebody signed in at Alipay to pay: the trade comes into being."""
    world = world_of(request)
    form = await request.form()
    language = str(form.get("lang", ""))
    given = {name: str(value) for name, value in form.items() if name in wire.COMMON}
    try:
        wire.check_signed(world, given)
        trade = trades.sign_in(world, given, str(form.get("payer", "")))
    except Refused as refusal:
        return _message(request, refusal)
    target = "/alipay/cashier?" + urlencode({"token": trade.token, "lang": language})
    return Response(b"", status_code=303, headers={"Location": target})


@get("/alipay/cashier")
async def cashier(request: AnyRequest) -> Response[Any]:
    """The trade and three ways to go on."""
    world = world_of(request)
    try:
        trade = trades.of_token(world, request.query_params.get("token", ""))
    except Refused as refusal:
        return _message(request, refusal)
    if trade.status != "WAIT_BUYER_PAY":
        return _outcome(request, trade, "fail", STATUS_WORDS[trade.status])
    payer = persons.find(world.store, trade.buyer)
    return screens.show(
        request, "alipay_cashier.html", trade=trade, payer=payer, seller_id=world.keys.alipay.seller_id
    )


@post("/alipay/cashier/pay", status_code=200)
async def pay_at_cashier(request: AnyRequest) -> Response[Any]:
    """The shopper decided: `pay`, `pay_silently` (the merchant gets no notice) or `cancel`."""
    world = world_of(request)
    form = await request.form()
    action = str(form.get("action", ""))
    try:
        trade = trades.of_token(world, str(form.get("token", "")))
        if action == "cancel":
            return _outcome(request, trade, "cancel", mark("已取消支付"))
        trade = trades.pay(world, trade.out_trade_no, deliveries.decided(action))
    except Refused as refusal:
        return _message(request, refusal)
    except Refusal as refusal:
        return screens.message(request, refusal.message, status_code=refusal.status)
    return _outcome(request, trade, "ok", mark("支付成功"))


@get("/downloadBillFile.resource")
async def bill_file(request: AnyRequest) -> Response[bytes]:
    """A bill, for whoever has its address in time; unsigned, as at the real one."""
    content = statement.kept(world_of(request), "alipay", request.query_params.get("fileId", ""))
    if content is None:
        return Response(b"", status_code=404)
    return Response(content, media_type="application/zip")


def _call_of(method: str) -> Callable[[World, dict[str, str]], msgspec.Struct]:
    if method not in CALLS:
        raise Refused("isv.invalid-method", "不存在的方法名", "40002")
    return CALLS[method]


def _page(request: AnyRequest, given: dict[str, str]) -> Response[Any]:
    """Nobody has signed in yet, so nothing exists yet."""
    world = world_of(request)
    wanted = trades.wanted_of(given)
    return screens.show(
        request,
        "alipay_open.html",
        given=given,
        wanted=wanted,
        total=gateways.fen(wanted.total_amount),
        persons=persons.everyone(world.store),
        seller_id=world.keys.alipay.seller_id,
        is_wide=wanted.product_code == "FAST_INSTANT_TRADE_PAY",
    )


def _outcome(request: AnyRequest, trade: Trade, word: str, text: str) -> Response[Any]:
    is_paid = word == "ok"
    next_url = _way_back(world_of(request), trade) if is_paid else trade.quit_url or trade.return_url
    return screens.show(
        request,
        "paid.html",
        outcome=word,
        parent="",
        text=text,
        total=trade.total if is_paid else 0,
        next_url=next_url,
        look="alipay",
    )


def _way_back(world: World, trade: Trade) -> str:
    """The merchant's return_url with Alipay's signed word, which proves nothing and is not needed."""
    if not trade.return_url:
        return ""
    numbers = world.keys.alipay
    method = "wap" if trade.product == "QUICK_WAP_WAY" else "page"
    said = {
        "app_id": numbers.app_id,
        "auth_app_id": numbers.app_id,
        "charset": "utf-8",
        "method": f"alipay.trade.{method}.pay.return",
        "out_trade_no": trade.out_trade_no,
        "seller_id": numbers.seller_id,
        "timestamp": wire.china_now(),
        "total_amount": gateways.yuan(trade.total),
        "trade_no": trade.trade_no,
        "version": "1.0",
    }
    joint = "&" if "?" in trade.return_url else "?"
    return trade.return_url + joint + urlencode(wire.signed_form(world, said))


def _message(request: AnyRequest, refusal: Refused) -> Response[Any]:
    return screens.message(request, refusal.sub_msg, status_code=400)


def _stumble(world: World) -> None:
    """Carried out, but nobody will know: when the tester asked for it."""
    flags = world.flags
    if flags.system_errors_after_apply > 0:
        left = flags.system_errors_after_apply - 1
        world.store.set_flags(msgspec.structs.replace(flags, system_errors_after_apply=left))
        raise Refused("ACQ.SYSTEM_ERROR", "系统错误")


router = Router(path="/", route_handlers=[gateway, sign_in, cashier, pay_at_cashier, bill_file])
