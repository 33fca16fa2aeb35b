"""What kinds, states and steps of after-sales are called, in Chinese; pages translate the rest."""

from siyu.web import mark

KINDS = {"refund_only": mark("仅退款"), "return": mark("退货退款"), "exchange": mark("换货")}

# The word, and the tone of its badge.
STATES = {
    "requested": (mark("待商家处理"), "warn"),
    "returning": (mark("待寄回"), "info"),
    "returned": (mark("待商家验货"), "warn"),
    "refunding": (mark("退款中"), "info"),
    "done": (mark("已完成"), "good"),
    "refused": (mark("已拒绝"), "bad"),
    "withdrawn": (mark("已撤销"), "neutral"),
    "lapsed": (mark("超时关闭"), "neutral"),
}
STEPS = {
    "opened": mark("提交申请"),
    "agreed": mark("同意退回"),
    "sent_back": mark("商品已寄回"),
    "replaced": mark("已换新"),
    "refunded": mark("同意退款"),
    "refused": mark("拒绝申请"),
    "withdrawn": mark("顾客撤销"),
    "disputed": mark("申请复核"),
    "upheld": mark("复核：维持拒绝"),
    "reopened": mark("复核：重新处理"),
    "lapsed": mark("超时未寄回，已关闭"),
    "overdue": mark("超时未处理"),
}


def step_word(action: str) -> str:
    """The word of a step; a refusal carries its ground behind a colon."""
    return STEPS[action.partition(":")[0]]
