"""Reading what the forms of plans, corrections and terms send."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.datastructures import FormMultiDict

from siyu.growth.distribution.model import LevelStep, PlanKind, PlanRule, Scope, Settings
from siyu.growth.distribution.shaping import ACTIVITIES
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Merchant

HUNDRED = Decimal(100)  # basis points in a percent
LEVELS_SHOWN = 4
SCOPES: dict[str, Scope] = {"categories": "categories", "products": "products", "skus": "skus"}
KINDS: dict[str, PlanKind] = {"directed": "directed", "exclusive": "exclusive"}


def basis_points(percent: str, field: str = "rate_bps") -> int:
    """`"6.5"` percent → 650 basis points. Raises Invalid for anything that is not an exact rate."""
    try:
        rate = Decimal(percent.strip().removesuffix("%")) * HUNDRED
        is_exact = rate == rate.to_integral_value()
    except InvalidOperation:
        is_exact, rate = False, Decimal(0)
    if not is_exact:
        raise Invalid(field=field, zh="请输入百分比，例如 6.5。", en="Enter a percentage such as 6.5.")
    return int(rate)


class Said:
    """A form, field by field. Each reading raises Invalid at its field."""

    def __init__(self, form: FormMultiDict, merchant: Merchant) -> None:
        self.form = form
        self.merchant = merchant

    def text(self, name: str) -> str:
        return str(self.form.get(name, "")).strip()

    def amount(self, name: str) -> int | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return money.parse(text, self.merchant.currency)
        except ValueError:
            raise Invalid(field=name, zh="请填写金额。", en="Enter an amount.") from None

    def percent(self, name: str) -> int | None:
        text = self.text(name)
        return basis_points(text, name) if text else None

    def count(self, name: str) -> int:
        text = self.text(name)
        if not (text.isascii() and text.isdecimal() and len(text) < 6):
            raise Invalid(field=name, zh="请填写整数。", en="Enter a whole number.")
        return int(text)

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

    def names(self, name: str) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(str(text) for text in self.form.getall(name, []) if isinstance(text, str) and text)
        )


def uuid_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def rule_in(said: Said) -> PlanRule:
    """The form of a plan: percent or yuan per unit, for whom, on what, how much at most."""
    is_fixed = said.text("by") == "fixed"
    read = said.amount if is_fixed else said.percent
    scope = SCOPES.get(said.text("scope"), "all")
    return PlanRule(
        rate_bps=None if is_fixed else said.percent("rate_bps"),
        fixed=said.amount("fixed") if is_fixed else None,
        scope=scope,
        targets=said.ids("category_ids" if scope == "categories" else "target_ids"),
        kind=KINDS.get(said.text("plan_kind"), "open"),
        promoter_ids=said.ids("promoter_ids"),
        promoter_kinds=said.names("promoter_kinds"),
        level_rates={
            name: worth
            for i in range(LEVELS_SHOWN)
            if (name := said.text(f"level-{i}")) and (worth := read(f"worth-{i}")) is not None
        },
        order_cap=said.amount("order_cap"),
        day_cap=said.amount("day_cap"),
        month_cap=said.amount("month_cap"),
        budget=said.amount("budget"),
        supplier_bps=said.percent("supplier_bps") or 0,
        earns_on_activities=tuple(each for each in said.names("activities") if each in ACTIVITIES),
        starts_at=said.moment("starts_at"),
        ends_at=said.moment("ends_at"),
    )


def settings_in(said: Said) -> Settings:
    """The form of the merchant's terms."""
    steps = [
        LevelStep(name, said.count(f"orders-{i}"), basis_points(said.text(f"refund-{i}"), f"refund-{i}"))
        for i in range(LEVELS_SHOWN)
        if (name := said.text(f"level-{i}"))
    ]
    return Settings(
        hold_days=said.count("hold_days"),
        new_hold_days=said.count("new_hold_days"),
        new_days=said.count("new_days"),
        share_bps=basis_points(said.text("share_bps"), "share_bps"),
        velocity_orders=said.count("velocity_orders"),
        velocity_hours=said.count("velocity_hours"),
        levels=tuple(steps),
    )
