"""What outcomes, causes and the stories of the preview are called, in Chinese; pages translate the rest."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from siyu.place.attribution.model import Holder, Policy, PromoterTouch, Relation
from siyu.place.attribution.rules import weigh
from siyu.web import mark

# The sentence, and the tone of its badge.
OUTCOMES = {
    "won_live": (mark("获得订单：直播间在有效时间内，优先于链接"), "good"),
    "won_guide": (mark("获得订单：导购的专属关系优先于链接"), "good"),
    "won_touch": (mark("获得订单：有效期内最后一次推广链接"), "good"),
    "won_relation": (mark("获得订单：没有有效链接，归专属关系"), "good"),
    "not_known": (mark("未计入：下单时还不知道是这位顾客（下单后才登录）"), "neutral"),
    "too_old": (mark("未计入：超过链接有效期"), "neutral"),
    "inactive": (mark("未计入：推广员当时已暂停或清退"), "warn"),
    "live_first": (mark("让位：直播间在有效时间内，优先"), "neutral"),
    "guide_first": (mark("让位：导购的专属关系优先"), "neutral"),
    "later_link": (mark("让位：之后还有更近的一次"), "neutral"),
    "link_first": (mark("让位：有效期内有推广链接"), "neutral"),
    "over": (mark("未计入：专属关系已过期"), "neutral"),
}
KINDS = {"touch": mark("推广链接"), "live": mark("直播间"), "relation": mark("专属关系")}
CAUSES = {
    "touch": mark("点了推广链接"),
    "purchase": mark("经推广员购买"),
    "chosen": mark("顾客自己选择"),
    "cleared": mark("顾客解除"),
    "assigned": mark("商家指定"),
}
PROMOTER_KINDS = {
    "koc": mark("推广员"),
    "leader": mark("团长"),
    "guide": mark("导购"),
    "anchor": mark("主播"),
    "shopkeeper": mark("店主"),
}

_NOW = datetime(2026, 1, 31, 20, tzinfo=UTC)
_FISH, _CRAB = UUID(int=1), UUID(int=2)
_NAMES = {_FISH: mark("小鱼"), _CRAB: mark("小蟹"), None: mark("不归任何人")}


def _link(days: float, who: UUID, kind: str = "koc") -> PromoterTouch:
    return PromoterTouch(UUID(int=int(days * 24)), _NOW - timedelta(days=days), who, kind)


def _relation(days: int, who: UUID, policy: Policy, *, is_guide: bool = False) -> Holder | None:
    if policy.relation_days == 0:
        return None
    since = _NOW - timedelta(days=days)
    until = since + timedelta(days=policy.protection_days), since + timedelta(days=policy.relation_days)
    return Holder(Relation(who, since, since, *until), is_guide, is_active=True)


def stories(policy: Policy) -> list[tuple[str, str]]:
    """Plain stories and whose the order would be by this policy: (story, name), worked out by the rules themselves."""
    told = [
        (mark("3 天前点了小鱼的链接，昨天点了小蟹的链接，今天下单"), [_link(3, _FISH), _link(1, _CRAB)], None),
        (mark("5 天前点了小鱼的链接，昨天扫了门店货架码，今天下单"), [_link(5, _FISH)], None),
        (mark("20 天前点了小鱼的链接，之后没有点过别人的，今天下单"), [_link(20, _FISH)], _relation(20, _FISH, policy)),
        (
            mark("昨晚看了小蟹的直播，今早又点了小鱼的链接，随后下单"),
            [_link(0.75, _CRAB, "live"), _link(0.25, _FISH)],
            None,
        ),
        (
            mark("10 天前由导购小蟹服务，昨天点了小鱼的链接，今天下单"),
            [_link(1, _FISH)],
            _relation(10, _CRAB, policy, is_guide=True),
        ),
    ]  # fmt: skip
    return [
        (story, _NAMES[weigh(touches, holder, policy, _NOW).promoter_id]) for story, touches, holder in told
    ]


def masked_name(name: str) -> str:
    """Enough for the person themselves to recognise, too little for others."""
    return f"{name[:1]}**"
