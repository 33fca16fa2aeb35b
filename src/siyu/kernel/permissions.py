"""What a signed-in actor may do: `area:action`. Roles are sets of these."""

from enum import StrEnum


class Permission(StrEnum):
    """Alphabetical. A route names exactly one of these or is listed public."""

    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    COMMISSION_READ = "commission:read"
    COMMISSION_WRITE = "commission:write"
    CUSTOMERS_READ = "customers:read"
    DOORS_READ = "doors:read"
    DOORS_WRITE = "doors:write"
    IMPORT_RUN = "import:run"
    INSIGHT_READ = "insight:read"
    LEDGER_READ = "ledger:read"
    ORDERS_READ = "orders:read"
    ORDERS_REFUND = "orders:refund"
    ORDERS_WRITE = "orders:write"
    PICKUP_VERIFY = "pickup:verify"
    SETTINGS_WRITE = "settings:write"
    SHOPPER = "shopper:self"
    STOCK_WRITE = "stock:write"


STAFF = frozenset(Permission) - {Permission.SHOPPER}

ROLES: dict[str, frozenset[Permission]] = {
    "owner": STAFF,
    "operator": STAFF - {Permission.SETTINGS_WRITE},
    "finance": frozenset(
        {
            Permission.COMMISSION_READ,
            Permission.INSIGHT_READ,
            Permission.LEDGER_READ,
            Permission.ORDERS_READ,
            Permission.ORDERS_REFUND,
        }
    ),
    "guide": frozenset({Permission.CATALOG_READ, Permission.ORDERS_READ, Permission.PICKUP_VERIFY}),
    "shopper": frozenset({Permission.SHOPPER}),
}
