"""Reading the console's form of an offer. Each refusal names the field as the page has it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.datastructures import FormMultiDict

from siyu.goods.offers import model
from siyu.goods.offers.model import OfferForm
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Merchant

STEPS = 3
PRICE, PART, GIFT = "price-", "part-", "gift"
FUNDERS: tuple[Literal["merchant", "supplier", "alliance"], ...] = ("merchant", "supplier", "alliance")
WHOLE = 10_000


class Said:
    """A form as it was filled in, read field by field in the merchant's money and zone."""

    def __init__(self, form: FormMultiDict, merchant: Merchant) -> None:
        self.form, self.merchant = form, merchant

    def text(self, name: str) -> str:
        value = self.form.get(name, "")
        return value.strip()[:200] if isinstance(value, str) else ""

    def count(self, name: str) -> int | None:
        """A whole number, or None where nothing was written."""
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise Invalid(field=name, zh="请填写整数。", en="Give a whole number.")
        return int(text)

    def amount(self, name: str) -> int | None:
        """Minor units, or None where nothing was written."""
        text = self.text(name)
        if not text:
            return None
        try:
            return money.parse(text, self.merchant.currency)
        except ValueError:
            raise Invalid(field=name, zh="金额格式不正确。", en="The amount is not valid.") from None

    def share(self, name: str) -> int | None:
        """Basis points of a percentage with at most two decimals."""
        text = self.text(name).removesuffix("%")
        if not text:
            return None
        whole, _, rest = text.partition(".")
        if not (
            whole.isascii()
            and whole.isdecimal()
            and len(whole) < 4
            and len(rest) <= 2
            and (not rest or rest.isdecimal())
        ):
            raise Invalid(field=name, zh="请填写百分比。", en="Give a percentage.")
        return int(whole) * 100 + int(rest.ljust(2, "0") or 0)

    def moment(self, name: str) -> datetime | None:
        """An instant typed in the merchant's zone."""
        text = self.text(name)
        if not text:
            return None
        try:
            return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(self.merchant.timezone))
        except ValueError:
            raise Invalid(field=name, zh="请选择日期和时间。", en="Choose a date and time.") from None

    def ids(self, name: str) -> tuple[UUID, ...]:
        found = [uuid_in(text) for text in self.form.getall(name, []) if isinstance(text, str)]
        return tuple(dict.fromkeys(each for each in found if each is not None))

    def keyed(self, prefix: str) -> list[tuple[UUID, str]]:
        """Fields `<prefix><sku>` that were filled in: the SKU and the field's name."""
        names = [
            name for name in dict.fromkeys(self.form.keys()) if name.startswith(prefix) and self.text(name)
        ]
        return [(sku, name) for name in names if (sku := uuid_in(name.removeprefix(prefix))) is not None]


def uuid_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def form_in(form: FormMultiDict, merchant: Merchant, kind: str) -> OfferForm:
    """The form of an offer of this kind. Raises Invalid at the field."""
    said = Said(form, merchant)
    return OfferForm(
        name=said.text("name"),
        rule=RULES[kind](said),
        scope=model.Scope(said.ids("product_ids"), said.ids("category_ids")),
        audience=model.Audience(
            levels=(said.text("level"),) if said.text("level") else (),
            newcomers=said.text("newcomers") == "1",
            store_ids=said.ids("store_ids"),
            door_ids=said.ids("door_ids"),
        ),
        stacking=_one_of(said.text("stacking"), {"best": "best", "stack": "stack", "exclusive": "exclusive"}),
        priority=said.count("priority") or 0,
        starts_at=said.moment("starts_at"),
        ends_at=said.moment("ends_at"),
        budget=said.amount("budget"),
        uses_max=said.count("uses_max"),
        per_person=said.count("per_person"),
        per_person_day=said.count("per_person_day"),
        funders=_funders(said),
        floor_margin=said.share("floor_margin"),
    )


def _one_of(text: str, known: Mapping[str, model.Stacking]) -> model.Stacking:
    return known.get(text, "best")


def _funders(said: Said) -> tuple[model.Funder, ...]:
    """Who pays: nothing written is the merchant alone."""
    found = tuple(model.Funder(who, share) for who in FUNDERS if (share := said.share(f"funder-{who}")))
    return () if found == (model.Funder("merchant", WHOLE),) else found


def _steps(said: Said, *, units: bool, off: Callable[[str], int | None]) -> tuple[model.Reached, ...]:
    found: list[model.Reached] = []
    for i in range(STEPS):
        least = said.count(f"least-{i}") if units else said.amount(f"least-{i}")
        given = off(f"off-{i}")
        if least is not None or given is not None:
            found.append(model.Reached(least or 0, given or 0))
    return tuple(found)


def _percent_off(said: Said) -> model.Rule:
    units = said.text("units") == "1"
    return model.PercentOff(_steps(said, units=units, off=said.share), units, said.amount("cap"))


def _gift(said: Said) -> model.Rule:
    sku = uuid_in(said.text(GIFT))
    if sku is None:
        raise Invalid(field=GIFT, zh="请选择赠品。", en="Choose the gift.")
    return model.Gift(said.amount("least") or 0, sku, said.count("quantity") or 1)


def _coupon(said: Said) -> model.Rule:
    least, off = said.amount("least") or 0, said.amount("off") or 0
    match said.text("benefit"):
        case "percent":
            benefit: model.Benefit = model.CouponPercent(
                said.share("percent") or 0, said.amount("cap") or 0, least
            )
        case "exchange":
            benefit = model.CouponExchange(off)
        case "freight":
            benefit = model.CouponFreight(off, least)
        case _:
            benefit = model.CouponAmount(off, least)
    return model.Coupon(
        benefit,
        days=said.count("days"),
        until=said.moment("until"),
        total=said.count("total"),
        claims_max=said.count("claims_max") or 1,
        is_public=said.text("is_public") == "1",
        after_payment=said.amount("after_payment"),
        on_refund=said.text("on_refund") == "1",
    )


def _prices(said: Said) -> dict[UUID, int]:
    return {sku: said.amount(name) or 0 for sku, name in said.keyed(PRICE)}


def _bargain(said: Said) -> model.Rule:
    sku = uuid_in(said.text(GIFT))
    if sku is None:
        raise Invalid(field=GIFT, zh="请选择商品。", en="Choose the product.")
    start, floor = said.amount("start") or 0, said.amount("floor") or 0
    return model.Bargain(sku, start, floor, said.count("helps") or 0, said.count("hours") or 0)


def _presale(said: Said) -> model.Rule:
    moments: list[datetime] = []
    for name in ("balance_from", "balance_until", "ships_from"):
        moment = said.moment(name)
        if moment is None:
            raise Invalid(field=name, zh="请选择日期和时间。", en="Choose a date and time.")
        moments.append(moment)
    deposit = said.amount("deposit") or 0
    return model.Presale(_prices(said), deposit, said.amount("worth") or deposit, *moments)


RULES: Mapping[str, Callable[[Said], model.Rule]] = {
    "amount_off": lambda said: model.AmountOff(
        _steps(said, units=False, off=said.amount), said.text("every") == "1"
    ),
    "percent_off": _percent_off,
    "gift": _gift,
    "nth_item": lambda said: model.NthItem(said.count("n") or 0, said.share("off") or 0),
    "any_n": lambda said: model.AnyN(said.count("n") or 0, said.amount("price") or 0),
    "bundle": lambda said: model.Bundle(
        {sku: said.count(name) or 0 for sku, name in said.keyed(PART)}, said.amount("price") or 0
    ),
    "limited_price": lambda said: model.LimitedPrice(_prices(said)),
    "member_price": lambda said: model.MemberPrice(said.share("off") or 0),
    "first_order": lambda said: model.FirstOrder(said.amount("amount") or 0, said.amount("least") or 0),
    "coupon": _coupon,
    "bargain": _bargain,
    "presale": _presale,
}  # fmt: skip
