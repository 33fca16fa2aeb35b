"""What the routes of item codes want in their bodies; a part of `asking_bodies`."""

from collections.abc import Callable, Mapping
from typing import Any

from siyu.kernel import ids

Names = Mapping[str, str]


def new() -> str:
    return str(ids.new())


def code() -> str:
    return f"C{ids.new().hex[-10:]}"


ITEM_BODIES: dict[tuple[str, str], Callable[[Names], Any]] = {
    ("POST", "/item-codes/{code:str}/scans"): lambda n: {"visitor_id": new()},
    ("PUT", "/item-batches/{batch_id:uuid}"): lambda n: {
        "name": "茶",
        "quantity": 9,
        "product_id": n["product_id"],
    },
    ("PUT", "/ranges/{range_id:uuid}"): lambda n: {
        "first": (at := 1_000 + ids.new().int % 900_000),
        "last": at,
        "dealer_id": n["item_dealer_id"],
    },
    ("PUT", "/item-dealers/{dealer_id:uuid}"): lambda n: {"name": code()},
    ("POST", "/item-batches/{batch_id:uuid}/void"): lambda n: {"reason": "看看"},
    ("POST", "/item-alerts/{alert_id:uuid}/close"): lambda n: {"reason": "看看"},
}
ITEM_FORMS: dict[str, Callable[[Names], dict[str, str]]] = {
    "/console/{slug:str}/item-codes": lambda n: {
        "name": "茶",
        "quantity": "9",
        "reward": "none",
        "product_id": n["product_id"],
    },
    "/item-codes/{batch_id:uuid}/activate": lambda n: {
        "first": "60",
        "last": "69",
        "dealer_id": n["item_dealer_id"],
    },
    "/item-codes/{batch_id:uuid}/file": lambda n: {
        "what": "outer",
        "format": "csv",
        "first": "0",
        "last": "9",
    },
    "/item-codes/dealers": lambda n: {"name": code()},
}
