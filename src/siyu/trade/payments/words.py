"""What methods and states of payments and refunds are called, in Chinese; pages translate the rest."""

from siyu.web import mark

METHODS = {"wxpay_jsapi": mark("微信支付"), "imported": mark("外部导入")}
# The word, and the tone of its badge.
PAYMENT_STATES = {
    "waiting": (mark("等待付款"), "warn"),
    "paid": (mark("已到账"), "good"),
    "closed": (mark("已关闭"), "neutral"),
    "refunding_late": (mark("迟到，退款中"), "warn"),
    "refunded_late": (mark("迟到，已退回"), "neutral"),
}
REFUND_STATES = {
    "requested": (mark("已受理"), "info"),
    "processing": (mark("退款中"), "info"),
    "done": (mark("已退回"), "good"),
    "abnormal": (mark("退款异常"), "bad"),
}
REFUND_KINDS = {
    "after_sale": mark("售后退款"),
    "late_payment": mark("付款来迟"),
    "imported": mark("外部导入"),
}
