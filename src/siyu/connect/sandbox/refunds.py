"""Refunds at the gateway: accepted as PROCESSING, settled a moment later, reported by a callback."""

import secrets
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from siyu.connect.sandbox import deliveries, orders, wire
from siyu.connect.sandbox.asked import Strict
from siyu.connect.sandbox.store import Order, Refund
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import CHINA, World, now, rfc3339

REFUNDS_PER_ORDER_MAX = 50
REFUND_WITHIN_SECONDS = 365 * 86_400
BETWEEN_REFUNDS_SECONDS = 60
EVENTS = {
    "SUCCESS": ("REFUND.SUCCESS", "退款成功"),
    "CLOSED": ("REFUND.CLOSED", "退款关闭"),
    "ABNORMAL": ("REFUND.ABNORMAL", "退款异常"),
}


class RefundAmount(Strict, frozen=True):
    refund: Annotated[int, Meta(ge=1)]
    total: Annotated[int, Meta(ge=1)]
    currency: Annotated[str, Meta(pattern="^CNY$")]


class RefundOrder(Strict, frozen=True):
    """`POST /v3/refund/domestic/refunds`."""

    out_refund_no: Annotated[str, Meta(pattern=r"^[0-9a-zA-Z_\-|*@]{1,64}$")]
    amount: RefundAmount
    out_trade_no: Annotated[str, Meta(min_length=6, max_length=32)] | msgspec.UnsetType = msgspec.UNSET
    transaction_id: Annotated[str, Meta(min_length=1, max_length=32)] | msgspec.UnsetType = msgspec.UNSET
    reason: Annotated[str, Meta(min_length=1, max_length=80)] | msgspec.UnsetType = msgspec.UNSET
    notify_url: Annotated[str, Meta(min_length=8, max_length=256)] | msgspec.UnsetType = msgspec.UNSET
    funds_account: Annotated[str, Meta(pattern="^AVAILABLE$")] | msgspec.UnsetType = msgspec.UNSET
    goods_detail: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET


class RefundAmountOut(msgspec.Struct, frozen=True):
    total: int
    refund: int
    payer_total: int
    payer_refund: int
    settlement_refund: int
    settlement_total: int
    discount_refund: int = 0
    currency: str = "CNY"


class RefundOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a refund and to its query."""

    refund_id: str
    out_refund_no: str
    transaction_id: str
    out_trade_no: str
    channel: str
    user_received_account: str
    create_time: str
    status: str
    funds_account: str
    amount: RefundAmountOut
    success_time: str = ""


class NoticeAmountOut(msgspec.Struct, frozen=True):
    total: int
    refund: int
    payer_total: int
    payer_refund: int


class RefundNoticeOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of a refund callback, which spells the state differently."""

    mchid: str
    out_trade_no: str
    transaction_id: str
    out_refund_no: str
    refund_id: str
    refund_status: str
    user_received_account: str
    amount: NoticeAmountOut
    success_time: str = ""


def start(world: World, body: bytes) -> RefundOut:
    """Accept a refund, or meet the same one again. Raises Refusal."""
    wanted = wire.read(body, RefundOrder)
    fingerprint = wire.fingerprint(body)
    if wanted.notify_url is not msgspec.UNSET:
        orders.check_notify_url(wanted.notify_url)
    with world.store.transaction():
        known = world.store.row(Refund, "WHERE out_refund_no = ?", wanted.out_refund_no)
        if known and known.fingerprint != fingerprint:
            raise Refusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致", 268498688)
        if known is None:
            order = _order_of(world, wanted)
            _check_amount(world, order, wanted.amount)
            known = _new_refund(world, order, wanted, fingerprint)
            world.store.add(known)
            world.store.change(
                "UPDATE orders SET state = 'REFUND' WHERE out_trade_no = ?", order.out_trade_no
            )
    world.planned.set()
    return found(world, known.out_refund_no)


def found(world: World, out_refund_no: str) -> RefundOut:
    """A refund as of now. Raises Refusal 404."""
    settle_due(world)
    refund = world.store.row(Refund, "WHERE out_refund_no = ?", out_refund_no)
    if refund is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在", 268512771)
    order = orders.existing(world, refund.out_trade_no)
    return RefundOut(
        refund_id=refund.refund_id,
        out_refund_no=refund.out_refund_no,
        transaction_id=order.transaction_id,
        out_trade_no=refund.out_trade_no,
        channel="ORIGINAL",
        user_received_account="支付用户零钱",
        create_time=rfc3339(refund.created_at),
        status=refund.status,
        funds_account="AVAILABLE",
        amount=RefundAmountOut(
            total=refund.total,
            refund=refund.refund,
            payer_total=refund.total,
            payer_refund=refund.refund,
            settlement_refund=refund.refund,
            settlement_total=refund.total,
        ),
        success_time=rfc3339(refund.success_at) if refund.success_at is not None else "",
    )


def settle_due(world: World) -> None:
    """Finish the refunds whose time has come and plan their callbacks."""
    if not world.store.row(Refund, "WHERE status = 'PROCESSING' AND settles_at <= ?", now()):
        return
    with world.store.transaction():
        due = world.store.rows(Refund, "WHERE status = 'PROCESSING' AND settles_at <= ? LIMIT 100", now())
        for refund in due:
            _settle(world, refund, world.flags.refund_result)


def _settle(world: World, refund: Refund, status: str) -> None:
    success_at = now() if status == "SUCCESS" else None
    world.store.change(
        "UPDATE refunds SET status = ?, success_at = ? WHERE out_refund_no = ?",
        status,
        success_at,
        refund.out_refund_no,
    )
    if not refund.notify_url:
        return
    order = orders.existing(world, refund.out_trade_no)
    event_type, summary = EVENTS[status]
    deliveries.plan(
        world,
        deliveries.Plan(),
        out_trade_no=refund.out_trade_no,
        notify_url=refund.notify_url,
        event_type=event_type,
        original_type="refund",
        summary=summary,
        content=RefundNoticeOut(
            mchid=world.keys.numbers.merchant_id,
            out_trade_no=refund.out_trade_no,
            transaction_id=order.transaction_id,
            out_refund_no=refund.out_refund_no,
            refund_id=refund.refund_id,
            refund_status=status,
            user_received_account="支付用户零钱",
            amount=NoticeAmountOut(refund.total, refund.refund, refund.total, refund.refund),
            success_time=rfc3339(success_at) if success_at is not None else "",
        ),
    )


def _order_of(world: World, wanted: RefundOrder) -> Order:
    if wanted.transaction_id is not msgspec.UNSET:
        order = world.store.row(Order, "WHERE transaction_id = ?", wanted.transaction_id)
    elif wanted.out_trade_no is not msgspec.UNSET:
        order = orders.find(world, wanted.out_trade_no)
    else:
        raise Refusal(400, "PARAM_ERROR", "transaction_id 和 out_trade_no 必须二选一", 268435461)
    if order is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "订单不存在", 268512771)
    if order.paid_at is None:
        raise Refusal(400, "INVALID_REQUEST", "订单未支付，不能退款")
    if now() - order.paid_at > REFUND_WITHIN_SECONDS:
        raise Refusal(400, "INVALID_REQUEST", "订单已超过一年，不能退款")
    return order


def _check_amount(world: World, order: Order, amount: RefundAmount) -> None:
    if amount.total != order.total:
        raise Refusal(400, "INVALID_REQUEST", "订单金额与原订单不一致")
    earlier = world.store.rows(
        Refund, "WHERE out_trade_no = ? AND status <> 'CLOSED' ORDER BY created_at", order.out_trade_no
    )
    if sum(refund.refund for refund in earlier) + amount.refund > order.total:
        raise Refusal(400, "INVALID_REQUEST", "申请退款金额大于订单可退金额")
    if len(earlier) >= REFUNDS_PER_ORDER_MAX:
        raise Refusal(400, "INVALID_REQUEST", f"一笔订单最多支持{REFUNDS_PER_ORDER_MAX}次部分退款")
    is_hasty = bool(earlier) and now() - earlier[-1].created_at < BETWEEN_REFUNDS_SECONDS
    if world.flags.is_refund_minute_enforced and is_hasty:
        raise Refusal(429, "FREQUENCY_LIMITED", "同一订单的多次退款请间隔1分钟", 268447840)


def _new_refund(world: World, order: Order, wanted: RefundOrder, fingerprint: str) -> Refund:
    return Refund(
        out_refund_no=wanted.out_refund_no,
        refund_id=f"5020{datetime.fromtimestamp(now(), CHINA):%Y%m%d%H%M%S}{secrets.randbelow(10**11):011d}",
        out_trade_no=order.out_trade_no,
        fingerprint=fingerprint,
        refund=wanted.amount.refund,
        total=order.total,
        reason="" if wanted.reason is msgspec.UNSET else wanted.reason,
        notify_url="" if wanted.notify_url is msgspec.UNSET else wanted.notify_url,
        status="PROCESSING",
        created_at=now(),
        settles_at=now() + world.flags.refund_seconds,
        success_at=None,
    )
