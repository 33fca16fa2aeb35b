"""What states and kinds of the suppliers' room are called, in Chinese; pages translate the rest."""

from siyu.web import mark

SETTLEMENTS = {"weekly": mark("按周结算"), "monthly": mark("按月结算")}
PURCHASE_STATES = {
    "draft": (mark("草稿"), "neutral"),
    "sent": (mark("已下单"), "info"),
    "partly": (mark("部分到货"), "warn"),
    "received": (mark("已到齐"), "good"),
    "cancelled": (mark("已取消"), "neutral"),
}
STATEMENT_STATES = {
    "draft": (mark("待核对"), "warn"),
    "confirmed": (mark("待付款"), "info"),
    "paid": (mark("已付清"), "good"),
}
ENTRIES = {
    "shipped": mark("代发"),
    "returned": mark("代发退回"),
    "unsent": mark("撤销发货"),
    "received": mark("采购到货"),
    "adjusted": mark("手工调整"),
}
