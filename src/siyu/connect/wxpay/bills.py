"""Bill files of WeChat Pay (交易账单, 资金账单): text that is taken whole or not at all.

Every data cell begins with a backtick and none is quoted, so a line is split on `` ,` ``, never on bare commas:
product names contain those. Yuan in the file, fen here.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Literal, TypeVar

import msgspec

from siyu.connect import gateways
from siyu.connect.gateways import Bill, BillRow, BillUnreadable, FundBill, FundRow

T = TypeVar("T")

AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,5}))?")
FINE_DIGITS = 5  # fees are written with five decimals
FINE_PER_FEN = 1000  # how many of these make a fen
DIRECTIONS: dict[str, Literal["in", "out"]] = {"收入": "in", "支出": "out"}

TRADE_COLUMNS = (
    "交易时间", "微信订单号", "商户订单号", "交易状态", "货币种类", "微信退款单号", "商户退款单号",
    "退款状态", "手续费", "订单金额", "申请退款金额",
)  # fmt: skip
TRADE_TOTALS = ("总交易单数", "手续费总金额", "订单总金额", "申请退款总金额")
FUND_COLUMNS = (
    "记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型", "收支金额(元)",
    "账户结余(元)", "备注", "业务凭证号",
)  # fmt: skip
FUND_TOTALS = ("资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额")

Line = dict[str, str]
"""The cells of one line under the names of the file's own header; the order of columns is not promised."""


class Named(msgspec.Struct, frozen=True):
    """Where a bill lies for five minutes, and what its unpacked bytes hash to."""

    download_url: str
    hash_value: str
    hash_type: str = "SHA1"


def read_trade_bill(day: date, content: bytes) -> Bill:
    """The ALL bill of a day. Raises BillUnreadable when it does not add up to its own totals."""
    lines, totals = _tables(content, TRADE_COLUMNS, TRADE_TOTALS)
    rows = tuple(_row(line, number, _trade_row) for number, line in enumerate(lines, 1))
    bill = Bill("wxpay", day, rows)
    stated = _row(totals, 0, lambda line: tuple(fine(line[name]) for name in TRADE_TOTALS[1:]))
    # Added up as fine as they are written, because rounded fees need not add up to a rounded sum.
    fees = sum(
        _row(line, number, lambda cells: fine(cells["手续费"])) for number, line in enumerate(lines, 1)
    )
    added = (fees, bill.sum_of("payment") * FINE_PER_FEN, bill.sum_of("refund") * FINE_PER_FEN)
    if totals["总交易单数"] != str(len(rows)) or added != stated:
        raise BillUnreadable("totals_differ")
    return bill


def read_fund_bill(day: date, content: bytes) -> FundBill:
    """The fund flow of a day. Raises BillUnreadable when it does not add up to its own totals."""
    lines, totals = _tables(content, FUND_COLUMNS, FUND_TOTALS)
    rows = tuple(_row(line, number, _fund_row) for number, line in enumerate(lines, 1))
    bill = FundBill("wxpay", day, rows)
    count_in = sum(row.direction == "in" for row in rows)
    stated = _row(totals, 0, lambda line: (fen(line["收入金额"]), fen(line["支出金额"])))
    counts = [totals[name] for name in ("资金流水总笔数", "收入笔数", "支出笔数")]
    are_counted = counts == [str(len(rows)), str(count_in), str(len(rows) - count_in)]
    if not are_counted or stated != (bill.sum_of("in"), bill.sum_of("out")):
        raise BillUnreadable("totals_differ")
    return bill


def fine(text: str) -> int:
    """`0.59000` yuan in hundred-thousandths. Raises ValueError."""
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"not an amount: {text!r}")
    value = int(found[2] + (found[3] or "").ljust(FINE_DIGITS, "0"))
    return -value if found[1] else value


def fen(text: str) -> int:
    """Yuan in whole fen. Raises ValueError when it is not whole."""
    value, rest = divmod(fine(text), FINE_PER_FEN)
    if rest:
        raise ValueError(f"not whole fen: {text!r}")
    return value


def rounded_fen(text: str) -> int:
    """Yuan in fen, half a fen away from zero: the gateway's own accounts hold whole fen."""
    value = fine(text)
    whole = (abs(value) + FINE_PER_FEN // 2) // FINE_PER_FEN
    return -whole if value < 0 else whole


def _trade_row(line: Line) -> BillRow:
    if line["货币种类"] != "CNY":
        raise ValueError("another currency")
    is_payment = line["交易状态"] == "SUCCESS"
    return BillRow(
        kind="payment" if is_payment else "refund",
        out_trade_no=line["商户订单号"],
        transaction_id=line["微信订单号"],
        out_refund_no="" if is_payment else line["商户退款单号"],
        refund_id="" if is_payment else line["微信退款单号"],
        amount=fen(line["订单金额"] if is_payment else line["申请退款金额"]),
        fee=rounded_fen(line["手续费"]),
        at=gateways.china_time(line["交易时间"]),
        state="SUCCESS" if is_payment else line["退款状态"] or line["交易状态"],
    )


def _fund_row(line: Line) -> FundRow:
    return FundRow(
        at=gateways.china_time(line["记账时间"]),
        transaction_id=line["微信支付业务单号"],
        flow_id=line["资金流水单号"],
        business=line["业务名称"],
        kind=line["业务类型"],
        direction=DIRECTIONS[line["收支类型"]],
        amount=fen(line["收支金额(元)"]),
        balance=fen(line["账户结余(元)"]),
        note=line["备注"],
        voucher=line["业务凭证号"],
    )


def _row(line: Line, number: int, reading: Callable[[Line], T]) -> T:
    try:
        return reading(line)
    except (ValueError, KeyError) as error:
        raise BillUnreadable(f"line_{number}") from error


def _tables(content: bytes, columns: tuple[str, ...], totals: tuple[str, ...]) -> tuple[list[Line], Line]:
    """The data lines and the line of totals; both headers must name what we read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BillUnreadable("not_utf8") from error
    # Only real line ends: `splitlines` would also cut a product name at a form feed.
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if len(lines) < 3:
        raise BillUnreadable("too_short")
    head, total_head = lines[0].split(","), lines[-2].split(",")
    if not set(columns) <= set(head) or not set(totals) <= set(total_head):
        raise BillUnreadable("columns_unknown")
    data = [_cells(head, line) for line in lines[1:-2]]
    return data, _cells(total_head, lines[-1])


def _cells(head: list[str], line: str) -> Line:
    cells = line.removeprefix("`").split(",`")
    if not line.startswith("`") or len(cells) != len(head):
        raise BillUnreadable("cells_missing")
    return dict(zip(head, cells, strict=True))
