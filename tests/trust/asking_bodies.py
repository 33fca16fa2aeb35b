"""What the routes want in their bodies: by the end of the path, with ids by name. The neighbour of `asking`."""

from collections.abc import Callable, Mapping
from typing import Any

from siyu.kernel import ids
from trust.asking_item_codes import ITEM_BODIES, ITEM_FORMS
from trust.asking_offers import OFFER_BODIES, OFFER_FORMS

Names = Mapping[str, str]

ADDRESS = {
    "name": "小满", "phone": "13800000000", "region_code": "310115", "region": [], "detail": "世纪大道 100 号",
    "latitude": 31_230_000, "longitude": 121_500_000,
}  # fmt: skip


def new() -> str:
    return str(ids.new())


def code() -> str:
    return f"C{ids.new().hex[-10:]}"


def tracking() -> str:
    return f"SF{ids.new().int % 10**13:013d}"


def an_edit(n: Names) -> dict[str, Any]:
    return {"what": "category", "product_ids": [n["product_id"]], "target": n["category_id"]}


# JSON bodies by the end of the path; the first that fits.
BODIES: dict[tuple[str, str], Callable[[Names], Any]] = {
    **ITEM_BODIES,
    ("POST", "/quotes"): lambda n: {"lines": [{"sku_id": n["sku_id"], "quantity": 1}]},
    ("POST", "/checkout/quote"): lambda n: {
        "lines": [{"sku_id": n["sku_id"], "quantity": 1}],
        "delivery": "express",
        "store_id": n["store_id"],
        "address_id": n["address_id"],
    },
    ("POST", "/orders"): lambda n: {
        "store_id": n["store_id"],
        "customer_id": n["customer_id"],
        "lines": [{"sku_id": n["sku_id"], "quantity": 1}],
        "expected_total": 99_999,
    },
    ("POST", "/hand-over"): lambda n: {"pickup_code": n["pickup_code"]},
    ("PUT", "/price"): lambda n: {"price": 1_290},
    ("POST", "/price"): lambda n: {"lines": [{"line_no": 1, "amount": 1_000}], "reason": "老顾客"},
    ("POST", "/payments"): lambda n: {"method": "wxpay_native"},
    ("POST", "/refunds"): lambda n: {
        "id": new(),
        "lines": [{"line_no": 1, "quantity": 1}],
        "reason": "看看",
    },
    ("POST", "/by-hand"): lambda n: {"reference": "转账 1"},
    ("POST", "/resolve"): lambda n: {"how": "ignore", "note": "看过"},
    ("POST", "/after-sales"): lambda n: {
        "id": new(),
        "order_id": n["fetched_order_id"],
        "kind": "return",
        "reason": "quality",
        "lines": [[1, 1]],
        "words": "坏了",
    },
    ("POST", "/decisions"): lambda n: {"action": "agree", "location_id": n["store_id"]},
    ("POST", "/parcels"): lambda n: {
        "carrier": "sf",
        "number": tracking(),
        "lines": [{"line_no": 1, "quantity": 1}],
    },
    ("POST", "/number"): lambda n: {"carrier": "sf", "number": tracking()},
    ("POST", "/parcels/{parcel_id:uuid}/cancel"): lambda n: {"reason": "贴错了"},
    ("POST", "/redemptions"): lambda n: {"code": n["voucher_code"], "store_id": n["store_id"]},
    # goods
    ("POST", "/products"): lambda n: {
        "words": {
            "category_id": n["category_id"],
            "title": "果篮",
            "brand_id": n["brand_id"],
            "freight_template_id": n["template_id"],
        },
        "skus": [{"code": code(), "price": 500}],
        "id": new(),
    },
    ("PUT", "{product_id:uuid}"): lambda n: {
        "category_id": n["category_id"],
        "title": "果篮",
        "brand_id": n["brand_id"],
    },
    ("PUT", "/options"): lambda n: {
        "options": [],
        "skus": [{"code": code(), "price": 500, "id": n["sku_id"]}],
    },
    ("PUT", "/components"): lambda n: [{"sku_id": n["sku_id"], "quantity": 1}],
    ("PUT", "/shelf"): lambda n: {"is_on_shelf": True},
    ("PUT", "/schedule"): lambda n: {"shelf_until": "2030-01-01T00:00:00Z"},
    ("POST", "/copies"): lambda n: {"id": new()},
    ("POST", "/product-edits"): lambda n: {"edit": an_edit(n), "id": new()},
    ("POST", "/product-edits/preview"): an_edit,
    ("PUT", "{category_id:uuid}"): lambda n: {"name": code(), "parent_id": n["gift_category_id"]},
    ("PUT", "/categories"): lambda n: [n["category_id"]],
    ("PUT", "{brand_id:uuid}"): lambda n: {"name": code()},
    ("PUT", "{tag:str}"): lambda n: {"name": "好吃"},
    ("PUT", "/price-lists/{list_id:uuid}"): lambda n: {
        "name": code(),
        "store_id": n["store_id"],
        "customer_id": n["customer_id"],
    },
    ("PUT", "/price-lists/{list_id:uuid}/items"): lambda n: [
        {"sku_id": n["sku_id"], "least": 1, "price": 900}
    ],
    ("POST", "/price-explanations"): lambda n: {
        "lines": [{"code": "MILK"}],
        "store_id": n["store_id"],
        "customer_id": n["customer_id"],
    },
    # oversight
    ("POST", "/overrides"): lambda n: {"id": new(), "reason": "看过", "days": 7},
    ("PUT", "/risks/thresholds"): lambda n: {},
    # stock
    ("POST", "/stock/arrivals"): lambda n: [
        {"store_id": n["store_id"], "sku_id": n["sku_id"], "quantity": 1}
    ],
    ("POST", "/stock/losses"): lambda n: {
        "id": new(),
        "store_id": n["store_id"],
        "sku_id": n["sku_id"],
        "quantity": 1,
    },
    ("PUT", "/stock/safety"): lambda n: {"store_id": n["store_id"], "sku_id": n["sku_id"], "pieces": 1},
    ("PUT", "/stock/rules"): lambda n: {"mode": "priority", "priority": [n["store_id"]]},
    ("POST", "/stock/transfers"): lambda n: {
        "id": new(),
        "from_id": n["store_id"],
        "to_id": n["depot_id"],
        "lines": [{"sku_id": n["sku_id"], "quantity": 1}],
    },
    ("POST", "/arrivals"): lambda n: {"id": new(), "lines": [{"sku_id": n["milk_id"], "received": 1}]},
    ("POST", "/stock/stocktakes"): lambda n: {
        "id": new(),
        "location_id": n["store_id"],
        "category_id": n["category_id"],
    },
    ("POST", "/counts"): lambda n: [{"sku_id": n["milk_id"], "counted": 18, "id": new()}],
    # places and people
    ("POST", "/doors"): lambda n: {
        "name": "侧门",
        "kind": "store_shelf",
        "space": "point",
        "ownership": "owned",
        "store_id": n["store_id"],
        "staff_id": n["staff_id"],
        "promoter_id": n["promoter_id"],
    },
    ("POST", "/scans"): lambda n: {"visitor_id": new()},
    ("POST", "/costs"): lambda n: {"day": "2026-01-03", "amount": 100},
    ("POST", "/locations"): lambda n: {"code": code(), "name": "二店", "address": "二路 2 号"},
    ("PUT", "/locations/{store_id:uuid}"): lambda n: {
        "name": "一店",
        "address": "一路 1 号",
        "latitude": 31_230_000,
        "longitude": 121_500_000,
        "ships": True,
    },
    ("POST", "/phone-codes"): lambda n: {"phone": "13900139000"},
    ("POST", "/sessions"): lambda n: {"phone": "13900139000", "code": "000000", "agrees": True},
    ("PUT", "{address_id:uuid}"): lambda n: {"address": ADDRESS},
    ("POST", "/recognise"): lambda n: {"text": "林小满 13800000000 上海市浦东新区世纪大道100号"},
    ("PUT", "/delivery/settings"): lambda n: {"ways": ["pickup", "express", "local"]},
    ("PUT", "{template_id:uuid}"): lambda n: {
        "name": code(),
        "pricing": "flat",
        "groups": [{"first_fee": 800}],
    },
    ("PUT", "/delivery/stores/{store_id:uuid}"): lambda n: {
        "is_on": True,
        "radius": 5_000,
        "tiers": [{"up_to": 5_000, "fee": 500}],
        "slot_minutes": 60,
        "capacity": 9,
        "openings": [{"weekday": day, "opens": 0, "closes": 1_440} for day in range(1, 8)],
    },
    # suppliers
    ("POST", "/suppliers"): lambda n: {"id": new(), "name": code()},
    ("PUT", "{supplier_id:uuid}"): lambda n: {"name": code(), "address": "产地路 8 号", "has_location": True},
    ("PUT", "/suppliers/{supplier_id:uuid}/items"): lambda n: {"sku_id": n["sku_id"], "supply_price": 400},
    ("POST", "/purchases"): lambda n: {
        "id": new(),
        "supplier_id": n["supplier_id"],
        "location_id": n["store_id"],
        "lines": [{"sku_id": n["sku_id"], "quantity": 3, "cost": 400}],
    },
    ("POST", "/moves"): lambda n: {"action": "finish"},
    ("POST", "/receipts"): lambda n: {
        "id": new(),
        "purchase_id": n["purchase_id"],
        "lines": [{"line_no": 1, "quantity": 1}],
    },
    **OFFER_BODIES,
    # commission
    ("POST", "/plans"): lambda n: {"name": "方案", "rate_bps": 100, "category_id": n["category_id"]},
    ("PUT", "/plans/{plan_id:uuid}"): lambda n: {"name": "方案", "rule": {"rate_bps": 100}},
    ("POST", "{plan_id:uuid}/moves"): lambda n: {"action": "pause", "reason": "试一试"},
    ("POST", "/commission-holds"): lambda n: {
        "id": new(),
        "promoter_id": n["promoter_id"],
        "reason": "看一看",
    },
    ("POST", "{hold_id:uuid}/decisions"): lambda n: {"decision": "release", "reason": "看过了"},
    ("POST", "/commission-adjustments"): lambda n: {
        "id": new(),
        "promoter_id": n["promoter_id"],
        "amount": 100,
        "reason": "补发",
    },
    ("POST", "{adjustment_id:uuid}/decisions"): lambda n: {"decision": "refuse", "reason": "不对"},
    ("PUT", "/commission-terms"): lambda n: {"hold_days": 9},
    ("POST", "/me/promoter"): lambda n: {"name": "新人", "agrees": True},
}


# Fields of a form by the end of the path, beside or instead of those that every form gets.
FORMS: dict[str, Callable[[Names], dict[str, str]]] = {
    **ITEM_FORMS,
    "/risks/thresholds": lambda n: {
        "idle_bps": "50",
        "idle_least": "20",
        "own_bps": "10",
        "refund_bps": "30",
        "refund_least": "10",
        "concentration_bps": "50",
        "concentration_least": "50",
        "velocity": "50",
        "window_days": "30",
    },
    "/override": lambda n: {"idempotency_key": new(), "reason": "看过", "days": "7"},
    "/commission/plans/{plan_id:uuid}": lambda n: {
        "name": "方案",
        "by": "rate",
        "rate_bps": "1",
        "scope": "all",
    },
    "/commission/plans/{plan_id:uuid}/{move:str}": lambda n: {"reason": "试一试"},
    "/commission/holds": lambda n: {"promoter_id": n["promoter_id"], "reason": "看一看"},
    "/commission/adjustments": lambda n: {"promoter_id": n["promoter_id"], "amount": "1", "reason": "补发"},
    "/commission/terms": lambda n: {
        "hold_days": "9",
        "new_hold_days": "15",
        "new_days": "30",
        "share_bps": "30",
        "velocity_orders": "5",
        "velocity_hours": "24",
    },
    "/count": lambda n: {"quantity": "50"},
    "/verify": lambda n: {"code": n["pickup_code"]},
    "/redeem": lambda n: {"code": n["voucher_code"]},
    "/fulfilment/codes": lambda n: {"code": n["voucher_code"], "store": n["store_id"]},
    "/codes/terms": lambda n: {"product": n["card_product_id"], "on_expiry": "refund"},
    "/fulfilment/carriers": lambda n: {
        "code": f"c{ids.new().hex[-8:]}",
        "name_zh": "快船",
        "name_en": "Boat",
    },
    "/fulfilment/rides": lambda n: {"order": n["ride_order_id"], "courier": n["staff_id"]},
    "/fulfilment/print": lambda n: {"order": n["ship_order_id"], "kind": "slips", "paper": "a4"},
    "/ride/{move:str}": lambda n: {"courier": n["staff_id"]},
    "/orders/{order_id:uuid}/parcels": lambda n: {"carrier": "sf", "number": tracking()},
    "/number": lambda n: {"carrier": "sf", "number": tracking()},
    "/after-sale": lambda n: {"kind": "return", "reason": "quality", "words": "坏了", "line-1": "1"},
    "/cases": lambda n: {
        "kind": "return",
        "reason": "quality",
        "words": "坏了",
        "location": n["store_id"],
    },
    "/after-sales/{case_id:uuid}/{action:str}": lambda n: {"location": n["store_id"], "words": "好的"},
    "/address": lambda n: {
        "name": "小满",
        "phone": "13800000000",
        "province": "31",
        "city": "3101",
        "district": "310115",
        "detail": "世纪大道 100 号",
    },
    "/addresses": lambda n: {
        "id": new(),
        "name": "小满",
        "phone": "13800000000",
        "province": "31",
        "city": "3101",
        "district": "310115",
        "detail": "世纪大道 100 号",
    },
    "/notes": lambda n: {"text": "轻放"},
    "/orders/bulk": lambda n: {"action": "note", "order": n["order_id"], "text": "轻放"},
    "/balance": lambda n: {"change_id": new(), "direction": "add", "amount": "1.00", "reason": "补偿"},
    "/resolve": lambda n: {"how": "ignore", "note": "看过"},
    "/by-hand": lambda n: {"reference": "转账 1"},
    "/payments/options": lambda n: {"bank": "招行", "account_name": "店", "account_number": "6225"},
    "/accept": lambda n: {"amount": "6.80"},
    "/products": lambda n: {
        "kind": "physical",
        "brand": n["brand_id"],
        "freight_template_id": n["template_id"],
    },
    "/products/{product_id:uuid}": lambda n: {"kind": "physical", "brand": n["brand_id"]},
    "/settings/stores": lambda n: {"kind": "store"},
    "/settings/stores/{store_id:uuid}": lambda n: {"kind": "store"},
    "/templates/{template_id:uuid}": lambda n: {"pricing": "flat", "name": code()},
    "/filters/{filter_id:uuid}/remove": lambda n: {"list": "orders"},
    "/filters": lambda n: {"list": "orders", "name": "待发货", "query": "state=paid"},
    "/roles": lambda n: {"name": code(), "permission": "orders:read", "scope": "stores"},
    "/roles/{role_id:uuid}": lambda n: {"name": code(), "permission": "orders:read", "scope": "stores"},
    "/teams": lambda n: {"team_name": code(), "member": n["staff_id"]},
    "/settings/staff/{staff_id:uuid}": lambda n: {
        "role": n["role_id"],
        "store": n["store_id"],
        "team": n["team_id"],
    },
    "/level": lambda n: {"level": "金卡"},
    "/stock/transfers": lambda n: {"from": n["depot_id"], "to": n["store_id"], "lines": "MILK*1"},
    "/lines": lambda n: {"lines": "MILK*1"},
    "/stock/stocktakes": lambda n: {"location": n["store_id"], "store": n["store_id"]},
    "/desk/{slug:str}/stocktakes/{stocktake_id:uuid}": lambda n: {"sku": n["milk_id"], "quantity": "18"},
    "/stock/rules": lambda n: {"mode": "nearest", "near_days": "30", "low_below": "10"},
    "/products/categories": lambda n: {"name": code(), "parent_id": n["gift_category_id"]},
    "/products/categories/{category_id:uuid}": lambda n: {"name": code(), "parent_id": n["gift_category_id"]},
    "/products/brands": lambda n: {"name": code(), "brand": n["brand_id"]},
    "/products/bulk": lambda n: {
        "what": "category",
        "product": n["product_id"],
        "category": n["category_id"],
        "sure": "1",
    },
    "/synonyms": lambda n: {"words": "苹果,蛇果"},
    "/prices": lambda n: {"name": code(), "store": n["store_id"], "customer": n["customer_id"]},
    "/prices/{list_id:uuid}": lambda n: {
        "name": code(),
        "store": n["store_id"],
        "customer": n["customer_id"],
    },
    "/items": lambda n: {
        "sku": n["sku_id"],
        "least": "2",
        "price": "9.00",
        "sku_id": n["sku_id"],
        "supply_price": "4.00",
    },
    "/delivery": lambda n: {"ways": "pickup", "ship_hours": "48"},
    "/console/{slug:str}/suppliers": lambda n: {"name": code(), "settlement": "monthly"},
    "/console/{slug:str}/suppliers/{supplier_id:uuid}": lambda n: {
        "name": code(),
        "settlement": "monthly",
        "address": "产地路 8 号",
        "has_location": "1",
    },
    "/console/{slug:str}/purchases": lambda n: {
        "supplier": n["supplier_id"],
        "location": n["store_id"],
        "lines": "MILK 3 4.00",
    },
    "/suggestions": lambda n: {"supplier": n["supplier_id"], "location": n["store_id"]},
    **OFFER_FORMS,
    "/pay": lambda n: {"reference": "转账 1"},
    "/supply/{order_id:uuid}/ship": lambda n: {"carrier": "sf", "number": tracking()},
    "/supply/stock": lambda n: {"sku_id": n["sku_id"], "quantity": "5"},
    "/identity/open": lambda n: {"why": "核对"},
    "/promoters/agreement": lambda n: {"body": "如实介绍商品，标明广告，不收取任何费用，也不承诺收入。"},
    "/promoters/tasks": lambda n: {
        "idempotency_key": new(),
        "kind": "share",
        "times": "1",
        "due_at": "2030-01-01T00:00",
        "product_id": n["product_id"],
    },
    "/promoters/lessons/{lesson_id:uuid}": lambda n: {
        "body": "写明广告。",
        "position": "1",
        "question_1": "要写什么？",
        "question_1_choice_1": "广告",
        "question_1_choice_2": "不用写",
        "question_1_right": "1",
    },
    "/shop/{slug:str}/promote": lambda n: {"idempotency_key": new(), "kind": "koc"},
}
