"""What ways and states of fulfilment are called, in Chinese, with the tone of their badge."""

from siyu.web import mark

WAYS = {"express": mark("快递待发"), "local": mark("同城配送"), "pickup": mark("自提待取")}
RIDE_STATES = {
    "assigned": (mark("已派单"), "info"),
    "out": (mark("配送中"), "accent"),
    "delivered": (mark("已送达"), "good"),
}
CODE_STATES = {
    "ready": (mark("未使用"), "accent"),
    "redeemed": (mark("已核销"), "good"),
    "void": (mark("已退款"), "neutral"),
    "expired": (mark("已过期"), "neutral"),
}
ON_EXPIRY = {"refund": mark("自动退款"), "keep": mark("不退款")}
