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
}
PERMISSION_WORDS = {
    Permission.CATALOG_READ: mark("查看商品与库存"),
    Permission.CATALOG_WRITE: mark("修改商品与价格"),
    Permission.COMMISSION_READ: mark("查看推广与佣金"),
    Permission.COMMISSION_WRITE: mark("修改佣金方案"),
    Permission.CUSTOMERS_READ: mark("查看顾客"),
    Permission.DOORS_READ: mark("查看入口"),
    Permission.DOORS_WRITE: mark("新建入口、登记费用"),
    Permission.IMPORT_RUN: mark("导入数据"),
    Permission.INSIGHT_READ: mark("查看经营数据"),
    Permission.LEDGER_READ: mark("查看账本"),
    Permission.ORDERS_READ: mark("查看订单"),
    Permission.ORDERS_REFUND: mark("办理退款"),
    Permission.ORDERS_WRITE: mark("下单与取消订单"),
    Permission.PICKUP_VERIFY: mark("核销提货码"),
    Permission.SETTINGS_WRITE: mark("修改店铺设置"),
    Permission.STOCK_WRITE: mark("收货与盘点"),
}


def role_word(permissions: Collection[Permission]) -> str:
    """The role that has exactly these permissions; empty for none."""
    role = next((name for name, held in ROLES.items() if held == frozenset(permissions)), "")
    return ROLE_WORDS[role][0] if role in ROLE_WORDS else ""


assert set(PERMISSION_WORDS) == STAFF, "every permission that staff may have has a word"
