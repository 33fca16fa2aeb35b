"""What people type into the forms of suppliers, read or refused by the name of the field."""

import re
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from litestar.datastructures import FormMultiDict

from siyu.goods import catalog
from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork
from siyu.trade.suppliers.model import Arrived, Item, PurchaseLine, Settlement, WantedLine

LINE = re.compile(r"(\S+?)[\s,，;；×xX*]+(\d{1,7})(?:[\s,，;；¥@]+([0-9][0-9.]*))?")


def told(form: FormMultiDict, name: str) -> str:
    return str(form.get(name, "")).strip()


def key_of(form: FormMultiDict) -> UUID:
    """The id that the form was made with, so that a form sent twice acts once; a fresh one for a bare request."""
    try:
        return UUID(told(form, "idempotency_key"))
    except ValueError:
        return ids.new()


def chosen(form: FormMultiDict, name: str) -> UUID:
    """Raises Invalid when nothing was chosen."""
    try:
        return UUID(told(form, name))
    except ValueError:
        raise Invalid(field=name, zh="请选择。", en="Please choose.") from None


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def amount(text: str, currency: str, *, field: str) -> int:
    """Minor units. Raises Invalid."""
    try:
        return money.parse(text, currency)
    except ValueError:
        raise Invalid(field=field, zh="金额格式不正确。", en="The amount is not valid.") from None


def day(text: str, *, field: str) -> date | None:
    """`2027-03-31`, or None for nothing. Raises Invalid."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(field=field, zh="请选择日期。", en="Please choose a date.") from None


def settlement_of(form: FormMultiDict) -> Settlement:
    return "weekly" if told(form, "settlement") == "weekly" else "monthly"


async def sku_of(uow: UnitOfWork, code: str) -> UUID:
    """Raises Invalid."""
    found = (await catalog.skus_by_code(uow, [code])).get(code)
    if found is None:
        raise Invalid(field="sku", zh="没有这个商品编码。", en="There is no SKU with this code.")
    return found.sku_id


async def lines_of(
    uow: UnitOfWork, text: str, known: Sequence[Item], expected_on: date | None
) -> tuple[WantedLine, ...]:
    """`APPLE 12 8.50` line by line; without a price the supplier's own is taken. Raises Invalid."""
    typed: list[tuple[str, int, str | None]] = []
    for i, line in enumerate(filter(None, (line.strip() for line in text.splitlines())), start=1):
        found = LINE.fullmatch(line)
        if found is None:
            raise Invalid(
                field="lines",
                zh=f"第 {i} 行看不懂，请写成“编码 件数 单价”。",
                en=f"Line {i} cannot be read; write “code pieces price”.",
            )
        typed.append((found[1], int(found[2]), found[3]))
    skus = await catalog.skus_by_code(uow, [code for code, _, _ in typed])
    missing = [code for code, _, _ in typed if code not in skus]
    if missing:
        raise Invalid(
            field="lines",
            zh=f"没有这些商品编码：{'、'.join(missing[:5])}",
            en=f"There are no such SKU codes: {', '.join(missing[:5])}",
        )
    prices = {item.sku_id: item.supply_price for item in known}
    lines: list[WantedLine] = []
    for code, quantity, cost in typed:
        sku_id = skus[code].sku_id
        if cost is None and sku_id not in prices:
            raise Invalid(
                field="lines",
                zh=f"{code} 还没有供货价，请在这一行写上单价。",
                en=f"{code} has no supply price yet; write the unit price in its line.",
            )
        each = amount(cost, uow.merchant.currency, field="lines") if cost is not None else prices[sku_id]
        lines.append(WantedLine(sku_id, quantity, each, expected_on))
    return tuple(lines)


def arrived_of(form: FormMultiDict, lines: Sequence[PurchaseLine]) -> tuple[Arrived, ...]:
    """The fields received-, lot- and expires- of each line; a second lot of a line has `-b` after its number."""
    told_lines: list[Arrived] = []
    for line in lines:
        for suffix in ("", "-b"):
            name = f"{line.line_no}{suffix}"
            text = told(form, f"received-{name}")
            if text in {"", "0"}:
                continue
            if not (text.isascii() and text.isdecimal() and len(text) <= 7):
                raise Invalid(
                    field=f"received-{name}", zh="请填写到货件数。", en="Say how many pieces arrived."
                )
            expires_on = day(told(form, f"expires-{name}"), field=f"expires-{name}")
            told_lines.append(Arrived(line.line_no, int(text), told(form, f"lot-{name}"), expires_on))
    return tuple(told_lines)


def units_of(form: FormMultiDict, prefix: str) -> tuple[tuple[int, int], ...]:
    """(line_no, quantity) of the fields `prefix<n>`; those of none are left out. Raises Invalid."""
    found: list[tuple[int, int]] = []
    for name, value in form.items():
        number, text = name.removeprefix(prefix), str(value).strip()
        if not name.startswith(prefix) or text in {"", "0"}:
            continue
        if not all(part.isascii() and part.isdecimal() and len(part) <= 7 for part in (number, text)):
            raise Invalid(field=name, zh="数量不正确。", en="The quantities are not valid.")
        found.append((int(number), int(text)))
    return tuple(found)
