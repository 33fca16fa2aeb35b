"""Cashiers that anybody may pay at: the page of an H5 order, and the phone that scanned a Native order's code."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from litestar import Request, Response, Router, get, post

from siyu.connect.sandbox import deliveries, orders, persons, screens
from siyu.connect.sandbox.store import Order
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World, world_of
from siyu.web import mark

AnyRequest = Request[Any, Any, Any]

H5_PATH = "/cgi-bin/mmpayweb-bin/checkmweb"
CODE_START = "weixin://wxpay/bizpayurl/up?"
WAYS = {"h5": "MWEB", "scan": "NATIVE"}


def h5_url(world: World, prepay_id: str) -> str:
    """What a browser opens to pay an H5 order."""
    return f"{world.base_url}{H5_PATH}?" + urlencode({"prepay_id": prepay_id, "package": prepay_id[-10:]})


def code_url(prepay_id: str) -> str:
    """What the QR code of a Native order says."""
    return CODE_START + urlencode({"pr": prepay_id})


@get(H5_PATH)
async def open_h5(request: AnyRequest) -> Response[Any]:
    """The page between the browser and WeChat; it opens from the merchant's own pages only."""
    world = world_of(request)
    asked = request.query_params
    try:
        order = orders.of_prepay(world, asked.get("prepay_id", ""), "MWEB")
        _check_origin(request, order)
        next_url = _checked_return(order, asked.get("redirect_url", ""))
    except Refusal as refusal:
        return screens.message(request, refusal.message, status_code=refusal.status)
    return _shown(request, order, "h5", asked.get("prepay_id", ""), next_url)


@get("/scan")
async def scan(request: AnyRequest) -> Response[Any]:
    """扫一扫: what the camera of the phone saw, or a field to type it into."""
    code = request.query_params.get("code_url", "").strip()
    if not code:
        return screens.show(request, "scan.html")
    try:
        token = _token_in(code)
        order = orders.of_prepay(world_of(request), token, "NATIVE")
    except Refusal as refusal:
        return screens.message(request, refusal.message, status_code=refusal.status)
    return _shown(request, order, "scan", token, "")


@post("/open-cashier/pay", status_code=200)
async def pay_at_open_cashier(request: AnyRequest) -> Response[Any]:
    """Somebody decided: `pay`, `pay_silently` (the merchant gets no callback) or `cancel`."""
    world = world_of(request)
    form = await request.form()
    given = {name: str(form.get(name, "")) for name in ("way", "token", "payer", "action", "next")}
    try:
        order = orders.of_prepay(world, given["token"], WAYS.get(given["way"], ""))
        next_url = _checked_return(order, given["next"])
        if given["action"] == "cancel":
            return _outcome(request, "cancel", mark("已取消支付"), next_url)
        plan = deliveries.decided(given["action"])
        order = orders.pay(world, order.out_trade_no, plan, payer=given["payer"])
    except Refusal as refusal:
        return _outcome(request, "fail", refusal.message, status_code=refusal.status)
    return _outcome(request, "ok", mark("支付成功"), next_url, order=order)


def _token_in(code: str) -> str:
    if not code.startswith(CODE_START):
        raise Refusal(400, "PARAM_ERROR", mark("这不是微信支付的收款码"))
    return parse_qs(urlsplit(code).query).get("pr", [""])[0]


def _check_origin(request: AnyRequest, order: Order) -> None:
    if "MicroMessenger" in request.headers.get("user-agent", ""):
        raise Refusal(403, "H5_IN_WECHAT", mark("请在微信外打开订单，进行支付"))
    referer = urlsplit(request.headers.get("referer", ""))
    if not referer.hostname:
        raise Refusal(403, "H5_NO_REFERER", mark("商家参数格式有误，请联系商家解决"))
    # The domain that a merchant registers is, here, the one that it wants to be called back at.
    if referer.hostname != urlsplit(order.notify_url).hostname:
        raise Refusal(403, "H5_OTHER_DOMAIN", mark("商家存在未配置的参数，请联系商家解决"))


def _checked_return(order: Order, url: str) -> str:
    parts = urlsplit(url)
    is_ours = parts.scheme in ("http", "https") and parts.hostname == urlsplit(order.notify_url).hostname
    if url and not is_ours:
        raise Refusal(403, "H5_OTHER_DOMAIN", mark("商家存在未配置的参数，请联系商家解决"))
    return url


def _shown(request: AnyRequest, order: Order, way: str, token: str, next_url: str) -> Response[Any]:
    if order.state != "NOTPAY":
        return _outcome(request, "fail", orders.STATE_WORDS[order.state], next_url)
    world = world_of(request)
    return screens.show(
        request,
        "open_cashier.html",
        order=order,
        way=way,
        token=token,
        next_url=next_url,
        persons=persons.everyone(world.store),
        merchant_id=world.keys.numbers.merchant_id,
    )


def _outcome(
    request: AnyRequest,
    word: str,
    text: str,
    next_url: str = "",
    *,
    status_code: int = 200,
    order: Order | None = None,
) -> Response[Any]:
    return screens.show(
        request,
        "paid.html",
        status_code=status_code,
        outcome=word,
        parent="",
        text=text,
        total=order.total if order else 0,
        next_url=next_url,
    )


router = Router(path="/", route_handlers=[open_h5, scan, pay_at_open_cashier])
