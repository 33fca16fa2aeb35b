"""What the console's forms of delivery send, and reading it: amounts as people write them, hours as 09:00-12:00."""

import re
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from litestar.datastructures import FormMultiDict

from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.trade.delivery.model import FreightTemplate, Local, LocalRules, Opening, Pricing, RegionGroup, Tier

HOURS = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–—~至]\s*([01]?\d|2[0-4]):([0-5]\d)")
PRICINGS: tuple[Pricing, ...] = ("piece", "weight", "flat")
TIER_ROWS = 6
WEEK = range(1, 8)


class GroupForm(msgspec.Struct, frozen=True):
    """One row of a template as it stands on the page."""

    regions: tuple[str, ...] = ()
    is_delivered: bool = True
    first_units: str = "1"
    first_fee: str = "0.00"
    more_units: str = "1"
    more_fee: str = "0.00"
    free_amount: str = ""
    free_pieces: str = ""

    @classmethod
    def of(cls, group: RegionGroup, currency: str) -> "GroupForm":
        return cls(
            group.regions,
            group.is_delivered,
            str(group.first_units),
            money.plain(group.first_fee, currency),
            str(group.more_units),
            money.plain(group.more_fee, currency),
            money.plain(group.free_amount, currency) if group.free_amount else "",
            str(group.free_pieces or ""),
        )


class TemplateForm(msgspec.Struct, frozen=True):
    """A template as it stands on the page."""

    id: UUID
    name: str = ""
    pricing: str = "piece"
    is_default: bool = False
    groups: tuple[GroupForm, ...] = (GroupForm(),)

    @classmethod
    def of(cls, template: FreightTemplate, currency: str) -> "TemplateForm":
        # Everywhere else comes last, as a reader expects it.
        groups = sorted(template.groups, key=lambda group: not group.regions)
        return cls(
            template.id,
            template.name,
            template.pricing,
            template.is_default,
            tuple(GroupForm.of(group, currency) for group in groups),
        )


def text_in(form: FormMultiDict, name: str, most: int = 200) -> str:
    return str(form.get(name, "")).strip()[:most]


def all_in(form: FormMultiDict, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value)[:9] for value in form.getall(name, [])))


def template_in(template_id: UUID, form: FormMultiDict) -> TemplateForm:
    """The fields as they were sent; the number of groups is bounded by what a template may have."""
    count = whole(text_in(form, "count") or "1", "count", "数量不正确。", "The number is not valid.")
    names = ("first_units", "first_fee", "more_units", "more_fee", "free_amount", "free_pieces")
    return TemplateForm(
        template_id,
        text_in(form, "name"),
        text_in(form, "pricing"),
        bool(text_in(form, "is_default")),
        tuple(
            GroupForm(
                all_in(form, f"regions_{i}"),
                bool(text_in(form, f"delivered_{i}")),
                **{name: text_in(form, f"{name}_{i}", 20) for name in names},
            )
            for i in range(min(count, 41))
        ),
    )


def template_of(form: TemplateForm, currency: str) -> FreightTemplate:
    """The template the fields say. Raises Invalid naming the field."""
    pricing: Pricing | None = next((one for one in PRICINGS if one == form.pricing), None)
    if pricing is None:
        raise Invalid(field="pricing", zh="请选择计费方式。", en="Choose how freight is worked out.")
    groups = tuple(_group_of(i, group, currency) for i, group in enumerate(form.groups))
    return FreightTemplate(form.id, form.name, pricing, groups, form.is_default)


def _group_of(i: int, group: GroupForm, currency: str) -> RegionGroup:
    if not group.is_delivered:
        return RegionGroup(group.regions, is_delivered=False)

    def units(name: str, text: str) -> int:
        return whole(text, f"groups[{i}].{name}", "请填写整数。", "Please give a whole number.")

    def fee(name: str, text: str) -> int:
        return amount(text, f"groups[{i}].{name}", currency)

    return RegionGroup(
        group.regions,
        first_units=units("first_units", group.first_units or "1"),
        first_fee=fee("first_fee", group.first_fee),
        more_units=units("more_units", group.more_units or "1"),
        more_fee=fee("more_fee", group.more_fee),
        free_amount=fee("free_amount", group.free_amount),
        free_pieces=units("free_pieces", group.free_pieces or "0"),
    )


def amount(text: str, field: str, currency: str) -> int:
    """Minor units; nothing written is 0. Raises Invalid."""
    try:
        return money.parse(text, currency) if text else 0
    except ValueError:
        raise Invalid(field=field, zh="金额写成 12.30 这样。", en="Write the amount as 12.30.") from None


def whole(text: str, field: str, zh: str, en: str) -> int:
    """Raises Invalid."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise Invalid(field=field, zh=zh, en=en)
    return int(text)


class LocalForm(msgspec.Struct, frozen=True):
    """A store's local delivery as it stands on the page. `tiers` are (metres, fee) texts, `hours` by weekday."""

    is_on: bool
    radius: str
    minimum: str
    slot_minutes: str
    capacity: str
    cutoff_minutes: str
    days_ahead: str
    closed_days: str
    tiers: tuple[tuple[str, str], ...]
    hours: tuple[str, ...]
    districts: tuple[str, ...]

    @classmethod
    def of(cls, local: Local | None, rules: LocalRules, currency: str) -> "LocalForm":
        tiers = [(str(tier.up_to), money.plain(tier.fee, currency)) for tier in rules.tiers]
        return cls(
            is_on=local is not None and local.is_on,
            radius=str(rules.radius),
            minimum=money.plain(rules.minimum, currency) if rules.minimum else "",
            slot_minutes=str(rules.slot_minutes),
            capacity=str(rules.capacity),
            cutoff_minutes=str(rules.cutoff_minutes),
            days_ahead=str(rules.days_ahead),
            closed_days=" ".join(day.isoformat() for day in rules.closed_days),
            tiers=tuple(tiers + [("", "")] * (TIER_ROWS - len(tiers))),
            hours=tuple(_hours_told(rules.openings, weekday) for weekday in WEEK),
            districts=rules.districts,
        )


def _hours_told(openings: Sequence[Opening], weekday: int) -> str:
    return ", ".join(
        f"{o.opens // 60:02}:{o.opens % 60:02}-{o.closes // 60:02}:{o.closes % 60:02}"
        for o in openings
        if o.weekday == weekday
    )


def local_in(form: FormMultiDict) -> LocalForm:
    """The fields as they were sent."""
    names = ("radius", "minimum", "slot_minutes", "capacity", "cutoff_minutes", "days_ahead")
    return LocalForm(
        is_on=bool(text_in(form, "is_on")),
        closed_days=text_in(form, "closed_days", 800),
        tiers=tuple(
            (text_in(form, f"up_to_{i}", 20), text_in(form, f"fee_{i}", 20)) for i in range(TIER_ROWS)
        ),
        hours=tuple(text_in(form, f"hours_{weekday}") for weekday in WEEK),
        districts=all_in(form, "districts"),
        **{name: text_in(form, name, 20) for name in names},
    )


def rules_of(form: LocalForm, currency: str) -> LocalRules:
    """The rules the fields say. Raises Invalid naming the field."""

    def number(name: str) -> int:
        return whole(getattr(form, name), name, "请填写整数。", "Please give a whole number.")

    return LocalRules(
        radius=number("radius"),
        tiers=tuple(
            Tier(
                whole(up_to, f"up_to_{i}", "距离填写米数。", "Give the distance in metres."),
                amount(fee, f"fee_{i}", currency),
            )
            for i, (up_to, fee) in enumerate(form.tiers)
            if up_to or fee
        ),
        minimum=amount(form.minimum, "minimum", currency),
        openings=tuple(
            opening for day, text in zip(WEEK, form.hours, strict=True) for opening in _openings(day, text)
        ),
        slot_minutes=number("slot_minutes"),
        capacity=number("capacity"),
        cutoff_minutes=number("cutoff_minutes"),
        days_ahead=number("days_ahead"),
        closed_days=tuple(_day(text) for text in re.split(r"[\s,，;；]+", form.closed_days) if text),
        districts=form.districts,
    )


def _openings(weekday: int, text: str) -> list[Opening]:
    found: list[Opening] = []
    for part in re.split(r"[,，;；]+", text):
        if not part.strip():
            continue
        said = HOURS.fullmatch(part.strip())
        if said is None:
            raise Invalid(
                field=f"hours_{weekday}",
                zh="配送时间要写成 09:00-12:00。",
                en="Write the hours as 09:00-12:00.",
            )
        opens, closes = (int(said[i]) * 60 + int(said[i + 1]) for i in (1, 3))
        found.append(Opening(weekday, opens, closes))
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(
            field="closed_days", zh="日期要写成 2026-10-01。", en="Write a day as 2026-10-01."
        ) from None
