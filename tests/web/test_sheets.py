"""Lists as files: exact amounts, times at the merchant's place, nothing a spreadsheet would run."""

import csv
import io
from datetime import UTC, date, datetime
from types import SimpleNamespace
from urllib.parse import unquote

import httpx
import openpyxl
import pytest
from litestar import Litestar, Request, get
from litestar.params import FromQuery

from siyu import web
from siyu.kernel.paging import Page
from siyu.web import sheets

HEAD = ["单号", "金额", "时间", "天", "是否", "备注"]
ROWS = [
    (
        "0012345678901234",
        web.Amount(1230),
        datetime(2026, 11, 22, 18, 5, tzinfo=UTC),
        date(2026, 1, 2),
        True,
        None,
    ),
    ("=1+1", web.Amount(-5), None, None, False, "+8613800000000\x07\n第二行"),
    ("@cmd", web.Amount(10**15 + 1), None, None, None, "-2+3"),
]


def app(rows, asked: str = "csv") -> Litestar:
    @get("/download")
    async def download(request: Request, kind: FromQuery[str] = asked) -> object:
        request.scope["state"]["merchant"] = SimpleNamespace(currency="CNY", timezone="Asia/Shanghai")
        return await web.sheet(request, "订单", HEAD, rows, kind)

    return Litestar([download], exception_handlers=web.exception_handlers())


async def fetched(rows, kind: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(rows)), base_url="http://x") as client:
        return await client.get("/download", params={"kind": kind})


async def test_a_csv_is_exact_harmless_and_opens_with_its_chinese() -> None:
    answer = await fetched(ROWS, "csv")

    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert unquote(answer.headers["content-disposition"].split("''")[1]) == "订单.csv"
    assert answer.headers["cache-control"] == "no-store"
    assert list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == [
        HEAD,
        ["0012345678901234", "12.30", "2026-11-23 02:05:00", "2026-01-02", "是", ""],
        ["'=1+1", "-0.05", "", "", "否", "'+8613800000000\n第二行"],
        ["'@cmd", "10000000000000.01", "", "", "", "'-2+3"],
    ]


async def test_an_xlsx_keeps_texts_as_texts_and_amounts_as_numbers() -> None:
    answer = await fetched(ROWS, "xlsx")

    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    assert cells[0] == HEAD
    assert cells[1][:3] == ["0012345678901234", 12.3, "2026-11-23 02:05:00"]
    assert cells[2][0] == "=1+1"
    assert page.cell(3, 1).data_type == "s"
    assert page.cell(2, 2).data_type == "n"
    assert page.cell(3, 6).value == "+8613800000000\n第二行"


async def test_another_kind_is_refused() -> None:
    answer = await fetched(ROWS, "exe")

    assert answer.status_code == 422


async def test_a_list_longer_than_the_most_says_so_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_MAX", 3)

    async def many():
        for n in range(10):
            yield (n,)

    rows = list(csv.reader(io.StringIO((await fetched(many(), "csv")).content.decode("utf-8-sig"))))

    assert rows[1:] == [["0"], ["1"], ["2"], ["只导出了前 3 行，请缩小筛选范围"]]


async def test_every_page_of_a_list_is_read() -> None:
    pages = {None: Page([1, 2], "a"), "a": Page([3], "b"), "b": Page([], None)}

    async def read(cursor: str | None) -> Page[int]:
        return pages[cursor]

    assert [item async for item in web.every_page(read)] == [1, 2, 3]
