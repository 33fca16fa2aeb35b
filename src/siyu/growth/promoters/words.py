"""What kinds and states of promoters are called, in Chinese; pages translate the rest."""

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
