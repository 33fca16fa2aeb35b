"""What states of commission, kinds of plans and reasons are called, in Chinese; pages translate the rest."""

from siyu.growth.distribution.model import Commission
from siyu.web import mark

EXPECTED = (mark("预计"), "neutral")
HELD = (mark("审核中"), "warn")
IN_PAYOUT = (mark("提现中"), "info")
PAID = (mark("已支付"), "good")
COMMISSION_STATES = {
    "pending": (mark("待结算"), "info"),
    "payable": (mark("可结算"), "good"),
    "reversed": (mark("已冲回"), "neutral"),
}
PLAN_STATES = {
    "draft": (mark("草稿"), "neutral"),
    "published": (mark("生效中"), "good"),
    "paused": (mark("已暂停"), "warn"),
    "spent": (mark("预算已用完"), "warn"),
    "ended": (mark("已结束"), "neutral"),
}
PLAN_KINDS = {"open": mark("普通"), "directed": mark("定向"), "exclusive": mark("专属")}
SCOPES = {
    "all": mark("全部商品"),
    "categories": mark("指定分类"),
    "products": mark("指定商品"),
    "skus": mark("指定规格"),
}
ACTIVITIES = {
    "flash": mark("秒杀"),
    "group": mark("拼团"),
    "bargain": mark("砍价"),
    "presale": mark("预售"),
    "points": mark("积分换购"),
}
CUTS = {
    "share": mark("按单行上限封顶"),
    "order": mark("按每单上限封顶"),
    "day": mark("按每日上限封顶"),
    "month": mark("按每月上限封顶"),
    "budget": mark("方案预算已用完"),
    "self_phone": mark("收货电话与推广员相同，不计佣金"),
    "self_payer": mark("付款微信与推广员相同，不计佣金"),
    "self_address": mark("收货地址与推广员相同，不计佣金"),
}
CAUSES = {"manual": mark("人工"), "velocity": mark("下单过密")}
HOLD_STATES = {
    "open": (mark("待审核"), "warn"),
    "released": (mark("已放行"), "good"),
    "denied": (mark("已驳回"), "bad"),
}
ADJUSTMENT_KINDS = {"adjustment": mark("调整"), "write_off": mark("核销欠款")}
ADJUSTMENT_STATES = {
    "proposed": (mark("待审批"), "warn"),
    "approved": (mark("已通过"), "good"),
    "refused": (mark("已拒绝"), "neutral"),
}


def state_of(line: Commission) -> tuple[str, str]:
    """Word and tone of a commission line: what waits for the buyer to get the goods is only expected."""
    if line.state == "pending":
        if line.is_held:
            return HELD
        return EXPECTED if line.matures_at is None else COMMISSION_STATES["pending"]
    if line.state == "payable" and line.remaining and line.paid_amount >= line.remaining:
        return PAID
    if line.state == "payable" and line.settled_amount > line.paid_amount:
        return IN_PAYOUT
    return COMMISSION_STATES[line.state]
