"""What kinds and states of promoters and commission are called, in Chinese; pages translate the rest."""

from siyu.growth.distribution.model import Commission
from siyu.web import mark

KINDS = {
    "koc": "KOC",  # 关键意见消费者: the trade says it in Latin letters in both languages
    "leader": mark("团长"),
    "guide": mark("导购"),
    "anchor": mark("主播"),
}
# The word, and the tone of its badge.
PROMOTER_STATES = {
    "active": (mark("推广中"), "good"),
    "paused": (mark("已暂停"), "warn"),
    "dismissed": (mark("已清退"), "neutral"),
}
EXPECTED = (mark("预计"), "neutral")
COMMISSION_STATES = {
    "pending": (mark("待结算"), "info"),
    "payable": (mark("可结算"), "good"),
    "reversed": (mark("已冲回"), "neutral"),
}


def state_of(line: Commission) -> tuple[str, str]:
    """Word and tone of a commission line: what waits for the buyer to get the goods is only expected."""
    if line.state == "pending" and line.matures_at is None:
        return EXPECTED
    return COMMISSION_STATES[line.state]
