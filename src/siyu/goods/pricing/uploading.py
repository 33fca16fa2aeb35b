"""Prices for a list from a file or from what was pasted: code, least quantity, price; wrong rows are reported."""

from uuid import UUID

import msgspec

from siyu.goods import catalog
from siyu.goods.pricing.lists import LEAST_MAX, PRICE_MAX, set_items
from siyu.goods.pricing.model import NewItem
from siyu.kernel import money
from siyu.runtime import spreadsheets
from siyu.runtime.db import UnitOfWork

ROWS_MAX = 5_000
HEADS = {
    "code": ("商品编码", "编码", "sku code", "code"),
    "least": ("起购数量", "数量", "from units", "quantity", "least"),
    "price": ("价格", "售价", "price"),
}


class Refused(msgspec.Struct, frozen=True):
    """A row that was not taken, and why, in both languages."""

    row: int
    code: str
    zh: str
    en: str


class Report(msgspec.Struct, frozen=True):
    """What became of an upload: how many rows were read, how many prices differ now, and which rows were refused."""

    rows: int
    changed: int
    refused: tuple[Refused, ...]


async def upload(uow: UnitOfWork, list_id: UUID, table: spreadsheets.Table) -> Report:
    """Take the good rows into the list. Raises Unreadable for a header that says nothing, and NotFound."""
    places = _places(table.head)
    codes = [row.cells[places["code"]] for row in table.rows]
    known = await catalog.skus_by_code(uow, list(dict.fromkeys(codes)))
    wanted: dict[tuple[UUID, int], NewItem] = {}
    refused: list[Refused] = []
    for row in table.rows:
        cells = {key: row.cells[place] for key, place in places.items()}
        code, least = cells["code"], cells.get("least") or "1"
        price = _price(cells["price"], uow.merchant.currency)
        sku = known.get(code)
        if sku is None:
            refused.append(Refused(row.no, code, "没有这个商品编码", "there is no such SKU code"))
        elif not (least.isascii() and least.isdecimal() and 1 <= int(least[:9]) <= LEAST_MAX):
            refused.append(
                Refused(
                    row.no,
                    code,
                    "起购数量需为 1 到 99999 的整数",
                    "the quantity is a whole number up to 99,999",
                )
            )
        elif price is None:
            refused.append(
                Refused(row.no, code, "价格需为金额，例如 12.80", "the price is an amount such as 12.80")
            )
        elif (sku.sku_id, int(least)) in wanted:
            refused.append(Refused(row.no, code, "与前面的行重复", "the same as a row before"))
        else:
            wanted[sku.sku_id, int(least)] = NewItem(sku.sku_id, int(least), price)
    changed = await set_items(uow, list_id, list(wanted.values()))
    return Report(len(table.rows), changed, tuple(refused))


def pasted(text: str) -> spreadsheets.Table:
    """The rows that were pasted. Without a header the columns are code, quantity and price, and the first row is 1.

    Raises Unreadable.
    """
    first = text.strip().partition("\n")[0]
    separator = next((each for each in ("\t", ",", ";") if each in first), ",")
    names = {name for several in HEADS.values() for name in several}
    if any(cell.strip().casefold() in names for cell in first.split(separator)):
        return spreadsheets.read_text(text, rows_max=ROWS_MAX)
    head = separator.join(HEADS[key][0] for key in ("code", "least", "price"))
    table = spreadsheets.read_text(f"{head}\n{text.strip()}", rows_max=ROWS_MAX)
    return spreadsheets.Table(
        table.head, tuple(msgspec.structs.replace(row, no=row.no - 1) for row in table.rows)
    )


def _places(head: tuple[str, ...]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(head):
        key = next((key for key, names in HEADS.items() if name.casefold() in names), None)
        if key is not None:
            places.setdefault(key, place)
    if "code" not in places or "price" not in places:
        raise spreadsheets.Unreadable(
            "需要“商品编码”和“价格”两列", "it needs the columns “SKU code” and “Price”"
        )
    return places


def _price(text: str, currency: str) -> int | None:
    try:
        price = money.parse(text.removeprefix("¥").removeprefix("￥"), currency)
    except ValueError:
        return None
    return price if 0 <= price <= PRICE_MAX else None
