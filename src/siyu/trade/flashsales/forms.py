"""What somebody typed of a session, read or refused by the name of the field."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.datastructures import FormMultiDict

from siyu.goods import offers
from siyu.goods.offers import Flash, FlashItem
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Merchant

PIECES_MAX = 1_000_000
ITEMS_MAX = 100  # a page of a phone that nobody scrolls to the end of


def offer_form(form: FormMultiDict, merchant: Merchant) -> offers.OfferForm:
    """A session as typed. Rows without a quota are left out. Raises Invalid naming the field."""
    return offers.OfferForm(
        name=_told(form, "name"),
        rule=Flash(tuple(_items(form, merchant)), _whole(_told(form, "pay_minutes") or "5", "pay_minutes")),
        starts_at=_moment(_told(form, "starts_at"), merchant, "starts_at"),
        ends_at=_moment(_told(form, "ends_at"), merchant, "ends_at"),
    )


def _told(form: FormMultiDict, name: str) -> str:
    return str(form.get(name, "")).strip()


def _items(form: FormMultiDict, merchant: Merchant) -> list[FlashItem]:
    columns = [_column(form, name) for name in ("sku", "price", "quota", "store", "per_person")]
    rows = list(zip(*columns, strict=False))
    if len(rows) > ITEMS_MAX or len({len(column) for column in columns}) > 1:
        raise Invalid(
            field="quota", zh=f"一场最多 {ITEMS_MAX} 种商品。", en=f"A session has at most {ITEMS_MAX} items."
        )
    return [
        FlashItem(
            sku_id=_id(sku, "sku"),
            price=_amount(price, merchant),
            quota=_whole(quota, "quota"),
            location_id=_id(store, "store"),
            per_person=_whole(per_person or "1", "per_person"),
        )
        for sku, price, quota, store, per_person in rows
        if quota
    ]


def _column(form: FormMultiDict, name: str) -> Sequence[str]:
    return [str(value).strip() for value in form.getall(name, [])]


def _id(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(field=field, zh="请选择。", en="Please choose.") from None


def _amount(text: str, merchant: Merchant) -> int:
    try:
        return money.parse(text, merchant.currency)
    except ValueError:
        raise Invalid(
            field="price", zh="请输入金额，例如 12.80。", en="Enter an amount such as 12.80."
        ) from None


def _whole(text: str, field: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 7 else -1
    if not 1 <= number <= PIECES_MAX:
        raise Invalid(
            field=field,
            zh=f"请填写 1 到 {PIECES_MAX} 之间的整数。",
            en=f"Enter a whole number between 1 and {PIECES_MAX}.",
        )
    return number


def _moment(text: str, merchant: Merchant, field: str) -> datetime | None:
    """An instant typed in the merchant's zone; None when empty."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(merchant.timezone))
    except ValueError:
        raise Invalid(field=field, zh="请选择日期和时间。", en="Choose a date and time.") from None
