"""What the routes of attribution and disputes want in their bodies."""

from collections.abc import Callable, Mapping
from typing import Any

POLICY = {"touch_days": "6", "live_hours": "9", "relation_days": "30", "protection_days": "9"}

BODIES_OF_ATTRIBUTION: dict[tuple[str, str], Callable[[Mapping[str, str]], Any]] = {
    ("PUT", "/attribution-policy"): lambda _: {"touch_days": 6},
}
FORMS_OF_ATTRIBUTION: dict[str, Callable[[Mapping[str, str]], dict[str, str]]] = {
    "/attribution": lambda _: POLICY,
    "/attribution/preview": lambda _: POLICY,
    "/customers/{customer_id:uuid}/relation": lambda n: {"promoter_id": n["promoter_id"], "reason": "看看"},
    "/disputes/{dispute_id:uuid}/{verdict:str}": lambda _: {"reason": "看看"},
    "/orders/{order_id:uuid}/disputes": lambda _: {"words": "看看"},
    "/me/promoter": lambda n: {"code": n["door_code"]},
}
