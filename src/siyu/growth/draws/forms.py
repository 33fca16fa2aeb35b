"""Reading a draw out of a form: dates at the merchant's, amounts in its currency, odds as percentages."""

import re
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar.datastructures import FormMultiDict

from siyu.growth.draws.model import PLACES, Prize, Rules
from siyu.growth.draws.rules import PRIZES_MAX
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Merchant

PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?", re.ASCII)
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


def odds(said: str, field: str) -> int:
    """`"1.25"` percent → 12,500 places of a million. Raises Invalid at the field."""
    found = PERCENT.fullmatch(said.strip().removesuffix("%").strip())
    places = int(found[1]) * (PLACES // 100) + int((found[2] or "").ljust(4, "0")) if found else 0
    if not 1 <= places <= PLACES:
        raise Invalid(
            field=field, zh="概率需在 0.0001% 到 100% 之间。", en="Odds are between 0.0001 % and 100 %."
        )
    return places


def amount(form: FormMultiDict, name: str, merchant: Merchant) -> int:
    """Minor units. Raises Invalid at the field."""
    try:
        return money.parse(text(form, name), merchant.currency)
    except ValueError:
        raise Invalid(field=name, zh="请填写金额。", en="Write an amount.") from None


def moment(form: FormMultiDict, name: str, merchant: Merchant) -> datetime:
    """An instant typed in the merchant's zone. Raises Invalid at the field."""
    try:
        return datetime.fromisoformat(text(form, name)).replace(tzinfo=ZoneInfo(merchant.timezone))
    except ValueError:
        raise Invalid(field=name, zh="请选择日期和时间。", en="Choose a date and time.") from None


def rules_in(form: FormMultiDict, merchant: Merchant) -> Rules:
    """The rules as they were typed; rows without a prize's name are left out. Raises Invalid at the field."""
    rows = [row for row in range(1, PRIZES_MAX + 1) if text(form, f"prize_{row}_name")]
    places = {row: no for no, row in enumerate(rows, 1)}
    return Rules(
        name=text(form, "name"),
        starts_at=moment(form, "starts_at", merchant),
        ends_at=moment(form, "ends_at", merchant),
        prizes=tuple(_prize(form, row, places, merchant) for row in rows),
        conditions=text(form, "conditions"),
        redemption=text(form, "redemption"),
        per_person=whole(form, "per_person"),
        code_tickets=text(form, "code_tickets") == "1",
        order_least=amount(form, "order_least", merchant) if text(form, "order_least") else None,
        ticket_points=whole(form, "ticket_points") if text(form, "ticket_points") else None,
    )


def _prize(form: FormMultiDict, row: int, places: dict[int, int], merchant: Merchant) -> Prize:
    at = f"prize_{row}_"
    what = text(form, f"{at}what")
    instead = text(form, f"{at}instead")
    return Prize(
        no=places[row],
        name=text(form, f"{at}name"),
        kind="points" if what == "points" else "coupon",
        number=whole(form, f"{at}number"),
        value=amount(form, f"{at}value", merchant),
        odds=odds(text(form, f"{at}odds"), f"{at}odds"),
        points=whole(form, f"{at}points") if what == "points" else 0,
        offer_id=None if what == "points" else _offer(what, f"{at}what"),
        instead=places.get(int(instead)) if instead.isascii() and instead.isdecimal() else None,
    )


def _offer(said: str, field: str) -> UUID:
    try:
        return UUID(said)
    except ValueError:
        raise Invalid(field=field, zh="请选择奖品。", en="Choose a prize.") from None


def amended(before: Rules, form: FormMultiDict, merchant: Merchant) -> Rules:
    """The published rules with what may be changed in favour of those who take part. Raises Invalid at the field."""
    return msgspec.structs.replace(
        before,
        ends_at=moment(form, "ends_at", merchant) if text(form, "ends_at") else before.ends_at,
        per_person=whole(form, "per_person"),
        prizes=tuple(
            msgspec.structs.replace(
                prize,
                number=whole(form, f"prize_{prize.no}_number"),
                odds=odds(text(form, f"prize_{prize.no}_odds"), f"prize_{prize.no}_odds"),
            )
            for prize in before.prizes
        ),
    )


def percent_text(places: int) -> str:
    """Places of a million as one types them: 12,500 is `1.25`."""
    whole_part, rest = divmod(places, PLACES // 100)
    digits = f"{rest:04d}".rstrip("0")
    return f"{whole_part}.{digits}" if digits else str(whole_part)
