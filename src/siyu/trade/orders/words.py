"""What states and channels of orders are called, in Chinese; pages translate the rest."""

from siyu.web import mark

# The word, and the tone of its badge.
STATES = {
    "unpaid": (mark("待付款"), "warn"),
    "paid": (mark("待提货"), "info"),
    "shipped": (mark("已发货"), "info"),
    "picked_up": (mark("已提货"), "good"),
    "received": (mark("已完成"), "good"),
    "refunded": (mark("已退款"), "neutral"),
    "closed": (mark("已关闭"), "neutral"),
}
# The deposit of a presale is paid, the rest is not.
BALANCE_WAITS = (mark("待付尾款"), "warn")
# A paid order waits for something else when nobody comes to fetch it.
WAITS_FOR = {
    "express": mark("待发货"),
    "local": mark("待配送"),
    "none": mark("待使用"),
}
DELIVERIES = {
    "pickup": mark("到店自提"),
    "express": mark("快递配送"),
    "local": mark("同城配送"),
    "none": mark("电子券码"),
}
# What changed a line's price, where the rule has no name of its own.
STEPS = {
    "price_list": mark("价格表"),
    "quantity": mark("多件优惠"),
    "floor": mark("价格保底"),
    "edit": mark("店家改价"),
}
# Why a paid order must not leave yet.
HELD = {
    "group": mark("拼团中，成团后才会备货"),
    "presale": mark("预售商品，到发货时间后备货"),
}
CHANNELS = {
    "shop": mark("手机商城"),
    "api": mark("接口"),
    "import": mark("外部导入"),
    "history": mark("历史订单"),
}
CLOSE_REASONS = {
    "expired": mark("超时未付款"),
    "cancelled_by_buyer": mark("顾客取消"),
    "cancelled_by_merchant": mark("商家取消"),
}


def state_word(state: str, delivery: str, has_deposit: bool = False) -> tuple[str, str]:
    """The word for where an order stands, and the tone of its badge. `has_deposit`: that of a presale is paid."""
    if state == "unpaid" and has_deposit:
        return BALANCE_WAITS
    word, tone = STATES[state]
    return (WAITS_FOR.get(delivery, word), tone) if state == "paid" else (word, tone)


def close_reason_word(reason: str | None) -> str:
    """Why an order was closed; a reason without a word is shown as it was written."""
    return CLOSE_REASONS.get(reason or "", reason or "")
