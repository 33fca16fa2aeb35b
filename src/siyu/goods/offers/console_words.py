"""What kinds and states of offers are called on the console, in Chinese; pages translate the rest."""

from siyu.web import mark

KINDS = {
    "amount_off": mark("满减"),
    "percent_off": mark("满折"),
    "gift": mark("满赠"),
    "nth_item": mark("第 N 件优惠"),
    "any_n": mark("N 件一口价"),
    "bundle": mark("搭配价"),
    "limited_price": mark("限时价"),
    "member_price": mark("会员价"),
    "first_order": mark("首单优惠"),
    "coupon": mark("优惠券"),
    "flash": mark("秒杀"),
    "group": mark("拼团"),
    "bargain": mark("砍价"),
    "presale": mark("预售"),
    "points": mark("积分换购"),
}
NOTES = {
    "amount_off": mark("满 99 减 10，可分三档，或每满都减"),
    "percent_off": mark("满 3 件 8 折，按金额或件数"),
    "gift": mark("满额送一件商品，赠品占库存"),
    "nth_item": mark("第二件半价"),
    "any_n": mark("任选 3 件 99 元"),
    "bundle": mark("几样一起买更便宜"),
    "limited_price": mark("到点恢复原来的价格"),
    "member_price": mark("给会员等级的折扣"),
    "first_order": mark("从没付过款的顾客立减"),
    "coupon": mark("代金、折扣、兑换、运费"),
    "flash": mark("一场固定数量，抢完为止"),
    "group": mark("几个人一起买，不成团自动退"),
    "bargain": mark("好友帮忙降价，每一步事先公布"),
    "presale": mark("先付定金，再付尾款"),
    "points": mark("积分加现金换商品"),
    "draw": mark("公布概率，可验证"),
}
# Kinds that are made in rooms of their own: the page below `/console/{merchant}/`.
PAGES = {
    "flash": "flash/new",
    "group": "groups/new",
    "points": "points-prices/new",
}
# Where a kind has its own page of one offer: below `/console/{merchant}/`, and below `/shop/{merchant}/`.
OWN_PAGES = {
    "flash": "flash/{id}",
    "group": "groups",
    "bargain": "bargains/{id}",
    "presale": "presales/{id}",
    "points": "points-prices",
}
SHOP_PAGES = {
    "coupon": "coupons",
    "flash": "flash?session={id}",
    "group": "group-offers/{id}",
    "bargain": "bargains/{id}",
    "presale": "presales/{id}",
    "points": "points",
}
PHASES = {
    "draft": (mark("草稿"), "neutral"),
    "waiting": (mark("未开始"), "info"),
    "running": (mark("进行中"), "good"),
    "paused": (mark("已暂停"), "warn"),
    "ended": (mark("已结束"), "neutral"),
}
STACKING = {
    "best": mark("同类取最优惠"),
    "stack": mark("可叠加"),
    "exclusive": mark("互斥，不与其他优惠同享"),
}
FUNDERS = {
    "merchant": mark("商家"),
    "supplier": mark("供应商"),
    "alliance": mark("联盟伙伴"),
}
ACTIONS = {
    "offers.save": mark("保存活动"),
    "offers.clone": mark("复制活动"),
    "offers.activate": mark("发布活动"),
    "offers.pause": mark("暂停活动"),
    "offers.end": mark("结束活动"),
}
