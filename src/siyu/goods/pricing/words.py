"""What pricing says, always "中文 / english": it is kept with orders, whose readers come later."""

from siyu.goods.pricing.model import PriceList

NOT_YET = "还没开始 / it has not begun"
OVER = "已经结束 / it is over"
OTHER_CUSTOMER = "只给签约客户 / only for the client it was agreed with"
OTHER_CHANNEL = "只用于其他渠道 / only in another channel"
OTHER_STORE = "只用于其他门店 / only at another store"
OTHER_LIST_FIRST = "已有更优先的价目 / another list comes first"
ABOVE_MARKED = "高于标价，按标价收 / above the marked price, which holds"
SAME_AS_MARKED = "与标价相同 / the same as the marked price"
NOT_CHEAPER = "不比现在更便宜 / not cheaper than what applies already"
FLOOR = "最低为零 / never below zero"


def other_level(level: str) -> str:
    return f"只给等级“{level}” / only for level “{level}”"


def from_units(least: int) -> str:
    return f"满 {least} 件才有 / from {least} units on"


def conditions(each: PriceList) -> tuple[str, ...]:
    """What a list asks of the buyer, by name; nothing for a list that is for everybody."""
    asked = {
        "customer": each.customer_id is not None,
        "level": bool(each.level),
        "channel": bool(each.channel),
        "store": each.store_id is not None,
    }
    return tuple(name for name, is_asked in asked.items() if is_asked)


# The strongest condition gives the price its name.
KINDS = {
    "customer": ("协议价", "contract price"),
    "level": ("会员价", "member price"),
    "channel": ("渠道价", "channel price"),
    "store": ("门店价", "store price"),
}
FOR_ALL = ("优惠价", "special price")


def name_of(each: PriceList) -> str:
    """What a price of this list is called: its kind and the name the merchant gave the list."""
    zh, en = KINDS.get(next(iter(conditions(each)), ""), FOR_ALL)
    return f"{zh}（{each.name}） / {en} ({each.name})"


def tier_name(each: PriceList, least: int) -> str:
    """What a price from so many units on is called."""
    return f"满 {least} 件价（{each.name}） / price from {least} units ({each.name})"
