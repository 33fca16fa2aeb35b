"""What gateways, kinds of differences and their resolutions are called, in Chinese; pages translate the rest."""

from siyu.web import mark

GATEWAYS = {"wxpay": mark("微信支付"), "alipay": mark("支付宝")}
SUBJECTS = {"payment": mark("付款"), "refund": mark("退款")}
# The word, the tone of its badge, and what it means.
KINDS = {
    "missing_here": (mark("我方没有"), "bad", mark("账单上有这一笔，我们的系统里没有")),
    "missing_there": (mark("渠道没有"), "bad", mark("我们记了这一笔，账单上没有")),
    "amount": (mark("金额不同"), "warn", mark("同一笔，两边金额不一样")),
    "state": (mark("状态不同"), "warn", mark("同一笔，一边说成功，另一边没有")),
}
RESOLUTIONS = {
    "query": mark("查询后入账"),
    "book": mark("记差额"),
    "ignore": mark("说明后忽略"),
}
DAY_STATES = {
    "compared": (mark("已对平"), "good"),
    "open": (mark("有差异"), "bad"),
    "resolved": (mark("差异已解决"), "good"),
    "failed": (mark("下载失败"), "warn"),
    "waiting": (mark("未对账"), "neutral"),
}
