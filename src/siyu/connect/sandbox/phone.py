"""The phone to look at: who is on it, its texts and payments, and the cashier that a shop's page opens."""

from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from siyu.connect import crypto, wxpay
from siyu.connect.sandbox import collecting, deliveries, orders, persons, screens, transfers
from siyu.connect.sandbox.alipay import trades
from siyu.connect.sandbox.alipay.rows import STATUS_WORDS, Trade
from siyu.connect.sandbox.store import REFUND_WORDS, Order, Refund, Text
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World, world_of
from siyu.web import mark

AnyRequest = Request[Any, Any, Any]

PARAMETERS = ("appId", "timeStamp", "nonceStr", "package", "signType", "paySign")
PACKAGE_PREFIX = "prepay_id="
SHOWN_MAX = 30  # what a person scrolls through on a phone
COLOURS = ("#07883d", "#2f6fde", "#b4531a", "#8a3ffc", "#b0357c", "#0f766e")


class Return(msgspec.Struct, frozen=True):
    """Money that came back; fen."""

    amount: int
    words: str


class Payment(msgspec.Struct, frozen=True):
    """A line of the payment history; `total` in fen."""

    number: str
    what: str
    payer: str
    by: str
    words: str
    total: int
    paid_at: float
    returns: list[Return]

    @property
    def moment(self) -> datetime:
        """When it was paid."""
        return datetime.fromtimestamp(self.paid_at, UTC)


def checked_order(world: World, parameters: dict[str, str]) -> Order:
    """The order that a page may ask to be paid: its six parameters carry the merchant's signature. Raises Refusal."""
    if any(not parameters.get(name) for name in PARAMETERS):
        raise Refusal(400, "PARAM_ERROR", mark("支付参数不完整"))
    if parameters["signType"] != "RSA":
        raise Refusal(400, "PARAM_ERROR", mark("appId 或 signType 不正确"))
    if not parameters["timeStamp"].isdigit() or not parameters["package"].startswith(PACKAGE_PREFIX):
        raise Refusal(400, "PARAM_ERROR", mark("timeStamp 或 package 不正确"))
    message = wxpay.payment_message(
        app_id=parameters["appId"],
        timestamp=parameters["timeStamp"],
        nonce=parameters["nonceStr"],
        package=parameters["package"],
    )
    if not crypto.verify(world.keys.merchant_public_pem, message, parameters["paySign"]):
        raise Refusal(400, "SIGN_ERROR", mark("支付验证签名失败"))
    order = orders.of_prepay(world, parameters["package"].removeprefix(PACKAGE_PREFIX))
    if parameters["appId"] != (order.app_id or world.keys.numbers.app_id):
        raise Refusal(400, "PARAM_ERROR", mark("appId 或 signType 不正确"))
    return order


@get("/cashier")
async def cashier(request: AnyRequest) -> Response[Any]:
    """Amount, merchant, and three ways to go on."""
    world = world_of(request)
    given = {name: request.query_params.get(name, "") for name in (*PARAMETERS, "parent")}
    try:
        order = checked_order(world, given)
    except Refusal as refusal:
        return _outcome(request, "fail", given["parent"], refusal.message, status_code=refusal.status)
    if order.state != "NOTPAY":
        return _outcome(request, "fail", given["parent"], orders.STATE_WORDS[order.state])
    payer = persons.find(world.store, order.openid)
    merchant_id = world.keys.numbers.merchant_id
    return screens.show(
        request, "cashier.html", order=order, payer=payer, given=given, merchant_id=merchant_id
    )


@post("/cashier/pay", status_code=200)
async def pay_at_cashier(request: AnyRequest) -> Response[Any]:
    """The shopper decided: `pay`, `pay_silently` (the merchant gets no callback) or `cancel`."""
    world = world_of(request)
    form = await request.form()
    given = {name: str(form.get(name, "")) for name in (*PARAMETERS, "parent", "action")}
    try:
        order = checked_order(world, given)
        if given["action"] == "cancel":
            return _outcome(request, "cancel", given["parent"], mark("已取消支付"))
        orders.pay(world, order.out_trade_no, deliveries.decided(given["action"]))
    except Refusal as refusal:
        return _outcome(request, "fail", given["parent"], refusal.message, status_code=refusal.status)
    return _outcome(request, "ok", given["parent"], mark("支付成功"), order=order)


def _outcome(
    request: AnyRequest,
    word: str,
    parent: str,
    text: str,
    *,
    status_code: int = 200,
    order: Order | None = None,
) -> Response[Any]:
    return screens.show(
        request,
        "paid.html",
        status_code=status_code,
        outcome=word,
        parent=parent,
        text=text,
        total=order.total if order else 0,
        next_url="",
    )


@get("/phone")
async def phone(request: AnyRequest) -> Response[Any]:
    """Everybody's phone at once, or with `?as=<openid>` one person's."""
    world = world_of(request)
    holder = persons.find(world.store, request.query_params.get("as", ""))
    texts = _texts(world, holder.phone if holder else "")
    payments = _payments(world, holder.openid if holder else "")
    everyone = persons.everyone(world.store)
    return screens.show(
        request,
        "phone.html",
        persons=everyone,
        holder=holder,
        texts=texts,
        payments=payments,
        received=collecting.received(world, holder.openid if holder else ""),
        transfer_words=transfers.STATE_WORDS,
        merchant_id=world.keys.numbers.merchant_id,
        app_id=world.keys.numbers.app_id,
    )


@post("/phone/persons", status_code=303)
async def join_phone(request: AnyRequest) -> Response[Any]:
    """Add a person by hand."""
    form = await request.form()
    nickname = str(form.get("nickname", "")).strip()[:32]
    if not nickname:
        return screens.message(request, mark("请填写昵称"), status_code=400)
    person = persons.save(
        world_of(request).store, nickname=nickname, phone=str(form.get("phone", "")).strip()
    )
    return Response(b"", status_code=303, headers={"Location": "/phone?" + urlencode({"as": person.openid})})


@get("/avatars/{name:str}")
async def avatar(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """A drawn picture: the first character of the nickname on a colour of its own."""
    openid = name.removesuffix(".svg")
    person = persons.find(world_of(request).store, openid)
    letter = escape(person.nickname[:1] if person and person.nickname else "？")
    colour = COLOURS[sum(openid.encode()) % len(COLOURS)]
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
        f'<rect width="96" height="96" rx="12" fill="{colour}"/><text x="48" y="62" font-size="42" fill="#fff" '
        f'text-anchor="middle" font-family="PingFang SC, Noto Sans SC, sans-serif">{letter}</text></svg>'
    )
    return Response(picture.encode(), media_type="image/svg+xml", headers={"cache-control": "max-age=3600"})


@get("/bridge.js")
async def bridge() -> Response[bytes]:
    """The script that a shop's page includes while the sandbox is on: it plays WeChat's own JavaScript bridge."""
    return screens.asset("bridge.js", "text/javascript")


@get("/assets/cashier.js")
async def cashier_script() -> Response[bytes]:
    return screens.asset("cashier.js", "text/javascript")


@get("/assets/icon.svg")
async def icon() -> Response[bytes]:
    return screens.asset("icon.svg", "image/svg+xml")


@get("/assets/sandbox.css")
async def style() -> Response[bytes]:
    return screens.asset("sandbox.css", "text/css")


def _texts(world: World, number: str) -> list[Text]:
    if number:
        return world.store.rows(Text, "WHERE phone = ? ORDER BY sent_at DESC LIMIT ?", number, SHOWN_MAX)
    return world.store.rows(Text, "ORDER BY sent_at DESC LIMIT ?", SHOWN_MAX)


def _payments(world: World, openid: str) -> list[Payment]:
    """What was paid by whatever means, the latest first."""
    by_all = [*_wechat_payments(world, openid), *_alipay_payments(world, openid)]
    return sorted(by_all, key=lambda payment: payment.paid_at, reverse=True)[:SHOWN_MAX]


def _wechat_payments(world: World, openid: str) -> list[Payment]:
    where = "WHERE paid_at IS NOT NULL AND (? = '' OR openid = ?) ORDER BY paid_at DESC LIMIT ?"
    return [
        Payment(
            number=order.out_trade_no,
            what=order.description,
            payer=_name(world, order.openid),
            by=mark("微信支付"),
            words=orders.STATE_WORDS[order.state],
            total=order.total,
            paid_at=order.paid_at or 0.0,
            returns=[
                Return(refund.refund, refund.words)
                for refund in world.store.rows(
                    Refund, "WHERE out_trade_no = ? ORDER BY created_at", order.out_trade_no
                )
            ],
        )
        for order in world.store.rows(Order, where, openid, openid, SHOWN_MAX)
    ]


def _alipay_payments(world: World, openid: str) -> list[Payment]:
    where = "WHERE paid_at IS NOT NULL AND (? = '' OR buyer = ?) ORDER BY paid_at DESC LIMIT ?"
    return [
        Payment(
            number=trade.out_trade_no,
            what=trade.subject,
            payer=_name(world, trade.buyer),
            by=mark("支付宝"),
            words=STATUS_WORDS[trade.status],
            total=trade.total,
            paid_at=trade.paid_at or 0.0,
            returns=[
                Return(refund.amount, REFUND_WORDS["SUCCESS"])
                for refund in trades.refunds_of(world, trade.out_trade_no)
            ],
        )
        for trade in world.store.rows(Trade, where, openid, openid, SHOWN_MAX)
    ]


def _name(world: World, openid: str) -> str:
    person = persons.find(world.store, openid)
    return person.nickname if person else openid


router = Router(
    path="/",
    route_handlers=[
        cashier,
        pay_at_cashier,
        phone,
        join_phone,
        avatar,
        bridge,
        cashier_script,
        icon,
        style,
    ],
)
