"""What phases and states of sessions are called, in Chinese, with the tone of their badge; pages translate."""

from siyu.web import mark

PHASES = {
    "draft": (mark("草稿"), "neutral"),
    "paused": (mark("已暂停"), "warn"),
    "ahead": (mark("即将开始"), "info"),
    "on": (mark("抢购中"), "accent"),
    "gone": (mark("已抢光"), "neutral"),
    "over": (mark("已结束"), "neutral"),
}
