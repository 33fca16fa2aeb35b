"""What kinds, spaces and owners of doors are called, in Chinese; pages translate the rest."""

from siyu.web import mark

KINDS = {
    "store_shelf": mark("门店货架"),
    "guide": mark("导购活码"),
    "koc": mark("推广员专属"),
    "leader": mark("团长"),
    "parcel_card": mark("包裹卡"),
    "poster": mark("海报"),
    "platform": mark("平台引流"),
    "ad": mark("广告投放"),
    "group": mark("社群"),
    "live": mark("直播间"),
    "other": mark("其他"),
}
SPACES = {"point": mark("线下触点"), "platform": mark("公域平台"), "social": mark("社交关系")}
OWNERSHIPS = {"owned": mark("自有"), "rented": mark("租用"), "purchased": mark("购买")}
# What the choice means, said under it.
SPACE_NOTES = {
    "point": mark("顾客在线下看到：货架、收银台、包裹、门头"),
    "platform": mark("顾客在平台看到：抖音、小红书、美团、广告"),
    "social": mark("顾客从人那里看到：导购、推广员、社群"),
}
OWNERSHIP_NOTES = {
    "owned": mark("自己的触点，不按次付费"),
    "rented": mark("付费期间才有流量，停了就没有"),
    "purchased": mark("按点击或按人一次买断"),
}
