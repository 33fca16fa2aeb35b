"""What people are told: states, confidence, and reasons with their numbers."""

from collections.abc import Callable

from siyu.growth.affinity.model import Reason
from siyu.growth.affinity.rules import permille
from siyu.web import mark

STATES = {
    "candidate": (mark("候选"), "info"),
    "invited": (mark("已邀请"), "info"),
    "trained": (mark("已培训"), "info"),
    "trial": (mark("试用期"), "warn"),
    "active": (mark("合作中"), "good"),
    "resting": (mark("休息中"), "neutral"),
    "exited": (mark("已退出"), "neutral"),
}
CONFIDENCE = {
    "high": (mark("依据充分"), "good"),
    "medium": (mark("依据一般"), "info"),
    "low": (mark("依据较少"), "warn"),
}
# The next thing to do with somebody who stands here.
NEXT = {
    "candidate": mark("发出邀请：把招募页链接发给对方，自愿免费加入。"),
    "invited": mark("等对方加入并完成培训课程。"),
    "trained": mark("指派第一件商品，进入试用期，同时只带一件。"),
    "trial": mark("留存 5 件且退货率不超过 20% 后转为合作中。"),
    "active": mark("按产能继续指派最匹配的商品。"),
    "resting": mark("30 天没有成交或任务。回来后再恢复。"),
    "exited": mark("不再指派任务。"),
}
MOVES = {
    "candidate": mark("重新列为候选"),
    "invited": mark("标记为已邀请"),
    "trained": mark("标记为已培训"),
    "trial": mark("进入试用期"),
    "active": mark("转为合作中"),
    "resting": mark("安排休息"),
    "exited": mark("结束合作"),
}
SAMPLES = {
    "requested": (mark("待寄出"), "warn"),
    "shipped": (mark("已寄出，待发布"), "info"),
    "published": (mark("已发布"), "good"),
    "closed": (mark("已结案"), "neutral"),
    "refused": (mark("未寄送"), "neutral"),
}
SAMPLE_STEPS = {
    "shipped": (mark("寄出"), mark("运单号")),
    "published": (mark("登记内容"), mark("内容链接")),
    "closed": (mark("结案"), mark("效果")),
    "refused": (mark("不寄送"), mark("原因")),
}
ASSIGNMENTS = {
    "open": (mark("进行中"), "info"),
    "done": (mark("已完成"), "good"),
    "cancelled": (mark("已撤回"), "neutral"),
}
REASONS = {
    "own": mark("自己买过 {n} 次"),
    "own_again": mark("自己复购 {n} 次"),
    "own_category": mark("自己另买过同类 {n} 次"),
    "audience": mark("带来的顾客 {share} 买过这件（{n} / {of}）"),
    "audience_category": mark("带来的顾客 {share} 买过同类（{n} / {of}）"),
    "close": mark("买过的其他商品与它的买家相近，超过 {share} 的推广员"),
    "sold_category": mark("带来同类成交 {n} 件"),
    "returned": mark("同类退货率 {share}"),
    "tasks": mark("手上已有 {n} 个任务"),
    "overlap": mark("{share} 的顾客与已指派的 {name} 重合"),
    "loaded": mark("本周已带 {n} 单，平时每周 {of} 单"),
    "again": mark("复购 {n} 次"),
    "products": mark("买过 {n} 种商品"),
    "joined": mark("{n} 位好友参加其发起的拼团"),
    "helped": mark("{n} 位好友为其助力"),
    "sent_back": mark("退货率 {share}"),
}
AGAINST = frozenset({"tasks", "overlap", "loaded"})


def told(reason: Reason, say: Callable[..., str]) -> str:
    """A reason in words. `say` translates a Chinese text with its facts."""
    share = permille(reason.number, reason.of)
    percent = f"{share // 10}.{share % 10}%" if share % 10 else f"{share // 10}%"
    return say(REASONS[reason.code], n=reason.number, of=reason.of, share=percent, name=reason.name)
