"""Refunds at Alipay: done at once, once per number of the merchant."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from siyu.connect import gateways
from siyu.connect.sandbox import deliveries
from siyu.connect.sandbox.alipay import notices, trades
from siyu.connect.sandbox.alipay.rows import Refused, Trade, TradeRefund
from siyu.connect.sandbox.world import World, now


class RefundOrder(trades.Strict, frozen=True):
    """`alipay.trade.refund`; by number only, because that is how merchants here call."""

    out_trade_no: trades.Short
    refund_amount: Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$")]
    out_request_no: trades.Short | UnsetType = UNSET
    refund_reason: trades.Long | UnsetType = UNSET
    refund_goods_detail: list[dict[str, Any]] | UnsetType = UNSET


class RefundQuestion(trades.Strict, frozen=True):
    """`alipay.trade.fastpay.refund.query`."""

    out_trade_no: trades.Short
    out_request_no: trades.Short
    query_options: list[str] | UnsetType = UNSET


class Refunded(msgspec.Struct, frozen=True):
    """`refund_fee` is the sum of all refunds of the trade, `send_back_fee` what this call sent."""

    code: str
    msg: str
    out_trade_no: str
    trade_no: str
    buyer_user_id: str
    fund_change: str
    refund_fee: str
    send_back_fee: str


class RefundFound(msgspec.Struct, frozen=True, omit_defaults=True):
    code: str
    msg: str
    out_trade_no: str = ""
    trade_no: str = ""
    out_request_no: str = ""
    refund_status: str = ""
    refund_amount: str = ""
    total_amount: str = ""
    gmt_refund_pay: str = ""


def refund(world: World, wanted: RefundOrder) -> Refunded:
    """Send money back, or say that it was sent before. Raises Refused."""
    trade = trades.existing(world, wanted.out_trade_no)
    amount = gateways.fen(wanted.refund_amount)
    if wanted.out_request_no is UNSET and amount != trade.total:
        raise Refused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "撤销或退款金额与订单金额不一致")
    number = trade.out_trade_no if wanted.out_request_no is UNSET else wanted.out_request_no
    reason = "" if wanted.refund_reason is UNSET else wanted.refund_reason
    with world.store.transaction():
        earlier = trades.refunds_of(world, trade.out_trade_no)
        same = [one for one in earlier if one.out_request_no == number]
        if same and same[0].amount != amount:
            raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST", "同一退款请求号，退款金额不一致")
        if not same:
            _check(world, trade, amount, sum(one.amount for one in earlier))
            _send_back(world, trade, TradeRefund(trade.out_trade_no, number, amount, reason, now()), earlier)
    total = sum(one.amount for one in trades.refunds_of(world, trade.out_trade_no))
    return Refunded(
        code="10000",
        msg="Success",
        out_trade_no=trade.out_trade_no,
        trade_no=trade.trade_no,
        buyer_user_id=notices.buyer_id(trade.buyer),
        fund_change="N" if same else "Y",
        refund_fee=gateways.yuan(total),
        send_back_fee="0.00" if same else gateways.yuan(amount),
    )


def found(world: World, asked: RefundQuestion) -> RefundFound:
    """What became of a refund; an answer without content when there is none. Raises Refused."""
    trade = trades.existing(world, asked.out_trade_no)
    done = [
        one
        for one in trades.refunds_of(world, trade.out_trade_no)
        if one.out_request_no == asked.out_request_no
    ]
    if not done:
        return RefundFound("10000", "Success")
    has_time = asked.query_options is not UNSET and "gmt_refund_pay" in asked.query_options
    return RefundFound(
        code="10000",
        msg="Success",
        out_trade_no=trade.out_trade_no,
        trade_no=trade.trade_no,
        out_request_no=asked.out_request_no,
        refund_status="REFUND_SUCCESS",
        refund_amount=gateways.yuan(done[0].amount),
        total_amount=gateways.yuan(trade.total),
        gmt_refund_pay=notices.written(done[0].done_at) if has_time else "",
    )


def _check(world: World, trade: Trade, amount: int, refunded: int) -> None:
    if trade.status == "TRADE_FINISHED":
        raise Refused("ACQ.TRADE_HAS_FINISHED", "交易已完结")
    if trade.status == "WAIT_BUYER_PAY" or trade.paid_at is None:
        raise Refused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    if amount <= 0 or refunded + amount > trade.total:
        raise Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
    if world.flags.is_alipay_balance_short:
        raise Refused("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")


def _send_back(world: World, trade: Trade, one: TradeRefund, earlier: list[TradeRefund]) -> None:
    world.store.add(one)
    refunded = one.amount + sum(refund.amount for refund in earlier)
    if refunded == trade.total:
        # Given back in full, a trade is closed; it stays one that had been paid.
        trade = msgspec.structs.replace(trade, status="TRADE_CLOSED", closed_at=now())
        world.store.change(
            "UPDATE trades SET status = 'TRADE_CLOSED', closed_at = ? WHERE out_trade_no = ?",
            trade.closed_at,
            trade.out_trade_no,
        )
    notices.plan(world, trade, deliveries.Plan(), one, refunded)
