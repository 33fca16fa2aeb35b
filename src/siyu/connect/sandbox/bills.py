"""WeChat Pay's bills: written on the next day at ten, from what happened here, with a hash and an address that ages."""

import gzip
import hashlib
from collections.abc import Sequence
from datetime import date

import msgspec

from siyu.connect import gateways
from siyu.connect.sandbox import statement
from siyu.connect.sandbox.statement import Entry
from siyu.connect.sandbox.store import Order, Refund
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World

FILE_SECONDS = 300
KEPT_DAYS = 92  # about three months
TRADE_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FUND_HEAD = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,"
    "业务凭证号"
)
FUND_TOTALS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
PAID_BEFORE = (
    "SELECT coalesce(sum(total), 0), coalesce(sum((total * 60 + 5000) / 10000), 0) FROM orders"
    " WHERE paid_at < ?"
)
REFUNDED_BEFORE = (
    "SELECT coalesce(sum(refund), 0), coalesce(sum((refund * 60 + 5000) / 10000), 0) FROM refunds"
    " WHERE success_at < ?"
)


class BillNamed(msgspec.Struct, frozen=True):
    hash_type: str
    hash_value: str
    download_url: str


def trade_bill(world: World, asked: dict[str, str]) -> BillNamed:
    """Write the trade bill of a day and say where it lies. Raises Refusal."""
    day = _day(asked, known=("bill_date", "bill_type", "tar_type"))
    kind = asked.get("bill_type", "ALL")
    if kind != "ALL":
        raise Refusal(400, "PARAM_ERROR", "沙箱仅提供 bill_type=ALL 的账单", 268435461)
    entries = statement.with_faults(world, "wxpay", day, _entries(world, day))
    if not entries:
        raise _nothing()
    return _laid_ready(world, asked, trade_text(world, entries))


def fund_flow_bill(world: World, asked: dict[str, str]) -> BillNamed:
    """Write the movements of the basic account on a day and say where they lie. Raises Refusal."""
    day = _day(asked, known=("bill_date", "account_type", "tar_type"))
    if asked.get("account_type", "BASIC") != "BASIC":
        raise _nothing()
    entries = sorted(_entries(world, day), key=lambda entry: entry.at)
    if not entries:
        raise _nothing()
    return _laid_ready(world, asked, fund_text(entries, _balance_before(world, day)))


def file(world: World, gateway: str, token: str) -> bytes:
    """The file of a token. Raises Refusal when it is unknown or too old."""
    content = statement.kept(world, gateway, token)
    if content is None:
        raise Refusal(400, "INVALID_REQUEST", "账单下载地址已失效，请重新申请", 268435461)
    return content


def trade_text(world: World, entries: Sequence[Entry]) -> str:
    """The ALL bill: 27 columns, a backtick before every cell, amounts in yuan."""
    payments = [entry for entry in entries if entry.kind == "payment"]
    refunds = [entry for entry in entries if entry.kind == "refund"]
    paid, refunded = sum(entry.amount for entry in payments), sum(entry.amount for entry in refunds)
    fees = sum(entry.fee for entry in entries)
    totals = [
        str(len(entries)),
        gateways.yuan(paid),
        gateways.yuan(refunded),
        "0.00",
        _fine(fees),
        gateways.yuan(paid),
        gateways.yuan(refunded),
    ]
    lines = [
        TRADE_HEAD,
        *(_line(_trade_cells(world, entry)) for entry in entries),
        TRADE_TOTALS,
        _line(totals),
    ]
    return "\r\n".join(lines) + "\r\n"


def fund_text(entries: Sequence[Entry], balance: int) -> str:
    """Every payment and refund, and its fee, as movements of the account; `balance` is what was there before."""
    lines, received, spent = [FUND_HEAD], [], []
    for entry in entries:
        is_payment = entry.kind == "payment"
        for business, amount in (
            ("交易" if is_payment else "退款", entry.amount),
            ("扣除交易手续费", entry.fee),
        ):
            change = amount if business == "交易" else -amount
            if change == 0:
                continue
            balance += change
            (received if change > 0 else spent).append(abs(change))
            lines.append(_line(_fund_cells(entry, business, change, balance)))
    totals = [
        str(len(received) + len(spent)),
        str(len(received)),
        gateways.yuan(sum(received)),
        str(len(spent)),
        gateways.yuan(sum(spent)),
    ]
    return "\r\n".join([*lines, FUND_TOTALS, _line(totals)]) + "\r\n"


def _entries(world: World, day: date) -> list[Entry]:
    begin, end = statement.window(day)
    paid = world.store.rows(Order, "WHERE paid_at >= ? AND paid_at < ?", begin, end)
    refunded = world.store.rows(Refund, "WHERE success_at >= ? AND success_at < ?", begin, end)
    entries = [_entry(order) for order in paid]
    for refund in refunded:
        order = world.store.row(Order, "WHERE out_trade_no = ?", refund.out_trade_no)
        assert order is not None, "a refund is of an order"
        entries.append(
            msgspec.structs.replace(
                _entry(order),
                kind="refund",
                out_refund_no=refund.out_refund_no,
                refund_id=refund.refund_id,
                amount=refund.refund,
                at=refund.success_at or 0.0,
            )
        )
    return entries


def _entry(order: Order) -> Entry:
    return Entry(
        kind="payment",
        out_trade_no=order.out_trade_no,
        transaction_id=order.transaction_id,
        out_refund_no="",
        refund_id="",
        total=order.total,
        amount=order.total,
        payer=order.openid,
        what=order.description,
        at=order.paid_at or 0.0,
        trade_type=order.trade_type,
        app_id=order.app_id,
    )


def _trade_cells(world: World, entry: Entry) -> list[str]:
    numbers, is_payment = world.keys.numbers, entry.kind == "payment"
    amount = gateways.yuan(entry.amount)
    payment, refund = (amount, "0.00") if is_payment else ("0.00", amount)
    return [
        entry.moment,
        entry.app_id or numbers.app_id,
        numbers.merchant_id,
        "0",
        "",
        entry.transaction_id,
        entry.out_trade_no,
        entry.payer,
        entry.trade_type,
        "SUCCESS" if is_payment else "REFUND",
        "OTHERS",
        "CNY",
        payment,
        "0.00",
        entry.refund_id or "0",
        entry.out_refund_no or "0",
        refund,
        "0.00",
        "" if is_payment else "ORIGINAL",
        "" if is_payment else "SUCCESS",
        entry.what,
        "",
        _fine(entry.fee),
        "0.60%",
        payment,
        refund,
        "",
    ]


def _fund_cells(entry: Entry, business: str, change: int, balance: int) -> list[str]:
    return [
        entry.moment,
        entry.transaction_id,
        hashlib.sha256(f"{entry.kind} {entry.number} {business}".encode()).hexdigest()[:32],
        business,
        business,
        "收入" if change > 0 else "支出",
        gateways.yuan(abs(change)),
        gateways.yuan(balance),
        "system",
        "",
        entry.refund_id or entry.transaction_id,
    ]


def _balance_before(world: World, day: date) -> int:
    """What the account held when the day began, in fen."""
    begin, _ = statement.window(day)
    paid, fees = world.store.numbers(PAID_BEFORE, begin)
    refunded, fees_back = world.store.numbers(REFUNDED_BEFORE, begin)
    return paid - fees - refunded + fees_back


def _laid_ready(world: World, asked: dict[str, str], text: str) -> BillNamed:
    plain = text.encode()
    is_packed = asked.get("tar_type") == "GZIP"
    token = statement.keep(world, "wxpay", gzip.compress(plain) if is_packed else plain, FILE_SECONDS)
    return BillNamed(
        hash_type="SHA1",
        hash_value=hashlib.sha1(plain, usedforsecurity=False).hexdigest(),
        download_url=f"{world.base_url}/v3/billdownload/file?token={token}",
    )


def _day(asked: dict[str, str], *, known: tuple[str, ...]) -> date:
    """The day that was asked for, if its bill has been written. Raises Refusal."""
    if set(asked) - set(known) or asked.get("tar_type", "GZIP") != "GZIP":
        raise Refusal(400, "PARAM_ERROR", "参数中含有非法的额外参数", 270924358)
    try:
        day = statement.day_of(asked.get("bill_date", ""))
    except ValueError as error:
        raise Refusal(400, "PARAM_ERROR", "bill_date 格式应为 yyyy-MM-dd", 268435461) from error
    if not statement.is_over(day):
        raise Refusal(400, "INVALID_REQUEST", "请检查 bill_date：仅支持下载昨日及以前的账单", 268435464)
    if not statement.is_written(day):
        raise Refusal(400, "STATEMENT_CREATING", "账单生成中，请在次日10点后再下载")
    if statement.is_over_for_days(day, KEPT_DAYS):
        raise Refusal(400, "INVALID_REQUEST", "请检查 bill_date：仅支持下载三个月内的账单", 268435464)
    return day


def _nothing() -> Refusal:
    return Refusal(400, "NO_STATEMENT_EXIST", "账单文件不存在：该日没有交易或退款")


def _line(cells: Sequence[str]) -> str:
    return ",".join("`" + cell for cell in cells)


def _fine(amount: int) -> str:
    """Fees are written with five decimals."""
    return gateways.yuan(amount) + "000"
