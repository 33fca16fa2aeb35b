"""Orders at the gateway: NOTPAY → SUCCESS → REFUND, or NOTPAY → CLOSED. What the real gateway refuses is refused."""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from siyu.connect import calls
from siyu.connect.sandbox import deliveries, keys, persons, wire
from siyu.connect.sandbox.asked import (
    AnyOrder,
    H5Order,
    JsapiOrder,
    NativeOrder,
    Strict,
    check_payer_ip,
)
from siyu.connect.sandbox.store import Order, Prepay
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import CHINA, World, now, rfc3339
from siyu.web import mark

# How long a prepay_id, an h5_url and a code_url open the cashier.
OPENS_SECONDS = {"JSAPI": 2 * 3600, "MWEB": 5 * 60, "NATIVE": 2 * 3600}
ORDER_SECONDS = 7 * 86_400  # validity of an order that gives no time_expire
EXPIRE_SECONDS_MIN = 60  # time_expire is at least a minute ahead

STATE_WORDS = {
    "NOTPAY": mark("订单未支付"),
    "SUCCESS": mark("支付成功"),
    "CLOSED": mark("订单已关闭"),
    "REFUND": mark("转入退款"),
}


class CloseOrder(Strict, frozen=True):
    mchid: str


class AmountOut(msgspec.Struct, frozen=True):
    total: int
    payer_total: int
    currency: str = "CNY"
    payer_currency: str = "CNY"


class PayerOut(msgspec.Struct, frozen=True):
    openid: str


class TransactionOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """A query's answer and a payment callback's content. Empty fields are left out, as the gateway does."""

    appid: str
    mchid: str
    out_trade_no: str
    trade_state: str
    trade_state_desc: str
    amount: AmountOut
    payer: PayerOut | None = None
    transaction_id: str = ""
    trade_type: str = ""
    bank_type: str = ""
    attach: str = ""
    success_time: str = ""


def place_jsapi(world: World, body: bytes) -> str:
    """Register an order of a known payer, or meet the same one again; return a fresh prepay_id. Raises Refusal."""
    wanted = wire.read(body, JsapiOrder)
    if not (world.flags.is_any_openid_accepted or persons.find(world.store, wanted.payer.openid)):
        raise Refusal(
            400, "PARAM_ERROR", "无效的openid：手机上没有这个人（POST /sandbox/persons 可添加）", 268435461
        )
    check_payer_ip(world, wanted.scene_info)
    return _place(world, body, wanted, "JSAPI", openid=wanted.payer.openid)


def place_h5(world: World, body: bytes) -> str:
    """Register an order for a browser; return what opens its cashier within five minutes. Raises Refusal."""
    wanted = wire.read(body, H5Order)
    check_payer_ip(world, wanted.scene_info)
    return _place(world, body, wanted, "MWEB")


def place_native(world: World, body: bytes) -> str:
    """Register an order to be scanned; return the `pr` of its code. Raises Refusal."""
    wanted = wire.read(body, NativeOrder)
    check_payer_ip(world, wanted.scene_info)
    return _place(world, body, wanted, "NATIVE")


def _place(world: World, body: bytes, wanted: AnyOrder, trade_type: str, *, openid: str = "") -> str:
    _check_owner(world, wanted.appid, wanted.mchid)
    check_notify_url(wanted.notify_url)
    fingerprint = f"{trade_type} {wire.fingerprint(body)}"
    with world.store.transaction():
        order = find(world, wanted.out_trade_no)
        if order is None:
            order = _new_order(wanted, fingerprint, trade_type, openid)
            world.store.add(order)
        elif order.state in ("SUCCESS", "REFUND"):
            raise Refusal(400, "ORDER_PAID", "该订单已支付", 268449538)
        elif order.state == "CLOSED":
            raise Refusal(400, "ORDER_CLOSED", "该订单已关闭，请重新下单", 268447914)
        elif order.fingerprint != fingerprint:
            raise Refusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致", 268498688)
        prepay = Prepay(
            prepay_id=f"wx{datetime.fromtimestamp(now(), CHINA):%d%H%M%S}{secrets.token_hex(13)}",
            out_trade_no=order.out_trade_no,
            expires_at=min(now() + OPENS_SECONDS[trade_type], order.expires_at),
        )
        world.store.add(prepay)
    return prepay.prepay_id


def find(world: World, out_trade_no: str) -> Order | None:
    """The order as of now: one that nobody paid in time is closed."""
    world.store.change(
        "UPDATE orders SET state = 'CLOSED' WHERE out_trade_no = ? AND state = 'NOTPAY' AND expires_at <= ?",
        out_trade_no,
        now(),
    )
    return world.store.row(Order, "WHERE out_trade_no = ?", out_trade_no)


def existing(world: World, out_trade_no: str) -> Order:
    """The order, or Refusal 404."""
    order = find(world, out_trade_no)
    if order is None:
        raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在", 268512771)
    return order


def of_prepay(world: World, prepay_id: str, trade_type: str = "JSAPI") -> Order:
    """The order that a prepay_id of this way of paying was issued for. Raises Refusal when unknown or too old."""
    prepay = world.store.row(Prepay, "WHERE prepay_id = ?", prepay_id)
    if prepay is None or existing(world, prepay.out_trade_no).trade_type != trade_type:
        raise Refusal(400, "PARAM_ERROR", mark("支付验证签名失败：prepay_id 不存在"))
    if prepay.expires_at <= now():
        raise Refusal(400, "ORDER_CLOSED", mark("支付已过期，请返回商家重新下单"))
    return existing(world, prepay.out_trade_no)


def close(world: World, out_trade_no: str, body: bytes) -> None:
    """Close an unpaid order; closing it again changes nothing. Raises Refusal."""
    _check_owner(world, world.keys.numbers.app_id, wire.read(body, CloseOrder).mchid)
    order = existing(world, out_trade_no)
    if order.state in ("SUCCESS", "REFUND"):
        raise Refusal(400, "ORDER_PAID", "该订单已支付，不能关闭", 268449538)
    world.store.change(
        "UPDATE orders SET state = 'CLOSED' WHERE out_trade_no = ? AND state = 'NOTPAY'", out_trade_no
    )


def pay(
    world: World, out_trade_no: str, plan: deliveries.Plan, *, payer: str = "", is_late: bool = False
) -> Order:
    """The shopper pays. Exactly once: a second attempt is refused. Raises Refusal.

    Who pays is known from the order, or is `payer` (an openid) where anybody may. With `is_late` also an order that is closed by now: merchants must cope with money that crosses their close.
    """
    with world.store.transaction():
        order = existing(world, out_trade_no)
        openid = order.openid or payer
        if not (order.openid or persons.find(world.store, openid)):
            raise Refusal(400, "PARAM_ERROR", mark("请选择由谁付款"))
        paid = world.store.change(
            "UPDATE orders SET state = 'SUCCESS', openid = ?, transaction_id = ?, paid_at = ?"
            " WHERE out_trade_no = ? AND (state = 'NOTPAY' OR (? AND state = 'CLOSED'))",
            openid,
            f"4200{datetime.fromtimestamp(now(), CHINA):%Y%m%d%H%M%S}{secrets.randbelow(10**10):010d}",
            now(),
            out_trade_no,
            is_late,
        )
        if not paid:
            is_closed = order.state == "CLOSED"
            raise Refusal(400, "ORDER_CLOSED" if is_closed else "ORDER_PAID", STATE_WORDS[order.state])
        order = existing(world, out_trade_no)
        deliveries.plan(
            world,
            plan,
            out_trade_no=out_trade_no,
            notify_url=order.notify_url,
            event_type="TRANSACTION.SUCCESS",
            original_type="transaction",
            summary="支付成功",
            content=described(world, order),
        )
    return order


def described(world: World, order: Order) -> TransactionOut:
    """The order in the gateway's words."""
    numbers, is_paid = world.keys.numbers, order.paid_at is not None
    return TransactionOut(
        appid=order.app_id or numbers.app_id,
        mchid=numbers.merchant_id,
        out_trade_no=order.out_trade_no,
        trade_state=order.state,
        trade_state_desc=STATE_WORDS[order.state],
        amount=AmountOut(total=order.total, payer_total=order.total),
        payer=PayerOut(order.openid) if order.openid else None,
        transaction_id=order.transaction_id,
        trade_type=order.trade_type if is_paid else "",
        bank_type="OTHERS" if is_paid else "",
        attach=order.attach,
        success_time=rfc3339(order.paid_at) if order.paid_at is not None else "",
    )


def check_notify_url(url: str) -> None:
    """A full address without query. Plain http only on this machine, which the real gateway could not reach."""
    parts = urlsplit(url)
    is_reachable = parts.scheme == "https" or (parts.scheme == "http" and calls.is_loopback(parts.hostname))
    if not (is_reachable and parts.hostname) or parts.query or parts.fragment:
        raise Refusal(400, "PARAM_ERROR", "notify_url 必须为 https 完整地址且不能携带参数", 268435461)


def _check_owner(world: World, app_id: str, merchant_id: str) -> None:
    numbers = world.keys.numbers
    if merchant_id != numbers.merchant_id:
        raise Refusal(400, "PARAM_ERROR", "商户号与签名的商户号不一致", 268447843)
    if app_id not in (numbers.app_id, keys.mini_app_id(numbers)):
        raise Refusal(400, "APPID_MCHID_NOT_MATCH", "appid 和 mch_id 不匹配，请检查后再试", 268445527)


def _new_order(wanted: AnyOrder, fingerprint: str, trade_type: str, openid: str) -> Order:
    expires_at = now() + ORDER_SECONDS
    if wanted.time_expire is not msgspec.UNSET:
        if wanted.time_expire.tzinfo is None:
            raise Refusal(400, "PARAM_ERROR", "time_expire 应为带时区的 RFC3339 时间", 268435461)
        expires_at = wanted.time_expire.timestamp()
        if expires_at < now() + EXPIRE_SECONDS_MIN:
            raise Refusal(400, "PARAM_ERROR", "time_expire 应至少晚于当前时间1分钟", 268435464)
    return Order(
        out_trade_no=wanted.out_trade_no,
        fingerprint=fingerprint,
        description=wanted.description,
        attach="" if wanted.attach is msgspec.UNSET else wanted.attach,
        total=wanted.amount.total,
        openid=openid,
        notify_url=wanted.notify_url,
        state="NOTPAY",
        transaction_id="",
        created_at=now(),
        expires_at=expires_at,
        paid_at=None,
        app_id=wanted.appid,
        trade_type=trade_type,
    )
