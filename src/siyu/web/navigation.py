"""Where one can go: the entries of the three frames, in order. A new room adds one line here."""

from collections.abc import Collection

import msgspec

from siyu.kernel.permissions import Permission
from siyu.web.language import mark


class Entry(msgspec.Struct, frozen=True):
    """One place: its path below `/shop|desk|console/{merchant}`, its Chinese name, its icon, who may see it."""

    path: str
    label: str
    icon: str
    permission: Permission | None = None


class Group(msgspec.Struct, frozen=True):
    label: str
    entries: tuple[Entry, ...]


class Shown(msgspec.Struct, frozen=True):
    """An entry as the frame draws it."""

    href: str
    label: str
    icon: str
    is_active: bool


class ShownGroup(msgspec.Struct, frozen=True):
    label: str
    entries: tuple[Shown, ...]


SHOP = (
    Entry("", mark("首页"), "home"),
    Entry("category", mark("分类"), "grid"),
    Entry("cart", mark("购物车"), "cart"),
    Entry("me", mark("我的"), "user"),
)

DESK = (
    Entry("", mark("今日"), "home"),
    Entry("verify", mark("核销"), "scan", Permission.PICKUP_VERIFY),
    Entry("share", mark("推广"), "share", Permission.SHOPPER),
    Entry("earnings", mark("收益"), "wallet", Permission.SHOPPER),
    Entry("me", mark("我的"), "user"),
)

CONSOLE = (
    Group(mark("总览"), (Entry("dashboard", mark("经营看板"), "home", Permission.INSIGHT_READ),)),
    Group(
        mark("货"),
        (
            Entry("products", mark("商品"), "box", Permission.CATALOG_READ),
            Entry("prices", mark("价目表"), "wallet", Permission.CATALOG_READ),
            Entry("stock", mark("库存"), "layers", Permission.CATALOG_READ),
            Entry("suppliers", mark("供应商"), "people", Permission.SUPPLY_WRITE),
            Entry("purchases", mark("采购单"), "order", Permission.PURCHASE_WRITE),
        ),
    ),
    Group(mark("人"), (Entry("customers", mark("顾客"), "people", Permission.CUSTOMERS_READ),)),
    Group(
        mark("场"),
        (
            Entry("doors", mark("入口"), "door", Permission.DOORS_READ),
            Entry("item-codes", mark("一物一码"), "scan", Permission.DOORS_READ),
        ),
    ),
    Group(
        mark("交易"),
        (
            Entry("orders", mark("订单"), "order", Permission.ORDERS_READ),
            Entry("after-sales", mark("售后"), "refresh", Permission.ORDERS_READ),
            Entry("fulfilment", mark("发货与核销"), "truck", Permission.ORDERS_READ),
            Entry("delivery", mark("配送"), "pin", Permission.DELIVERY_WRITE),
        ),
    ),
    Group(
        mark("优惠"),
        (
            Entry("offers", mark("活动"), "gift", Permission.OFFERS_READ),
            Entry("flash", mark("秒杀"), "clock", Permission.OFFERS_READ),
            Entry("groups", mark("拼团"), "people", Permission.OFFERS_READ),
            Entry("bargains", mark("砍价"), "people", Permission.OFFERS_READ),
            Entry("presales", mark("预售"), "clock", Permission.OFFERS_READ),
            Entry("points", mark("积分"), "wallet", Permission.OFFERS_READ),
            Entry("draws", mark("抽奖"), "gift", Permission.OFFERS_READ),
        ),
    ),
    Group(
        mark("运营"),
        (
            Entry("promoters", mark("推广员"), "share", Permission.COMMISSION_READ),
            Entry("koc", mark("KOC 选人"), "people", Permission.COMMISSION_READ),
            Entry("commission", mark("佣金"), "gift", Permission.COMMISSION_READ),
            Entry("risks", mark("合规风险"), "check", Permission.COMMISSION_READ),
            Entry("attribution", mark("归因"), "refresh", Permission.COMMISSION_READ),
            Entry("payouts", mark("提现"), "wallet", Permission.COMMISSION_READ),
        ),
    ),
    Group(
        mark("账"),
        (
            Entry("payments", mark("收付款"), "wallet", Permission.LEDGER_READ),
            Entry("reconciliation", mark("对账"), "check", Permission.LEDGER_READ),
            Entry("ledger", mark("账本"), "ledger", Permission.LEDGER_READ),
            Entry("statements", mark("供应商结算"), "wallet", Permission.SUPPLY_READ),
        ),
    ),
    Group(
        mark("数"),
        (
            Entry("insight/cohorts", mark("复购留存"), "people", Permission.INSIGHT_READ),
            Entry("insight/rfm", mark("顾客价值"), "chart", Permission.INSIGHT_READ),
        ),
    ),
    Group(
        mark("设置"),
        (
            Entry("imports", mark("数据导入"), "upload", Permission.IMPORT_RUN),
            Entry("jobs", mark("任务"), "clock", Permission.STAFF_SELF),
            Entry("roles", mark("角色与团队"), "people", Permission.STAFF_WRITE),
            Entry("audit", mark("操作日志"), "ledger", Permission.AUDIT_READ),
            Entry("settings", mark("店铺设置"), "settings", Permission.SETTINGS_WRITE),
        ),
    ),
)


# The page below `/console/{merchant}/` that answers the search field of the header; none is shown without one.
CONSOLE_FIND: str | None = "find"


def shown(
    root: str, entries: Collection[Entry], path: str, permissions: Collection[str] | None
) -> tuple[Shown, ...]:
    """The entries this person may see, the one that contains `path` marked."""

    def is_active(href: str) -> bool:
        return path == href or (href != root and path.startswith(href + "/"))

    return tuple(
        Shown(href, entry.label, entry.icon, is_active(href))
        for entry in entries
        if permissions is None or entry.permission is None or entry.permission in permissions
        for href in [f"{root}/{entry.path}".rstrip("/")]
    )


def shop_tabs(slug: str, path: str) -> tuple[Shown, ...]:
    """The shop's bottom bar."""
    return shown(f"/shop/{slug}", SHOP, path, None)


def desk_tabs(slug: str, path: str, permissions: Collection[str] | None = None) -> tuple[Shown, ...]:
    """The workbench's tabs: a promoter (a shopper who shares) sees earnings, a guide the pickup scanner."""
    return shown(f"/desk/{slug}", DESK, path, permissions)


def console_groups(
    slug: str, path: str, permissions: Collection[str] | None = None
) -> tuple[ShownGroup, ...]:
    """The console's left side; groups without a visible entry are left out."""
    groups = (
        ShownGroup(group.label, shown(f"/console/{slug}", group.entries, path, permissions))
        for group in CONSOLE
    )
    return tuple(group for group in groups if group.entries)


def frame_of(path: str) -> tuple[str, str | None]:
    """`/console/tea/orders` → `("console", "tea")`; `("", None)` outside the three frames."""
    frame, _, rest = path.lstrip("/").partition("/")
    if frame not in {"shop", "desk", "console"}:
        return "", None
    return frame, rest.partition("/")[0] or None


def home_of(path: str) -> str:
    """Where "back to the start" leads from `path`."""
    frame, slug = frame_of(path)
    if not frame or not slug:
        return "/"
    return f"/{frame}/{slug}/dashboard" if frame == "console" else f"/{frame}/{slug}"


def signin_of(path: str) -> str | None:
    """The sign-in page of the frame that `path` belongs to; None where there is none."""
    frame, slug = frame_of(path)
    return f"/{frame}/{slug}/signin" if frame and slug else None
