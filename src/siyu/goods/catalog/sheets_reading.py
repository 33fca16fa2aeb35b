"""Understanding a product sheet: rows become products, and what is wrong is said at its row and column.

Pure, except for `standing`, which reads what the catalogue says today. Nothing is written here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from siyu.goods.catalog import sheets_columns as columns
from siyu.goods.catalog.actions import CODE_LENGTH_MAX, PRICE_MAX, WEIGHT_MAX_G
from siyu.goods.catalog.editing import (
    DESCRIPTION_MAX,
    RETURN_REASONS,
    SUBTITLE_MAX,
    TAGS_MAX,
    TITLE_MAX,
    UNIT_MAX,
)
from siyu.goods.catalog.sorting import BRAND_MAX, LEVELS_MAX, NAME_MAX, TAG_MAX
from siyu.kernel import money
from siyu.runtime import spreadsheets
from siyu.runtime.db import UnitOfWork


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a cell: the column's key and the reason in both languages."""

    column: str
    zh: str
    en: str


class SheetRow(msgspec.Struct, frozen=True):
    """A row as it was read: cells by column key (only columns that the file has), what is wrong, whose row it is.

    Rows with the same `bundle_no` are SKUs of one product; `product_id` is the one that is there already.
    """

    row_no: int
    cells: dict[str, str]
    bundle_no: int = 0
    product_id: UUID | None = None
    problems: tuple[Problem, ...] = ()


class Known(msgspec.Struct, frozen=True):
    """A SKU that the merchant has."""

    code: str
    product_id: UUID
    kind: str
    is_withdrawn: bool


async def standing(uow: UnitOfWork, codes: Sequence[str]) -> dict[str, Known]:
    """Which of these codes the catalogue knows."""
    rows = await uow.all(
        Known,
        """
        select k.code, k.product_id, p.kind, k.withdrawn_at is not null as is_withdrawn
        from skus k join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where k.merchant_id = %(merchant_id)s and k.code = any(%(codes)s)
        """,
        codes=list(dict.fromkeys(codes)),
    )
    return {row.code: row for row in rows}


def rows_of(table: spreadsheets.Table) -> list[SheetRow]:
    """The rows of a file by column. Raises Unreadable for a header that is no product sheet."""
    places = columns.places_of(table.head)
    if not table.rows:
        raise spreadsheets.Unreadable("只有表头，没有商品", "it has a header and no products")
    found: list[SheetRow] = []
    for row in table.rows:
        cells = {key: row.cells[place] for key, place in places.items()}
        formulas = tuple(
            Problem(key, "是公式，请粘贴为数值", "is a formula; paste it as a value")
            for key, place in places.items()
            if place in row.formulas
        )
        found.append(SheetRow(row.no, cells, problems=formulas))
    return found


def understood(rows: Sequence[SheetRow], known: Mapping[str, Known], currency: str) -> list[SheetRow]:
    """The rows sorted into products, each with everything that is wrong with it."""
    twice = _codes_twice(rows)
    gathered = _gathered(rows, known)
    firsts: dict[int, SheetRow] = {}
    done: list[SheetRow] = []
    sisters = Counter(row.bundle_no for row in gathered)
    for row in gathered:
        first = firsts.setdefault(row.bundle_no, row)
        problems = [
            *row.problems,
            *_check_code(row, known, twice),
            *_check_cells(row, currency),
            *_check_new(row, first, known, is_alone=sisters[row.bundle_no] == 1),
            *_check_same(row, first),
        ]
        done.append(msgspec.structs.replace(row, problems=tuple(dict.fromkeys(problems))))
    return _whole(done)


def _whole(rows: Sequence[SheetRow]) -> list[SheetRow]:
    """A product is written whole or not at all, so what is wrong with one row stops its sisters."""
    wrong = {row.bundle_no: row.row_no for row in reversed(rows) if row.problems}
    said = [
        msgspec.structs.replace(
            row,
            problems=(
                Problem(
                    "group",
                    f"同一商品的第 {wrong[row.bundle_no]} 行有问题",
                    f"row {wrong[row.bundle_no]} of the same product has a problem",
                ),
            ),
        )
        if row.bundle_no in wrong and not row.problems
        else row
        for row in rows
    ]
    return sorted(said, key=lambda row: row.row_no)


def _codes_twice(rows: Sequence[SheetRow]) -> dict[str, int]:
    """Codes that stand in several rows, with the first of these."""
    seen: dict[str, int] = {}
    twice: dict[str, int] = {}
    for row in rows:
        code = row.cells["code"]
        if code and code in seen:
            twice[code] = seen[code]
        seen.setdefault(code, row.row_no)
    return twice


def _gathered(rows: Sequence[SheetRow], known: Mapping[str, Known]) -> list[SheetRow]:
    """Each row with its product: that of its code, else that of its group, else one of its own."""
    of_group: dict[str, UUID] = {}
    for row in rows:
        group, sku = row.cells.get("group", ""), known.get(row.cells["code"])
        if group and sku is not None:
            of_group.setdefault(group, sku.product_id)
    numbers: dict[object, int] = {}
    gathered: list[SheetRow] = []
    for row in rows:
        group, sku = row.cells.get("group", ""), known.get(row.cells["code"])
        product_id = sku.product_id if sku else of_group.get(group) if group else None
        if product_id is None and group in known:
            product_id = known[group].product_id
        key: object = product_id or (("group", group) if group else ("row", row.row_no))
        number = numbers.setdefault(key, len(numbers) + 1)
        gathered.append(msgspec.structs.replace(row, bundle_no=number, product_id=product_id))
    return gathered


def _check_code(row: SheetRow, known: Mapping[str, Known], twice: Mapping[str, int]) -> list[Problem]:
    code = row.cells["code"]
    if not 1 <= len(code) <= CODE_LENGTH_MAX:
        return [Problem("code", "需为 1 到 40 个字符", "has 1 to 40 characters")]
    if code in twice:
        if row.row_no == twice[code]:
            return [Problem("code", "在文件里出现了不止一次", "is there more than once")]
        return [Problem("code", f"与第 {twice[code]} 行重复", f"is the same as in row {twice[code]}")]
    sku = known.get(code)
    if sku is not None and sku.is_withdrawn and not row.cells.get("options"):
        return [Problem("code", "这个规格已停用", "this SKU was withdrawn")]
    return []


def _check_new(
    row: SheetRow, first: SheetRow, known: Mapping[str, Known], *, is_alone: bool
) -> list[Problem]:
    """What a product or SKU that is not there yet cannot do without."""
    cells = row.cells
    if cells["code"] in known:
        return []
    problems: list[Problem] = []
    if not cells.get("price"):
        problems.append(Problem("price", "新建时必填", "is needed for a new SKU"))
    if row.product_id is not None:
        if not first.cells.get("options"):
            problems.append(
                Problem("options", "给已有商品加规格时，请填写规格项", "name the options of the product")
            )
        return problems
    problems += [
        Problem(key, "新建时必填", "is needed for a new product")
        for key in ("title", "category")
        if row is first and not cells.get(key)
    ]
    if not is_alone and not first.cells.get("options"):
        problems.append(Problem("options", "有多个规格时必填", "is needed when there are several SKUs"))
    if columns.key_of(columns.KINDS, first.cells.get("kind", "")) == "bundle":
        problems.append(Problem("kind", "组合商品请在页面上新建", "make bundles on their page"))
    if columns.key_of(columns.KINDS, first.cells.get("kind", "")) == "weighed" and not cells.get(
        "weight", ""
    ).strip("0"):
        problems.append(Problem("weight", "称重商品必填", "is needed for weighed goods"))
    return problems


def _check_same(row: SheetRow, first: SheetRow) -> list[Problem]:
    """A product has one name: later rows leave it empty or repeat it."""
    return [
        Problem(key, f"与第 {first.row_no} 行不一致", f"differs from row {first.row_no} of the same product")
        for key in columns.OF_PRODUCT & set(row.cells)
        if row is not first and row.cells[key] and row.cells[key] != first.cells[key]
    ]


def _check_cells(row: SheetRow, currency: str) -> list[Problem]:
    problems: list[Problem] = []
    formulas = {problem.column for problem in row.problems}
    for key, cell in row.cells.items():
        check = CHECKS.get(key)
        if check is not None and cell and key not in formulas:
            said = check(cell) if key != "price" else _price(cell, currency)
            if said is not None:
                problems.append(Problem(key, *said))
    options, choices = (columns.parts(row.cells.get(key, "")) for key in ("options", "choices"))
    if options and len(options) != len(choices):
        problems.append(Problem("choices", "个数需与规格项相同", "has as many values as there are options"))
    return [*problems, *_check_policy(row.cells)]


Said = tuple[str, str] | None


def price_in(text: str, currency: str) -> int | None:
    """A price in minor units; None for what is none."""
    try:
        price = money.parse(text.removeprefix("¥").removeprefix("￥"), currency)
    except ValueError:
        return None
    return price if 0 <= price <= PRICE_MAX else None


def _price(cell: str, currency: str) -> Said:
    if price_in(cell, currency) is None:
        return "需为金额，例如 12.80，最多 100 万", "is an amount such as 12.80, at most 1,000,000"
    return None


def _weight(cell: str) -> Said:
    if not cell.isdecimal() or not cell.isascii() or int(cell[:12]) > WEIGHT_MAX_G:
        return "需为 0 到 1000000 的整数", "is a whole number up to 1,000,000"
    return None


def _length(most: int) -> Any:
    def check(cell: str) -> Said:
        return (f"最多 {most} 个字", f"has at most {most} characters") if len(cell) > most else None

    return check


def _category(cell: str) -> Said:
    way = columns.parts(cell, columns.INSIDE)
    if not 1 <= len(way) <= LEVELS_MAX or any(len(name) > NAME_MAX for name in way):
        return "最多三级，每级最多 20 个字", "is at most three levels of 20 characters each"
    return None


def _tags(cell: str) -> Said:
    tags = columns.parts(cell)
    if len(tags) > TAGS_MAX or any(len(tag) > TAG_MAX for tag in tags):
        return "最多 10 个，每个最多 12 个字", "has at most 10 words of 12 characters each"
    return None


def _one_of(words: Mapping[str, str]) -> Any:
    def check(cell: str) -> Said:
        if columns.key_of(words, cell) is None:
            return f"“{cell[:20]}”不在可选范围内", f"“{cell[:20]}” is none of the words to choose from"
        return None

    return check


def _yes_or_no(cell: str) -> Said:
    return None if cell.casefold() in columns.YES | columns.NO else ("需为是或否", "is yes or no")


CHECKS: dict[str, Any] = {
    "title": _length(TITLE_MAX),
    "subtitle": _length(SUBTITLE_MAX),
    "description": _length(DESCRIPTION_MAX),
    "unit": _length(UNIT_MAX),
    "brand": _length(BRAND_MAX),
    "category": _category,
    "kind": _one_of(columns.KINDS),
    "price": _price,
    "weight": _weight,
    "tags": _tags,
    "shelf": _yes_or_no,
    "return_policy": _one_of(columns.POLICIES),
    "return_reason": _one_of(columns.REASONS),
}


def _check_policy(cells: Mapping[str, str]) -> list[Problem]:
    if "return_policy" not in cells:
        return []
    policy = (
        columns.key_of(columns.POLICIES, cells["return_policy"]) if cells["return_policy"] else "seven_days"
    )
    reason = columns.key_of(columns.REASONS, cells.get("return_reason", "")) or ""
    allowed = RETURN_REASONS.get(policy or "", ())
    if policy is not None and ((reason not in allowed) if allowed else reason):
        return [
            Problem("return_reason", "不是这种退货规则允许的原因", "is no reason that this policy allows")
        ]
    return []
