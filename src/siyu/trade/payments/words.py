"""What methods, states and kinds of payments and refunds are called, in Chinese; pages translate the rest."""

from siyu.web import mark

METHODS = {
    "wxpay_jsapi": mark("微信支付"),
    "wxpay_h5": mark("微信支付（手机浏览器）"),
    "wxpay_native": mark("微信扫码支付"),
    "wxpay_mini": mark("微信小程序支付"),
    "alipay_wap": mark("支付宝（手机）"),
    "alipay_page": mark("支付宝（电脑）"),
    "balance": mark("余额支付"),
    "offline": mark("对公转账"),
    "imported": mark("外部导入"),
    "": mark("未知方式"),
}
GATEWAYS = {"wxpay": mark("微信支付"), "alipay": mark("支付宝")}
# The word, and the tone of its badge.
PAYMENT_STATES = {
    "waiting": (mark("等待付款"), "warn"),
    "paid": (mark("已到账"), "good"),
    "deposit": (mark("定金已到账"), "good"),
    "closed": (mark("已关闭"), "neutral"),
    "refunding_late": (mark("迟到，退款中"), "warn"),
    "refunded_late": (mark("迟到，已退回"), "neutral"),
    "refunding_double": (mark("重复付款，退款中"), "warn"),
    "refunded_double": (mark("重复付款，已退回"), "neutral"),
}
REFUND_STATES = {
    "requested": (mark("已受理"), "info"),
    "processing": (mark("退款中"), "info"),
    "done": (mark("已退回"), "good"),
    "abnormal": (mark("退款异常"), "bad"),
}
REFUND_KINDS = {
    "after_sale": mark("售后退款"),
    "late_payment": mark("付款来迟"),
    "double_payment": mark("重复付款"),
    "imported": mark("外部导入"),
    "deposit": mark("退定金"),
}
PROOF_STATES = {
    "waiting": (mark("待审核"), "warn"),
    "accepted": (mark("已确认到账"), "good"),
    "rejected": (mark("已驳回"), "bad"),
}
# What became of a notice: the word, and whether somebody has to look.
OUTCOMES = {
    "paid": (mark("已入账"), "good"),
    "late": (mark("迟到，自动退回"), "warn"),
    "double": (mark("重复付款，自动退回"), "warn"),
    "duplicate": (mark("重复通知，无影响"), "neutral"),
    "refund_done": (mark("退款到账"), "good"),
    "refund_processing": (mark("退款处理中"), "info"),
    "refund_abnormal": (mark("退款异常"), "bad"),
    "not_paid": (mark("未付款"), "neutral"),
    "unknown": (mark("单号不认识"), "bad"),
    "wrong_amount": (mark("金额不符"), "bad"),
    "ignored": (mark("无需处理"), "neutral"),
    "failed": (mark("处理失败"), "bad"),
}

# What a shopper reads.
SHOPPER_PAYMENT = {
    "waiting": mark("等待付款"),
    "paid": mark("支付成功"),
    "deposit": mark("定金支付成功"),
    "closed": mark("支付已关闭"),
    "refunding_late": mark("付款到得太晚，正在原路退回"),
    "refunded_late": mark("付款到得太晚，已原路退回"),
    "refunding_double": mark("重复付款，多付的正在原路退回"),
    "refunded_double": mark("重复付款，多付的已原路退回"),
}
SHOPPER_REFUND = {
    "requested": mark("退款已提交"),
    "processing": mark("退款处理中，原路退回"),
    "done": mark("退款已到账"),
    "abnormal": mark("退款遇到问题，店家正在处理"),
}
# How a button on the cashier page is called and drawn.
WAYS = {
    "wxpay_h5": (mark("微信支付"), "wechat", "chat"),
    "wxpay_native": (mark("微信扫码支付"), "wechat", "scan"),
    "alipay_wap": (mark("支付宝"), "alipay", "wallet"),
    "alipay_page": (mark("支付宝"), "alipay", "wallet"),
    "balance": (mark("余额支付"), "plain", "wallet"),
}
