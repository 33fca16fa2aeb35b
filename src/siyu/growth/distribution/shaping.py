"""What a plan may look like: numbers in bounds, and only goods and people that this merchant has."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from siyu.growth import promoters
from siyu.growth.distribution.model import PlanRule, Settings
from siyu.growth.distribution.rules import RATE_BPS_MAX
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork

NAME_MAX = 60
LISTED_MAX = 500  # targets or promoters named one by one; more is what categories and open plans are for
AMOUNT_MAX = 100_000_000_000  # fen
LEVEL_NAME_MAX = 30
ACTIVITIES = ("flash", "group", "bargain", "presale", "points")


def checked_name(name: str) -> str:
    """Raises Invalid."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid(field="name", zh="方案名称需为 1 到 60 个字。", en="A name has 1 to 60 characters.")
    return name


async def checked_rule(uow: UnitOfWork, rule: PlanRule) -> PlanRule:
    """The rule in its plainest form. Raises Invalid with the field at fault."""
    _check_worth(rule)
    _check_caps(rule)
    if rule.ends_at is not None and rule.ends_at <= (rule.starts_at or uow.now):
        raise Invalid(field="ends_at", zh="结束时间需晚于开始时间。", en="The end has to be after the start.")
    unknown = [kind for kind in rule.promoter_kinds if kind not in promoters.KINDS]
    if unknown:
        raise Invalid(
            field="promoter_kinds", zh="没有这种推广员类型。", en="There is no such kind of promoter."
        )
    if any(kind not in ACTIVITIES for kind in rule.earns_on_activities):
        raise Invalid(field="earns_on_activities", zh="没有这种活动。", en="There is no such activity.")
    targets = () if rule.scope == "all" else tuple(sorted(set(rule.targets)))
    people = () if rule.kind == "open" else tuple(sorted(set(rule.promoter_ids)))
    if rule.scope != "all":
        await _check_targets(uow, rule.scope, targets)
    if rule.kind != "open":
        await _check_promoters(uow, people)
    return msgspec.structs.replace(
        rule,
        targets=targets,
        promoter_ids=people,
        promoter_kinds=tuple(sorted(set(rule.promoter_kinds))),
        earns_on_activities=tuple(sorted(set(rule.earns_on_activities))),
    )


def _check_worth(rule: PlanRule) -> None:
    if (rule.rate_bps is None) == (rule.fixed is None):
        raise Invalid(
            field="rate_bps",
            zh="请填写比例或每件固定金额，二选一。",
            en="Give a rate or a fixed amount, one of the two.",
        )
    for level, worth in rule.level_rates.items():
        if not 1 <= len(level) <= LEVEL_NAME_MAX:
            raise Invalid(
                field="level_rates", zh="等级名称需为 1 到 30 个字。", en="A level has 1 to 30 characters."
            )
        _check_number(rule, "level_rates", worth)
    _check_number(rule, "fixed" if rule.rate_bps is None else "rate_bps", rule.worth_of(""))
    if not 0 <= rule.supplier_bps <= 10_000:  # of the commission, up to all of it
        raise Invalid(
            field="supplier_bps",
            zh="供应商承担比例需在 0 到 100% 之间。",
            en="A share is between 0 and 100%.",
        )


def _check_number(rule: PlanRule, field: str, worth: int) -> None:
    if rule.rate_bps is not None and not 1 <= worth <= RATE_BPS_MAX:
        raise Invalid(
            field=field, zh="佣金比例需在 0.01% 到 30% 之间。", en="A rate is between 0.01% and 30%."
        )
    if rule.rate_bps is None and not 1 <= worth <= AMOUNT_MAX:
        raise Invalid(field=field, zh="每件金额需大于 0。", en="An amount per unit is more than nothing.")


def _check_caps(rule: PlanRule) -> None:
    caps = {
        "order_cap": rule.order_cap,
        "day_cap": rule.day_cap,
        "month_cap": rule.month_cap,
        "budget": rule.budget,
    }
    for field, cap in caps.items():
        if cap is not None and not 1 <= cap <= AMOUNT_MAX:
            raise Invalid(
                field=field,
                zh="上限需大于 0；不限请留空。",
                en="A cap is more than nothing; leave it empty for none.",
            )


async def _check_targets(uow: UnitOfWork, scope: str, targets: Collection[UUID]) -> None:
    if not 1 <= len(targets) <= LISTED_MAX:
        raise Invalid(
            field="targets", zh="请选择 1 到 500 项适用商品。", en="Choose 1 to 500 goods or categories."
        )
    known = await uow.one(
        int,
        """
        select case %(scope)s
            when 'categories' then (select count(*) from categories
                                    where merchant_id = %(merchant_id)s and id = any(%(ids)s))
            when 'products' then (select count(*) from products where merchant_id = %(merchant_id)s and id = any(%(ids)s))
            else (select count(*) from skus where merchant_id = %(merchant_id)s and id = any(%(ids)s)) end
        """,
        scope=scope,
        ids=list(targets),
    )
    if known != len(targets):
        raise Invalid(
            field="targets", zh="所选商品或分类不存在。", en="Some of the goods or categories do not exist."
        )


async def _check_promoters(uow: UnitOfWork, people: Collection[UUID]) -> None:
    if not 1 <= len(people) <= LISTED_MAX:
        raise Invalid(field="promoter_ids", zh="请选择 1 到 500 位推广员。", en="Choose 1 to 500 promoters.")
    known = await uow.one(
        int,
        "select count(*) from promoters where merchant_id = %(merchant_id)s and id = any(%(ids)s)",
        ids=list(people),
    )
    if known != len(people):
        raise Invalid(field="promoter_ids", zh="所选推广员不存在。", en="Some of the promoters do not exist.")


def checked_settings(settings: Settings) -> Settings:
    """Raises Invalid with the field at fault."""
    bounds = {
        "hold_days": (7, 180), "new_hold_days": (7, 180), "new_days": (0, 365), "share_bps": (1, RATE_BPS_MAX),
        "velocity_orders": (2, 1000), "velocity_hours": (1, 720),
    }  # fmt: skip
    for field, (least, most) in bounds.items():
        if not least <= getattr(settings, field) <= most:
            raise Invalid(
                field=field,
                zh=f"这里需在 {least} 到 {most} 之间。",
                en=f"This is between {least} and {most}.",
            )
    names = [step.name for step in settings.levels]
    if len(set(names)) != len(names) or not all(1 <= len(name) <= LEVEL_NAME_MAX for name in names):
        raise Invalid(
            field="levels", zh="等级名称需为 1 到 30 个字且不重复。", en="Levels need names of their own."
        )
    if any(step.orders < 1 or not 0 <= step.refund_bps <= 10_000 for step in settings.levels):
        raise Invalid(field="levels", zh="等级条件不正确。", en="A level's conditions make no sense.")
    return settings
