"""What accounts, reasons and moves are called, in Chinese; pages translate the rest."""

from siyu.web import mark

ACCOUNTS = {
    "gateway:wxpay": mark("微信支付账户"),
    "sales": mark("销售收入"),
    "refunds_due": mark("应退顾客"),
    "unclaimed": mark("迟到款项"),
    "commission_expense": mark("佣金支出"),
    "promoter": mark("应付推广佣金"),
}
REASONS = {
    "payment": mark("顾客付款"),
    "late_payment": mark("付款来迟"),
    "refund": mark("退款"),
    "commission": mark("推广佣金"),
    "commission_reversed": mark("佣金冲回"),
}
KINDS = {
    "posted": mark("已入账"),
    "hold": mark("暂挂"),
    "post": mark("暂挂转入账"),
    "void": mark("暂挂撤销"),
}


def account_word(code: str) -> str:
    """`promoter:<id>` → 应付推广佣金; a code without a word is shown as it is."""
    return ACCOUNTS.get(code) or ACCOUNTS.get(code.partition(":")[0], code)


def reason_word(reason: str) -> str:
    """Why money moved."""
    return REASONS.get(reason, reason)


def kind_word(kind: str) -> str:
    """Whether a transfer is final or waits."""
    return KINDS.get(kind, kind)
