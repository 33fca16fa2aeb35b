"""Beginning to pay: the intent is written first, then the gateway is asked, then its answer is written."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from siyu.connect import alipay, gateways, wxpay
from siyu.kernel import clock
from siyu.people import customers
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.asking import FIRST_QUERY, end_attempt, is_under_review
from siyu.trade.payments.model import (
    GATEWAY_OF,
    BalanceNotDue,
    CannotPayHere,
    Lines,
    MethodNotOffered,
    UnderReview,
    by_name,
)
from siyu.trade.payments.opening import open_payments

# How long the cashier of a method can be opened; we stop using it earlier than the gateway does.
LASTS = {
    "wxpay_jsapi": timedelta(minutes=110),
    "wxpay_mini": timedelta(minutes=110),
    "wxpay_native": timedelta(minutes=110),
    "wxpay_h5": timedelta(minutes=4),
}
TRIES = 2  # the second with a new number, after the first was ended


class Where(msgspec.Struct, frozen=True):
    """Where the buyer is. `ip` is theirs as WeChat's H5 cashier wants it, `openid` that of the mini program.

    `return_url` is where the gateway's page leads back to. It proves nothing.
    """

    ip: str = ""
    device: Literal["Wap", "iOS", "Android"] = "Wap"
    return_url: str = ""
    openid: str = ""


class Cashier(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the buyer goes on: with WeChat's parameters, at an address, or by scanning a code."""

    method: str
    payment_id: UUID
    parameters: wxpay.ClientParameters | None = None
    address: str = ""
    code: str = ""


class _Attempt(msgspec.Struct, frozen=True):
    id: UUID
    out_trade_no: str
    amount: int
    payer: str | None
    prepay_id: str | None
    prepaid_at: datetime | None


class _Ask(msgspec.Struct, frozen=True):
    """What a gateway is asked for."""

    attempt: _Attempt
    order: orders.Order
    method: str
    where: Where
    notify_url: str
    expires_at: datetime
    subject: str


async def begin(
    database: Database,
    merchant: Merchant,
    lines: Lines,
    order_id: UUID,
    *,
    customer_id: UUID,
    notify_url: str,
    method: str = "wxpay_jsapi",
    where: Where | None = None,
) -> Cashier:
    """Open a gateway's cashier for this order. `notify_url` is where that gateway shall tell us.

    Asking twice is harmless: one way of paying has one number. Raises NotFound, WrongState when the order is not
    waiting for money, CannotPayHere without a WeChat identity, MethodNotOffered, UnderReview, and what the gateway
    refuses.
    """
    gateway = by_name(lines).get(GATEWAY_OF.get(method, ""))
    if gateway is None:
        raise MethodNotOffered(field="method")
    for tries_left in reversed(range(TRIES)):
        ask = await _intend(database, merchant, order_id, customer_id, method, where or Where(), notify_url)
        attempt = ask.attempt
        if attempt.prepay_id and attempt.prepaid_at:
            if clock.now() - attempt.prepaid_at < LASTS[method]:
                return _cashier(gateway, ask, attempt.prepay_id)
        else:
            try:
                return await _opened(database, merchant, gateway, ask)
            except gateways.GatewayRefused:
                # The number may be known with other values, from a beginning whose answer we never wrote down.
                if not tries_left:
                    raise
        await end_attempt(database, merchant, lines, attempt.id)
    raise MethodNotOffered(field="method")


async def _intend(
    database: Database,
    merchant: Merchant,
    order_id: UUID,
    customer_id: UUID,
    method: str,
    where: Where,
    notify_url: str,
) -> _Ask:
    async with database.begin(merchant) as uow:
        order = await payable(uow, order_id, customer_id)
        payer = await _payer(uow, customer_id, method, where)
        (number,) = await open_payments(uow, [order_id], method)
        attempt = await uow.one(
            _Attempt,
            """
            update payments set payer = coalesce(payer, %(payer)s), updated_at = %(now)s,
                                next_query_at = case when asked = 0 then %(next)s else next_query_at end
            where merchant_id = %(merchant_id)s and out_trade_no = %(number)s
            returning id, out_trade_no, amount, payer, prepay_id, prepaid_at
            """,
            payer=payer,
            number=number,
            next=uow.now + FIRST_QUERY,
        )
    assert order.pay_by is not None, "an unpaid order has its time"
    return _Ask(
        attempt=attempt,
        order=order,
        method=method,
        where=where,
        notify_url=notify_url,
        # The gateway wants at least a minute; our own sweep closes the order at pay_by in any case.
        expires_at=max(order.pay_by, clock.now() + timedelta(minutes=2)),
        subject=f"{merchant.name} {order.number}",
    )


async def payable(uow: UnitOfWork, order_id: UUID, customer_id: UUID) -> orders.Order:
    """The order, when it waits for money and time is left. Raises NotFound, WrongState, UnderReview."""
    order = await orders.find(uow, order_id, customer_id=customer_id)
    if order.state != "unpaid":
        raise orders.WrongState(order.state)
    if order.pay_by is None or order.pay_by <= uow.now:
        raise orders.WrongState("expired")
    if order.deposit_paid_at is not None and order.balance_from is not None and uow.now < order.balance_from:
        raise BalanceNotDue
    if await is_under_review(uow, order_id):
        raise UnderReview
    return order


async def _payer(uow: UnitOfWork, customer_id: UUID, method: str, where: Where) -> str | None:
    if method == "wxpay_jsapi":
        openid = await customers.openid_of(uow, customer_id)
        if openid is None:
            raise CannotPayHere
        return openid
    if method == "wxpay_mini":
        if not where.openid:
            raise CannotPayHere
        return where.openid
    return where.ip or None


async def _opened(database: Database, merchant: Merchant, gateway: gateways.Gateway, ask: _Ask) -> Cashier:
    if ask.method in {"alipay_wap", "alipay_page"}:
        return _cashier(
            gateway, ask, ""
        )  # the address is signed by ourselves; Alipay learns of it from the buyer
    prepay_id = await _prepaid(gateway, ask)
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            update payments set prepay_id = %(prepay)s, prepaid_at = %(now)s, updated_at = %(now)s
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            prepay=prepay_id,
            id=ask.attempt.id,
        )
    return _cashier(gateway, ask, prepay_id)


async def _prepaid(gateway: gateways.Gateway, ask: _Ask) -> str:
    assert isinstance(gateway, wxpay.Gateway), "only WeChat Pay is asked before the buyer pays"
    number, payer, subject = ask.attempt.out_trade_no, ask.attempt.payer or "", ask.subject
    total, url, expires_at = ask.attempt.amount, ask.notify_url, ask.expires_at
    if ask.method == "wxpay_h5":
        return await gateway.prepay_h5(
            out_trade_no=number, description=subject, total=total, notify_url=url, expires_at=expires_at,
            payer_ip=payer, kind=ask.where.device, return_url=ask.where.return_url,
        )  # fmt: skip
    if ask.method == "wxpay_native":
        return await gateway.prepay_native(
            out_trade_no=number, description=subject, total=total, notify_url=url, expires_at=expires_at,
            payer_ip=payer,
        )  # fmt: skip
    return await gateway.prepay(
        out_trade_no=number, description=subject, total=total, notify_url=url, expires_at=expires_at,
        openid=payer, app_id=gateway.credentials.mini_app_id if ask.method == "wxpay_mini" else "",
    )  # fmt: skip


def _cashier(gateway: gateways.Gateway, ask: _Ask, prepay_id: str) -> Cashier:
    method, payment_id, number = ask.method, ask.attempt.id, ask.attempt.out_trade_no
    if isinstance(gateway, alipay.Gateway):
        url_of = gateway.wap_pay_url if method == "alipay_wap" else gateway.page_pay_url
        address = url_of(
            out_trade_no=number, subject=ask.subject, total=ask.attempt.amount, notify_url=ask.notify_url,
            return_url=ask.where.return_url, expires_at=ask.expires_at,
        )  # fmt: skip
        return Cashier(method, payment_id, address=address)
    if method == "wxpay_h5":
        return Cashier(method, payment_id, address=prepay_id)
    if method == "wxpay_native":
        return Cashier(method, payment_id, code=prepay_id)
    assert isinstance(gateway, wxpay.Gateway), "WeChat's parameters are signed by WeChat Pay's line"
    app_id = gateway.credentials.mini_app_id if method == "wxpay_mini" else ""
    return Cashier(method, payment_id, parameters=gateway.client_parameters(prepay_id, app_id))
