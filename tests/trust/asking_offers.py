"""What the routes of offers want in their bodies; a part of `asking_bodies`."""

from collections.abc import Callable, Mapping
from typing import Any

from siyu.kernel import ids

Names = Mapping[str, str]


def new() -> str:
    return str(ids.new())


OFFER_BODIES: dict[tuple[str, str], Callable[[Names], Any]] = {
    ("POST", "/coupons/{offer_id:uuid}/claim"): lambda n: {"id": new()},
    ("POST", "/coupons/issue"): lambda n: {"id": new(), "to": {"customer_ids": [n["customer_id"]]}},
    ("POST", "/coupons/packs"): lambda n: {"id": new(), "codes": 2},
    ("POST", "/offers/simulate"): lambda n: {
        "wishes": [{"sku_id": n["sku_id"], "quantity": 1}],
        "customer_id": n["customer_id"],
        "store_id": n["store_id"],
    },
    ("POST", "/{offer_id:uuid}/clone"): lambda n: {"new_id": new()},
    ("POST", "/{draw_id:uuid}/results"): lambda n: {"id": new()},
    ("POST", "/{customer_id:uuid}/points"): lambda n: {"id": new(), "points": 5, "reason": "补偿"},
    ("PUT", "/points/rule"): lambda n: {"is_on": True, "per_yuan": 2, "keep_years": 1},
}
OFFER_FORMS: dict[str, Callable[[Names], dict[str, str]]] = {
    "/presales/{offer_id:uuid}/owed": lambda n: {"order_id": n["order_id"], "reference": "转账 1"},
    "/coupons/issue": lambda n: {"key": new(), "to": "customers", "customers": n["customer_id"]},
    "/coupons/pack": lambda n: {"key": new(), "codes": "2"},
    "/{customer_id:uuid}/points": lambda n: {"idempotency_key": new(), "points": "5", "reason": "补偿"},
    "/points/rule": lambda n: {"is_on": "1", "per_yuan": "2", "keep_years": "1"},
    "/coupons/{offer_id:uuid}/claim": lambda n: {"idempotency_key": new(), "key": new()},
    "/draws/{draw_id:uuid}/draw": lambda n: {"idempotency_key": new(), "id": new()},
}
