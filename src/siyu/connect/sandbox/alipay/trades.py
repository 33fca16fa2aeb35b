"""Trades at Alipay: WAIT_BUYER_PAY → TRADE_SUCCESS → TRADE_FINISHED, or → TRADE_CLOSED (unpaid, or all given back)."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Meta, UnsetType

from siyu.connect import calls, gateways
from siyu.connect.sandbox import deliveries, persons
from siyu.connect.sandbox.alipay import notices, wire
from siyu.connect.sandbox.alipay.rows import STATUS_WORDS, Refused, Trade, TradeRefund
from siyu.connect.sandbox.world import CHINA, World, now

TRADE_SECONDS = 15 * 86_400  # how long a trade that names no end waits to be paid
EXPIRE_SECONDS_MIN = 60
YUAN_MAX = 100_000_000_00
PRODUCTS = {"alipay.trade.wap.pay": "QUICK_WAP_WAY", "alipay.trade.page.pay": "FAST_INSTANT_TRADE_PAY"}

Short = Annotated[str, Meta(min_length=1, max_length=64)]
Long = Annotated[str, Meta(min_length=1, max_length=256)]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Contents of calls: what Alipay does not know is refused here, so that a slip is seen."""


class PageOrder(Strict, frozen=True):
    """`alipay.trade.wap.pay` and `alipay.trade.page.pay`."""

    out_trade_no: Annotated[str, Meta(pattern=r"^[0-9a-zA-Z_-]{1,64}$")]
    total_amount: Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$")]
    subject: Annotated[str, Meta(pattern=r"^[^/=&]{1,256}$")]
    product_code: Literal["QUICK_WAP_WAY", "FAST_INSTANT_TRADE_PAY"]
    time_expire: str | UnsetType = UNSET
    timeout_express: Annotated[str, Meta(pattern=r"^([0-9]{1,5}[mhd]|1c)$")] | UnsetType = UNSET
    quit_url: Annotated[str, Meta(min_length=1, max_length=400)] | UnsetType = UNSET
    passback_params: Annotated[str, Meta(min_length=1, max_length=512)] | UnsetType = UNSET
    body: Annotated[str, Meta(min_length=1, max_length=128)] | UnsetType = UNSET
    goods_detail: list[dict[str, Any]] | UnsetType = UNSET
    extend_params: dict[str, Any] | UnsetType = UNSET
    qr_pay_mode: str | UnsetType = UNSET
    integration_type: str | UnsetType = UNSET


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a query. The payer's account is masked, as Alipay does."""

    code: str
    msg: str
    out_trade_no: str
    trade_no: str
    trade_status: str
    total_amount: str
    buyer_logon_id: str
    buyer_user_id: str
    buyer_pay_amount: str = ""
    receipt_amount: str = ""
    invoice_amount: str = ""
    point_amount: str = ""
    send_pay_date: str = ""


class Ended(msgspec.Struct, frozen=True):
    """The answer to a closing."""

    code: str
    msg: str
    out_trade_no: str
    trade_no: str


def wanted_of(given: Mapping[str, str]) -> PageOrder:
    """What a page call asks for, checked as far as it can be without a shopper. Raises Refused."""
    wanted = wire.content(given, PageOrder)
    if PRODUCTS.get(given.get("method", "")) != wanted.product_code:
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效：product_code")
    if not 1 <= gateways.fen(wanted.total_amount) <= YUAN_MAX:
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效：total_amount")
    for name in ("notify_url", "return_url"):
        _check_address(given.get(name, ""), name)
    if _ends_at(wanted) <= now():
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效：time_expire 已过")
    return wanted


def sign_in(world: World, given: Mapping[str, str], buyer: str) -> Trade:
    """A shopper signed in to pay: now the trade exists, or is met again. Raises Refused."""
    wanted = wanted_of(given)
    if persons.find(world.store, buyer) is None:
        raise Refused("ACQ.INVALID_PARAMETER", "请选择由谁付款")
    with world.store.transaction():
        known = find(world, wanted.out_trade_no)
        if known is None:
            known = _new_trade(given, wanted, buyer)
            world.store.add(known)
        elif (known.total, known.subject) != (gateways.fen(wanted.total_amount), wanted.subject):
            raise Refused("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        elif known.status in ("TRADE_SUCCESS", "TRADE_FINISHED"):
            raise Refused("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        elif known.status == "TRADE_CLOSED":
            raise Refused("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        else:
            world.store.change(
                "UPDATE trades SET buyer = ? WHERE out_trade_no = ?", buyer, known.out_trade_no
            )
    return existing(world, wanted.out_trade_no)


def find(world: World, out_trade_no: str) -> Trade | None:
    """The trade as far as anybody knows it."""
    return world.store.row(Trade, "WHERE out_trade_no = ?", out_trade_no)


def existing(world: World, out_trade_no: str) -> Trade:
    """The trade as of now. Raises Refused."""
    settle_due(world)
    trade = find(world, out_trade_no)
    if trade is None:
        raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def of_token(world: World, token: str) -> Trade:
    """The trade whose cashier somebody opened. Raises Refused."""
    settle_due(world)
    trade = world.store.row(Trade, "WHERE token = ?", token)
    if trade is None:
        raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def pay(world: World, out_trade_no: str, plan: deliveries.Plan) -> Trade:
    """The shopper pays, exactly once. Raises Refused."""
    existing(world, out_trade_no)
    with world.store.transaction():
        paid = world.store.change(
            "UPDATE trades SET status = 'TRADE_SUCCESS', paid_at = ?"
            " WHERE out_trade_no = ? AND status = 'WAIT_BUYER_PAY'",
            now(),
            out_trade_no,
        )
        trade = find(world, out_trade_no)
        assert trade is not None, "it was found above"
        if not paid:
            raise Refused("ACQ.TRADE_HAS_CLOSE", STATUS_WORDS[trade.status])
        notices.plan(world, trade, plan)
    return trade


def close(world: World, out_trade_no: str) -> Ended:
    """End an unpaid trade. Raises Refused for one in any other state."""
    trade = existing(world, out_trade_no)
    if trade.status != "WAIT_BUYER_PAY":
        raise Refused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    with world.store.transaction():
        _end(world, trade, is_told=False)
    return Ended("10000", "Success", trade.out_trade_no, trade.trade_no)


def finish(world: World, trade: Trade) -> None:
    """A trade is over for good and cannot be refunded any more."""
    with world.store.transaction():
        changed = world.store.change(
            "UPDATE trades SET status = 'TRADE_FINISHED' WHERE out_trade_no = ? AND status = 'TRADE_SUCCESS'",
            trade.out_trade_no,
        )
        if changed:
            notices.plan(world, msgspec.structs.replace(trade, status="TRADE_FINISHED"), deliveries.Plan())


def settle_due(world: World) -> None:
    """Close what nobody paid in time and finish what is too old to be refunded."""
    for trade in world.store.rows(
        Trade, "WHERE status = 'WAIT_BUYER_PAY' AND expires_at <= ? LIMIT 100", now()
    ):
        with world.store.transaction():
            _end(world, trade, is_told=True)
    age = world.flags.alipay_finish_days * 86_400
    for trade in world.store.rows(
        Trade, "WHERE status = 'TRADE_SUCCESS' AND paid_at <= ? LIMIT 100", now() - age
    ):
        finish(world, trade)


def described(world: World, out_trade_no: str) -> Found:
    """The trade in Alipay's words. Raises Refused."""
    trade = existing(world, out_trade_no)
    amount = gateways.yuan(trade.total)
    paid = amount if trade.paid_at is not None else ""
    return Found(
        code="10000",
        msg="Success",
        out_trade_no=trade.out_trade_no,
        trade_no=trade.trade_no,
        trade_status=trade.status,
        total_amount=amount,
        buyer_logon_id="138******00",
        buyer_user_id=buyer_id(trade.buyer),
        buyer_pay_amount=paid,
        receipt_amount=paid,
        invoice_amount=paid,
        point_amount="0.00" if paid else "",
        send_pay_date=notices.written(trade.paid_at),
    )


def refunds_of(world: World, out_trade_no: str) -> list[TradeRefund]:
    """What went back, the oldest first."""
    return world.store.rows(TradeRefund, "WHERE out_trade_no = ? ORDER BY done_at, rowid", out_trade_no)


def buyer_id(openid: str) -> str:
    """A person's account number at Alipay: always the same."""
    return notices.buyer_id(openid)


def _end(world: World, trade: Trade, *, is_told: bool) -> None:
    changed = world.store.change(
        "UPDATE trades SET status = 'TRADE_CLOSED', closed_at = ? WHERE out_trade_no = ? AND status = 'WAIT_BUYER_PAY'",
        now(),
        trade.out_trade_no,
    )
    if changed and is_told:
        closed = msgspec.structs.replace(trade, status="TRADE_CLOSED", closed_at=now())
        notices.plan(world, closed, deliveries.Plan())


def _new_trade(given: Mapping[str, str], wanted: PageOrder, buyer: str) -> Trade:
    moment = datetime.fromtimestamp(now(), CHINA)
    number = int(hashlib.sha256(secrets.token_bytes(16)).hexdigest(), 16) % 10**12
    return Trade(
        out_trade_no=wanted.out_trade_no,
        trade_no=f"{moment:%Y%m%d}2200{moment:%H%M}{number:012d}",
        token=secrets.token_urlsafe(16),
        product=wanted.product_code,
        subject=wanted.subject,
        total=gateways.fen(wanted.total_amount),
        buyer=buyer,
        notify_url=given.get("notify_url", ""),
        return_url=given.get("return_url", ""),
        quit_url="" if wanted.quit_url is UNSET else wanted.quit_url,
        passback="" if wanted.passback_params is UNSET else wanted.passback_params,
        status="WAIT_BUYER_PAY",
        created_at=now(),
        expires_at=_ends_at(wanted),
    )


def _ends_at(wanted: PageOrder) -> float:
    """Until when the trade can be paid. Raises Refused."""
    if wanted.time_expire is not UNSET:
        try:
            return gateways.china_time(wanted.time_expire).timestamp()
        except ValueError as error:
            raise Refused("ACQ.INVALID_PARAMETER", "参数无效：time_expire") from error
    if wanted.timeout_express is UNSET:
        return now() + TRADE_SECONDS
    if wanted.timeout_express == "1c":
        today = datetime.fromtimestamp(now(), CHINA).replace(hour=23, minute=59, second=59)
        return today.timestamp()
    number, unit = int(wanted.timeout_express[:-1]), wanted.timeout_express[-1]
    seconds = number * {"m": 60, "h": 3600, "d": 86_400}[unit]
    if not EXPIRE_SECONDS_MIN <= seconds <= TRADE_SECONDS:
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效：timeout_express 取值范围 1m～15d")
    return now() + seconds


def _check_address(url: str, name: str) -> None:
    parts = urlsplit(url)
    is_reachable = parts.scheme == "https" or (parts.scheme == "http" and calls.is_loopback(parts.hostname))
    if url and not (is_reachable and parts.hostname):
        raise Refused("ACQ.INVALID_PARAMETER", f"参数无效：{name}")
