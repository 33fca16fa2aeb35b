"""What people are told of draws. Keys are what the tables keep."""

from siyu import web

STATES = {
    "draft": (web.mark("草稿"), "neutral"),
    "published": (web.mark("已公示"), "info"),
    "running": (web.mark("进行中"), "good"),
    "over": (web.mark("已结束"), "neutral"),
}
KINDS = {"points": web.mark("积分"), "coupon": web.mark("优惠券")}
