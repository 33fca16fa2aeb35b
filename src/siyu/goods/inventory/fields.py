"""What people type into the forms of stock, read or refused by the name of the field."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile

from siyu.goods import catalog
from siyu.goods.inventory import uploads
from siyu.goods.inventory.model import PIECES_MAX
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork

PAGE_ROWS = 50
LINE = re.compile(r"(\S+?)[\s,，;；×xX*]+(\d{1,7})")


def told(form: FormMultiDict, name: str) -> str:
    return str(form.get(name, "")).strip()


def whole(text: str, *, least: int, field: str = "quantity") -> int:
    """A number of pieces. Raises Invalid."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else -1
    if not least <= number <= PIECES_MAX:
        raise Invalid(
            field=field,
            zh=f"请输入 {least} 到 {PIECES_MAX} 之间的件数。",
            en=f"Enter a number of pieces between {least} and {PIECES_MAX}.",
        )
    return number


def chosen(text: str, *, field: str) -> UUID:
    """Raises Invalid when nothing was chosen."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(field=field, zh="请选择。", en="Please choose.") from None


def key_of(form: FormMultiDict) -> UUID:
    """The id that the form was made with, so that a form sent twice acts once; a fresh one for a bare request."""
    try:
        return UUID(told(form, "idempotency_key"))
    except ValueError:
        return ids.new()


def day(text: str, *, field: str) -> date | None:
    """`2027-03-31`, or None for nothing. Raises Invalid."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(field=field, zh="请选择日期。", en="Please choose a date.") from None


def day_begins(text: str, timezone: str, *, after: int = 0) -> datetime | None:
    """The instant at which a day begins at the merchant's place, `after` days later; None for what is no day."""
    try:
        begins = datetime.combine(date.fromisoformat(text) + timedelta(days=after), time())
    except (ValueError, OverflowError):
        return None
    return begins.replace(tzinfo=ZoneInfo(timezone))


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def sku_of(uow: UnitOfWork, sku_id: str, code: str) -> UUID:
    """A SKU by its id or its code. Raises Invalid."""
    if sku_id:
        return chosen(sku_id, field="sku")
    found = (await catalog.skus_by_code(uow, [code])).get(code)
    if found is None:
        raise Invalid(field="code", zh="没有这个商品编码。", en="There is no SKU with this code.")
    return found.sku_id


async def lines_of(uow: UnitOfWork, text: str) -> tuple[tuple[UUID, int], ...]:
    """`APPLE 12` line by line, as typed, scanned or pasted from a sheet; a code twice is added up. Raises Invalid."""
    sums: dict[str, int] = {}
    for i, line in enumerate(filter(None, (line.strip() for line in text.splitlines())), start=1):
        found = LINE.fullmatch(line)
        if found is None:
            raise Invalid(
                field="lines",
                zh=f"第 {i} 行看不懂，请写成“编码 件数”。",
                en=f"Line {i} cannot be read; write “code pieces”.",
            )
        sums[found[1]] = sums.get(found[1], 0) + int(found[2])
    known = await catalog.skus_by_code(uow, list(sums))
    missing = [code for code in sums if code not in known]
    if missing:
        raise Invalid(
            field="lines",
            zh=f"没有这些商品编码：{'、'.join(missing[:5])}",
            en=f"There are no such SKU codes: {', '.join(missing[:5])}",
        )
    return tuple((known[code].sku_id, pieces) for code, pieces in sums.items())


async def uploaded(form: FormMultiDict) -> bytes:
    """The file of the form. Raises Invalid without one, or when it is too large."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid(field="file", zh="请选择文件。", en="Choose a file.")
    content = await file.read(uploads.BYTES_MAX + 1)
    if len(content) > uploads.BYTES_MAX:
        raise Invalid(field="file", zh="文件最大 5 MB。", en="A file has at most 5 MB.")
    return content


def address(path: str, **asked: object) -> str:
    """`path` with those questions that were asked."""
    said = {name: str(value) for name, value in asked.items() if value}
    return f"{path}?{urlencode(said)}" if said else path


def here(request: Request[Any, Any, Any], path: str) -> str:
    """The page as it was filtered, when HTMX says where one is."""
    _, found, asked = request.headers.get("hx-current-url", "").partition(path + "?")
    return f"{path}?{asked}" if found else path


def numbered(form: Mapping[str, Any], prefix: str) -> dict[UUID, str]:
    """The fields `prefix-<id>` of a form, by id."""
    found: dict[UUID, str] = {}
    for name, value in form.items():
        sku_id = uuid_or_none(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if sku_id is not None:
            found[sku_id] = str(value).strip()
    return found
