"""What rewards, kinds of codes, states and alerts are called, in Chinese; pages translate the rest."""

from siyu.web import mark

SCANNED = mark("首次扫码")
REDEEMED = mark("领取奖励")
REWARDS = {"none": mark("没有奖励"), "points": mark("固定积分"), "draw": mark("抽奖机会")}
KINDS = {"outer": mark("外码"), "inner": mark("内码"), "box": mark("箱码"), "all": mark("对照表")}
STATES = {"open": (mark("使用中"), "good"), "void": (mark("已作废"), "neutral")}
ALERTS = {"diversion": mark("疑似窜货"), "relay": mark("一码多人")}
