"""Alipay's notices: one form with everything about the trade, repeated until the merchant says `success`."""

import hashlib

import msgspec

from siyu.connect import alipay, gateways
from siyu.connect.sandbox import deliveries, statement
from siyu.connect.sandbox.alipay import wire
from siyu.connect.sandbox.alipay.rows import Trade, TradeRefund
from siyu.connect.sandbox.store import Delivery
from siyu.connect.sandbox.world import World

# Seconds between the attempts: seven repeats over some twenty-five hours.
RETRY_SECONDS = (240, 600, 600, 3600, 7200, 21_600, 54_000)
HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def plan(
    world: World,
    trade: Trade,
    travel: deliveries.Plan,
    refund: TradeRefund | None = None,
    refunded: int = 0,
) -> None:
    """Write down a notice, inside the caller's transaction; nobody is told who gave no address.

    `refunded` is the sum of all refunds so far, in fen.
    """
    if not trade.notify_url:
        return
    deliveries.plan(
        world,
        travel,
        out_trade_no=trade.out_trade_no,
        notify_url=trade.notify_url,
        event_type=trade.status,
        original_type="trade_status_sync",
        summary="",
        content=fields(world, trade, refund, refunded),
        gateway="alipay",
    )


def fields(world: World, trade: Trade, refund: TradeRefund | None, refunded: int) -> dict[str, str]:
    """What a notice says, without its id, its time and its signature. Empty fields are left out when it is sent."""
    numbers, amount = world.keys.alipay, gateways.yuan(trade.total)
    paid = amount if trade.paid_at is not None else ""
    said = {
        "notify_type": "trade_status_sync",
        "app_id": numbers.app_id,
        "auth_app_id": numbers.app_id,
        "charset": "utf-8",
        "version": "1.0",
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_id": buyer_id(trade.buyer),
        "seller_id": numbers.seller_id,
        "trade_status": trade.status,
        "total_amount": amount,
        "receipt_amount": paid,
        "buyer_pay_amount": paid,
        "invoice_amount": paid,
        "point_amount": "0.00" if paid else "",
        "subject": trade.subject,
        "gmt_create": written(trade.created_at),
        "gmt_payment": written(trade.paid_at),
        "gmt_close": written(trade.closed_at),
        "fund_bill_list": f'[{{"amount":"{amount}","fundChannel":"ALIPAYACCOUNT"}}]' if paid else "",
        "passback_params": trade.passback,
    }
    if refund is not None:
        said |= {
            "refund_fee": gateways.yuan(refunded),
            "gmt_refund": written(refund.done_at) + ".000",
            "out_biz_no": refund.out_request_no,
        }
    return said


def enveloped(world: World, delivery: Delivery) -> tuple[dict[str, str], bytes]:
    """Headers and body of a notice: the same id in every repeat, time and signature anew."""
    said = msgspec.json.decode(delivery.plaintext, type=dict[str, str])
    signed = wire.signed_form(world, {**said, **_letterhead(delivery.event_id)})
    return HEADERS, wire.form_body(signed)


def is_accepted(status: int, answer: bytes) -> bool:
    """What ends the repeats: seven characters and nothing else."""
    return status == 200 and answer == alipay.ACCEPTED


def buyer_id(openid: str) -> str:
    """A person's account number at Alipay: always the same."""
    return f"2088{int(hashlib.sha256(openid.encode()).hexdigest(), 16) % 10**12:012d}"


def written(moment: float | None) -> str:
    """A moment as Alipay writes it, or nothing."""
    return "" if moment is None else statement.china(moment)


def _letterhead(event_id: str) -> dict[str, str]:
    return {"notify_id": event_id.replace("-", ""), "notify_time": wire.china_now()}
