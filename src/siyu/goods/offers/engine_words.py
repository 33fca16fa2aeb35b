"""What the engine says, always "中文 / english": it is kept with orders, whose readers come later."""

from collections.abc import Sequence

from siyu.goods.offers.model import (
    AnyN,
    Audience,
    Coupon,
    CouponExchange,
    CouponFreight,
    MemberPrice,
    NthItem,
    Offer,
    Traits,
)
from siyu.kernel import money

NOT_YET = "还没开始 / it has not begun"
OVER = "已经结束 / it is over"
MEMBERS = "仅限会员 / for members only"
NEWCOMERS = "仅限新客 / for newcomers only"
OTHER_CHANNEL = "只用于其他渠道 / only in another channel"
OTHER_STORE = "只用于其他门店 / only at another store"
OTHER_DOOR = "仅限从指定入口来的顾客 / only for who came through certain doors"
BUDGET_GONE = "预算已用完 / its budget is used up"
USES_GONE = "名额已用完 / all its uses are gone"
NOT_CHEAPER = "不比现在更便宜 / not cheaper than what applies already"
MARGIN = "价格已到底线 / the price cannot go lower"
TOGETHER_DEARER = "这一单用上反而不划算 / this order would not be cheaper with it"
NOT_TOGETHER = "不与其他优惠同享 / not together with other offers"
ONE_COUPON = "一单只能用一张优惠券 / only one coupon for an order"
ONE_FREIGHT = "一单只能用一张运费券 / only one freight coupon for an order"
TWICE = "同一张优惠券写了两次 / the same coupon twice"
NO_SUCH_COUPON = (
    "没有这张优惠券，或已经使用、过期 / there is no such coupon, or it has been used or has ended"
)
COUPON_TAKEN = "这张券已用于另一个订单 / another order has taken this coupon"
NOTHING_IN_SCOPE = "订单里没有它适用的商品 / nothing in the order that it is good for"

NAMES = {
    "limited_price": ("限时价", "limited-time price"),
    "member_price": ("会员价", "member price"),
    "first_order": ("首单优惠", "first order"),
    "bundle": ("搭配价", "bundle price"),
    "amount_off": ("满减", "amount off"),
    "percent_off": ("满折", "percent off"),
    "gift": ("赠品", "gift"),
    "coupon": ("优惠券", "coupon"),
}


def kind_of(offer: Offer) -> str:
    """The tag of the offer's rule."""
    tag = type(offer.rule).__struct_config__.tag
    assert isinstance(tag, str), "every rule is a tagged struct"
    return tag


def name_of(offer: Offer) -> str:
    """What an offer is called in a price's build-up: its kind and the name the merchant gave it."""
    zh, en = _kind_words(offer)
    return f"{zh}（{offer.name}） / {en} ({offer.name})"


def _kind_words(offer: Offer) -> tuple[str, str]:
    match offer.rule:
        case NthItem(n=n):
            return f"第 {n} 件优惠", f"every item no. {n}"
        case AnyN(n=n):
            return f"{n} 件一口价", f"any {n} for one price"
        case Coupon(benefit=CouponFreight()):
            return "运费券", "freight coupon"
        case Coupon(benefit=CouponExchange()):
            return "兑换券", "exchange coupon"
    return NAMES.get(kind_of(offer), ("优惠", "offer"))


def amount_missing(missing: int, currency: str) -> str:
    much = f"{money.symbol(currency)}{money.plain(missing, currency)}"
    return f"还差 {much} / {much} to go"


def units_missing(missing: int) -> str:
    return f"还差 {missing} 件 / {missing} more to go"


def is_missing(why: str) -> bool:
    """Whether more of the goods would be enough: `amount_missing` and `units_missing` say so."""
    return why.startswith("还差 ")


def per_person(times: int) -> str:
    return f"本活动每人限 {times} 次 / {times} for each person"


def per_day(times: int) -> str:
    return f"本活动每人每天限 {times} 次 / {times} a day for each person"


def replaced_by(offer: Offer) -> str:
    return f"已被“{offer.name}”代替 / “{offer.name}” took its place"


def not_with(offer: Offer) -> str:
    return f"不与“{offer.name}”同享 / not together with “{offer.name}”"


def other_level(levels: Sequence[str]) -> str:
    named = "、".join(levels)
    return f"仅限会员（{named}） / for members only ({', '.join(levels)})"


def not_for(offer: Offer, traits: Traits) -> str:
    """Why an offer is not for this buyer; empty when it is."""
    if isinstance(offer.rule, MemberPrice) and not offer.audience.levels and not traits.level:
        return MEMBERS
    return outside(offer.audience, traits)


def outside(audience: Audience, traits: Traits) -> str:
    """Why an audience does not have this buyer; empty when it does."""
    refusals = (
        (bool(audience.levels) and traits.level not in audience.levels, other_level(audience.levels)),
        (audience.newcomers and not traits.is_new, NEWCOMERS),
        (bool(audience.channels) and traits.channel not in audience.channels, OTHER_CHANNEL),
        (bool(audience.store_ids) and traits.store_id not in audience.store_ids, OTHER_STORE),
        (bool(audience.door_ids) and traits.door_id not in audience.door_ids, OTHER_DOOR),
    )
    return next((why for is_refused, why in refusals if is_refused), "")
