"""What oversight is called in Chinese; pages translate the rest."""

from siyu.web import mark

SUBJECTS = {
    "merchant": (mark("商家"), ""),
    "plan": (mark("佣金方案"), "commission/plans"),
    "promoter": (mark("推广员"), "promoters"),
    "product": (mark("商品"), "products"),
    "offer": (mark("活动"), "offers"),
    "face": (mark("推广员主页"), "promoters"),
    "task": (mark("推广任务"), ""),
    "lesson": (mark("培训课程"), ""),
    "agreement": (mark("推广协议"), ""),
}
SEVERITIES = {
    "block": (mark("禁止"), "bad"),
    "gate": (mark("需审批"), "warn"),
    "warn": (mark("提醒"), "info"),
}
FIELDS = {
    "name": mark("名称"),
    "title": mark("标题"),
    "subtitle": mark("副标题"),
    "description": mark("描述"),
    "words": mark("介绍"),
    "body": mark("正文"),
    "welcome": mark("招募说明"),
    "rate_bps": mark("佣金比例"),
    "fixed": mark("每件佣金"),
    "targets": mark("商品范围"),
    "order_cap_bps": mark("每单上限"),
    "qualification": mark("资格条件"),
    "release_days": mark("结算等待天数"),
    "idle": mark("无销售占比"),
    "own": mark("自购占比"),
    "refund": mark("退货率"),
    "concentration": mark("销售集中度"),
    "velocity": mark("单日订单"),
}
THRESHOLDS = (
    ("idle_bps", mark("无销售推广员占比超过（%）"), True),
    ("idle_least", mark("至少有这么多推广员才看占比"), False),
    ("own_bps", mark("自购占比超过（%）"), True),
    ("refund_bps", mark("退货率超过（%）"), True),
    ("refund_least", mark("至少有这么多订单才看退货率"), False),
    ("concentration_bps", mark("一人占推广销售超过（%）"), True),
    ("concentration_least", mark("至少有这么多订单才看集中度"), False),
    ("velocity", mark("一人一天订单超过"), False),
    ("window_days", mark("统计最近多少天"), False),
)
