"""Structs of payouts. Amounts are fen, instants are UTC; `period` is the first day of the month the income counts to."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

Method = Literal["wechat", "bank"]

IN_FLIGHT = ("requested", "reviewing", "approved", "submitted", "awaiting_user", "manual")
RETURNED = ("expired", "failed")


class Terms(msgspec.Struct, frozen=True):
    """How a merchant pays out. From `second_from` on two persons approve; `day_cap` is what the channel gives a person."""

    minimum: int = 1_00
    second_from: int = 5_000_00
    day_cap: int = 20_000_00
    job: str = "推广员"


class Payout(msgspec.Struct, frozen=True):
    """One payout: `gross` = `tax` + `net`. `number` is what the gateway knows it by, for ever."""

    id: UUID
    number: str
    promoter_id: UUID
    promoter_name: str
    customer_id: UUID
    method: str
    tax_method: str
    period: date
    gross: int
    tax: int
    net: int
    state: str
    openid: str
    invoice: str
    requested_by: str
    requested_id: UUID | None
    requested_at: datetime
    first_id: UUID | None
    approved_by: str
    approved_at: datetime | None
    submitted_at: datetime | None
    attempts: int
    lacks_funds: bool
    package: str
    expires_at: datetime | None
    reminded_at: datetime | None
    fail_code: str
    fail_reason: str
    reference: str
    finished_at: datetime | None


class PayoutLine(msgspec.Struct, frozen=True):
    """What of a commission line or correction went in; negative for a refund that was set against it."""

    source: Literal["commission", "adjustment"]
    order_id: UUID | None
    line_no: int | None
    adjustment_id: UUID | None
    amount: int
    title: str
    order_number: str


class Step(msgspec.Struct, frozen=True):
    """What happened to a payout, and by whom."""

    state: str
    note: str
    by_name: str
    at: datetime


class Offer(msgspec.Struct, frozen=True):
    """What a promoter would get now, before anything is asked for. `balance` is everything open, `gross` what the day's
    limit lets out of it.
    """

    balance: int
    gross: int
    tax: int
    net: int
    tax_method: str
    month_gross: int
    month_tax: int


class Requested(msgspec.Struct, frozen=True):
    """A wish to be paid; `id` is made by the asker. `most` is a cap of their own, in fen."""

    id: UUID
    method: str = "wechat"
    most: int | None = None


class NotVerified(DomainError):
    """The real name must have been checked before the first payout (T-07)."""

    code = "payouts.not_verified"
    status = 409
    zh = "实名核实通过后才能提现。"
    en = "Your real name has to be verified before money can be paid out."


class NothingToPay(DomainError):
    """There is nothing to pay out, or less than refunds of paid commission took back. Nothing was changed."""

    code = "payouts.nothing_to_pay"
    status = 409
    zh = "当前没有可提现的佣金。"
    en = "There is no commission to pay out."


class BelowMinimum(DomainError):
    """Less than the smallest payout. Nothing was changed."""

    code = "payouts.below_minimum"
    status = 409
    zh = "可提现金额不足 {least} 元。"
    en = "Less than ¥{least} can be paid out."


class DayCapReached(DomainError):
    """The channel pays one person no more today. Nothing was changed."""

    code = "payouts.day_cap"
    status = 409
    zh = "今天的收款额度已用完，请明天再提现。"
    en = "Today's limit has been used up; please ask again tomorrow."


class OneInFlight(DomainError):
    """A payout of this promoter is on its way. Nothing was changed."""

    code = "payouts.one_in_flight"
    status = 409
    zh = "上一笔提现还在处理中。"
    en = "The payout before this one is still on its way."


class NoWallet(DomainError):
    """There is nowhere to send the money: no WeChat identity, or no bank card."""

    code = "payouts.no_wallet"
    status = 409
    zh = "没有可用的收款方式：请在微信里登录，或在实名资料里填写银行卡。"
    en = "There is nowhere to send the money: sign in with WeChat, or add a bank card to your real name."


class WrongState(DomainError):
    """The payout is in a state in which that cannot be done. Nothing was changed."""

    code = "payouts.wrong_state"
    status = 409
    zh = "这笔提现现在的状态不能这样操作。"
    en = "The payout is in a state in which that cannot be done."


class SamePerson(DomainError):
    """Who asked, or approved first, may not approve. Nothing was changed."""

    code = "payouts.same_person"
    status = 403
    zh = "需要另一位同事审批。"
    en = "Another colleague has to approve this."


class NeedsPerson(DomainError):
    """A key or the system tried what a person has to answer for."""

    code = "payouts.needs_person"
    status = 403
    zh = "审批需要由员工本人登录后办理。"
    en = "A member of staff has to approve, signed in as themselves."


class NeedsInvoice(DomainError):
    """An enterprise is paid against an invoice (T-08)."""

    code = "payouts.needs_invoice"
    status = 409
    zh = "企业或个体户结算，请先登记发票号码。"
    en = "Enterprises are paid against an invoice; enter its number first."
