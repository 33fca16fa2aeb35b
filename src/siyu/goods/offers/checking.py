"""What an offer must be before buyers meet it, and how it may change after. Each refusal names its field."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from siyu.goods import catalog
from siyu.goods.offers import model
from siyu.goods.offers.checking_times import implausible
from siyu.goods.offers.model import OfferForm
from siyu.kernel.errors import DomainError, Invalid
from siyu.runtime.db import UnitOfWork

NAME_MAX = 60
MONEY_MAX = 100_000_000_00
WHOLE = 10_000  # basis points
GROUP_SIZE_MAX = 5  # 微信外链/小程序运营规范 5.1.8: a group of at most five, the sharer among them
GROUP_HOURS_MAX = 72
DEPOSIT_SHARE_MAX = 2_000  # 民法典 art. 586: a deposit above a fifth of the price has no force as such
STEPS_MAX = 5


class _Sku(msgspec.Struct, frozen=True):
    id: UUID
    price: int


async def problems(uow: UnitOfWork, form: OfferForm) -> list[DomainError]:
    """Everything that keeps this offer from being published, the first field first. Empty when nothing does."""
    found: list[DomainError] = [*implausible(form)]
    found = found or [*_of_form(form), *_of_rule(form.rule)]
    if not found:
        found = [*await _of_references(uow, form)]
    return found


def _of_form(form: OfferForm) -> Iterator[DomainError]:
    if not 1 <= len(form.name.strip()) <= NAME_MAX:
        yield Invalid(field="name", zh="名称需为 1 到 60 个字。", en="A name has 1 to 60 characters.")
    if form.starts_at and form.ends_at and form.ends_at <= form.starts_at:
        yield Invalid(
            field="ends_at", zh="结束时间需晚于开始时间。", en="The end has to be after the beginning."
        )
    for field in ("uses_max", "per_person", "per_person_day"):
        value = getattr(form, field)
        if value is not None and not 1 <= value <= 1_000_000_000:
            yield Invalid(field=field, zh="次数至少为 1。", en="A limit is at least 1.")
    if form.budget is not None and not 0 < form.budget <= MONEY_MAX * 100:
        yield Invalid(field="budget", zh="预算需大于 0。", en="A budget is more than 0.")
    if form.floor_margin is not None and not 0 <= form.floor_margin < WHOLE:
        yield Invalid(
            field="floor_margin", zh="毛利底线需在 0 到 100% 之间。", en="A margin is between 0 and 100%."
        )
    if form.funders and (
        sum(one.share for one in form.funders) != WHOLE
        or len({one.who for one in form.funders}) != len(form.funders)
        or any(one.share <= 0 for one in form.funders)
    ):
        yield Invalid(
            field="funders", zh="出资比例合计需为 100%。", en="The shares of who pays add up to 100%."
        )
    needs_times = isinstance(form.rule, model.Flash | model.Presale)
    if needs_times and (form.starts_at is None or form.ends_at is None):
        yield Invalid(
            field="starts_at" if form.starts_at is None else "ends_at",
            zh="请填写开始和结束时间。",
            en="Say when it begins and when it ends.",
        )


def _of_rule(rule: model.Rule) -> Iterator[DomainError]:
    yield from _of_price_kind(rule)
    yield from _of_activity_kind(rule)
    prices = getattr(rule, "prices", None)
    if prices is not None and not prices:
        yield Invalid(field="rule.prices", zh="请选择商品并填写价格。", en="Choose goods and their prices.")


def _of_price_kind(rule: model.Rule) -> Iterator[DomainError]:  # noqa: C901, PLR0912 - one case a kind
    match rule:
        case model.MemberPrice():
            yield from _share("rule.off", rule.off)
        case model.FirstOrder():
            yield from _money("rule.amount", rule.amount)
            yield from _least("rule.least", rule.least)
        case model.NthItem():
            yield from _count("rule.n", rule.n, 2, 99)
            yield from _share("rule.off", rule.off, most=WHOLE)
        case model.AnyN():
            yield from _count("rule.n", rule.n, 2, 99)
            yield from _money("rule.price", rule.price)
        case model.Bundle():
            yield from _money("rule.price", rule.price)
            if len(rule.parts) < 2 and sum(rule.parts.values()) < 2:
                yield Invalid(
                    field="rule.parts", zh="搭配至少两件商品。", en="A bundle has at least two pieces."
                )
            if any(not 1 <= quantity <= 99 for quantity in rule.parts.values()):
                yield Invalid(field="rule.parts", zh="每种 1 到 99 件。", en="1 to 99 pieces of each.")
        case model.AmountOff():
            yield from _steps(rule.steps, one_only=rule.every)
            for i, step in enumerate(rule.steps):
                if step.off >= step.least:
                    yield Invalid(
                        field=f"rule.steps[{i}].off",
                        zh="减的金额需小于满的金额。",
                        en="Less is taken off than is asked for.",
                    )
        case model.PercentOff():
            yield from _steps(rule.steps, one_only=False)
            for i, step in enumerate(rule.steps):
                yield from _share(f"rule.steps[{i}].off", step.off)
            if rule.cap is not None:
                yield from _money("rule.cap", rule.cap)
        case model.Gift():
            yield from _least("rule.least", rule.least)
            yield from _count("rule.quantity", rule.quantity, 1, 99)
        case model.Coupon():
            yield from _of_coupon(rule)
        case _:
            return


def _of_activity_kind(rule: model.Rule) -> Iterator[DomainError]:
    match rule:
        case model.GroupBuy():
            yield from _of_group(rule)
        case model.Bargain():
            yield from _count("rule.helps", rule.helps, 1, 50)
            yield from _count("rule.hours", rule.hours, 1, GROUP_HOURS_MAX)
            if not 0 < rule.floor < rule.start:
                yield Invalid(
                    field="rule.floor",
                    zh="底价需大于 0 且低于起始价。",
                    en="The floor is above 0 and below the start.",
                )
        case model.Presale():
            yield from _of_presale(rule)
        case model.Flash():
            yield from _of_flash(rule)
        case model.PointsPrice():
            for i, (points, price) in enumerate(rule.prices.values()):
                yield from _count(f"rule.prices[{i}].points", points, 1, 100_000_000)
                yield from _money(f"rule.prices[{i}].price", price)
        case _:
            return


def _of_coupon(rule: model.Coupon) -> Iterator[DomainError]:
    yield from _of_benefit(rule.benefit)
    yield from _of_validity(rule)


def _of_benefit(benefit: model.Benefit) -> Iterator[DomainError]:
    match benefit:
        case model.CouponAmount():
            yield from _money("rule.benefit.off", benefit.off)
            yield from _least("rule.benefit.least", benefit.least)
            if benefit.least and benefit.off >= benefit.least:
                yield Invalid(
                    field="rule.benefit.off",
                    zh="面额需小于使用门槛。",
                    en="It is worth less than it asks for.",
                )
        case model.CouponPercent():
            yield from _share("rule.benefit.off", benefit.off)
            yield from _money("rule.benefit.cap", benefit.cap)
            yield from _least("rule.benefit.least", benefit.least)
        case model.CouponExchange():
            yield from _least("rule.benefit.price", benefit.price)
        case model.CouponFreight():
            yield from _money("rule.benefit.off", benefit.off)
            yield from _least("rule.benefit.least", benefit.least)


def _of_validity(rule: model.Coupon) -> Iterator[DomainError]:
    if (rule.days is None) == (rule.until is None):
        yield Invalid(
            field="rule.days",
            zh="有效期请二选一：领取后几天，或固定日期。",
            en="Valid for some days, or until a date: one of them.",
        )
    if rule.days is not None:
        yield from _count("rule.days", rule.days, 1, 730)
    if rule.since and rule.until and rule.until <= rule.since:
        yield Invalid(field="rule.until", zh="失效时间需晚于生效时间。", en="It ends after it begins.")
    if rule.total is not None:
        yield from _count("rule.total", rule.total, 1, 100_000_000)
    yield from _count("rule.claims_max", rule.claims_max, 1, 1_000)
    if rule.after_payment is not None:
        yield from _least("rule.after_payment", rule.after_payment)


def _of_group(rule: model.GroupBuy) -> Iterator[DomainError]:
    yield from _count("rule.size", rule.size, 2, GROUP_SIZE_MAX)
    yield from _count("rule.hours", rule.hours, 1, GROUP_HOURS_MAX)
    yield from _count("rule.units_max", rule.units_max, 1, 999)
    yield from _count("rule.seat_minutes", rule.seat_minutes, 1, 60)
    yield from _least("rule.leader_off", rule.leader_off)
    if (rule.least_size is None) != (rule.least_hours is None):
        yield Invalid(
            field="rule.least_hours",
            zh="保底人数和时间需一起填写。",
            en="Say both: how many, and after how long.",
        )
    if rule.least_size is not None:
        yield from _count("rule.least_size", rule.least_size, 1, rule.size)
    if rule.least_hours is not None:
        yield from _count("rule.least_hours", rule.least_hours, 1, rule.hours)
    for i, tier in enumerate(rule.tiers):
        if not rule.size < tier.size <= GROUP_SIZE_MAX or tier.prices.keys() != rule.prices.keys():
            yield Invalid(
                field=f"rule.tiers[{i}].size",
                zh="阶梯人数需大于成团人数且不超过 5 人，并为每个商品定价。",
                en="A tier is larger than the group, five at most, with a price for each SKU.",
            )
        elif any(tier.prices[sku] > price for sku, price in rule.prices.items()):
            yield Invalid(
                field=f"rule.tiers[{i}].prices", zh="人越多价格不能更高。", en="More people never pay more."
            )
    lowest = [*rule.prices.values(), *(price for tier in rule.tiers for price in tier.prices.values())]
    if any(rule.leader_off >= price for price in lowest):
        yield Invalid(
            field="rule.leader_off",
            zh="团长优惠需小于团购价。",
            en="The leader's benefit is below the price.",
        )


def _of_presale(rule: model.Presale) -> Iterator[DomainError]:
    yield from _money("rule.deposit", rule.deposit)
    if not rule.deposit <= rule.worth:
        yield Invalid(
            field="rule.worth", zh="定金抵扣不能少于定金。", en="A deposit is worth at least itself."
        )
    # The price is what is paid in all: what the deposit is worth more has been taken off.
    totals = [price - (rule.worth - rule.deposit) for price in rule.prices.values()]
    if any(rule.deposit * WHOLE > total * DEPOSIT_SHARE_MAX for total in totals):
        yield Invalid(
            field="rule.deposit",
            zh="定金不能超过价格的 20%（民法典第 586 条）。",
            en="A deposit is at most a fifth of the price.",
        )
    if any(rule.worth >= price for price in rule.prices.values()):
        yield Invalid(
            field="rule.worth", zh="定金抵扣需小于预售价。", en="The deposit is worth less than the price."
        )
    if not rule.balance_from < rule.balance_until <= rule.ships_from:
        yield Invalid(
            field="rule.balance_until",
            zh="尾款时间需早于发货时间。",
            en="The balance is due before the goods are sent.",
        )


def _of_flash(rule: model.Flash) -> Iterator[DomainError]:
    if not rule.items:
        yield Invalid(field="rule.items", zh="请选择商品。", en="Choose goods.")
    yield from _count("rule.pay_minutes", rule.pay_minutes, 1, 60)
    if len({item.sku_id for item in rule.items}) != len(rule.items):
        yield Invalid(field="rule.items", zh="同一规格只能出现一次。", en="Each SKU is named once.")
    for i, item in enumerate(rule.items):
        yield from _count(f"rule.items[{i}].quota", item.quota, 1, 10_000_000)
        yield from _count(f"rule.items[{i}].per_person", item.per_person, 1, 999)
        yield from _money(f"rule.items[{i}].price", item.price)


async def _of_references(uow: UnitOfWork, form: OfferForm) -> list[DomainError]:
    """SKUs, products and categories are the merchant's own; no price of an offer is above the marked one."""
    named = dict(_priced(form.rule))
    wanted = {*named, *_unpriced(form.rule), *form.scope.sku_ids, *form.scope.excluded}
    skus = await uow.all(
        _Sku,
        "select id, price from skus where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[])",
        ids=list(wanted),
    )
    marked = {sku.id: sku.price for sku in skus}
    found: list[DomainError] = []
    if wanted - marked.keys():
        found.append(Invalid(field="rule", zh="有商品规格不存在。", en="A SKU does not exist."))
    products = await catalog.cards_of(uow, form.scope.product_ids) if form.scope.product_ids else []
    if len(products) != len(set(form.scope.product_ids)):
        found.append(Invalid(field="scope.product_ids", zh="有商品不存在。", en="A product does not exist."))
    categories = set(form.scope.category_ids)
    if categories - {category.id for category in await catalog.categories(uow)}:
        found.append(
            Invalid(field="scope.category_ids", zh="有分类不存在。", en="A category does not exist.")
        )
    for sku_id, (field, price) in named.items():
        if sku_id in marked and not 0 < price <= marked[sku_id]:
            found.append(
                Invalid(
                    field=field,
                    zh="活动价需大于 0 且不高于标价。",
                    en="An offer's price is above 0 and not above the marked one.",
                )
            )
    return found


def _priced(rule: model.Rule) -> Iterator[tuple[UUID, tuple[str, int]]]:
    """Each SKU that the rule gives a price, with the field it stands in."""
    match rule:
        case model.LimitedPrice() | model.GroupBuy() | model.Presale():
            yield from (
                (sku, (f"rule.prices[{i}]", price)) for i, (sku, price) in enumerate(rule.prices.items())
            )
        case model.PointsPrice():
            yield from (
                (sku, (f"rule.prices[{i}]", price)) for i, (sku, (_, price)) in enumerate(rule.prices.items())
            )
        case model.Flash():
            yield from (
                (item.sku_id, (f"rule.items[{i}].price", item.price)) for i, item in enumerate(rule.items)
            )
        case model.Bargain():
            yield rule.sku_id, ("rule.start", rule.start)


def _unpriced(rule: model.Rule) -> Iterator[UUID]:
    match rule:
        case model.Gift():
            yield rule.sku_id
        case model.Bundle():
            yield from rule.parts


def worsened(before: OfferForm, after: OfferForm) -> DomainError | None:
    """Why a change of a running offer is not in the buyers' favour; None when it is. Anything else is a new offer."""
    fixed = ("rule", "scope", "audience", "stacking", "priority", "starts_at", "floor_margin")
    for field in fixed:
        if getattr(before, field) != getattr(after, field):
            return Invalid(
                field=field,
                zh="活动开始后规则不能修改，请复制一个新活动（规范促销行为暂行规定第十三条）。",
                en="The rules of a running offer stay; clone it into a new one.",
            )
    if before.ends_at is not None and after.ends_at is not None and after.ends_at < before.ends_at:
        return _not_less("ends_at")
    if before.ends_at is None and after.ends_at is not None:
        return _not_less("ends_at")
    for field in ("budget", "uses_max", "per_person", "per_person_day"):
        was, now = getattr(before, field), getattr(after, field)
        if now is not None and (was is None or now < was):
            return _not_less(field)
    return None


def _not_less(field: str) -> DomainError:
    return Invalid(
        field=field,
        zh="活动开始后只能往对顾客有利的方向改：延长、加预算、放宽限制。",
        en="A running offer may only get better for buyers: longer, more, less limited.",
    )


def _money(field: str, value: int) -> Iterator[DomainError]:
    if not 0 < value <= MONEY_MAX:
        yield Invalid(field=field, zh="金额需大于 0。", en="The amount is more than 0.")


def _least(field: str, value: int) -> Iterator[DomainError]:
    if not 0 <= value <= MONEY_MAX:
        yield Invalid(field=field, zh="金额不能为负。", en="The amount is not negative.")


def _share(field: str, value: int, *, most: int = WHOLE - 1) -> Iterator[DomainError]:
    if not 0 < value <= most:
        yield Invalid(field=field, zh="折扣需在 0 到 100% 之间。", en="A discount is between 0 and 100%.")


def _count(field: str, value: int, least: int, most: int) -> Iterator[DomainError]:
    if not least <= value <= most:
        yield Invalid(
            field=field, zh=f"需在 {least} 到 {most} 之间。", en=f"It is between {least} and {most}."
        )


def _steps(steps: tuple[model.Reached, ...], *, one_only: bool) -> Iterator[DomainError]:
    if not 1 <= len(steps) <= (1 if one_only else STEPS_MAX):
        yield Invalid(
            field="rule.steps",
            zh="请填写 1 到 5 档；每满减只有一档。",
            en="1 to 5 steps; a repeated one stands alone.",
        )
    for i, step in enumerate(steps):
        yield from _money(f"rule.steps[{i}].least", step.least)
        yield from _money(f"rule.steps[{i}].off", step.off)
        if i and (step.least <= steps[i - 1].least or step.off <= steps[i - 1].off):
            yield Invalid(
                field=f"rule.steps[{i}].least", zh="档位需逐级提高。", en="Each step asks and gives more."
            )
