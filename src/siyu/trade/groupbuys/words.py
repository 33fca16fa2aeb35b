"""What the states of groups and seats are called, in Chinese; pages translate the rest."""

from siyu.web import mark

# The word, and the tone of its badge.
STATES = {
    "open": (mark("拼团中"), "accent"),
    "full": (mark("名额已占满"), "info"),
    "succeeded": (mark("拼团成功"), "good"),
    "expired": (mark("已到期"), "warn"),
    "refunding": (mark("退款中"), "warn"),
    "failed": (mark("拼团未成功"), "neutral"),
    "lapsed": (mark("未开团"), "neutral"),
}
SEATS = {
    "held": (mark("待付款"), "warn"),
    "paid": (mark("已付款"), "good"),
    "lapsed": (mark("超时未付"), "neutral"),
    "withdrawn": (mark("已退出"), "neutral"),
    "refunding": (mark("退款中"), "warn"),
    "refunded": (mark("已退款"), "neutral"),
}
# What became of a member's refund at the gateway.
REFUNDS = {
    "requested": (mark("待退款"), "warn"),
    "processing": (mark("退款中"), "info"),
    "done": (mark("已退款"), "good"),
    "abnormal": (mark("退款异常"), "bad"),
}
