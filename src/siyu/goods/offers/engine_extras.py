"""What offers give besides taking something off the goods: gifts, and a coupon for the freight."""

from collections.abc import Sequence

from siyu.goods.offers import engine_words as words
from siyu.goods.offers.engine_gates import Candidate
from siyu.goods.offers.engine_plan import EXCHANGE, ORDER_COUPON, Option, Pass
from siyu.goods.offers.model import Coupon, CouponFreight, Gift, GiftLine


def gifts_of(candidates: Sequence[Candidate], done: Pass) -> list[Option]:
    """Gifts whose threshold the goods reach before coupons. Of best ones that share a line only the highest."""
    reached: list[Candidate] = []
    for one in candidates:
        rule = one.option.rule
        assert isinstance(rule, Gift), "only gifts are asked"
        at = done.open_lines(one.option)
        missing = rule.least - sum([done.before[EXCHANGE][i] for i in at])
        if not at:
            one.why = words.NOT_TOGETHER
        elif missing > 0:
            one.why = words.amount_missing(missing, done.ground.currency)
        elif one.option.is_exclusive and not done.touched.isdisjoint(at):
            one.why = words.NOT_TOGETHER
        else:
            reached.append(one)
    # Stacking ones come beside the best; exclusive ones only where no other gift is.
    reached.sort(key=lambda one: (STACKING_ORDER[one.option.offer.stacking], *_worth(one.option)))
    given: list[Option] = []
    for one in reached:
        rivals = given if one.option.offer.stacking != "stack" else []
        rival = next((other for other in rivals if not set(other.at).isdisjoint(one.option.at)), None)
        if rival is None:
            given.append(one.option)
        else:
            one.why = words.replaced_by(rival.offer)
    return given


STACKING_ORDER = {"best": 0, "stack": 1, "exclusive": 2}


def _worth(option: Option) -> tuple[object, ...]:
    rule = option.rule
    assert isinstance(rule, Gift), "only gifts are asked"
    return -rule.least, -option.offer.priority, option.offer.id


def gift_line(option: Option) -> GiftLine:
    rule, offer = option.rule, option.offer
    assert isinstance(rule, Gift), "only gifts are asked"
    return GiftLine(offer.id, rule.sku_id, rule.quantity, words.name_of(offer), offer.version)


def freight_of(candidates: Sequence[Candidate], done: Pass) -> Option | None:
    """The freight coupon that may take most. Its threshold is on what the goods cost before the order's coupon."""
    usable: list[Candidate] = []
    for one in candidates:
        rule = one.option.rule
        assert isinstance(rule, CouponFreight), "only freight coupons are asked"
        at = done.open_lines(one.option)
        missing = rule.least - sum([done.before[ORDER_COUPON][i] for i in at])
        if not at or (one.option.is_exclusive and not done.touched.isdisjoint(at)):
            one.why = words.NOT_TOGETHER
        elif missing > 0:
            one.why = words.amount_missing(missing, done.ground.currency)
        else:
            usable.append(one)
    usable.sort(key=lambda one: _freight_worth(one.option))
    for one in usable[1:]:
        one.why = words.replaced_by(usable[0].option.offer)
    return usable[0].option if usable else None


def _freight_worth(option: Option) -> tuple[object, ...]:
    assert option.coupon is not None, "a freight coupon is held by somebody"
    assert isinstance(option.rule, CouponFreight), "only freight coupons are asked"
    off = option.rule.off if option.budget is None else min(option.rule.off, option.budget)
    return -off, option.coupon.valid_until, option.coupon.id


def is_freight(option: Option) -> bool:
    """Whether it is a coupon for the freight."""
    rule = option.offer.rule
    return isinstance(rule, Coupon) and isinstance(rule.benefit, CouponFreight)
