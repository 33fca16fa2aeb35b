"""Alipay's bills: a zip of GBK text, written on the next day, at an address that lives for thirty seconds."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from siyu.connect import gateways
from siyu.connect.sandbox import statement
from siyu.connect.sandbox.alipay import notices, trades
from siyu.connect.sandbox.alipay.rows import Refused, Trade, TradeRefund
from siyu.connect.sandbox.statement import Entry
from siyu.connect.sandbox.world import World

ADDRESS_SECONDS = 30
RULE = "-" * 41
TRADE_HEAD = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
SUMMARY_HEAD = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,服务费（元）,实收净额（元）"
FUND_HEAD = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,"
    "业务类型,备注"
)
PAID_BEFORE = "SELECT coalesce(sum(total), 0), coalesce(sum((total * 60 + 5000) / 10000), 0) FROM trades WHERE paid_at < ?"
REFUNDED_BEFORE = (
    "SELECT coalesce(sum(amount), 0), coalesce(sum((amount * 60 + 5000) / 10000), 0) FROM trade_refunds"
    " WHERE done_at < ?"
)


class BillQuestion(trades.Strict, frozen=True):
    """`alipay.data.dataservice.bill.downloadurl.query`."""

    bill_type: Literal["trade", "signcustomer"]
    bill_date: str


class BillAddress(msgspec.Struct, frozen=True):
    code: str
    msg: str
    bill_download_url: str


def lay_ready(world: World, asked: BillQuestion) -> BillAddress:
    """Write the bill of a day and say where it lies. Raises Refused."""
    try:
        day = statement.day_of(asked.bill_date)
    except ValueError as error:
        raise Refused("isp.invalid-arguments", "入参不合法：bill_date") from error
    is_trade = asked.bill_type == "trade"
    entries = _entries(world, day)
    if is_trade:
        entries = statement.with_faults(world, "alipay", day, entries)
    if not entries or not statement.is_written(day):
        raise Refused("isp.bill_not_exist", "账单不存在")
    files = _trade_files(world, day, entries) if is_trade else _fund_files(world, day, entries)
    token = statement.keep(world, "alipay", _packed(files), ADDRESS_SECONDS)
    return BillAddress("10000", "Success", f"{world.base_url}/downloadBillFile.resource?fileId={token}")


def _entries(world: World, day: date) -> list[Entry]:
    begin, end = statement.window(day)
    paid = world.store.rows(Trade, "WHERE paid_at >= ? AND paid_at < ?", begin, end)
    refunded = world.store.rows(TradeRefund, "WHERE done_at >= ? AND done_at < ?", begin, end)
    entries = [_entry(trade) for trade in paid]
    for refund in refunded:
        trade = trades.find(world, refund.out_trade_no)
        assert trade is not None, "a refund is of a trade"
        entries.append(
            msgspec.structs.replace(
                _entry(trade),
                kind="refund",
                out_refund_no=refund.out_request_no,
                amount=refund.amount,
                at=refund.done_at,
            )
        )
    return sorted(entries, key=lambda entry: entry.at)


def _entry(trade: Trade) -> Entry:
    return Entry(
        kind="payment",
        out_trade_no=trade.out_trade_no,
        transaction_id=trade.trade_no,
        out_refund_no="",
        refund_id="",
        total=trade.total,
        amount=trade.total,
        payer=notices.buyer_id(trade.buyer),
        what=trade.subject,
        at=trade.paid_at or 0.0,
    )


def _trade_files(world: World, day: date, entries: Sequence[Entry]) -> dict[str, str]:
    payments = [entry.amount for entry in entries if entry.kind == "payment"]
    refunds = [entry.amount for entry in entries if entry.kind == "refund"]
    paid, refunded = gateways.yuan(sum(payments)), gateways.yuan(-sum(refunds))
    remarks = (
        f"#交易合计：{len(payments)}笔，商家实收共{paid}元，商家优惠共0.00元",
        f"#退款合计：{len(refunds)}笔，商家实收退款共{refunded}元，商家优惠退款共0.00元",
    )
    fees = gateways.yuan(-sum(entry.fee for entry in entries))
    net = gateways.yuan(sum(payments) - sum(refunds) - sum(entry.fee for entry in entries))
    total = gateways.yuan(sum(payments) - sum(refunds))
    summary = [f"\t,\t,{len(payments)},{len(refunds)},{total},{total},{fees},{net}"]
    detail = [_trade_line(entry) for entry in entries]
    name = f"{world.keys.alipay.seller_id}0156_{day:%Y%m%d}"
    return {
        f"{name}_业务明细(汇总).csv": _text(world, day, "业务汇总", SUMMARY_HEAD, summary, ()),
        f"{name}_业务明细.csv": _text(world, day, "业务明细", TRADE_HEAD, detail, remarks),
    }


def _fund_files(world: World, day: date, entries: Sequence[Entry]) -> dict[str, str]:
    begin, _ = statement.window(day)
    paid, fees = world.store.numbers(PAID_BEFORE, begin)
    refunded, fees_back = world.store.numbers(REFUNDED_BEFORE, begin)
    balance = paid - fees - refunded + fees_back
    lines, changes = [], []
    for entry in entries:
        sign = 1 if entry.kind == "payment" else -1
        for business, change in (
            ("在线支付" if sign > 0 else "交易退款", sign * entry.amount),
            ("收费", -entry.fee),
        ):
            if change:
                balance += change
                changes.append(change)
                lines.append(_fund_line(entry, business, change, balance))
    spent, received = [c for c in changes if c < 0], [c for c in changes if c > 0]
    remarks = (
        f"#支出合计：{len(spent)}笔，共{gateways.yuan(sum(spent))}元",
        f"#收入合计：{len(received)}笔，共{gateways.yuan(sum(received))}元",
    )
    name = f"{world.keys.alipay.seller_id}0156_{day:%Y%m%d}_账务明细.csv"
    return {name: _text(world, day, "账务明细", FUND_HEAD, lines, remarks)}


def _trade_line(entry: Entry) -> str:
    is_payment = entry.kind == "payment"
    amount = gateways.yuan(entry.amount if is_payment else -entry.amount)
    cells = [
        entry.transaction_id + "\t",
        entry.out_trade_no + "\t",
        "交易" if is_payment else "退款",
        entry.what,
        entry.moment,
        entry.moment,
        *("\t" for _ in range(4)),
        f"*({entry.payer[:6]}******)\t",
        amount,
        amount,
        *("0.00" for _ in range(5)),
        "",
        "0.00\t",
        "0.00",
        entry.out_refund_no + "\t",
        gateways.yuan(-entry.fee),
        "0.00",
        "",
    ]
    return ",".join(cells)


def _fund_line(entry: Entry, business: str, change: int, balance: int) -> str:
    flow = hashlib.sha256(f"{entry.kind} {entry.number} {business}".encode()).hexdigest()
    cells = [
        f"{int(flow, 16) % 10**20:020d}\t",
        entry.transaction_id + "\t",
        entry.out_trade_no + "\t",
        entry.what,
        entry.moment,
        f"*({entry.payer[:6]}******)\t",
        gateways.yuan(max(change, 0)),
        gateways.yuan(min(change, 0)),
        gateways.yuan(balance),
        "支付宝\t",
        business,
        "",
    ]
    return ",".join(cells)


def _text(
    world: World, day: date, title: str, head: str, lines: Sequence[str], remarks: Sequence[str]
) -> str:
    after = day + timedelta(days=1)
    before = (
        f"#支付宝{title}查询",
        f"#账号：[{world.keys.alipay.seller_id}0156]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{after:%Y年%m月%d日} 00:00:00]",
        f"#{RULE}{title}列表{RULE}",
    )
    end = (f"#{RULE}{title}列表结束{RULE}", *remarks, f"#导出时间：[{after:%Y年%m月%d日} 05:00:00]")
    return "\r\n".join([*before, head, *lines, *end]) + "\r\n"


def _packed(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text.encode("gb18030"))
    return buffer.getvalue()
