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
    "deposits_owed": mark("应付双倍定金"),
    "deposit_penalties": mark("双倍返还支出"),
    "commission_expense": mark("佣金支出"),
    "payout_clearing": mark("提现在途"),
    "payout_overpaid": mark("多付佣金待追回"),
    "tax_payable": mark("应交代扣个税"),
    "commission_write_offs": mark("佣金坏账"),
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
    "deposit_doubled": mark("商家取消，定金双倍返还"),
    "deposit_doubled_paid": mark("付出双倍定金"),
    "double_payment": mark("重复付款"),
    "balance_added": mark("增加余额"),
    "balance_taken": mark("扣减余额"),
    "gateway_fee": mark("支付手续费"),
    "difference": mark("对账差额"),
    "refund": mark("退款"),
    "commission": mark("推广佣金"),
    "commission_reversed": mark("佣金冲回"),
    "payout": mark("佣金提现"),
    "payout_returned": mark("提现退回"),
    "payout_sent": mark("提现付出"),
    "payout_tax": mark("代扣个税"),
    "commission_adjusted": mark("佣金调整"),
    "commission_written_off": mark("核销推广员欠款"),
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

# The page below the console on which the subject of a transfer stands, by why money moved; orders where nothing is said.
PAGES = {
    "balance_added": "customers",
    "balance_taken": "customers",
    "payout": "payouts",
    "payout_returned": "payouts",
    "payout_sent": "payouts",
    "payout_tax": "payouts",
    "supply_paid": "statements",
    "supply_received": "purchases",
    "purchase": "purchases",
    "supply_adjusted": "",
    "commission_adjusted": "",
    "commission_written_off": "",
}
PAGE_WORDS = {
    "orders": mark("订单"),
    "customers": mark("顾客"),
    "payouts": mark("提现"),
    "statements": mark("结算单"),
    "purchases": mark("采购单"),
}
GROUPS = (
    (mark("收付渠道"), ("gateway", "gateway_fees", "gateway_differences")),
    (mark("收入与支出"), ("sales", "deposits_kept", "commission_expense", "commission_write_offs", "cost_of_goods", "balance_adjustments")),
    (mark("应付与待付"), ("refunds_due", "unclaimed", "deposits", "balance", "supplier", "payout_clearing", "tax_payable")),
)  # fmt: skip
OTHERS = mark("其他账户")


def page_of(reason: str) -> str:
    """`orders`, `payouts` …; empty when the subject has no page."""
    return PAGES.get(reason, "orders")


def group_of(code: str) -> str:
    """Under which heading an account stands."""
    kind = code.partition(":")[0]
    return next((word for word, kinds in GROUPS if kind in kinds), OTHERS)


def account_word(code: str) -> str:
    """`promoter:<id>` → 应付推广佣金; a code without a word is shown as it is."""
    return ACCOUNTS.get(code) or ACCOUNTS.get(code.partition(":")[0], code)


def reason_word(reason: str) -> str:
    """Why money moved."""
    return REASONS.get(reason, reason)


def kind_word(kind: str) -> str:
    """Whether a transfer is final or waits."""
    return KINDS.get(kind, kind)
