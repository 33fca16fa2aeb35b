"""Pure: what a freight template and a store's local delivery must be like. Each check names the field at fault."""

import msgspec

from siyu.kernel.errors import Invalid
from siyu.people.addresses import names_of
from siyu.trade.delivery.model import WAYS, FreightTemplate, LocalRules, Opening, RegionGroup, Settings

GROUPS_MAX = 40
REGIONS_MAX = 400
FEE_MAX = 10_000_000  # minor units; more is a typing error
UNITS_MAX = 1_000_000
RADIUS_MAX = 100_000  # metres
TIERS_MAX = 20
OPENINGS_MAX = 28
SHIP_HOURS_MAX = 720
CLOSED_MAX = 60
MINUTES_A_DAY = 24 * 60


def checked_settings(settings: Settings) -> Settings:
    """Raises Invalid."""
    if not settings.ways or not set(settings.ways) <= set(WAYS):
        raise Invalid(field="ways", zh="至少选择一种收货方式。", en="Choose at least one way of delivery.")
    if not 1 <= settings.ship_hours <= SHIP_HOURS_MAX:
        raise Invalid(
            field="ship_hours",
            zh=f"发货时限为 1 到 {SHIP_HOURS_MAX} 小时。",
            en=f"Parcels leave within 1 to {SHIP_HOURS_MAX} hours.",
        )
    return Settings(tuple(way for way in WAYS if way in settings.ways), settings.ship_hours)


def checked_template(template: FreightTemplate) -> FreightTemplate:
    """The template, when it can price any address. Raises Invalid."""
    name = template.name.replace(" / ", "/").strip()  # " / " parts the two languages of a note
    if not 1 <= len(name) <= 40:
        raise Invalid(field="name", zh="模板名称需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    if len(template.groups) > GROUPS_MAX or sum(1 for group in template.groups if not group.regions) != 1:
        raise Invalid(
            field="groups",
            zh="需要一条“其他地区”，最多 40 条。",
            en="There must be one group for everywhere else, and at most 40 groups.",
        )
    seen: set[str] = set()
    for i, group in enumerate(template.groups):
        _check_group(i, group)
        _check_regions(i, group, seen)
    return msgspec.structs.replace(template, name=name)


def _check_group(i: int, group: RegionGroup) -> None:
    amounts = {"first_fee": group.first_fee, "more_fee": group.more_fee, "free_amount": group.free_amount}
    for field, amount in amounts.items():
        if not 0 <= amount <= FEE_MAX:
            raise Invalid(field=f"groups[{i}].{field}", zh="金额不正确。", en="The amount is not valid.")
    for field, units in {"first_units": group.first_units, "more_units": group.more_units}.items():
        if not 1 <= units <= UNITS_MAX:
            raise Invalid(field=f"groups[{i}].{field}", zh="数量至少为 1。", en="The quantity is at least 1.")
    if not 0 <= group.free_pieces <= UNITS_MAX:
        raise Invalid(field=f"groups[{i}].free_pieces", zh="件数不正确。", en="The number is not valid.")


def _check_regions(i: int, group: RegionGroup, seen: set[str]) -> None:
    for code in group.regions:
        if len(code) > 6 or names_of(code) is None:
            raise Invalid(field=f"groups[{i}].regions", zh="没有这个地区。", en="There is no such region.")
        if code in seen:
            raise Invalid(
                field=f"groups[{i}].regions",
                zh="同一个地区只能出现在一条里。",
                en="A region can be in one group only.",
            )
        seen.add(code)
    if len(seen) > REGIONS_MAX:
        raise Invalid(field=f"groups[{i}].regions", zh="地区太多。", en="There are too many regions.")


def checked_local(rules: LocalRules) -> LocalRules:
    """Raises Invalid."""
    limits = {
        "radius": (100, RADIUS_MAX, "配送半径", "The radius"),
        "minimum": (0, FEE_MAX, "起送金额", "The minimum"),
        "slot_minutes": (10, 720, "时段长度", "The length of a slot"),
        "capacity": (1, 10_000, "每个时段的单数", "The number of orders in a slot"),
        "cutoff_minutes": (0, 7 * MINUTES_A_DAY, "截单时间", "The cut-off"),
        "days_ahead": (0, 30, "可约天数", "The days ahead"),
    }
    for field, (least, most, zh, en) in limits.items():
        if not least <= getattr(rules, field) <= most:
            raise Invalid(
                field=field, zh=f"{zh}应在 {least} 到 {most} 之间。", en=f"{en} is {least} to {most}."
            )
    if rules.slot_minutes % 5:
        raise Invalid(
            field="slot_minutes", zh="时段长度须为 5 分钟的倍数。", en="Slots are multiples of 5 minutes."
        )
    _check_tiers(rules)
    _check_openings(rules.openings)
    if len(rules.closed_days) > CLOSED_MAX:
        raise Invalid(field="closed_days", zh="最多 60 个休息日。", en="At most 60 closed days.")
    for code in rules.districts:
        if names_of(code) is None:
            raise Invalid(field="districts", zh="没有这个地区。", en="There is no such region.")
    return msgspec.structs.replace(
        rules,
        tiers=tuple(sorted(rules.tiers)),
        openings=tuple(sorted(rules.openings)),
        closed_days=tuple(sorted(set(rules.closed_days))),
    )


def _check_tiers(rules: LocalRules) -> None:
    tiers = sorted(rules.tiers)
    if not 1 <= len(tiers) <= TIERS_MAX or any(not 0 <= tier.fee <= FEE_MAX for tier in tiers):
        raise Invalid(field="tiers", zh="请填写按距离的配送费。", en="Please give the fees by distance.")
    reach = [tier.up_to for tier in tiers]
    if reach[0] < 1 or len(set(reach)) != len(reach) or reach[-1] < rules.radius:
        raise Invalid(
            field="tiers",
            zh="距离要逐档增大，最后一档不小于配送半径。",
            en="Distances must grow, and the last one must reach the radius.",
        )


def _check_openings(openings: tuple[Opening, ...]) -> None:
    for before, opening in zip((None, *sorted(openings)), sorted(openings), strict=False):
        is_sound = 1 <= opening.weekday <= 7 and 0 <= opening.opens < opening.closes <= MINUTES_A_DAY
        overlaps = before is not None and before.weekday == opening.weekday and before.closes > opening.opens
        if not is_sound or overlaps or opening.opens % 5 or len(openings) > OPENINGS_MAX:
            raise Invalid(
                field=f"hours_{opening.weekday}",
                zh="配送时间要写成 09:00-12:00，同一天的几段不能重叠。",
                en="Write the hours as 09:00-12:00; those of one day must not overlap.",
            )
