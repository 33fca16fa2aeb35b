"""What reasons, states and rules of stock are called, in Chinese; pages translate the rest. Tones are those of badges."""

from siyu.web import mark

REASONS: dict[str, tuple[str, str]] = {
    "receive": (mark("收货"), "good"),
    "purchase": (mark("采购入库"), "good"),
    "handed_over": (mark("售出"), "neutral"),
    "returned": (mark("退回"), "info"),
    "count": (mark("盘点差异"), "warn"),
    "transfer_out": (mark("调出"), "info"),
    "transfer_in": (mark("调入"), "info"),
    "damaged": (mark("报损"), "bad"),
    "expired": (mark("过期"), "bad"),
}
TRANSFER_STATES: dict[str, tuple[str, str]] = {
    "draft": (mark("草稿"), "neutral"),
    "sent": (mark("在途"), "info"),
    "received": (mark("已收货"), "good"),
    "cancelled": (mark("已取消"), "neutral"),
}
LOSSES: dict[str, str] = {
    "broken": mark("破损"),
    "missing": mark("丢失"),
    "expired": mark("过期"),
    "other": mark("其他"),
}
STOCKTAKE_STATES: dict[str, tuple[str, str]] = {
    "counting": (mark("盘点中"), "info"),
    "posted": (mark("已过账"), "good"),
    "cancelled": (mark("已取消"), "neutral"),
}
MODES: dict[str, tuple[str, str]] = {
    "nearest": (mark("就近发货"), mark("离收货地址最近的地点先发；没有坐标时按省市区判断")),
    "store_first": (mark("门店优先"), mark("先用门店和自提点的货，再用仓库；各自就近")),
    "priority": (mark("按顺序发货"), mark("按你排的顺序，没排到的就近补上")),
}
LOCATION_KINDS: dict[str, str] = {
    "store": mark("门店"),
    "warehouse": mark("仓库"),
    "pickup_point": mark("自提点"),
    "supplier": mark("供应商"),
}
