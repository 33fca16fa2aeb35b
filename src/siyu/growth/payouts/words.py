"""What states, ways and reasons are called, in Chinese; pages translate."""

from siyu.web import mark

STATES = {
    "requested": (mark("待审核"), "warn"),
    "reviewing": (mark("待复核"), "warn"),
    "approved": (mark("待打款"), "info"),
    "submitted": (mark("打款中"), "info"),
    "awaiting_user": (mark("待收款"), "accent"),
    "paid": (mark("已到账"), "good"),
    "expired": (mark("超时未收，已退回"), "neutral"),
    "failed": (mark("未成功，已退回"), "bad"),
    "manual": (mark("人工处理中"), "warn"),
}
METHODS = {"wechat": mark("微信零钱"), "bank": mark("银行卡")}
TAX_METHODS = {
    "labour": mark("劳务报酬预扣"),
    "platform": mark("平台从业累计预扣"),
    "invoice": mark("凭发票结算，不代扣"),
}
FAILURES = {
    "declined": mark("商家未通过"),
    "withdrawn": mark("本人撤回"),
    "OVERDUE_CLOSE": mark("24 小时内没有确认收款"),
    "CANCELLED": mark("商家撤回了转账"),
    "bank": mark("银行退回"),
}
DIFFERENCES = {
    "amount": mark("金额不一致"),
    "overpaid": mark("重复付出"),
}
# The tabs of the console's queue: a name in the address, its word, its states.
TABS = (
    ("review", mark("待审核"), ("requested", "reviewing")),
    ("sending", mark("打款中"), ("approved", "submitted")),
    ("awaiting", mark("待收款"), ("awaiting_user",)),
    ("manual", mark("人工处理"), ("manual",)),
    ("returned", mark("已退回"), ("expired", "failed")),
    ("paid", mark("已到账"), ("paid",)),
)


def failure(code: str) -> str:
    """Why a payout came back; a code of the gateway without a word is shown as it is."""
    return FAILURES.get(code, code)
