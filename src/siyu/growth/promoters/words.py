"""What kinds and states of promoters are called, in Chinese, and the house's own agreement; pages translate the rest."""

from siyu.web import mark

KINDS = {
    "koc": "KOC",  # 关键意见消费者: the trade says it in Latin letters in both languages
    "leader": mark("团长"),
    "guide": mark("导购"),
    "anchor": mark("主播"),
    "shopkeeper": mark("店主推广员"),
}
KIND_NOTES = {
    "koc": mark("自己用得好，分享给朋友"),
    "leader": mark("在社区或群里组织大家一起买"),
    "guide": mark("在门店服务顾客，也在线上介绍"),
    "anchor": mark("在直播间介绍商品"),
    "shopkeeper": mark("有自己的小店或橱窗"),
}
# The word, and the tone of its badge.
PROMOTER_STATES = {
    "active": (mark("推广中"), "good"),
    "paused": (mark("已暂停"), "warn"),
    "dismissed": (mark("已清退"), "neutral"),
}
APPLICATION_STATES = {
    "open": (mark("待审核"), "warn"),
    "approved": (mark("已通过"), "good"),
    "refused": (mark("未通过"), "bad"),
}
IDENTITY_STATES = {
    "submitted": (mark("待核实"), "warn"),
    "verified": (mark("已核实"), "good"),
    "refused": (mark("未通过"), "bad"),
}
TAX_METHODS = {
    "labour": (mark("劳务报酬"), mark("个人收款，商家按劳务报酬代扣个人所得税")),
    "platform": (mark("平台累计预扣"), mark("商家登记为互联网平台时适用，按年累计计算")),
    "invoice": (mark("开票结算"), mark("个体户或企业，自己开发票，商家不代扣")),
}
TASK_KINDS = {
    "share": (mark("分享商品"), mark("分享一次点一次“已分享”")),
    "visit": (mark("带来访客"), mark("按经你的链接到来的不同访客自动计数")),
    "link": (mark("发布内容"), mark("发布后把链接贴回来")),
}
LEVELS = {
    "standard": mark("普通"),
    "bronze": mark("铜牌"),
    "silver": mark("银牌"),
    "gold": mark("金牌"),
}
# Said without the words that the lexicon of the law guard knows, because a merchant begins from this text.
HOUSE_AGREEMENT = (
    mark("一、你以自己的名义分享商品链接，如实介绍，不夸大、不虚构，并标明这是广告。"),
    mark("二、推广只看真实销售：不收取任何费用，也没有任何与人数有关的报酬。"),
    mark(
        "三、佣金按公示方案和顾客实付金额计算，收货后满售后期可结算；退款按件冲回，已结算的从后续佣金抵扣。"
    ),
    mark("四、你可以随时退出；违反协议的，商家可以暂停或终止合作，已可结算的佣金照常结算。"),
    mark("五、为计算佣金，我们会记录经你的链接到来的访客与订单；你看不到他们的姓名和电话。"),
)


def level_word(level: str) -> str:
    """What a level is called; its own name when it is one that a merchant gave."""
    return LEVELS.get(level, level)
