"""The rules of distribution by number, with their source and where each holds; shown to the merchant as a page."""

import msgspec

from siyu.web import mark


class Rule(msgspec.Struct, frozen=True):
    """`holds` says in one sentence what of the house makes it hold. The texts are Chinese; pages translate them."""

    id: str
    severity: str
    text: str
    source: str
    holds: str


_ACT = mark("禁止传销条例 §7")
RULES: tuple[Rule, ...] = (
    Rule("D-01", "block", mark("不为注册、邀请或发展推广员付报酬"), _ACT, mark("佣金只能挂在他人已付款订单的商品行上，没有其他计佣类型")),
    Rule("D-02", "block", mark("不收入门费，不以购买作为推广资格"), _ACT, mark("资格与等级条件是封闭清单，只看本人推广销售的质量")),
    Rule("D-03", "block", mark("佣金只有一级"), _ACT, mark("数据里没有推荐人字段，也没有可以调高层级的设置")),
    Rule("D-04", "block", mark("不按团队或他人业绩付报酬"), _ACT, mark("佣金只写给促成该订单的推广员，没有团队奖、级差奖和平级奖")),
    Rule("D-05", "block", mark("推荐关系按次计算，到期失效"), _ACT, mark("归因在下单时一次算定，写入订单后不再改变")),
    Rule("D-06", "gate", mark("每单佣金合计不超过实付的 30%"), mark("直销管理条例 §24"), mark("方案发布前检查最坏情况，计佣时再次封顶")),
    Rule("D-07", "block", mark("自己购买不计佣"), _ACT, mark("按账号、手机号、付款人和地址识别本人购买，佣金记为零")),
    Rule("D-08", "block", mark("退货期满后才能结算佣金"), mark("消费者权益保护法 §25"), mark("收货满 7 天才转为可结算，退款随时按件冲回")),
    Rule("D-09", "warn", mark("每天检查推广风险指标"), _ACT, mark("每日任务对照阈值，超出的列在本页")),
    Rule("D-10", "block", mark("不使用拉人头、收益承诺等用语"), _ACT, mark("方案、商品、活动和推广员主页的文字逐一检查")),
    Rule("D-11", "gate", mark("规则、发放和改动留存可查"), mark("电子商务法 §31"), mark("操作记录和规则版本只增不改，每天写入首尾相连的摘要")),
    Rule("D-12", "block", mark("未成年人不能推广"), mark("劳动法 §15"), mark("首次提现前核验实名与年龄")),
    Rule("W-01", "block", mark("小程序内只有一级分销"), mark("微信小程序平台运营规范 5.9"), mark("与 D-03 相同，没有例外")),
    Rule("W-02", "block", mark("不强制分享"), mark("微信小程序平台运营规范 5.1.1"), mark("没有任何步骤依赖分享动作")),
    Rule("W-03", "block", mark("不为分享付利益"), mark("微信外部链接内容管理规范"), mark("奖励类型里没有分享这一触发条件，相关用语会被拦下")),
    Rule("W-05", "block", mark("邀请不送抽奖机会"), mark("微信小程序平台运营规范 5.1.6"), mark("抽奖机会只能来自订单、积分或商家发放")),
    Rule("W-11", "block", mark("发货信息及时上报"), mark("微信小程序发货信息管理"), mark("发货时记录运单，佣金在收货后才可结算")),
    Rule("T-01", "block", mark("代扣代缴个人所得税"), mark("个人所得税法 §9"), mark("每笔提现先算税，税款单列")),
    Rule("T-06", "block", mark("没有税款明细不能打款"), mark("税收征收管理法 §69"), mark("提现单缺少税款行时不能提交")),
    Rule("T-07", "block", mark("首次提现前实名"), mark("互联网平台企业涉税信息报送规定"), mark("没有通过实名的推广员不能提现")),
    Rule("T-10", "block", mark("不做二次清算"), mark("非银行支付机构监督管理条例 §2"), mark("佣金账户只能由订单增加，只能由提现或冲回减少")),
    Rule("T-13", "block", mark("一张提现单只打款一次"), mark("微信支付商家转账"), mark("付款单号由提现单号得出，重试前先查询")),
)  # fmt: skip
_BY_ID = {rule.id: rule for rule in RULES}


def rule_of(rule_id: str) -> Rule | None:
    """The rule with this number; None for findings that are about money, not law."""
    return _BY_ID.get(rule_id)
