"""Pure decisions about after-sales: reasons, windows, clocks, and which state may follow which."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from siyu.trade import orders

# Who has to act in a state, and how long the clock gives them. What happens then is in `actions.keep_time`:
# silence of the merchant agrees, silence of the buyer ends the case, goods that came back unchecked are refunded.
REPLY_WITHIN = timedelta(hours=48)
RETURN_WITHIN = timedelta(days=7)
CHECK_WITHIN = timedelta(days=3)  # well within the seven days of 消费者权益保护法 art. 25
DISPUTE_WITHIN = timedelta(days=7)

NO_REASON_DAYS = 7  # 消费者权益保护法 art. 25: counted from the day after the goods were received
FRESH_WITHIN = timedelta(hours=24)
QUALITY_DAYS = 30

MOVES: dict[str, frozenset[str]] = {
    "requested": frozenset({"returning", "refunding", "refused", "withdrawn"}),
    "returning": frozenset({"returned", "withdrawn", "lapsed", "refunding"}),
    "returned": frozenset({"refunding", "refused", "done"}),
    "refunding": frozenset({"done"}),
    "refused": frozenset({"requested"}),
    "done": frozenset(),
    "withdrawn": frozenset(),
    "lapsed": frozenset(),
}
OPEN = ("requested", "returning", "returned")


class Reason(msgspec.Struct, frozen=True):
    """Why goods come back. A fault of the seller's pays the way back (消费者权益保护法 art. 24) and needs no window
    without reason; `needs_words` asks the buyer to say what is wrong.
    """

    code: str
    zh: str
    en: str
    units: tuple[str, ...]
    is_fault: bool = False
    needs_words: bool = False
    is_for_buyers: bool = True


WAITING, LEFT = ("waiting",), ("left",)
REASONS = (
    Reason("changed_mind", "不想要了", "Changed my mind", WAITING),
    Reason("ordered_wrongly", "拍错了/多拍了", "Ordered by mistake", WAITING),
    Reason("too_slow", "发货太慢", "Takes too long", WAITING, is_fault=True),
    Reason("out_of_stock", "店家缺货", "Out of stock", WAITING, is_fault=True),
    Reason("no_reason", "七天无理由", "Seven days, no reason", LEFT),
    Reason("quality", "质量问题", "Fault in quality", LEFT, is_fault=True, needs_words=True),
    Reason("spoiled", "生鲜变质/坏果", "Fresh goods spoiled", LEFT, is_fault=True, needs_words=True),
    Reason("damaged", "包装破损/商品损坏", "Arrived damaged", LEFT, is_fault=True, needs_words=True),
    Reason("missing", "少件/漏发", "Something is missing", LEFT, is_fault=True, needs_words=True),
    Reason("wrong_goods", "发错货", "Wrong goods", LEFT, is_fault=True, needs_words=True),
    Reason("not_as_described", "与描述不符", "Not as described", LEFT, is_fault=True, needs_words=True),
    Reason("agreed", "与店家协商一致", "Agreed with the shop", (*WAITING, *LEFT), is_for_buyers=False),
)
BY_CODE = {reason.code: reason for reason in REASONS}

# Grounds on which goods that came back may be refused (网络购买商品七日无理由退货暂行办法 art. 8-9): opened to look
# is not one of them.
REFUSALS = {
    "not_intact": "商品不完好、影响二次销售 / not intact",
    "parts_missing": "配件或赠品缺失 / parts or gifts missing",
    "not_ours": "退回的不是本店商品 / not our goods",
    "used": "超出合理试用 / used beyond trying",
    "no_evidence": "无法证明是质量问题 / no sign of the fault claimed",
    "not_covered": "不在售后范围 / not covered",
}


def window_ends(reason: Reason, had_since: datetime | None, timezone: str) -> datetime | None:
    """Until when goods may come back for this reason; None while the buyer does not have it yet.

    Seven days count from the day after receipt, whole days in the merchant's time. Goods taken out of the seven
    days come back for a fault only: fresh ones within a day, others within thirty.
    """
    if had_since is None or reason.code == "agreed":
        return None
    if not reason.is_fault:
        return _end_of_day(had_since, NO_REASON_DAYS, timezone)
    if reason.code == "spoiled":
        return had_since + FRESH_WITHIN
    return _end_of_day(had_since, QUALITY_DAYS, timezone)


def _end_of_day(since: datetime, days: int, timezone: str) -> datetime:
    """The last instant of the day that is `days` days after the day of `since`, there."""
    there = since.astimezone(ZoneInfo(timezone))
    after = datetime.combine(there.date() + timedelta(days=days + 1), time(), tzinfo=there.tzinfo)
    return after.astimezone(since.tzinfo)


def is_without_reason_excluded(line: orders.OrderLine, reason: Reason) -> bool:
    """Whether the law or the buyer's own confirmation bars a return without a reason (art. 25; 暂行办法 art. 6-7)."""
    return reason.code == "no_reason" and line.return_policy != "seven_days"


def first_state(kind: str, units: str) -> str:
    """Goods that never left are refunded at once; everything else waits for the merchant's word."""
    return "refunding" if units == "waiting" and kind == "refund_only" else "requested"


def freight_back(order: orders.Order, reason: Reason, given_back: dict[int, int]) -> int:
    """Freight that goes back with these units: all that is left of it, once nothing of the order stays with the
    buyer and either nothing had left or the fault was the seller's.
    """
    is_all = all(
        line.refunded_quantity + given_back.get(line.line_no, 0) == line.quantity for line in order.lines
    )
    nothing_left = all(line.fulfilled_quantity == 0 for line in order.lines)
    return order.freight - order.freight_refunded if is_all and (nothing_left or reason.is_fault) else 0
