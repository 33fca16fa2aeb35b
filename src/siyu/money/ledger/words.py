"""What accounts, reasons and moves are called, in Chinese; pages translate the rest."""

from siyu.web import mark

ACCOUNTS = {
    "gateway:wxpay": mark("微信支付账户"),
    "gateway:alipay": mark("支付宝账户"),
    "gateway:offline": mark("银行账户"),
    "gateway:imported": mark("外部平台收款"),
    "gateway_fees": mark("支付手续费"),
    "gateway_differences": mark("对账差额"),
    "balance": mark("顾客余额"),
    "balance_adjustments": mark("余额调整"),
    "sales": mark("销售收入"),
    "refunds_due": mark("应退顾客"),
    "unclaimed": mark("待退款项"),
    "deposits": mark("预收定金"),
    "deposits_kept": mark("定金收入"),
    "commission_expense": mark("佣金支出"),
    "promoter": mark("应付推广佣金"),
    "cost_of_goods": mark("商品成本"),
    "supplier": mark("应付供应商"),
}
REASONS = {
    "payment": mark("顾客付款"),
    "late_payment": mark("付款来迟"),
    "deposit": mark("付定金"),
    "deposit_applied": mark("定金抵作货款"),
    "deposit_kept": mark("未付尾款，定金不退"),
    "double_payment": mark("重复付款"),
    "balance_added": mark("增加余额"),
    "balance_taken": mark("扣减余额"),
    "gateway_fee": mark("支付手续费"),
    "difference": mark("对账差额"),
    "refund": mark("退款"),
    "commission": mark("推广佣金"),
    "commission_reversed": mark("佣金冲回"),
    "supply_shipped": mark("供应商代发"),
    "supply_returned": mark("代发退回"),
    "supply_unsent": mark("代发撤销"),
    "supply_received": mark("采购到货"),
    "supply_adjusted": mark("调整应付"),
    "supply_paid": mark("支付供应商"),
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
