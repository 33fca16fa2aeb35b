"""Reading what was typed into the forms of promoting."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.datastructures import FormMultiDict

from siyu.growth import promoters
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Merchant

DIGITS_MAX = 9


def text(form: FormMultiDict, name: str) -> str:
    """What was typed, without the space around it."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def whole(form: FormMultiDict, name: str) -> int:
    """A whole number of at most nine digits. Raises Invalid at the field."""
    said = text(form, name)
    if not (said.isascii() and said.isdecimal() and len(said) <= DIGITS_MAX):
        raise Invalid(field=name, zh="请填写整数。", en="Write a whole number.")
    return int(said)


def moment(form: FormMultiDict, name: str, merchant: Merchant) -> datetime:
    """An instant typed in the merchant's zone. Raises Invalid at the field."""
    try:
        return datetime.fromisoformat(text(form, name)).replace(tzinfo=ZoneInfo(merchant.timezone))
    except ValueError:
        raise Invalid(field=name, zh="请选择日期和时间。", en="Choose a date and time.") from None


def key(form: FormMultiDict, name: str = "idempotency_key") -> UUID:
    """The id that the form was given when it was shown. Raises Invalid."""
    return ident(text(form, name), name)


def ident(said: str, field: str) -> UUID:
    """Raises Invalid at the field."""
    try:
        return UUID(said)
    except ValueError:
        raise Invalid(
            field=field, zh="页面已过期，请刷新。", en="The page has expired; please reload."
        ) from None


def idents(form: FormMultiDict, name: str) -> tuple[UUID, ...]:
    """Every id that was ticked. Raises Invalid."""
    return tuple(ident(str(value), name) for value in form.getall(name, []))


def link(form: FormMultiDict, name: str) -> str:
    """An address of the web, '' for none. Raises Invalid at the field."""
    said = text(form, name)
    return promoters.checked_link(said, name) if said else ""
