"""What an offer gives, in words "中文 / english" for buyers: short, complete, and the same wherever it is shown."""

from siyu.goods.offers import engine_words
from siyu.goods.offers.model import (
    AmountOff,
    AnyN,
    Bundle,
    Coupon,
    CouponAmount,
    CouponExchange,
    CouponFreight,
    CouponPercent,
    FirstOrder,
    Gift,
    LimitedPrice,
    MemberPrice,
    NthItem,
    Offer,
    PercentOff,
    Rule,
    Scope,
)
from siyu.kernel import money
from siyu.web import mark

WHOLE = 10_000  # basis points
STATES = {
    "issued": mark("可使用"),
    "locked": mark("订单占用中"),
    "used": mark("已使用"),
    "expired": mark("已过期"),
    "void": mark("已作废"),
}
SOURCES = {
    "claim": mark("自己领取"),
    "code": mark("兑换码"),
    "paid": mark("付款后赠送"),
    "manual": mark("商家发放"),
    "api": mark("接口发放"),
    "prize": mark("抽奖所得"),
    "returned": mark("退回"),
}


def amount(minor: int, currency: str) -> str:
    return f"{money.symbol(currency)}{money.plain(minor, currency).removesuffix('.00')}"


def worth(rule: Coupon, currency: str) -> str:
    """What stands large on a coupon."""
    match rule.benefit:
        case CouponAmount(off=off):
            return amount(off, currency)
        case CouponPercent(off=off):
            return percent(off)
        case CouponExchange():
            return "兑换 / Swap"
        case CouponFreight(off=off):
            return f"免 {amount(off, currency)} 运费 / {amount(off, currency)} freight"


def percent(off: int) -> str:
    """8.5 折 is 15 % off."""
    tenths, rest = divmod(WHOLE - off, 1_000)
    folded = f"{tenths}.{rest:03d}".rstrip("0").rstrip(".")
    return f"{folded} 折 / {_bp(off)} off"


def _bp(points: int) -> str:
    whole, rest = divmod(points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def benefit(rule: Coupon, currency: str) -> str:
    """The whole benefit in one sentence."""
    match rule.benefit:
        case CouponAmount(off=off, least=least):
            return _from(least, f"减 {amount(off, currency)}", f"{amount(off, currency)} off", currency)
        case CouponPercent(off=off, cap=cap, least=least):
            zh, en = percent(off).split(" / ")
            much = amount(cap, currency)
            return _from(least, f"打 {zh}，最多减 {much}", f"{en}, at most {much}", currency)
        case CouponExchange(price=price):
            much = amount(price, currency)
            return (
                f"{much} 兑换一件 / one item for {much}" if price else "免费兑换一件 / one item for nothing"
            )
        case CouponFreight(off=off, least=least):
            much = amount(off, currency)
            return _from(least, f"运费最多减 {much}", f"up to {much} off the freight", currency)


def _from(least: int, zh: str, en: str, currency: str) -> str:
    if not least:
        return f"无门槛，{zh} / {en}"
    much = amount(least, currency)
    return f"满 {much} {zh} / {en} from {much}"


def scope(said: Scope) -> str:
    """What it is good for."""
    if said.product_ids or said.sku_ids or said.category_ids:
        some = "指定分类" if said.category_ids and not (said.product_ids or said.sku_ids) else "指定商品"
        words = f"{some}可用 / for chosen goods"
    else:
        words = "全店可用 / for everything"
    if not said.excluded:
        return words
    zh, en = words.split(" / ")
    return f"{zh}，部分商品除外 / {en}, with exceptions"


def lasting(rule: Coupon) -> str:
    """How long it is valid, for who has not claimed it; a fixed end is shown as a date."""
    return f"领取后 {rule.days} 天内有效 / valid for {rule.days} days from the claim" if rule.days else ""


def rule(offer: Offer, currency: str) -> str:
    """An automatic offer's benefit."""
    return _steps(offer.rule, currency) or _plain(offer.rule, currency) or engine_words.name_of(offer)


def _steps(said: Rule, currency: str) -> str:
    halves: list[tuple[str, str]] = []
    match said:
        case AmountOff(steps=steps, every=every):
            zh_each, en_each = ("每满", "for every") if every else ("满", "from")
            for step in steps:
                least, off = amount(step.least, currency), amount(step.off, currency)
                halves.append((f"{zh_each} {least} 减 {off}", f"{off} off {en_each} {least}"))
        case PercentOff(steps=steps, units=units, cap=cap):
            for step in steps:
                zh, en = percent(step.off).split(" / ")
                least = f"{step.least} 件" if units else amount(step.least, currency)
                from_en = f"{step.least} items" if units else least
                halves.append((f"满 {least} 打 {zh}", f"{en} from {from_en}"))
            if cap is not None:
                halves.append((f"最多减 {amount(cap, currency)}", f"at most {amount(cap, currency)}"))
    if not halves:
        return ""
    return "，".join([zh for zh, _ in halves]) + " / " + ", ".join([en for _, en in halves])


def _plain(said: Rule, currency: str) -> str:
    words = ""
    match said:
        case LimitedPrice(prices=prices) if prices:
            least = amount(min(prices.values()), currency)
            words = f"限时价 {least} 起 / limited-time price from {least}"
        case MemberPrice(off=off):
            zh, en = percent(off).split(" / ")
            words = f"会员打 {zh} / {en} for members"
        case FirstOrder(amount=off, least=least):
            much = amount(off, currency)
            words = _from(least, f"首单减 {much}", f"{much} off the first order", currency)
        case NthItem(n=n, off=off):
            zh, en = percent(off).split(" / ") if off < WHOLE else ("免费", "free")
            words = f"第 {n} 件 {zh} / every item no. {n}: {en}"
        case AnyN(n=n, price=price):
            words = f"任选 {n} 件 {amount(price, currency)} / any {n} for {amount(price, currency)}"
        case Bundle(price=price):
            words = f"搭配一起买 {amount(price, currency)} / together for {amount(price, currency)}"
        case Gift(least=least, quantity=quantity):
            much = amount(least, currency)
            words = f"满 {much} 送赠品 {quantity} 件 / {quantity} as a gift from {much}"
    return words
