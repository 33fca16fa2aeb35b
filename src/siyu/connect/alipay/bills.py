"""Bill files of Alipay (业务明细, 账务明细): a zip of GBK text that is taken whole or not at all.

Lines that begin with `#` are remarks; the totals are among them. Cells carry stray tabs and spaces. Yuan in the
file, fen here; what leaves the account is negative there.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from siyu.connect import gateways
from siyu.connect.gateways import Bill, BillRow, BillUnreadable, FundBill, FundRow

T = TypeVar("T")

FILE_BYTES_MAX = 128 * 1024 * 1024  # unpacked; more is a bomb, not a day
FILES_MAX = 16
KINDS = {"交易": "payment", "退款": "refund"}
TRADE_COLUMNS = (
    "支付宝交易号", "商户订单号", "业务类型", "创建时间", "完成时间", "订单金额（元）", "商家实收（元）",
    "退款批次号/请求号", "服务费（元）",
)  # fmt: skip
FUND_COLUMNS = (
    "账务流水号", "业务流水号", "商户订单号", "发生时间", "收入金额（+元）", "支出金额（-元）", "账户余额（元）",
    "业务类型", "备注",
)  # fmt: skip
TOTAL = re.compile(
    r"#(交易|退款|收入|支出)合计：([0-9]+)笔，(?:商家实收共|商家实收退款共|共)(-?[0-9]+(?:\.[0-9]{1,2})?)元"
)

Line = dict[str, str]


def read_trade_bill(day: date, packed: bytes) -> Bill:
    """The trade bill of a day from its zip. Raises BillUnreadable when it does not add up to its own totals."""
    lines, totals = _table(packed, TRADE_COLUMNS)
    rows = tuple(_row(line, number, _trade_row) for number, line in enumerate(lines, 1))
    for word, kind in KINDS.items():
        received = [
            _row(line, number, lambda cells: gateways.fen(cells["商家实收（元）"]))
            for number, line in enumerate(lines, 1)
            if line["业务类型"] == word
        ]
        _check(totals, word, len(received), sum(received))
        assert len(received) == sum(row.kind == kind for row in rows), "both count the same lines"
    return Bill("alipay", day, rows)


def read_fund_bill(day: date, packed: bytes) -> FundBill:
    """The movements of the account on a day, from their zip. Raises BillUnreadable."""
    lines, totals = _table(packed, FUND_COLUMNS)
    rows = tuple(_row(line, number, _fund_row) for number, line in enumerate(lines, 1))
    bill = FundBill("alipay", day, rows)
    count_in = sum(row.direction == "in" for row in rows)
    _check(totals, "收入", count_in, bill.sum_of("in"))
    _check(totals, "支出", len(rows) - count_in, bill.sum_of("out"))
    return bill


def _trade_row(line: Line) -> BillRow:
    kind = KINDS[line["业务类型"]]
    is_payment = kind == "payment"
    return BillRow(
        kind="payment" if is_payment else "refund",
        out_trade_no=line["商户订单号"],
        transaction_id=line["支付宝交易号"],
        out_refund_no="" if is_payment else line["退款批次号/请求号"],
        refund_id="",
        amount=abs(gateways.fen(line["订单金额（元）"])),
        fee=-gateways.fen(line["服务费（元）"] or "0"),
        at=gateways.china_time(line["完成时间"] or line["创建时间"]),
        state="SUCCESS",
    )


def _fund_row(line: Line) -> FundRow:
    received, spent = (
        abs(gateways.fen(line[name] or "0")) for name in ("收入金额（+元）", "支出金额（-元）")
    )
    return FundRow(
        at=gateways.china_time(line["发生时间"]),
        transaction_id=line["业务流水号"],
        flow_id=line["账务流水号"],
        business=line["业务类型"],
        kind=line["业务类型"],
        direction="in" if received else "out",
        amount=received or spent,
        balance=gateways.fen(line["账户余额（元）"]),
        note=line["备注"],
        voucher=line["商户订单号"],
    )


def _row(line: Line, number: int, reading: Callable[[Line], T]) -> T:
    try:
        return reading(line)
    except (ValueError, KeyError) as error:
        raise BillUnreadable(f"line_{number}") from error


def _check(totals: dict[str, tuple[int, int]], word: str, count: int, amount: int) -> None:
    """The file's own count and sum for this kind; signs differ between its lines and its remarks."""
    stated = totals.get(word)
    if stated is None:
        raise BillUnreadable("totals_missing")
    if stated != (count, abs(amount)):
        raise BillUnreadable("totals_differ")


def _table(packed: bytes, columns: Sequence[str]) -> tuple[list[Line], dict[str, tuple[int, int]]]:
    """The lines and the stated totals of the one file in the zip that has these columns.

    Beside it lies a summary by store, and the names of both are written in an encoding of their own.
    """
    for text in _texts(packed):
        plain = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
        data = list(csv.reader(line for line in plain if not line.startswith("#")))
        head = [cell.strip() for cell in data[0]] if data else []
        if not set(columns) <= set(head):
            continue
        cells = [[cell.strip() for cell in line] for line in data[1:]]
        if any(len(line) != len(head) for line in cells):
            raise BillUnreadable("cells_missing")
        found = [TOTAL.match(line) for line in plain if line.startswith("#")]
        totals = {one[1]: (int(one[2]), abs(gateways.fen(one[3]))) for one in found if one}
        return [dict(zip(head, line, strict=True)) for line in cells], totals
    raise BillUnreadable("columns_unknown")


def _texts(packed: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            files = archive.infolist()
            if len(files) > FILES_MAX or sum(file.file_size for file in files) > FILE_BYTES_MAX:
                raise BillUnreadable("file_too_large")
            return [archive.read(file).decode("gb18030") for file in files if not file.is_dir()]
    except UnicodeDecodeError as error:
        raise BillUnreadable("not_gbk") from error
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise BillUnreadable("not_a_zip") from error
