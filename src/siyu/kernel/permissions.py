"""What a signed-in actor may do: `area:action`. Roles are sets of these."""

from enum import StrEnum


class Permission(StrEnum):
    """Alphabetical. A route names exactly one of these or is listed public."""

    AUDIT_READ = "audit:read"
    BALANCE_WRITE = "balance:write"
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    COMMISSION_APPROVE = "commission:approve"
    COMMISSION_READ = "commission:read"
    COMMISSION_WRITE = "commission:write"
    CUSTOMERS_PRIVATE = "customers:private"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    DELIVERY_WRITE = "delivery:write"
    DOORS_READ = "doors:read"
    DOORS_WRITE = "doors:write"
    IMPORT_RUN = "import:run"
    INSIGHT_READ = "insight:read"
    LEDGER_READ = "ledger:read"
    OFFERS_READ = "offers:read"
    OFFERS_WRITE = "offers:write"
    ORDERS_READ = "orders:read"
    ORDERS_REFUND = "orders:refund"
    ORDERS_WRITE = "orders:write"
    PARCELS_WRITE = "parcels:write"
    PAYMENTS_WRITE = "payments:write"
    PAYOUTS_WRITE = "payouts:write"
    PICKUP_VERIFY = "pickup:verify"
    POINTS_WRITE = "points:write"
    PROMOTERS_IDENTITY = "promoters:identity"
    PROMOTERS_WRITE = "promoters:write"
    PURCHASE_WRITE = "purchase:write"
    SETTINGS_WRITE = "settings:write"
    SHOPPER = "shopper:self"
    STAFF_SELF = "staff:self"
    STAFF_WRITE = "staff:write"
    STOCK_COUNT = "stock:count"
    STOCK_WRITE = "stock:write"
    SUPPLY_READ = "supply:read"
    SUPPLY_SETTLE = "supply:settle"
    SUPPLY_SHIP = "supply:ship"
    SUPPLY_WRITE = "supply:write"


# What a merchant may grant to a member of staff or a key. Every member of staff is themselves without being granted it.
STAFF = frozenset(Permission) - {Permission.SHOPPER, Permission.STAFF_SELF}

_NOT_OPERATORS = {
    Permission.AUDIT_READ,
    Permission.PAYOUTS_WRITE,
    Permission.PROMOTERS_IDENTITY,
    Permission.SETTINGS_WRITE,
    Permission.STAFF_WRITE,
}

ROLES: dict[str, frozenset[Permission]] = {
    "owner": STAFF | {Permission.STAFF_SELF},
    "operator": (STAFF - _NOT_OPERATORS) | {Permission.STAFF_SELF},
    "finance": frozenset(
        {
            Permission.AUDIT_READ,
            Permission.BALANCE_WRITE,
            Permission.COMMISSION_APPROVE,
            Permission.COMMISSION_READ,
            Permission.INSIGHT_READ,
            Permission.LEDGER_READ,
            Permission.OFFERS_READ,
            Permission.ORDERS_READ,
            Permission.ORDERS_REFUND,
            Permission.PAYMENTS_WRITE,
            Permission.PAYOUTS_WRITE,
            Permission.PROMOTERS_IDENTITY,
            Permission.STAFF_SELF,
            Permission.SUPPLY_READ,
            Permission.SUPPLY_SETTLE,
        }
    ),
    "guide": frozenset(
        {
            Permission.CATALOG_READ,
            Permission.ORDERS_READ,
            Permission.PICKUP_VERIFY,
            Permission.STAFF_SELF,
            Permission.STOCK_COUNT,
        }
    ),
    "supplier": frozenset({Permission.STAFF_SELF, Permission.SUPPLY_SHIP}),
    "shopper": frozenset({Permission.SHOPPER}),
}
