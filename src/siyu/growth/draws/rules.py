"""Pure decisions about draws: what may be published, and which changes take nothing from anybody."""

from collections.abc import Iterator
from datetime import datetime

from siyu.growth.draws.model import PLACES, Prize, Rules, problem
from siyu.kernel.errors import Invalid

# 反不正当竞争法 art. 11: the highest prize of a draw is worth at most 50,000 yuan.
TOP_VALUE_MAX = 5_000_000
PRIZES_MAX = 12
NUMBER_MAX = 10_000_000
TEXT_MAX = 2_000


def ticket_value_max(rules: Rules) -> int:
    """The most that one ticket can bring. A ticket wins one prize, so nothing adds up."""
    return max((prize.value for prize in rules.prizes), default=0)


def problems(rules: Rules, now: datetime) -> list[Invalid]:
    """Why these rules may not be published at this instant; empty when they may."""
    return [*_words(rules, now), *_chances(rules), *_prizes(rules)]


def _words(rules: Rules, now: datetime) -> Iterator[Invalid]:
    if not 1 <= len(rules.name.strip()) <= 60:
        yield problem("name", "名称需 1 到 60 字。", "A name has 1 to 60 characters.")
    if not 1 <= len(rules.conditions.strip()) <= TEXT_MAX:
        yield problem("conditions", "请写明参与条件。", "Say who may take part.")
    if not 1 <= len(rules.redemption.strip()) <= TEXT_MAX:
        yield problem("redemption", "请写明兑奖方式。", "Say how prizes are handed over.")
    if rules.ends_at <= rules.starts_at:
        yield problem("ends_at", "结束时间需晚于开始时间。", "The end comes after the start.")
    if rules.starts_at <= now:
        yield problem("starts_at", "需在开始之前公示。", "A draw is published before it begins.")


def _chances(rules: Rules) -> Iterator[Invalid]:
    if rules.order_least is None and rules.ticket_points is None and not rules.code_tickets:
        yield problem("order_least", "至少选一种获得机会的方式。", "Offer at least one way to a ticket.")
    if rules.order_least is not None and rules.order_least <= 0:
        yield problem("order_least", "金额需大于 0。", "The amount is above zero.")
    if rules.ticket_points is not None and rules.ticket_points <= 0:
        yield problem("ticket_points", "积分需大于 0。", "The points are above zero.")
    if not 1 <= rules.per_person <= 1_000:
        yield problem(
            "per_person", "每人次数需在 1 到 1000 之间。", "Between 1 and 1,000 draws for a person."
        )


def _prizes(rules: Rules) -> Iterator[Invalid]:
    if not 1 <= len(rules.prizes) <= PRIZES_MAX:
        yield problem("prizes", "请设置 1 到 12 个奖项。", "A draw has 1 to 12 prizes.")
    if [prize.no for prize in rules.prizes] != list(range(1, len(rules.prizes) + 1)):
        yield problem("prizes", "奖项需从 1 连续编号。", "Prizes are numbered from 1 without a gap.")
    if sum(prize.odds for prize in rules.prizes) > PLACES:
        yield problem("odds", "中奖概率合计超过 100%。", "The odds come to more than 100 %.")
    if ticket_value_max(rules) > TOP_VALUE_MAX:
        yield problem("value", "最高奖价值不能超过 50,000 元。", "No prize is worth more than 50,000 yuan.")
    numbers = {prize.no for prize in rules.prizes}
    for prize in rules.prizes:
        yield from _prize(prize, numbers)


def _prize(prize: Prize, numbers: set[int]) -> Iterator[Invalid]:
    at = f"prize_{prize.no}_"
    if not 1 <= len(prize.name.strip()) <= 40:
        yield problem(f"{at}name", "奖品名称需 1 到 40 字。", "A prize has a name of 1 to 40 characters.")
    if not 1 <= prize.number <= NUMBER_MAX:
        yield problem(f"{at}number", "请写明奖品数量。", "Say how many there are of a prize.")
    if prize.value <= 0:
        yield problem(f"{at}value", "请写明奖品的市场价值。", "Say what a prize is worth.")
    if not 1 <= prize.odds <= PLACES:
        yield problem(f"{at}odds", "请写明中奖概率。", "Say how likely a prize is.")
    if (prize.kind == "points") != (prize.points > 0) or (prize.kind == "coupon") != (
        prize.offer_id is not None
    ):
        yield problem(f"{at}kind", "请写明奖品是什么。", "Say what a prize is.")
    if prize.instead is not None and (prize.instead <= prize.no or prize.instead not in numbers):
        yield problem(
            f"{at}instead", "发完后的替代奖需是后面的奖项。", "What comes instead is a later prize."
        )


def worse(before: Rules, after: Rules) -> list[tuple[str, str]]:
    """What a change takes from those who take part, in both languages; empty when it only gives."""
    found: list[tuple[str, str]] = [(zh, en) for is_worse, zh, en in _comparisons(before, after) if is_worse]
    if len(after.prizes) < len(before.prizes):
        found.append(("不能取消奖项", "no prize may go"))
    for old, new in zip(before.prizes, after.prizes, strict=False):
        same = (old.no, old.name, old.kind, old.points, old.offer_id, old.instead)
        if same != (new.no, new.name, new.kind, new.points, new.offer_id, new.instead):
            found.append((f"不能更换第 {old.no} 项奖品", f"prize {old.no} may not be another"))
        for zh, en, kept in (
            ("数量", "number", new.number >= old.number),
            ("价值", "value", new.value == old.value),
            ("概率", "odds", new.odds >= old.odds),
        ):
            if not kept:
                found.append((f"第 {old.no} 项的{zh}不能改少", f"the {en} of prize {old.no} may not fall"))
    return found


def _comparisons(before: Rules, after: Rules) -> Iterator[tuple[bool, str, str]]:
    yield after.starts_at != before.starts_at, "不能改开始时间", "the start stays"
    yield after.ends_at < before.ends_at, "不能提前结束", "it may not end earlier"
    yield after.per_person < before.per_person, "不能减少每人次数", "a person may not draw less often"
    yield after.conditions != before.conditions, "不能改参与条件", "the conditions stay"
    yield after.redemption != before.redemption, "不能改兑奖方式", "the way prizes are handed over stays"
    yield after.name != before.name, "不能改名称", "the name stays"
    yield before.code_tickets and not after.code_tickets, "不能取消扫码机会", "codes keep bringing tickets"
    yield (
        _dearer(before.order_least, after.order_least),
        "不能提高获得机会的金额",
        "a ticket may not need a dearer order",
    )
    yield (
        _dearer(before.ticket_points, after.ticket_points),
        "不能提高兑换机会的积分",
        "a ticket may not cost more points",
    )


def _dearer(old: int | None, new: int | None) -> bool:
    return old is not None and (new is None or new > old)
