"""The names of things on the insight pages, in Chinese; said in the reader's language when a page is made."""

from collections.abc import Callable

from siyu.web import mark

Say = Callable[..., str]

KINDS = {
    "store_shelf": mark("门店货架"),
    "guide": mark("导购"),
    "koc": mark("KOC"),
    "leader": mark("团长"),
    "parcel_card": mark("包裹卡"),
    "poster": mark("海报"),
    "platform": mark("平台"),
    "ad": mark("广告"),
    "group": mark("社群"),
    "live": mark("直播间"),
    "other": mark("其他入口"),
    "": mark("入口不明"),
}
SPACES = {"point": mark("线下"), "platform": mark("平台"), "social": mark("社交"), "": mark("不明")}
OWNERS = {
    "owned": mark("自有入口"),
    "rented": mark("租用入口"),
    "purchased": mark("购买流量"),
    "unknown": mark("入口不明"),
}
STATES = {
    "unpaid": (mark("待付款"), "warn"),
    "paid": (mark("待自提"), "info"),
    "picked_up": (mark("已自提"), "good"),
    "received": (mark("已完成"), "good"),
    "refunded": (mark("已全部退款"), "neutral"),
    "closed": (mark("已关闭"), "neutral"),
}
CHANNELS = {"shop": mark("商城"), "api": mark("接口"), "import": mark("导入"), "history": mark("历史订单")}
# Name, and what to do about this group.
SEGMENTS = {
    "champions": (mark("重要价值顾客"), mark("买得近、勤、多：请他们优先体验、带朋友来。")),
    "rising": (mark("重要发展顾客"), mark("花得多但次数少：给下一次到店的理由。")),
    "slipping": (mark("重要保持顾客"), mark("曾经又勤又多，最近没来：尽快联系。")),
    "win_back": (mark("重要挽留顾客"), mark("花得多却很久没来：一对一挽留。")),
    "regulars": (mark("一般价值顾客"), mark("常来但单小：推荐搭配和大包装。")),
    "newcomers": (mark("一般发展顾客"), mark("刚来不久：做好第二单。")),
    "fading": (mark("一般保持顾客"), mark("来过几次后变少：用他们常买的商品提醒。")),
    "dormant": (mark("一般挽留顾客"), mark("很久没来、买得少：低成本触达即可。")),
}
FIGURES = {
    "orders": mark("今日支付订单"),
    "orders_before": mark("上周同日同时段支付订单"),
    "customers": mark("今日新增顾客"),
    "customers_before": mark("上周同日同时段新增顾客"),
    "to_hand_out": mark("待自提订单"),
}
DOOR_COLUMNS = {
    "scans": mark("扫码次数"),
    "visitors": mark("访客"),
    "people": mark("新增顾客"),
    "first_orders": mark("首单"),
    "revenue": mark("净收入"),
    "cost": mark("入口花费"),
}
KIND_OF_ROWS = {
    "orders": mark("订单"),
    "customers": mark("顾客"),
    "touches": mark("扫码记录"),
    "costs": mark("花费记录"),
}
# The page one comes from.
PAGE_OF = {"cohorts": "insight/cohorts", "rfm": "insight/rfm"}


def change(now: int, before: int) -> str:
    """`+12.5%`, rounded to a tenth; empty when there was nothing to compare with."""
    if before <= 0:
        return ""
    difference = now - before
    tenths = (2 * abs(difference) * 1_000 + before) // (2 * before)
    sign = "-" if difference < 0 else "+"
    return f"{sign}{tenths // 10}.{tenths % 10}%"


def title_of(say: Say, metric: str, key: str) -> str:
    """What the rows of a question are, in a few words. Unknown parts are left out: `drill` has refused them."""
    parts = key.split(",")
    named: dict[str, Callable[[], str]] = {
        "today": lambda: say(FIGURES[parts[0]]),
        "pool_growth": lambda: " · ".join(
            [
                say("新增顾客"),
                *([say(KINDS[parts[2]])] if len(parts) > 2 else []),
                days_of(say, parts[0], parts[1]),
            ]
        ),
        "door_funnel": lambda: f"{say(DOOR_COLUMNS[parts[0]])} · {days_of(say, parts[2], parts[3])}",
        "revenue": lambda: f"{say('支付订单')} · {days_of(say, parts[0], parts[1])}",
        "cohorts": lambda: say("{month} 首购的顾客，{n} 个月后仍购买", month=parts[0], n=parts[1]),
        "rfm": lambda: _group_title(say, parts[0]),
        "independent_traffic": lambda: f"{say(OWNERS[parts[0]])} · {days_of(say, parts[1], parts[2])}",
    }
    return named[metric]()


def days_of(say: Say, first: str, last: str) -> str:
    """The days of a window."""
    return first if first == last else say("{first} 至 {last}", first=first, last=last)


def _group_title(say: Say, group: str) -> str:
    if group == "all":
        return say("所有购买过的顾客")
    if "-" in group:
        recency, _, frequency = group.partition("-")
        return say("最近购买 {r} 分、购买频次 {f} 分的顾客", r=recency, f=frequency)
    return say(SEGMENTS[group][0])
