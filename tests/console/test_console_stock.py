"""Stock on the console as people use it: lists, entries, transfers, stocktakes, rules, sheets."""

import io
import re
from uuid import UUID

import httpx
import pytest
from openpyxl import Workbook, load_workbook

from console.console_floor import Browser, Floor
from factories import stock_of
from siyu.goods import inventory
from siyu.goods.inventory import LotName, Pieces
from siyu.kernel import ids
from siyu.place import stores
from siyu.runtime import audit

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def depot(floor: Floor) -> UUID:
    async with floor.database.begin(floor.shop.merchant) as uow:
        depot = stores.NewStore("W1", "总仓", "仓路 1 号", kind="warehouse", ships=True, region_code="320508")
        return (await stores.add(uow, depot)).id


def sheet_of(*rows: tuple[object, ...]) -> dict[str, tuple[str, bytes, str]]:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return {"file": ("sheet.xlsx", target.getvalue(), XLSX)}


def cells(answer: httpx.Response) -> list[tuple[object, ...]]:
    page = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    return list(page.iter_rows(values_only=True))


async def level(floor: Floor, place: UUID, sku: UUID) -> int:
    async with floor.database.begin(floor.shop.merchant) as uow:
        return sum(one.on_hand for one in await inventory.levels(uow, [sku], place))


async def test_every_page_of_stock_opens_with_and_without_anything_on_it(floor: Floor, depot: UUID) -> None:
    owner = await floor.member("owner")
    pages = ("", "/moves", "/transfers", "/transfers/new", "/stocktakes", "/lots", "/rules", "/checks", "/upload",
             "/rules/preview?region=320508", "?low=true&expiring=true&q=none", "/moves?q=none&reason=count",
             "/lots?days=all&q=none", "/transfers?state=sent", "/stocktakes?state=posted")  # fmt: skip
    for page in pages:
        assert (await owner.get(f"/console/stock{page}")).status_code == 200, page


async def test_a_lot_is_received_listed_and_written_off_with_a_note_in_the_log(floor: Floor) -> None:
    owner, shop = await floor.member("owner"), floor.shop
    key = str(ids.new())
    said = {"store": str(shop.store_id), "code": "MILK", "quantity": "6", "lot": "L-1", "expires_on": "2099-01-31",
            "idempotency_key": key}  # fmt: skip
    for _ in range(2):
        assert (await owner.tap("/console/stock/receive", said)).status_code == 200
    listed = (await owner.get("/console/stock/lots?days=all")).text
    assert "L-1" in listed and "2099-01-31" in listed
    again = await owner.tap(
        "/console/stock/receive", {**said, "expires_on": "2099-02-28", "idempotency_key": ""}
    )
    dated = await owner.tap("/console/stock/receive", {**said, "lot": "", "idempotency_key": ""})
    assert (again.status_code, dated.status_code) == (409, 422)
    loss = {"store": str(shop.store_id), "sku": str(shop.milk), "quantity": "2", "reason": "damaged", "note": "压坏",
            "idempotency_key": str(ids.new())}  # fmt: skip
    for _ in range(2):
        assert (await owner.tap("/console/stock/loss", loss)).status_code == 200

    before = await stock_of(floor.database, shop, shop.milk)
    moves = cells(await owner.get("/console/stock/moves?export=xlsx&reason=damaged"))
    assert [(row[2], row[5], row[7], row[8]) for row in moves[1:]] == [("MILK", -2, "L-1", "压坏")]
    async with floor.database.begin(shop.merchant) as uow:
        (entry,) = (await audit.listing(uow, audit.Wanted(action="stock.damaged"))).items
        assert (entry.reason, entry.after["pieces"]) == ("压坏", -2)
        assert (await inventory.prove(uow)).differences == ()
    too_many = await owner.tap("/console/stock/loss", {**loss, "quantity": "9999", "idempotency_key": ""})
    assert too_many.status_code == 409
    assert await stock_of(floor.database, shop, shop.milk) == before


async def test_pieces_kept_back_shrink_what_is_available(floor: Floor) -> None:
    owner, shop = await floor.member("owner"), floor.shop
    said = {"store": str(shop.store_id), "sku": str(shop.apple), "quantity": "4"}
    assert (await owner.tap("/console/stock/safety", said)).status_code == 200
    on_hand, reserved = await stock_of(floor.database, shop, shop.apple)
    rows = cells(await owner.get("/console/stock?export=xlsx&q=APPLE"))

    assert rows[1][6:9] == (4, 0, on_hand - reserved - 4)  # kept back, put aside, available


async def test_a_transfer_goes_from_a_pasted_list_to_the_shelf_of_the_other_place(
    floor: Floor, depot: UUID
) -> None:
    owner, shop = await floor.member("owner"), floor.shop
    form = {"from": str(shop.store_id), "to": str(depot), "lines": "APPLE 3\nMILK\t2\n", "send": "1",
            "idempotency_key": str(ids.new())}  # fmt: skip
    first = await owner.post("/console/stock/transfers", form)
    second = await owner.post("/console/stock/transfers", form)
    assert first.status_code == 303 and first.headers["location"] == second.headers["location"]
    page = first.headers["location"].replace(f"/{floor.shop.merchant.slug}", "", 1)
    transfer = await owner.get(page)
    assert "在途" in transfer.text
    arrival = {f"received-{shop.apple}": "2", f"reason-{shop.apple}": "broken", f"received-{shop.milk}": "2",
               "rest": "1", "idempotency_key": str(ids.new())}  # fmt: skip
    for _ in range(2):
        assert (await owner.tap(f"{page}/arrive", arrival)).status_code == 200

    assert (await level(floor, depot, shop.apple), await level(floor, depot, shop.milk)) == (2, 2)
    done = (await owner.get(page)).text
    assert "破损" in done and "收齐" in done
    again = await owner.post(f"{page}/again", {"idempotency_key": str(ids.new())})
    assert again.status_code == 303
    assert (
        "草稿"
        in (await owner.get(again.headers["location"].replace(f"/{floor.shop.merchant.slug}", "", 1))).text
    )


@pytest.mark.parametrize("lines", ["APPLE", "APPLE x", "NOBODY 3", "", "APPLE 0"])
async def test_a_list_that_cannot_be_read_makes_no_transfer(floor: Floor, depot: UUID, lines: str) -> None:
    owner = await floor.member("owner")
    form = {"from": str(floor.shop.store_id), "to": str(depot), "lines": lines}
    assert (await owner.tap("/console/stock/transfers", form)).status_code == 422
    assert "还没有调拨单" in (await owner.get("/console/stock/transfers")).text


async def test_a_stocktake_is_counted_blind_on_the_phone_reviewed_and_posted(floor: Floor) -> None:
    owner, guide, shop = await floor.member("owner"), await floor.member("guide"), floor.shop
    before, _ = await stock_of(floor.database, shop, shop.apple)
    begun = await owner.post("/console/stock/stocktakes", {"store": str(shop.store_id)})
    page = begun.headers["location"].replace(f"/{shop.merchant.slug}", "", 1)
    desk = f"/desk/stocktakes/{page.rsplit('/', 1)[1]}"
    sheet = (await guide.get(desk)).text
    form = sheet.split("APPLE", 1)[1].split("</form>", 1)[0]
    assert str(before) not in re.sub(r"<[^>]*>", "", form)
    assert 'value="" placeholder' in form
    said = {"sku": str(shop.apple), "quantity": str(before - 1), "idempotency_key": str(ids.new())}
    assert (await guide.post(desk, said)).status_code == 303
    assert (await guide.post(desk, {"code": "NOBODY", "quantity": "1"})).status_code == 422
    assert (await guide.tap(f"{page}/post")).status_code == 403
    blind = cells(await owner.get(f"{page}?export=xlsx"))
    assert blind[0] == ("编码", "商品名称", "规格", "实盘件数")
    assert (await owner.tap(f"{page}/post")).status_code == 200

    assert (await stock_of(floor.database, shop, shop.apple))[0] == before - 1
    told = cells(await owner.get(f"{page}?export=xlsx"))
    assert next(row for row in told if row[0] == "APPLE")[3:6] == (before - 1, before, -1)


async def test_a_filled_in_count_sheet_is_taken_whole_or_reported_row_by_row(floor: Floor) -> None:
    owner, shop = await floor.member("owner"), floor.shop
    begun = await owner.post("/console/stock/stocktakes", {"store": str(shop.store_id)})
    page = begun.headers["location"].replace(f"/{shop.merchant.slug}", "", 1)
    wrong = sheet_of(("编码", "实盘件数"), ("APPLE", 3), ("NOBODY", 1), ("MILK", "many"), ("APPLE", 4))
    report = await owner.post(f"{page}/upload", files=wrong)
    assert report.status_code == 200
    for said in ("没有这个商品编码", "整数", "与第 2 行重复", "3 行有问题"):
        assert said in report.text
    fine = sheet_of(("编码", "实盘件数"), ("APPLE", 3), ("MILK", None))
    assert (await owner.post(f"{page}/upload", files=fine)).status_code == 303
    async with floor.database.begin(shop.merchant) as uow:
        counted = {
            line.code: line.counted
            for line in await inventory.stocktakes.stocktake_lines(uow, UUID(page.rsplit("/", 1)[1]))
        }
    assert counted["APPLE"] == 3 and counted["MILK"] is None


async def test_a_sheet_of_arrivals_is_received_once_and_whole(floor: Floor) -> None:
    owner, shop = await floor.member("owner"), floor.shop
    before = (await stock_of(floor.database, shop, shop.milk))[0]
    form = {"store": str(shop.store_id), "idempotency_key": str(ids.new())}
    wrong = sheet_of(
        ("编码", "件数", "批号", "到期日"), ("MILK", 5, "A", "someday"), ("APPLE", 0, None, None)
    )
    assert "2 行有问题" in (await owner.post("/console/stock/upload", form, wrong)).text
    fine = sheet_of(
        ("编码", "件数", "批号", "到期日"), ("MILK", 5, "A", "2099-03-01"), ("MILK", 2, "B", None)
    )
    for _ in range(2):
        assert (await owner.post("/console/stock/upload", form, fine)).status_code == 303
    for content in (b"", b"PK\x03\x04broken", b"\x00\x01\x02", "名字,别的\n1,2\n".encode()):
        bad = await owner.post("/console/stock/upload", form, {"file": ("x.xlsx", content, XLSX)})
        assert bad.status_code == 422

    assert (await stock_of(floor.database, shop, shop.milk))[0] == before + 7
    head = cells(await owner.get("/console/stock/upload?export=xlsx"))
    assert head == [("编码", "件数", "批号", "到期日")]


async def test_the_sending_rule_is_saved_and_previewed(floor: Floor, depot: UUID) -> None:
    owner, shop = await floor.member("owner"), floor.shop
    async with floor.database.begin(shop.merchant) as uow:
        await inventory.receive(uow, [Pieces(depot, shop.apple, 5)])
    form = {"mode": "priority", "split": "1", "near_days": "20", "low_below": "7", f"rank-{depot}": "1"}
    assert (await owner.tap("/console/stock/rules", form)).status_code == 200
    async with floor.database.begin(shop.merchant) as uow:
        rule = await inventory.rules(uow)
        assert (rule.mode, list(rule.priority), rule.near_days, rule.low_below) == (
            "priority",
            [depot],
            20,
            7,
        )
    preview = (await owner.get("/console/stock/rules/preview?region=320508&lines=APPLE%203")).text
    short = (await owner.get("/console/stock/rules/preview?region=320508&lines=APPLE%209999")).text

    assert "总仓" in preview and "从这里发" in preview and "× 3" in preview
    assert "库存不足" in short
    assert (await owner.tap("/console/stock/rules", {**form, "mode": "cheap"})).status_code == 422
    assert (await owner.get("/console/stock/rules/preview?place=x")).status_code == 422


async def test_somebody_who_may_only_look_changes_nothing(floor: Floor, depot: UUID) -> None:
    guide, shop = await floor.member("guide"), floor.shop
    before = await stock_of(floor.database, shop, shop.apple)
    form = {"store": str(shop.store_id), "sku": str(shop.apple), "quantity": "1", "mode": "nearest",
            "from": str(shop.store_id), "to": str(depot), "lines": "APPLE 1"}  # fmt: skip
    for path in (
        "receive",
        "count",
        "loss",
        "safety",
        "rules",
        "transfers",
        "stocktakes",
        "checks",
        "upload",
    ):
        assert (await guide.tap(f"/console/stock/{path}", form)).status_code == 403, path
    assert await stock_of(floor.database, shop, shop.apple) == before


async def test_a_difference_made_by_hand_is_on_the_page_of_proof(floor: Floor, database_url: str) -> None:
    import psycopg

    owner = await floor.member("owner")
    assert (await owner.tap("/console/stock/checks")).status_code == 200
    assert "全部一致" in (await owner.get("/console/stock/checks")).text
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            "update stock set on_hand = on_hand + 1 where merchant_id = %s and sku_id = %s",
            (floor.shop.merchant.id, floor.shop.apple),
        )
    await owner.tap("/console/stock/checks")

    page = (await owner.get("/console/stock/checks")).text
    assert "有不一致的库存" in page and "红富士苹果" in page


async def test_lots_near_their_date_are_found_by_filter_and_export(floor: Floor) -> None:
    owner, shop = await floor.member("owner"), floor.shop
    async with floor.database.begin(shop.merchant) as uow:
        today = inventory.today_of(uow)
        names = [LotName("NEAR", today), LotName("FAR", today.replace(year=today.year + 3))]
        await inventory.receive(uow, [Pieces(shop.store_id, shop.milk, 1)] * 2, lot_names=names)
    near = cells(await owner.get("/console/stock/lots?export=xlsx"))
    everything = cells(await owner.get("/console/stock/lots?days=all&export=xlsx"))

    assert [row[4] for row in near[1:]] == ["NEAR"]
    assert [row[4] for row in everything[1:]] == ["NEAR", "FAR"]
    stock = cells(await owner.get("/console/stock?expiring=true&export=xlsx"))
    assert [row[1] for row in stock[1:]] == ["MILK"]


async def test_the_browser_of_another_merchant_finds_nothing(floor: Floor, depot: UUID) -> None:
    owner: Browser = await floor.member("owner")
    for path in (f"/console/stock/transfers/{ids.new()}", f"/console/stock/stocktakes/{ids.new()}",
                 f"/desk/stocktakes/{ids.new()}"):  # fmt: skip
        assert (await owner.get(path)).status_code == 404
