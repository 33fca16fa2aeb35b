"""Payments of the past: a merchant that arrives with a history brings what the gateway would know of it."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from siyu.connect.sandbox.alipay.rows import Trade, TradeRefund
from siyu.connect.sandbox.store import Order, Refund, Row, Store


class PastRefund(msgspec.Struct, frozen=True):
    """Money that went back; `amount` in fen."""

    out_refund_no: str
    refund_id: str
    amount: int
    reason: str
    done_at: datetime


class PastPayment(msgspec.Struct, frozen=True):
    """A payment that succeeded; `total` in fen. `notify_url` is where the merchant listened.

    At Alipay (`gateway` 'alipay') `openid` is the person of this sandbox who paid.
    """

    out_trade_no: str
    transaction_id: str
    total: int
    openid: str
    description: str
    notify_url: str
    paid_at: datetime
    refunds: tuple[PastRefund, ...] = ()
    gateway: str = "wxpay"


def add_payments(folder: Path, payments: Sequence[PastPayment]) -> None:
    """Let the gateway kept in `folder` know these payments, so that it can refund what is left of them.

    All of them or none; those it knows already stay as they are. Nobody is called back.
    """
    for payment in payments:
        assert _given_back(payment) <= payment.total, "nobody gets back more than was paid"
    store = Store(folder)
    try:
        with store.transaction():
            for payment in payments:
                for row in _trade(payment) if payment.gateway == "alipay" else _paid(payment):
                    store.add(row, or_ignore=True)
    finally:
        store.close()


def _paid(payment: PastPayment) -> list[Row]:
    return [_order(payment), *(_refund(payment, refund) for refund in payment.refunds)]


def _trade(payment: PastPayment) -> list[Row]:
    """As Alipay remembers it."""
    paid_at = payment.paid_at.timestamp()
    trade = Trade(
        out_trade_no=payment.out_trade_no,
        trade_no=payment.transaction_id,
        token=secrets.token_urlsafe(18),
        product="QUICK_WAP_WAY",
        subject=payment.description,
        total=payment.total,
        buyer=payment.openid,
        notify_url=payment.notify_url,
        return_url="",
        quit_url="",
        passback="",
        status="TRADE_CLOSED" if payment.total == _given_back(payment) else "TRADE_SUCCESS",
        created_at=paid_at,
        expires_at=paid_at,
        paid_at=paid_at,
    )
    refunds = [
        TradeRefund(payment.out_trade_no, one.out_refund_no, one.amount, one.reason, one.done_at.timestamp())
        for one in payment.refunds
    ]
    return [trade, *refunds]


def _given_back(payment: PastPayment) -> int:
    return sum(refund.amount for refund in payment.refunds)


def _order(payment: PastPayment) -> Order:
    paid_at = payment.paid_at.timestamp()
    return Order(
        out_trade_no=payment.out_trade_no,
        fingerprint="",
        description=payment.description,
        attach="",
        total=payment.total,
        openid=payment.openid,
        notify_url=payment.notify_url,
        state="REFUND" if payment.refunds else "SUCCESS",
        transaction_id=payment.transaction_id,
        created_at=paid_at,
        expires_at=paid_at,
        paid_at=paid_at,
    )


def _refund(payment: PastPayment, refund: PastRefund) -> Refund:
    done_at = refund.done_at.timestamp()
    return Refund(
        out_refund_no=refund.out_refund_no,
        refund_id=refund.refund_id,
        out_trade_no=payment.out_trade_no,
        fingerprint="",
        refund=refund.amount,
        total=payment.total,
        reason=refund.reason,
        notify_url="",
        status="SUCCESS",
        created_at=done_at,
        settles_at=done_at,
        success_at=done_at,
    )
