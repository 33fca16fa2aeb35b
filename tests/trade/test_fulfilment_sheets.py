"""Shipping by spreadsheet, and what is printed: rows each for themselves, and paper that says what is in the box."""

import io
import re
import zlib
from base64 import a85decode

import pytest
from openpyxl import Workbook

from factories import Shop, a_customer, a_shop, state_of, stock_of
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime import jobs
from siyu.runtime.actors import SYSTEM
from siyu.runtime.db import Database, Merchant
from siyu.trade import fulfilment
from siyu.trade.fulfilment import paper, printing, sheets
from trade.fulfilment_shop import a_parcel, send, to_ship

HEAD = [chinese for chinese, _ in sheets.HEAD.values()]


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=50)


def workbook(rows: list[list], head: list[str] | None = None) -> bytes:
    book = Workbook()
    book.active.append(HEAD if head is None else head)
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def row(
    number: str, tracking: object, *, carrier: str = "顺丰速运", line: object = "", quantity: object = ""
) -> list:
    return [number, line, "红富士苹果", "", quantity, "周小满", "138", "苏州", "", carrier, tracking]


async def carried_out(
    database: Database, shop: Shop, content: bytes
) -> tuple[jobs.Job, list[tuple[int, str]]]:
    """The job of a sheet, worked off, and (row, why) of what was refused."""
    sheet = sheets.read(content)
    async with database.begin(shop.merchant, SYSTEM) as uow:
        job_id = await jobs.start(
            uow, sheets.KIND, sheet, title_zh="发货", title_en="Ship", total=len(sheet.boxes)
        )
    while await jobs.run_step(database, shop.merchant, fulfilment.JOBS):
        pass
    async with database.begin(shop.merchant) as uow:
        failed = await jobs.failures(uow, job_id)
        return await jobs.find(uow, job_id), [(one.row, one.zh) for one in failed]


async def test_a_sheet_sends_what_it_can_and_says_why_not_of_the_rest(database, shop):
    whole = await to_ship(database, shop, apples=2, milk=1)
    part = await to_ship(database, shop, apples=3)
    gone = await to_ship(database, shop, apples=1)
    await send(database, shop, a_parcel(gone.id))
    content = workbook(
        [
            row(whole.number, "SF1000000000001", line=1, quantity=2),
            row(whole.number, "SF1000000000001", line=2, quantity=1),
            row(part.number, "SF1000000000002", line="1", quantity="2"),
            row(gone.number, "SF1000000000003"),
            row("00000000", "SF1000000000004"),
            row(part.number, "12", line=1, quantity=1),
            row(part.number, "SF1000000000001", line=1, quantity=1),
            row(part.number, "SF1000000000005", carrier="飞天快递", line=1, quantity=1),
            row(part.number, "SF1000000000006", line="x", quantity=1),
            row(part.number, ""),
        ]
    )

    job, failed = await carried_out(database, shop, content)

    assert (job.state, job.done, job.failed, job.total) == ("done", 8, 6, 8)
    assert [number for number, _ in failed] == [5, 6, 7, 8, 9, 10]
    why = dict(failed)
    assert "没有找到订单" in why[6]
    assert "不像顺丰速运的单号" in why[7]
    assert "已经用过" in why[8]
    assert "没有启用这家快递公司" in why[9]
    assert why[10] == "「行号」填写有误。"
    assert await state_of(database, shop, whole.id) == "shipped"
    assert await state_of(database, shop, part.id) == "paid"
    async with database.begin(shop.merchant) as uow:
        (parcel,) = await fulfilment.parcels_of(uow, whole.id)
        (other,) = await fulfilment.parcels_of(uow, part.id)
    assert [(line.line_no, line.quantity) for line in parcel.lines] == [(1, 2), (2, 1)]
    assert [(line.line_no, line.quantity) for line in other.lines] == [(1, 2)]
    assert await stock_of(database, shop, shop.apple) == (45, 1)


async def test_the_same_sheet_twice_ships_nothing_twice(database, shop):
    found = [await to_ship(database, shop, apples=2) for _ in range(3)]
    content = workbook(
        [row(order.number, f"SF100000000000{i}", line=1, quantity=1) for i, order in enumerate(found)]
    )

    first, _ = await carried_out(database, shop, content)
    second, failed = await carried_out(database, shop, content)

    assert (first.done, first.failed) == (3, 0)
    assert (second.done, second.failed) == (3, 3)
    assert all("已经用过" in why for _, why in failed)
    assert await stock_of(database, shop, shop.apple) == (47, 3)


async def test_many_rows_go_in_steps_and_each_once(database, shop):
    buyer = await a_customer(database, shop.merchant)
    found = [await to_ship(database, shop, buyer=buyer, apples=1) for _ in range(45)]

    job, failed = await carried_out(
        database, shop, workbook([row(order.number, "SF1000000000009") for order in found])
    )

    assert (job.state, job.done, failed) == ("done", 45, [])
    assert await stock_of(database, shop, shop.apple) == (5, 0)


@pytest.mark.parametrize(
    "content",
    [b"", b"order,number\n1,2", b"PK\x03\x04 broken", workbook([], head=["订单号", "别的"])],
)
def test_a_file_of_another_kind_is_refused(content):
    with pytest.raises(sheets.UnreadableSheet):
        sheets.read(content)


def test_a_sheet_without_numbers_has_nothing_to_send():
    with pytest.raises(Invalid):
        sheets.read(workbook([row("1", None), row("2", "  ")]))


def test_a_long_number_that_a_spreadsheet_has_rounded_is_not_trusted():
    (box, exact) = sheets.read(workbook([row("1", 1234567890123456), row("2", 123456789012345)])).boxes

    assert (box.wrong, exact.wrong, exact.tracking) == ("tracking", "", "123456789012345")


async def test_the_download_has_a_row_for_each_line_that_waits(database, shop):
    order = await to_ship(database, shop, apples=2, milk=3)
    await send(database, shop, a_parcel(order.id, (2, 1)))

    async with database.begin(shop.merchant) as uow:
        found = await fulfilment.waiting(uow, delivery="express")
        rows = list(sheets.rows_of(found.items, phone=printing.masked))

    assert [(cells[0], cells[1], cells[2], cells[4]) for cells in rows] == [
        (order.number, 1, "红富士苹果", 2),
        (order.number, 2, "鲜牛奶", 2),
    ]
    assert rows[0][5:8] == ["周小满", "138****5678", "江苏省苏州市吴中区星海街 200 号 1603 室"]


def words_of(pdf: bytes) -> str:
    """The text of a PDF of ours: streams unpacked, UCS-2 strings read."""
    told = []
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            page = zlib.decompress(a85decode(b"<~" + found[1].strip(), adobe=True))
        except (ValueError, zlib.error):
            continue
        for text in re.finditer(rb"\(((?:[^()\\]|\\.)*)\) Tj", page, re.DOTALL):
            raw = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), text[1])
            raw = re.sub(
                rb"\\(.)",
                lambda m: {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(m[1], m[1]),
                raw,
                flags=re.DOTALL,
            )
            told.append(raw.decode("utf-16-be", "replace"))
    return "\n".join(told)


@pytest.mark.parametrize("kind", ["a4", "label"])
async def test_a_packing_slip_says_what_is_in_the_box(database, shop, kind):
    order = await to_ship(database, shop, apples=2, milk=3)
    other = await to_ship(database, shop, apples=1)

    async with database.begin(shop.merchant) as uow:
        pdf = await printing.slips(uow, printing.Wanted((order.id, other.id), paper=kind))
        again = await printing.slips(uow, printing.Wanted((order.id, other.id), paper=kind))
        english = words_of(await printing.slips(uow, printing.Wanted((order.id,), paper=kind, language="en")))

    said = words_of(pdf)
    assert pdf.startswith(b"%PDF-")
    assert pdf == again
    assert pdf.count(b"/Type /Page\n") == 2
    assert "装箱单" in said
    assert order.number in said
    assert other.number in said
    assert "红富士苹果" in said
    assert "共 5 件" in said
    assert "周小满 138****5678" in said
    assert "13812345678" not in said
    assert "Packing slip" in english


async def test_a_pick_list_sums_over_orders_and_takes_bundles_apart(database, shop):
    order = await to_ship(database, shop, apples=2, milk=1)
    other = await to_ship(database, shop, apples=3)
    await send(database, shop, a_parcel(other.id, (1, 1)))
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            update order_lines set components = %(parts)s::jsonb
            where merchant_id = %(merchant_id)s and order_id = %(id)s and line_no = 2
            """,
            id=order.id,
            parts=f'[{{"sku_id": "{shop.apple}", "quantity": 4}}]',
        )
        wanted = printing.Wanted((order.id, other.id))
        picked = await printing.picks(uow, wanted)
        said = words_of(await printing.pick_list(uow, wanted))

    assert [(one.code, one.quantity, one.orders) for one in picked] == [("APPLE", 8, 2)]
    assert "拣货单" in said
    assert "APPLE" in said
    assert "共 8 件" in said


async def test_nothing_that_waits_is_nothing_to_print(database, shop):
    order = await to_ship(database, shop, apples=1)
    await send(database, shop, a_parcel(order.id))

    async with database.begin(shop.merchant) as uow:
        with pytest.raises(printing.NothingToPrint):
            await printing.slips(uow, printing.Wanted((order.id,)))
        with pytest.raises(Invalid):
            await printing.slips(uow, printing.Wanted(tuple(ids.new() for _ in range(201))))
        with pytest.raises(Invalid):
            await printing.slips(uow, printing.Wanted((), paper="a4"))


def test_long_words_and_odd_characters_stay_on_the_paper():
    slip = paper.Slip(
        "2611220001",
        "店" * 60,
        "仓",
        (("备注", "〇𠮷🍎" * 40),),
        (paper.SlipLine("长" * 300, "C" * 80, 999),) * 30,
    )
    words = paper.Words("装箱单", ("商品", "编码", "数量"), "共 {n} 件")

    for kind in paper.PAPERS.values():
        assert paper.packing_slips([slip], kind, words).startswith(b"%PDF-")
