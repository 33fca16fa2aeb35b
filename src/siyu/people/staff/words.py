"""What roles and permissions are called, in Chinese; pages translate the rest."""

from collections.abc import Collection

from siyu.kernel.permissions import ROLES, STAFF, Permission
from siyu.web import mark

# The word, and what the role is for.
ROLE_WORDS = {
    "owner": (mark("店主"), mark("全部权限，包括员工、密钥与店铺设置")),
    "operator": (mark("运营"), mark("商品、库存、入口、订单、分销与数据")),
    "finance": (mark("财务"), mark("订单、退款、账本、佣金与数据")),
    "guide": (mark("导购"), mark("核销提货码，查看商品与订单")),
    "supplier": (mark("供应商"), mark("只看到自己要代发的商品，填运单号发货")),
}
PERMISSION_WORDS = {
    Permission.AUDIT_READ: mark("查看操作日志"),
    Permission.BALANCE_WRITE: mark("调整顾客余额"),
    Permission.CATALOG_READ: mark("查看商品与库存"),
    Permission.CATALOG_WRITE: mark("修改商品与价格"),
    Permission.COMMISSION_APPROVE: mark("审批佣金"),
    Permission.COMMISSION_READ: mark("查看推广与佣金"),
    Permission.COMMISSION_WRITE: mark("修改佣金方案"),
    Permission.CUSTOMERS_PRIVATE: mark("查看完整电话与地址"),
    Permission.CUSTOMERS_READ: mark("查看顾客"),
    Permission.CUSTOMERS_WRITE: mark("修改顾客等级"),
    Permission.DELIVERY_WRITE: mark("修改配送与运费"),
    Permission.DOORS_READ: mark("查看入口"),
    Permission.DOORS_WRITE: mark("新建入口、登记费用"),
    Permission.IMPORT_RUN: mark("导入数据"),
    Permission.INSIGHT_READ: mark("查看经营数据"),
    Permission.LEDGER_READ: mark("查看账本"),
    Permission.OFFERS_READ: mark("查看优惠"),
    Permission.OFFERS_WRITE: mark("管理优惠"),
    Permission.ORDERS_READ: mark("查看订单"),
    Permission.ORDERS_REFUND: mark("办理退款"),
    Permission.ORDERS_WRITE: mark("下单与取消订单"),
    Permission.PARCELS_WRITE: mark("发货与配送"),
    Permission.PAYMENTS_WRITE: mark("确认收款与对账"),
    Permission.PAYOUTS_WRITE: mark("审核与发放提现"),
    Permission.PICKUP_VERIFY: mark("核销提货码"),
    Permission.POINTS_WRITE: mark("管理积分"),
    Permission.PROMOTERS_IDENTITY: mark("核实推广员实名"),
    Permission.PROMOTERS_WRITE: mark("管理推广员"),
    Permission.PURCHASE_WRITE: mark("采购与收货"),
    Permission.SETTINGS_WRITE: mark("修改店铺设置"),
    Permission.STAFF_WRITE: mark("管理员工与角色"),
    Permission.STOCK_COUNT: mark("参与盘点"),
    Permission.STOCK_WRITE: mark("收货与盘点"),
    Permission.SUPPLY_READ: mark("查看供应商与采购"),
    Permission.SUPPLY_SETTLE: mark("供应商结算"),
    Permission.SUPPLY_SHIP: mark("供应商代发"),
    Permission.SUPPLY_WRITE: mark("修改供应商与供货价"),
}

# What the permission lets somebody do, said so that an owner can decide.
PERMISSION_NOTES = {
    Permission.AUDIT_READ: mark("看到每个人改了什么、改前改后和理由，以及所有人的任务"),
    Permission.BALANCE_WRITE: mark("给顾客增加或扣减余额，每次都要写原因并记录"),
    Permission.CATALOG_READ: mark("打开商品与库存页面，看到价格和可售数量"),
    Permission.CATALOG_WRITE: mark("上架下架、改图文、改价格，顾客立刻看到"),
    Permission.COMMISSION_APPROVE: mark("批准别人提出的佣金调整，确认有风险的方案，处理待审核佣金"),
    Permission.COMMISSION_READ: mark("看到推广员、佣金明细和方案"),
    Permission.COMMISSION_WRITE: mark("新建和调整佣金方案，影响以后的订单"),
    Permission.CUSTOMERS_PRIVATE: mark("在订单和顾客页点开完整电话与地址，每次都会记录"),
    Permission.CUSTOMERS_READ: mark("打开顾客列表与顾客页，电话只显示后四位"),
    Permission.CUSTOMERS_WRITE: mark("改顾客的会员等级，之后的订单按新等级计价"),
    Permission.DELIVERY_WRITE: mark("改运费模板、配送范围和时段"),
    Permission.DOORS_READ: mark("看到每个入口带来的人和花费"),
    Permission.DOORS_WRITE: mark("新建二维码和链接、登记入口费用"),
    Permission.IMPORT_RUN: mark("把表格里的商品、顾客和历史订单导入系统"),
    Permission.INSIGHT_READ: mark("打开经营看板和分析，看到销售额"),
    Permission.LEDGER_READ: mark("看到每一笔借贷、余额与对账结果"),
    Permission.OFFERS_READ: mark("看活动、优惠券、试算和抽奖"),
    Permission.OFFERS_WRITE: mark("新建、发布、暂停和结束活动，发放优惠券"),
    Permission.ORDERS_READ: mark("打开订单列表与订单页"),
    Permission.ORDERS_REFUND: mark("把钱退给顾客，钱会真的退出去"),
    Permission.ORDERS_WRITE: mark("代客下单、改价、改地址、取消订单、批量操作"),
    Permission.PARCELS_WRITE: mark("打包发货、改单号、派配送单、打印单据"),
    Permission.PAYMENTS_WRITE: mark("确认转账到账、重新处理支付通知、解决对账差异"),
    Permission.PAYOUTS_WRITE: mark("审核提现、登记银行结果、改提现规则，钱会真的付出去"),
    Permission.PICKUP_VERIFY: mark("在店里核销提货码、交付商品"),
    Permission.POINTS_WRITE: mark("设置积分规则，给顾客加减积分"),
    Permission.PROMOTERS_IDENTITY: mark("看到打码的实名资料，核实或驳回"),
    Permission.PROMOTERS_WRITE: mark("审核、暂停、清退推广员，改协议、任务和课程"),
    Permission.PURCHASE_WRITE: mark("开采购单、登记到货，到货按采购价计入应付"),
    Permission.SETTINGS_WRITE: mark("改门店、接口密钥和运行参数"),
    Permission.STAFF_WRITE: mark("添加员工、改角色与密码，只能授予自己也有的权限"),
    Permission.STOCK_COUNT: mark("在手机上登记实盘件数，看不到账面数，也不能过账"),
    Permission.STOCK_WRITE: mark("收货入库、盘点、调整在库数量"),
    Permission.SUPPLY_READ: mark("打开供应商、采购单与结算单，看到供货价"),
    Permission.SUPPLY_SETTLE: mark("确认结算单、登记付款、手工调整应付"),
    Permission.SUPPLY_SHIP: mark("供应商的人在自己的工作台发货，看不到买家付的钱"),
    Permission.SUPPLY_WRITE: mark("添加供应商、改供货价、设置一件代发"),
}
# How the role editor groups them; what is in no group comes last.
PERMISSION_GROUPS = (
    (mark("订单与售后"), ("orders", "pickup")),
    (mark("商品与库存"), ("catalog", "stock", "delivery", "supply", "purchase")),
    (mark("顾客"), ("customers",)),
    (mark("入口与推广"), ("doors", "commission", "payouts", "promoters")),
    (mark("钱与数据"), ("ledger", "insight", "payments", "balance")),
    (mark("店铺管理"), ("staff", "settings", "audit", "import")),
)
SCOPE_WORDS = {
    "all": (mark("全部数据"), mark("看到所有门店的订单、库存和顾客")),
    "stores": (mark("自己的门店"), mark("只看到分配给他的门店的订单和库存，快递订单看发货仓")),
    "team": (mark("自己的团队"), mark("看到团队所有成员的门店的订单和库存")),
}


def grouped() -> list[tuple[str, list[tuple[Permission, str, str]]]]:
    """The permissions that may be granted: (group word, [(permission, word, note)])."""
    left = sorted(STAFF)
    groups: list[tuple[str, list[tuple[Permission, str, str]]]] = []
    for word, areas in (*PERMISSION_GROUPS, (mark("其他"), ())):
        chosen = [p for p in left if not areas or p.partition(":")[0] in areas]
        left = [p for p in left if p not in chosen]
        if chosen:
            groups.append((word, [(p, permission_word(p), PERMISSION_NOTES.get(p, "")) for p in chosen]))
    return groups


def permission_word(permission: str) -> str:
    """What a permission is called; its code when it has no word yet."""
    return PERMISSION_WORDS.get(permission, permission)  # type: ignore[call-overload]


def role_word(permissions: Collection[Permission]) -> str:
    """The role that has exactly these permissions; empty for none."""
    role = next((name for name, held in ROLES.items() if held == frozenset(permissions)), "")
    return ROLE_WORDS[role][0] if role in ROLE_WORDS else ""
