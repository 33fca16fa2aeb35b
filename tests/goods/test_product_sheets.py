"""Product sheets: what a row means, what is refused and where, and that nothing is written twice or by half."""

import csv
import io
import zipfile
from uuid import UUID

import openpyxl
import pytest

from goods.small_shop import SmallShop, a_small_shop
from siyu.goods import catalog
from siyu.goods.catalog import sheets_columns, sheets_keeping, sheets_writing, sorting
from siyu.goods.catalog.model import Option
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import jobs, spreadsheets
from siyu.runtime.db import Database, Merchant

HEAD = [
    "商品组",
    "商品编码",
    "商品名称",
    "分类",
    "品牌",
    "规格项",
    "规格值",
    "售价",
    "重量（克）",
    "标签",
    "上架",
]


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> SmallShop:
    return await a_small_shop(database, merchant)


def csv_of(*rows: list[str], head: list[str] | None = None, encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([head or HEAD, *rows])
    return text.getvalue().encode(encoding)


async def uploaded(database: Database, shop: SmallShop, data: bytes) -> UUID:
    sheet_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await sheets_keeping.keep(uow, sheet_id, "商品.csv", spreadsheets.read(data))
    return sheet_id


async def applied(database: Database, shop: SmallShop, sheet_id: UUID, *, is_whole: bool = False) -> jobs.Job:
    async with database.begin(shop.merchant) as uow:
        job_id = await sheets_keeping.start(uow, sheet_id, ids.new(), is_whole=is_whole)
    while await jobs.run_step(database, shop.merchant, sheets_keeping.JOBS):
        pass
    async with database.begin(shop.merchant) as uow:
        return await jobs.find(uow, job_id)


async def problems(database: Database, shop: SmallShop, sheet_id: UUID) -> list[tuple[int, str, str]]:
    async with database.begin(shop.merchant) as uow:
        rows = await sheets_keeping.rows_with_problems(uow, sheet_id)
    return [(row.row_no, problem.column, problem.zh) for row in rows for problem in row.problems]


async def everything(database: Database, shop: SmallShop) -> list[list]:
    async with database.begin(shop.merchant) as uow:
        return [row async for row in sheets_writing.exported(uow, "zh")]


async def product_of(database: Database, shop: SmallShop, code: str) -> catalog.Product:
    async with database.begin(shop.merchant) as uow:
        return await catalog.product(uow, (await catalog.skus_by_code(uow, [code]))[code].product_id)


async def fingerprint(database: Database, shop: SmallShop) -> list[str]:
    """Every row of the catalogue as it is, times included."""
    async with database.begin(shop.merchant) as uow:
        return await uow.all(
            str,
            """
            select t::text from products t where merchant_id = %(merchant_id)s
            union all select t::text from skus t where merchant_id = %(merchant_id)s
            union all select t::text from categories t where merchant_id = %(merchant_id)s
            union all select t::text from brands t where merchant_id = %(merchant_id)s
            union all select t::text from price_changes t where merchant_id = %(merchant_id)s
            union all select t::text from audit_log t where merchant_id = %(merchant_id)s
            order by 1
            """,
        )


async def a_full_shelf(database: Database, shop: SmallShop) -> None:
    sheet = await uploaded(
        database,
        shop,
        csv_of(
            [
                "衬衫",
                "S-RL",
                "纯棉衬衫",
                "服装/男装/衬衫",
                "四季",
                "颜色;尺寸",
                "红;L",
                "129.00",
                "300",
                "新款;棉",
                "是",
            ],
            ["衬衫", "S-BM", "", "", "", "", "黑;M", "119", "280", "", ""],
            ["", "TEA", "龙井茶", "饮料", "", "", "罐装", "88.5", "", "", "否"],
        ),
    )
    job = await applied(database, shop, sheet)
    assert (job.state, job.done, job.failed) == ("done", 3, 0)


async def test_rows_become_products_with_options_categories_brands_and_tags(
    database: Database, shop: SmallShop
) -> None:
    await a_full_shelf(database, shop)

    shirt = await product_of(database, shop, "S-BM")
    assert (shirt.title, shirt.options, shirt.tags, shirt.is_on_shelf) == (
        "纯棉衬衫",
        (Option("颜色", ("红", "黑")), Option("尺寸", ("L", "M"))),
        ("新款", "棉"),
        True,
    )
    assert [(sku.code, sku.title, sku.price, sku.weight_g) for sku in shirt.skus] == [
        ("S-RL", "红 / L", 12_900, 300),
        ("S-BM", "黑 / M", 11_900, 280),
    ]
    tea = await product_of(database, shop, "TEA")
    assert (tea.title, tea.is_on_shelf, tea.skus[0].title, tea.skus[0].price) == (
        "龙井茶",
        False,
        "罐装",
        8_850,
    )
    async with database.begin(shop.merchant) as uow:
        tree = await sorting.categories(uow)
        assert [each.name for each in sorting.way_to(tree, shirt.category_id)] == ["服装", "男装", "衬衫"]
        assert [brand.name for brand in await sorting.brands(uow)] == ["四季"]
        assert [card.title for card in (await catalog.cards(uow, search="衬衫")).items] == ["纯棉衬衫"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_exporting_everything_and_bringing_it_in_again_changes_nothing(
    database: Database, shop: SmallShop, kind: str
) -> None:
    await a_full_shelf(database, shop)
    async with database.begin(shop.merchant) as uow:
        product = await uow.one(
            UUID,
            "select product_id from skus where merchant_id = %(merchant_id)s and id = %(id)s",
            id=shop.apple,
        )
        words = catalog.ProductWords(
            (await catalog.product(uow, product)).category_id,
            '=苹果, "大"',
            subtitle="-脆\u3000甜",
            description="第一行\r\n第二行；'引号'",
            return_policy="excluded",
            return_reason="fresh",
        )
        await catalog.edit_product(uow, product, words)
    before = await fingerprint(database, shop)
    data = as_file(kind, await everything(database, shop))

    sheet = await uploaded(database, shop, data)
    assert await problems(database, shop, sheet) == []
    job = await applied(database, shop, sheet, is_whole=True)

    assert (job.state, job.failed) == ("done", 0), job.error_en
    assert await fingerprint(database, shop) == before


def as_file(kind: str, rows: list[list]) -> bytes:
    """As siyu.web.sheet writes it."""
    from siyu.web import sheets as writing

    target = io.BytesIO()
    writer = writing._Csv(target) if kind == "csv" else writing._Xlsx(target)
    writer.row([column.name for column in sheets_columns.COLUMNS])
    from zoneinfo import ZoneInfo

    place = writing._Place("CNY", ZoneInfo("Asia/Shanghai"), "zh-CN")
    for row in rows:
        writer.row([place.plain(cell) for cell in row])
    writer.end()
    return target.getvalue()


async def test_a_changed_cell_changes_that_and_nothing_else(database: Database, shop: SmallShop) -> None:
    await a_full_shelf(database, shop)
    sheet = await uploaded(
        database, shop, csv_of(["S-BM", "109.90"], ["MILK", "7"], head=["SKU code", "Price"])
    )

    job = await applied(database, shop, sheet)

    assert (job.done, job.failed) == (2, 0)
    shirt = await product_of(database, shop, "S-RL")
    assert [(sku.code, sku.price) for sku in shirt.skus] == [("S-RL", 12_900), ("S-BM", 10_990)]
    assert (await product_of(database, shop, "MILK")).skus[0].price == 700
    async with database.begin(shop.merchant) as uow:
        changes = await catalog.price_changes(uow, shirt.id)
    assert [(change.old_price, change.new_price) for change in changes] == [(11_900, 10_990)]


async def test_a_new_size_joins_the_product_of_its_group(database: Database, shop: SmallShop) -> None:
    await a_full_shelf(database, shop)
    sheet = await uploaded(
        database, shop, csv_of(["S-RL", "S-RXL", "", "", "", "颜色;尺寸", "红;XL", "139", "320", "", ""])
    )

    job = await applied(database, shop, sheet)

    assert (job.done, job.failed) == (1, 0)
    shirt = await product_of(database, shop, "S-RXL")
    assert [sku.title for sku in shirt.skus] == ["红 / L", "黑 / M", "红 / XL"]
    assert shirt.title == "纯棉衬衫"


async def test_each_problem_is_said_at_its_row_and_column_and_the_good_rows_are_written(
    database: Database, shop: SmallShop
) -> None:
    sheet = await uploaded(
        database,
        shop,
        csv_of(
            ["", "A1", "梨", "水果", "", "", "", "3.333", "", "", ""],
            ["", "A2", "", "水果", "", "", "", "3", "", "", ""],
            ["", "A3", "桃", "水果/核果/桃/水蜜桃", "", "", "", "3", "x", "", "也许"],
            ["", "A4", "杏", "水果", "", "", "", "3", "", "", ""],
            ["", "A4", "李", "水果", "", "", "", "3", "", "", ""],
            ["", "A5", "=cmd", "水果", "", "", "", "3", "", "", ""],
            ["枣", "A6", "枣", "水果", "", "大小", "大", "3", "", "", ""],
            ["枣", "A7", "枣子", "", "", "", "小", "3", "", "", ""],
            ["", "A8", "葡萄", "水果", "", "", "", "9.90", "", "", ""],
        ),
    )

    assert await problems(database, shop, sheet) == [
        (2, "price", "需为金额，例如 12.80，最多 100 万"),
        (3, "title", "新建时必填"),
        (4, "category", "最多三级，每级最多 20 个字"),
        (4, "weight", "需为 0 到 1000000 的整数"),
        (4, "shelf", "需为是或否"),
        (5, "code", "在文件里出现了不止一次"),
        (6, "code", "与第 5 行重复"),
        (7, "title", "是公式，请粘贴为数值"),
        (8, "group", "同一商品的第 9 行有问题"),
        (9, "title", "与第 8 行不一致"),
    ]
    with pytest.raises(Invalid):
        await applied(database, shop, sheet, is_whole=True)
    job = await applied(database, shop, sheet)
    assert (job.state, job.done, job.failed) == ("done", 9, 8)
    assert [row[1] for row in await everything(database, shop)] == ["APPLE", "MILK", "A8"]


async def test_all_or_nothing_undoes_what_was_written_before_the_row_that_failed(
    database: Database, shop: SmallShop
) -> None:
    sheet = await uploaded(
        database,
        shop,
        csv_of(
            ["", "B1", "梨", "新水果", "新牌", "", "", "3", "", "", ""],
            # 组合商品 cannot come about by changing the kind of goods that have options.
            ["", "B2", "桃", "水果", "", "", "", "3", "", "", ""],
        ),
    )
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            'update product_sheet_rows set cells = cells || \'{"description": "x", "title": ""}\' '
            "where merchant_id = %(merchant_id)s and sheet_id = %(sheet)s and row_no = 3",
            sheet=sheet,
        )
    before = await fingerprint(database, shop)

    job = await applied(database, shop, sheet, is_whole=True)

    assert job.state == "failed"
    assert "第 3 行（B2）未能写入，已全部撤销" in job.error_zh
    assert await fingerprint(database, shop) == before


async def test_starting_twice_leads_to_one_job(database: Database, shop: SmallShop) -> None:
    sheet = await uploaded(database, shop, csv_of(["", "C1", "梨", "水果", "", "", "", "3", "", "", ""]))
    async with database.begin(shop.merchant) as uow:
        first = await sheets_keeping.start(uow, sheet, ids.new(), is_whole=False)
        again = await sheets_keeping.start(uow, sheet, ids.new(), is_whole=False)

    assert first == again
    async with database.begin(shop.merchant) as uow:
        assert len(await jobs.listing(uow)) == 1


async def test_another_merchant_cannot_see_or_start_a_sheet(
    database: Database, shop: SmallShop, new_shop
) -> None:
    sheet = await uploaded(database, shop, csv_of(["", "C1", "梨", "水果", "", "", "", "3", "", "", ""]))
    async with database.begin(await new_shop()) as uow:
        assert await sheets_keeping.listing(uow) == []
        assert await sheets_keeping.rows_with_problems(uow, sheet) == []
        with pytest.raises(NotFound):
            await sheets_keeping.start(uow, sheet, ids.new(), is_whole=False)


def an_xlsx(fill) -> bytes:
    book = openpyxl.Workbook()
    fill(book.active)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def with_formula(sheet) -> None:
    sheet.append(["商品编码", "售价"])
    sheet.append(["APPLE", "=1+1"])
    sheet.append(["MILK", 6.8])


def merged(sheet) -> None:
    sheet.append(["商品编码", "商品名称"])
    sheet.append(["A", "甲"])
    sheet.append(["B", None])
    sheet.merge_cells("B2:B3")


def a_bomb() -> bytes:
    """Two hundred megabytes of spaces in a few hundred kilobytes."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(an_xlsx(with_formula))) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in source.namelist():
            data = source.read(name)
            bomb.writestr(name, data + b" " * (200 << 20) if "sheet1" in name else data)
    return target.getvalue()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: b"", "文件是空的"),
        (lambda: b"\xd0\xcf\x11\xe0old", "旧版 .xls"),
        (lambda: b"PK\x03\x04 not a zip", "XLSX 文件已损坏"),
        (lambda: an_xlsx(merged), "合并单元格 B2:B3"),
        (a_bomb, "解开后太大"),
        ('商品编码\n"A'.encode, "CSV 格式有误"),
        (lambda: b"\x00\x01\x02\x03" * 9, "不是表格"),
        (lambda: "商品编码\nA".encode() + b"\xff\xff\xff", "既不是 UTF-8 也不是 GBK"),
        (lambda: csv_of(["A"], head=["商品名称"]), "缺少“商品编码”列"),
        (lambda: csv_of(["A", "B"], head=["商品编码", "sku code"]), "出现了两次"),
        (lambda: csv_of(["A", "B"], head=["商品编码", "库存"]), "没有名为“库存”的列"),
        (lambda: csv_of(head=["商品编码"]), "只有表头"),
        (lambda: csv_of(["A", "B"], head=["商品编码"]), "比表头长"),
        (lambda: csv_of(*([f"A{n}"] for n in range(20_001)), head=["商品编码"]), "超过 20,000 行"),
    ],
    ids=["empty", "xls", "broken", "merged", "bomb", "quote", "binary", "encoding", "no code", "twice", "stock",
         "no rows", "long row", "too many"],
)  # fmt: skip
async def test_a_hostile_file_is_refused_with_the_reason_and_nothing_is_kept(
    database: Database, shop: SmallShop, make, said: str
) -> None:
    with pytest.raises(spreadsheets.Unreadable) as refusal:
        await uploaded(database, shop, make())

    assert said in refusal.value.sentence("zh")
    async with database.begin(shop.merchant) as uow:
        assert await sheets_keeping.listing(uow) == []


async def test_a_formula_in_xlsx_is_a_problem_of_its_cell(database: Database, shop: SmallShop) -> None:
    sheet = await uploaded(database, shop, an_xlsx(with_formula))

    assert await problems(database, shop, sheet) == [(2, "price", "是公式，请粘贴为数值")]
    await applied(database, shop, sheet)
    assert (await product_of(database, shop, "APPLE")).skus[0].price == 1_290


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
async def test_common_encodings_are_read(database: Database, shop: SmallShop, encoding: str) -> None:
    data = csv_of(["APPLE", "阿克苏苹果"], head=["商品编码", "商品名称"], encoding=encoding)

    await applied(database, shop, await uploaded(database, shop, data))

    assert (await product_of(database, shop, "APPLE")).title == "阿克苏苹果"
