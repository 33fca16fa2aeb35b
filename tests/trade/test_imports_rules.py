# ruff: noqa: DTZ001 - files and the staging tables hold times without a zone
"""Reading, guessing and matching, without a database."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siyu.trade import imports
from siyu.trade.imports import cleaning, reading
from siyu.trade.imports.guessing import guess, named
from siyu.trade.imports.matching import Cancellation, Refusal, match
from siyu.trade.imports.model import Mapping, MappingIncomplete, Preview, Reason, UnreadableFile
from siyu.trade.orders import Purchase

MONDAY = datetime(2026, 1, 5, 10, tzinfo=UTC)
HEADER = (
    "订单编号",
    "商家编码",
    "商品标题",
    "购买数量",
    "商品单价(元)",
    "订单创建时间",
    "买家会员名",
    "国家/地区",
)
ROW = ("1001", "A-1", "黄山毛峰 100g", "2", "39.90", "2026-01-05 10:00:00", "user_7", "中国")
CHINESE = Mapping(
    "订单编号", "商家编码", "购买数量", "商品单价(元)", "订单创建时间", "买家会员名", "商品标题", "国家/地区"
)


def bought(
    number: str, days: int, quantity: int, amount: int, *, price: int = 100, taken: int = 0
) -> Purchase:
    return Purchase("c", "s", number, 1, MONDAY + timedelta(days=days), quantity, price, amount, taken)


def cancelled(
    quantity: int, days: int = 9, *, price: int = 100, row_no: int = 1, sku: str = "s"
) -> Cancellation:
    return Cancellation(row_no, "C1", "c", sku, quantity, price, MONDAY + timedelta(days=days))


def taken(result: tuple) -> list[tuple[str, int, int, int]]:
    return [(given.order_number, given.first, given.quantity, given.amount) for given in result[0]]


def test_the_newest_earlier_purchase_is_given_back_first():
    result = match(
        [cancelled(3)], [bought("old", 0, 5, 500), bought("new", 5, 2, 200), bought("later", 10, 9, 900)]
    )
    assert taken(result) == [("new", 0, 2, 200), ("old", 0, 1, 100)]
    assert result[1] == []


def test_a_purchase_at_the_same_price_comes_before_a_newer_one():
    result = match([cancelled(1, price=90)], [bought("same", 0, 1, 90, price=90), bought("newer", 5, 1, 100)])
    assert taken(result) == [("same", 0, 1, 90)]


def test_units_give_back_what_they_were_bought_for_even_when_the_cancellation_says_another_price():
    result = match([cancelled(1, price=7)], [bought("only", 0, 1, 100)])
    assert taken(result) == [("only", 0, 1, 100)]


def test_units_refunded_before_stay_refunded_and_the_rest_adds_up_to_what_was_paid():
    # 10 pieces for 9.99: pieces are worth 99 or 100, and all of them together exactly 999.
    parts = [cancelled(3, 8, row_no=1), cancelled(3, 9, row_no=2)]
    result = match(parts, [bought("ten", 0, 10, 999, taken=4)])
    assert taken(result) == [("ten", 4, 3, 300), ("ten", 7, 3, 300)]
    assert 999 * 4 // 10 + 300 + 300 == 999


def test_a_cancellation_without_a_purchase_is_refused_and_one_with_too_few_is_told():
    result = match(
        [cancelled(2, row_no=1, sku="other"), cancelled(5, row_no=2)], [bought("three", 0, 3, 300)]
    )
    assert taken(result) == [("three", 0, 3, 300)]
    assert result[1] == [
        Refusal(1, Reason.CANCELLATION_UNMATCHED),
        Refusal(2, Reason.CANCELLATION_PARTLY_MATCHED),
    ]


def test_a_line_of_less_than_a_penny_per_piece_is_left_alone():
    result = match([cancelled(1)], [bought("free", 0, 5, 4)])
    assert (taken(result), result[1]) == ([], [Refusal(1, Reason.CANCELLATION_UNMATCHED)])


def test_oldest_cancellation_takes_first():
    result = match([cancelled(1, 9, row_no=1), cancelled(1, 8, row_no=2)], [bought("two", 0, 2, 201)])
    assert [(given.row_no, given.first, given.amount) for given in result[0]] == [(2, 0, 100), (1, 1, 101)]


def test_chinese_headers_are_understood():
    assert guess(Preview(HEADER, (ROW,))) == CHINESE


def test_english_headers_of_a_shop_export_are_understood():
    head = Preview(
        (
            "Order ID",
            "Created at",
            "Customer ID",
            "Lineitem sku",
            "Lineitem name",
            "Lineitem quantity",
            "Lineitem price",
        ),
        (("1", "2026-01-05 10:00", "c7", "A-1", "Tea", "2", "39.9"),),
    )
    assert guess(head) == Mapping(
        "Order ID",
        "Lineitem sku",
        "Lineitem quantity",
        "Lineitem price",
        "Created at",
        "Customer ID",
        "Lineitem name",
    )


def test_values_speak_where_headers_say_nothing():
    head = Preview(
        ("订单号", "a", "b", "c"), (("1", "2026/1/5 10:00", "2", "3.50"), ("2", "2026/1/6 9:30", "1", "4"))
    )
    assert guess(head) == Mapping(order="订单号", time="a", quantity="b", price="c")


def test_a_header_whose_values_do_not_fit_is_not_believed():
    head = Preview(("日期", "下单时间"), (("春节", "2026-01-05"), ("元宵", "2026-01-06")))
    assert guess(head).time == "下单时间"


def test_a_mapping_given_by_hand_wins_and_an_unknown_field_is_refused():
    assert named("order=单号, dates=dmy", Mapping(order="x", sku="y")) == Mapping(
        order="单号", sku="y", dates="dmy"
    )
    with pytest.raises(MappingIncomplete):
        named("colour=red")
    with pytest.raises(MappingIncomplete):
        named("dates=yesterday")


def write_csv(path: Path, rows: list, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as target:
        csv.writer(target, delimiter=delimiter).writerows(rows)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_the_encoding_it_is_written_in(tmp_path: Path, encoding: str):
    head = imports.preview(write_csv(tmp_path / "orders.csv", [HEADER, ROW], encoding))
    assert head == Preview(HEADER, (ROW,))


def test_an_encoding_is_judged_by_the_whole_file_not_by_its_head(tmp_path: Path):
    plain = ("1", "A", "tea", "1", "1", "2026-01-05", "c", "")
    path = write_csv(tmp_path / "orders.csv", [("order", *HEADER[1:]), *[plain] * 40_000, ROW], "gb18030")
    *_, last = reading.batches(path, Mapping(order="order", **{n: getattr(CHINESE, n) for n in _names()}))
    assert last.column("title")[-1].as_py() == "黄山毛峰 100g"


def _names() -> list[str]:
    return [name for name in Mapping.__struct_fields__ if name not in {"order", "dates"}]


def test_semicolons_and_tabs_separate_too(tmp_path: Path):
    for delimiter in ";\t":
        path = write_csv(tmp_path / "orders.csv", [HEADER, ROW], delimiter=delimiter)
        assert imports.guess_mapping(path) == CHINESE


def test_xlsx_gives_dates_and_numbers_as_exact_text(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(("1001", 85123, "茶", 2, 0.3, datetime(2026, 1, 5, 10, 30), 17850.0, None))
    book.save(tmp_path / "orders.xlsx")
    (batch,) = reading.batches(tmp_path / "orders.xlsx", CHINESE)
    assert batch.to_pylist() == [
        {
            "row_no": 2,
            "cells_ok": True,
            "order": "1001",
            "sku": "85123",
            "quantity": "2",
            "price": "0.3",
            "time": "2026-01-05 10:30:00",
            "customer": "17850",
            "title": "茶",
            "country": "",
        }
    ]


def test_parquet_times_with_a_zone_keep_their_instant(tmp_path: Path):
    zoned = pa.array([datetime(2026, 1, 5, 2, tzinfo=UTC)], pa.timestamp("us", tz="Asia/Shanghai"))
    columns = {name: [cell] for name, cell in zip(HEADER, ROW, strict=True)} | {"订单创建时间": zoned}
    pq.write_table(pa.table(columns), tmp_path / "orders.parquet")
    assert cleaned(tmp_path / "orders.parquet", CHINESE) == [("1001", datetime(2026, 1, 5, 2), 7980)]


def cleaned(path: Path, mapping: Mapping, *, timezone: str = "Asia/Shanghai") -> list[tuple]:
    with cleaning.opened() as stage:
        for batch in reading.batches(path, mapping):
            cleaning.add_batch(stage, batch)
        cleaning.clean(stage, timezone=timezone, dates=mapping.dates, scale=100)
        return stage.execute("select number, moment, amount from lines order by row_no").fetchall()


def times_of(
    tmp_path: Path, texts: list[str], *, timezone: str = "UTC", dates: str = "auto"
) -> list[datetime]:
    rows = [(f"{i}", *ROW[1:5], text, *ROW[6:]) for i, text in enumerate(texts)]
    mapping = named(f"dates={dates}", CHINESE)
    return [
        row[1] for row in cleaned(write_csv(tmp_path / "t.csv", [HEADER, *rows]), mapping, timezone=timezone)
    ]


def test_times_are_read_as_people_write_them_and_become_utc(tmp_path: Path):
    texts = [
        "2026-01-05 10:00:00",
        "2026/1/5 10:00",
        "2026年1月5日 10:00",
        "2026.01.05 10:00:00.123",
        "20260105100000",
    ]
    assert times_of(tmp_path, texts, timezone="Asia/Shanghai") == [datetime(2026, 1, 5, 2)] * 5
    assert (
        times_of(tmp_path, ["2026-01-05T10:00:00+08:00", "2026-01-05T02:00:00Z"])
        == [datetime(2026, 1, 5, 2)] * 2
    )
    assert times_of(tmp_path, ["2026-07-01 10:00"], timezone="Europe/London") == [datetime(2026, 7, 1, 9)]


def test_one_telling_date_decides_day_or_month_first_for_the_whole_file(tmp_path: Path):
    assert times_of(tmp_path, ["3/4/2026 8:26", "13/4/2026 8:26"])[0] == datetime(2026, 4, 3, 8, 26)
    assert times_of(tmp_path, ["3/4/2026 8:26", "4/13/2026 8:26"])[0] == datetime(2026, 3, 4, 8, 26)
    assert times_of(tmp_path, ["3/4/2026"], timezone="America/New_York") == [datetime(2026, 3, 4, 5)]
    assert times_of(tmp_path, ["3/4/2026"], dates="mdy") == [datetime(2026, 3, 4)]


def test_an_amount_is_rounded_half_up_once_per_line(tmp_path: Path):
    prices = [
        ("1", "0.001"),
        ("5", "0.001"),
        ("3", "1.005"),
        ("1000", "0.0049"),
        ("1", "¥1,234.50"),
        ("2", "12元"),
    ]
    rows = [(f"{i}", "A", "", quantity, price, *ROW[5:]) for i, (quantity, price) in enumerate(prices)]
    path = write_csv(tmp_path / "p.csv", [HEADER, *rows])
    assert [row[2] for row in cleaned(path, CHINESE)] == [0, 1, 302, 490, 123450, 2400]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "header"),
        (b"\xd0\xcf\x11\xe0rest", "old .xls"),
        (b"a,b\n\xff\xff\xff", "UTF-8"),
        (b"PAR1", "Parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, said: str):
    (tmp_path / "odd").write_bytes(content)
    with pytest.raises(UnreadableFile) as refusal:
        imports.preview(tmp_path / "odd")
    assert said in refusal.value.sentence("en")


def test_a_damaged_spreadsheet_is_refused_in_words(tmp_path: Path):
    (tmp_path / "odd.xlsx").write_bytes(b"PK\x03\x04 not a zip file")
    with pytest.raises(UnreadableFile, match="damaged"):
        imports.preview(tmp_path / "odd.xlsx")
