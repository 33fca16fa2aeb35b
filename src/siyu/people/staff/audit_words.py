"""What audited actions, their subjects and fields are called. A room that audits something adds one line for each."""

from typing import Any
from uuid import UUID

from siyu.web import mark

ACTIONS = {
    "aftersales.arbitrate": mark("复核售后"),
    "attribution.assign": mark("指定专属推广员"),
    "attribution.set_policy": mark("修改归因规则"),
    "catalog.save_synonyms": mark("修改同义词"),
    "catalog.set_bundle": mark("修改组合商品"),
    "catalog.set_matrix": mark("修改商品规格"),
    "catalog.set_price": mark("修改商品价格"),
    "commission.approve": mark("批准佣金调整"),
    "commission.deny": mark("驳回订单佣金"),
    "commission.end": mark("结束佣金方案"),
    "commission.hold": mark("暂缓佣金"),
    "commission.pause": mark("暂停佣金方案"),
    "commission.propose": mark("提出佣金调整"),
    "commission.publish": mark("发布佣金方案"),
    "commission.refuse": mark("拒绝佣金调整"),
    "commission.release": mark("放行佣金"),
    "commission.resume": mark("恢复佣金方案"),
    "commission.set_terms": mark("修改佣金规则"),
    "customers.set_level": mark("修改会员等级"),
    "delivery.keep_template": mark("保存运费模板"),
    "delivery.offer": mark("修改收货方式"),
    "delivery.remove_template": mark("删除运费模板"),
    "delivery.set_local": mark("修改同城配送"),
    "disputes.refuse": mark("不支持归因争议"),
    "disputes.uphold": mark("支持归因争议"),
    "itemcodes.activate": mark("启用物码"),
    "itemcodes.undo": mark("撤销物码启用"),
    "itemcodes.void": mark("作废物码批次"),
    "fulfilment.cancel_parcel": mark("撤销发货"),
    "fulfilment.renumber": mark("修改运单号"),
    "fulfilment.set_code_terms": mark("修改核销码规则"),
    "keys.make": mark("新建接口密钥"),
    "keys.revoke": mark("吊销接口密钥"),
    "offers.activate": mark("发布活动"),
    "offers.clone": mark("复制活动"),
    "offers.end": mark("结束活动"),
    "offers.pause": mark("暂停活动"),
    "offers.save": mark("保存活动"),
    "orders.bulk": mark("批量处理订单"),
    "orders.cancel": mark("取消订单"),
    "orders.change_address": mark("修改收货地址"),
    "orders.edit_price": mark("修改订单价格"),
    "orders.export": mark("导出订单"),
    "orders.reassign_promoter": mark("更改订单归属"),
    "orders.reveal_address": mark("查看完整收货信息"),
    "orders.set_cross_store": mark("修改自提规则"),
    "orders.undo_handover": mark("撤销交付"),
    "oversight.override": mark("放行合规风险"),
    "oversight.set_thresholds": mark("修改风险阈值"),
    "payments.accept_proof": mark("确认转账到账"),
    "payments.change_balance": mark("调整顾客余额"),
    "payments.pay_owed_deposit": mark("登记双倍定金已付"),
    "payments.refund_by_hand": mark("登记手工退款"),
    "payments.return_deposit": mark("退还定金"),
    "payments.reject_proof": mark("驳回转账凭证"),
    "payments.retry_refund": mark("重新提交退款"),
    "payments.set_options": mark("修改付款方式"),
    "pricing.remove_price": mark("删除价目表价格"),
    "pricing.set_price": mark("修改价目表价格"),
    "payouts.approve": mark("审核通过提现"),
    "payouts.decline": mark("不通过提现"),
    "payouts.mark": mark("登记银行结果"),
    "payouts.set_terms": mark("修改提现规则"),
    "payouts.withdraw": mark("撤回提现"),
    "promoters.approve": mark("通过推广员申请"),
    "promoters.dismiss": mark("清退推广员"),
    "promoters.open_identity": mark("查看推广员实名资料"),
    "promoters.pause": mark("暂停推广员"),
    "promoters.publish_agreement": mark("发布推广协议"),
    "promoters.refuse": mark("拒绝推广员申请"),
    "promoters.refuse_identity": mark("驳回推广员实名"),
    "promoters.resume": mark("恢复推广员"),
    "promoters.set_level": mark("修改推广员等级"),
    "promoters.set_rules": mark("修改招募规则"),
    "promoters.verify_identity": mark("核实推广员实名"),
    "reconciliation.assign": mark("认领对账差异"),
    "reconciliation.resolve": mark("解决对账差异"),
    "roles.add": mark("新建角色"),
    "roles.change": mark("修改角色"),
    "roles.remove": mark("删除角色"),
    "staff.activate": mark("启用账号"),
    "staff.change": mark("修改员工"),
    "staff.deactivate": mark("停用账号"),
    "staff.hire": mark("添加员工"),
    "staff.password": mark("重置密码"),
    "stock.rules": mark("修改发货规则"),
    "stock.safety": mark("修改安全库存"),
    "stock.stocktake": mark("盘点过账"),
    "stores.edit": mark("修改门店或仓库"),
    "suppliers.add": mark("添加供应商"),
    "suppliers.adjust": mark("调整供应商应付"),
    "suppliers.change": mark("修改供应商"),
    "suppliers.confirm": mark("确认结算单"),
    "suppliers.pay": mark("登记结算付款"),
    "suppliers.set_item": mark("修改供货价"),
    "teams.add": mark("新建团队"),
    "teams.change": mark("修改团队"),
    "teams.remove": mark("删除团队"),
}

# The word, and the path of its page below the console ('' where it has none).
SUBJECTS = {
    "item_batch": mark("物码批次"),
    "attribution_policy": (mark("归因规则"), ""),
    "after_sale": (mark("售后"), "after-sales"),
    "sku": (mark("商品规格"), ""),
    "customer": (mark("顾客"), "customers"),
    "difference": (mark("对账差异"), "reconciliation/differences"),
    "key": (mark("接口密钥"), ""),
    "list": (mark("列表"), ""),
    "merchant": (mark("商家"), ""),
    "commission_plan": (mark("佣金方案"), "commission/plans"),
    "commission_terms": (mark("佣金规则"), ""),
    "coupon": (mark("优惠券"), ""),
    "draw": (mark("抽奖"), "draws"),
    "offer": (mark("活动"), "offers"),
    "payout": (mark("提现"), "payouts"),
    "payout_terms": (mark("提现规则"), ""),
    "points": (mark("积分"), "points"),
    "order": (mark("订单"), "orders"),
    "product": (mark("商品"), "products"),
    "promoter": (mark("推广员"), "promoters"),
    "refund": (mark("退款"), ""),
    "risk": (mark("合规风险"), ""),
    "role": (mark("角色"), "roles"),
    "staff": (mark("员工"), "settings/staff"),
    "statement": (mark("结算单"), "statements"),
    "supplier": (mark("供应商"), "suppliers"),
    "team": (mark("团队"), ""),
}

FIELDS = {
    "promoter": mark("推广员"),
    "touch_days": mark("链接有效期（天）"),
    "live_hours": mark("直播优先（小时）"),
    "relation_days": mark("关系有效期（天）"),
    "protection_days": mark("保护期（天）"),
    "guide_first": mark("导购优先"),
    "rule": mark("规则"),
    "audience": mark("人群"),
    "stacking": mark("叠加"),
    "priority": mark("优先级"),
    "starts_at": mark("开始时间"),
    "ends_at": mark("结束时间"),
    "budget": mark("预算"),
    "uses_max": mark("总次数"),
    "per_person": mark("每人限用"),
    "per_person_day": mark("每人每天限用"),
    "funders": mark("出资"),
    "floor_margin": mark("毛利底线"),
    "of": mark("来源"),
    "region": mark("地区"),
    "level": mark("会员等级"),
    "address": mark("收货地址"),
    "cost": mark("成本"),
    "filters": mark("筛选条件"),
    "format": mark("格式"),
    "freight": mark("运费"),
    "adjusted_amount": mark("调整金额"),
    "contact": mark("联系人"),
    "is_active": mark("是否启用"),
    "is_drop_shipped": mark("一件代发"),
    "lines": mark("商品行"),
    "login": mark("账号"),
    "members": mark("成员"),
    "name": mark("名称"),
    "permissions": mark("权限"),
    "phone": mark("电话"),
    "price": mark("价格"),
    "reference": mark("付款凭据"),
    "role": mark("角色"),
    "rows": mark("行数"),
    "scope": mark("数据范围"),
    "settlement": mark("结算周期"),
    "state": mark("状态"),
    "store_ids": mark("门店"),
    "team_id": mark("团队"),
    "total": mark("总额"),
    "carrier": mark("快递公司"),
    "number": mark("单号"),
    "needs_review": mark("加入需审核"),
    "version": mark("版本"),
    "rate_bps": mark("佣金比例（万分之一）"),
    "fixed_amount": mark("每件佣金"),
    "budget_amount": mark("预算"),
    "order_cap_amount": mark("每单上限"),
    "day_cap_amount": mark("每日上限"),
    "gross_amount": mark("提现金额"),
    "job": mark("岗位类型"),
    "minimum_amount": mark("最低提现金额"),
    "net_amount": mark("到账"),
    "second_from_amount": mark("多少以上需两人审核"),
    "month_cap_amount": mark("每月上限"),
    "hold_days": mark("收货后等待天数"),
    "new_hold_days": mark("新推广员等待天数"),
    "new_days": mark("新推广员天数"),
    "share_bps": mark("单行佣金上限（万分之一）"),
    "velocity_orders": mark("下单过密次数"),
    "velocity_hours": mark("下单过密小时数"),
    "levels": mark("推广员等级"),
    "on_expiry": mark("过期后"),
    "is_cross_store": mark("允许跨店提货"),
}

MONEY = ("price", "total", "amount", "cost", "freight", "fee")


def action_word(action: str) -> str:
    """What an action is called; its code when it has no word yet."""
    return ACTIONS.get(action, action)


def is_money(field: str) -> bool:
    """Whether a number under this name is an amount in minor units."""
    return field in MONEY or field.endswith(tuple(f"_{word}" for word in MONEY)) or field.startswith("line ")


def plain(value: Any) -> str:
    """A value as one reads it: lists with commas, nested facts as `name: value`, ids shortened."""
    match value:
        case None | "":
            return "—"
        case dict():
            return "; ".join(f"{key}: {plain(inner)}" for key, inner in value.items())
        case list() | tuple():
            return ", ".join(plain(inner) for inner in value) or "—"
        case str() if _is_id(value):
            return f"…{value[-6:]}"
    return str(value)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
