"""What states and channels of orders are called, in Chinese; pages translate the rest."""

from siyu.web import mark

# The word, and the tone of its badge.
STATES = {
    "unpaid": (mark("待付款"), "warn"),
    "paid": (mark("待提货"), "info"),
    "picked_up": (mark("已提货"), "good"),
    "received": (mark("已完成"), "good"),
    "refunded": (mark("已退款"), "neutral"),
    "closed": (mark("已关闭"), "neutral"),
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


def close_reason_word(reason: str | None) -> str:
    """Why an order was closed; a reason without a word is shown as it was written."""
    return CLOSE_REASONS.get(reason or "", reason or "")
