"""What a curious client would send: for every route a request that makes sense, with ids of our choosing."""

import json
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar.handlers import HTTPRouteHandler

from siyu.kernel import ids
from trust.asking_attribution import BODIES_OF_ATTRIBUTION, FORMS_OF_ATTRIBUTION
from trust.asking_bodies import BODIES, FORMS
from trust.furnished_goods import TAG
from trust.furnished_money import BILL_DAY

PARAMETER = re.compile(r"\{(\w+):\w+\}")


class Named(Mapping[str, str]):
    """Ids by name that remember which of them were used."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.known, self.used = values, dict[str, None]()

    def __getitem__(self, name: str) -> str:
        self.used[name] = None
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


@dataclass(frozen=True)
class Ask:
    """One request. `ids_in_path` and `ids_in_body` name what it speaks of."""

    method: str
    path: str
    json: Any = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    ids_in_path: tuple[str, ...] = ()
    ids_in_body: tuple[str, ...] = ()

    @property
    def frame(self) -> str:
        return self.path.split("/", 2)[1]


def form_of(handler: HTTPRouteHandler, named: Mapping[str, str], *skus: str) -> dict[str, str]:
    """All fields that any form has; cut to those that the handler declares, where it declares them."""
    everything = {
        "sku": lambda: named["sku_id"], "sku_id": lambda: named["sku_id"], "store": lambda: named["store_id"],
        "store_id": lambda: named["store_id"], "category": lambda: named["category_id"],
        "lines": lambda: f"{named['sku_id']}*1", "location": lambda: named["store_id"],
        "product": lambda: named["product_id"], "customer": lambda: named["customer_id"],
    }  # fmt: skip
    plain = {
        "quantity": "1", "title": "果篮", "name": "新名字", "unit": "件", "kind": "store_shelf", "space": "point",
        "ownership": "owned", "amount": "1.00", "day": "2026-01-03", "rate_bps": "1", "reason": "看看",
        "refund_id": str(ids.new()), "line-1": "1", "login": f"l{ids.new().hex[-12:]}", "role": "guide",
        "password": "another long password", "permission": "orders:read", "is_on_shelf": "1", "is_sellable": "1",
        "is_active": "1", "is_open": "1", "expected_total": "99999", "idempotency_key": ids.new().hex, "agree": "1",
        "agrees": "1", "version": "2026-11", "phone": "13900139000", "purpose": "marketing", "given": "1",
        "chosen": "1", "next": "", "address": "一路 1 号", "note": "",
        "code": f"C{ids.new().hex[-10:]}", "code-0": f"K{ids.new().hex[-10:]}", "price-0": "5.00", "title-0": "",
    }  # fmt: skip
    if skus:
        plain |= {f"price-{sku}": "12.90" for sku in skus}
    wanted = _declared_fields(handler)
    return {
        **{name: value() for name, value in everything.items() if wanted is None or name in wanted},
        **{name: value for name, value in plain.items() if wanted is None or name in wanted},
    }


def _declared_fields(handler: HTTPRouteHandler) -> set[str] | None:
    hint = typing.get_type_hints(handler.fn).get("data")
    return (
        set(hint.__struct_fields__) if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else None
    )


# Ids that a page takes in its query, by the end of the path.
QUERIES: dict[str, Callable[[Mapping[str, str]], dict[str, str]]] = {
    "/stock/entry": lambda n: {"kind": "receive", "store": n["store_id"], "sku": n["sku_id"]},
    "/console/{slug:str}/stock": lambda n: {"store": n["store_id"]},
    "/console/{slug:str}/products": lambda n: {"category": n["category_id"]},
    "/shop/{slug:str}/feed": lambda n: {"c": n["category_id"]},
    "/shop/{slug:str}/category": lambda n: {"c": n["category_id"]},
    "/shop/{slug:str}/checkout": lambda n: {"sku": n["sku_id"], "quantity": "1"},
    "/api/v1/{slug:str}/products": lambda n: {"category_id": n["category_id"]},
    "/api/v1/{slug:str}/stock": lambda n: {"store_id": n["store_id"]},
    "/api/v1/{slug:str}/commissions": lambda n: {"promoter_id": n["promoter_id"], "order_id": n["order_id"]},
    "/console/{slug:str}/filters": lambda n: {"name": "orders"},
    "/reconciliation/days": lambda n: {"since": BILL_DAY.isoformat()},
    "/insight/rows": lambda n: {"metric": "today", "key": "orders"},
}


# Which order a path speaks of, where not every order will do: ends of paths, the longest first.
ORDERS = {
    "/supply/{order_id:uuid}/ship": "supplied_order_id",
    "/supply/{order_id:uuid}/out-of-stock": "supplied_order_id",
    "/pay/{order_id:uuid}/transfer": "unpaid_order_id",
    "/orders/{order_id:uuid}/after-sale": "fetched_order_id",
    "/orders/{order_id:uuid}/cases": "fetched_order_id",
    "/rides/{order_id:uuid}/{move:str}": "ride_order_id",
    "/ride/{move:str}": "ride_order_id",
    "/orders/{order_id:uuid}/parcels": "ship_order_id",
    "/orders/{order_id:uuid}/address": "ship_order_id",
    "/address/reveal": "ship_order_id",
    "/ship": "ship_order_id",
    "/preview": "unpaid_order_id",
    "/price": "unpaid_order_id",
    "/payments": "unpaid_order_id",
    "/payment": "unpaid_order_id",
    "/cancel": "unpaid_order_id",
    "/begin": "unpaid_order_id",
    "/state": "unpaid_order_id",
    "/receive": "done_order_id",
    "/received": "done_order_id",
    "/refunds": "done_order_id",
}


def name_of(parameter: str, path: str) -> str:
    """Under which name the id of a path parameter is kept."""
    if "/item-" in path or path.startswith("/c/"):
        return "alert_id" if parameter == "alert_id" else f"item_{parameter}"
    if parameter == "code":
        return (
            "code_of_account"
            if "/ledger/" in path
            else "carrier_code"
            if "/carriers/" in path
            else "door_code"
        )
    if parameter == "order_id":
        return next((name for end, name in ORDERS.items() if path.endswith(end)), parameter)
    if parameter == "offer_id":
        return next((name for part, name in OFFERS.items() if part in path), parameter)
    if parameter == "transfer_id" and path.endswith(("/arrive", "/arrivals")):
        return "sent_transfer_id"
    if parameter == "product_id" and path.endswith("/components"):
        return "box_product_id"
    return parameter


# Which offer a path speaks of, by a part of the path; elsewhere any will do.
OFFERS = {
    "/coupons": "coupon_offer_id",
    "/group-offers/": "group_offer_id",
    "/flash/": "flash_offer_id",
    "/bargains/": "bargain_offer_id",
    "/presales/": "presale_offer_id",
}

KEYED = ("/orders", "/parcels", "/redemptions")  # whose key comes in a header
FIXED = {
    "how": "finish",
    "payout_action": "approve",
    "decision": "release",
    "chart": "segments",
    "kind": "svg",
    "consumer": "distribution",
    "key": "apple.webp",
    "path": "x",
    "file_path": "x",
    "gateway": "wxpay",
    "day": BILL_DAY.isoformat(),
    "tag": TAG,
}


def fixed(name: str, path: str) -> str | None:
    """What a path says that is nobody's id."""
    if name == "action":
        return "agree"
    if name == "verdict":
        return "refuse"
    if name == "verb":
        return "activate"
    if name == "kind" and "/offers/" in path:
        return "amount_off"
    if name == "move":
        return "send" if "/purchases/" in path else "out"
    return FIXED.get(name)


def ask(
    method: str,
    path: str,
    handler: HTTPRouteHandler,
    slug: str,
    in_path: Mapping[str, str],
    in_body: Mapping[str, str],
) -> Ask:
    """The request of a route of merchant `slug`, speaking of the given ids."""
    path_ids, body_ids = Named(in_path), Named(in_body)

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return slug if name == "slug" else fixed(name, path) or path_ids[name_of(name, path)]

    real = PARAMETER.sub(value, path)
    body = form = None
    if method == "GET":
        query = next((make(body_ids) for end, make in QUERIES.items() if path.endswith(end)), {})
        real += f"?{urlencode(query)}" if query else ""
    else:
        if path.startswith(("/api/", "/cb/")):
            maker = next(
                (
                    make
                    for (m, end), make in (BODIES_OF_ATTRIBUTION | BODIES).items()
                    if m == method and path.endswith(end)
                ),
                None,
            )
            body = maker(body_ids) if maker else None
        else:
            # The console names the field of a price after its SKU.
            form = form_of(handler, body_ids, *([in_path["sku_id"]] if path.endswith("/price") else []))
            form |= next(
                (
                    make(body_ids)
                    for end, make in (FORMS_OF_ATTRIBUTION | FORMS).items()
                    if path.endswith(end)
                ),
                {},
            )
    return Ask(
        method, real, body, form,
        headers={"idempotency-key": str(ids.new())} if path.endswith(KEYED) else {},
        ids_in_path=tuple(path_ids.used), ids_in_body=tuple(body_ids.used),
    )  # fmt: skip


def said_by(asked: Ask) -> str:
    """Everything the request itself says: an answer that repeats it tells nothing new."""
    return asked.path + json.dumps([asked.json, asked.form])
