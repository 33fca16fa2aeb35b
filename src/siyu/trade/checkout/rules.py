"""Pure decisions of checkout: reading the lines, who the invoice is for, which ways are open to these goods."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from siyu.goods.catalog import SkuPrice
from siyu.kernel.errors import Invalid
from siyu.trade import orders
from siyu.trade.checkout.model import CheckoutForm

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}")
TITLE_MAX = 100


def wanted_lines(text: str, accepts: Collection[UUID] = ()) -> tuple[orders.WantedLine, ...]:
    """`<sku>*<quantity>,…` as lines. Raises EmptyOrder for anything else."""
    try:
        pairs = [part.split("*") for part in text.split(",") if part]
        lines = tuple(
            orders.WantedLine(UUID(sku), int(quantity), UUID(sku) in accepts) for sku, quantity in pairs
        )
    except ValueError:
        raise orders.EmptyOrder(field="lines") from None
    if any(line.quantity < 1 for line in lines):
        raise orders.EmptyOrder(field="lines")
    return lines


def claim_in(text: str) -> orders.Claim | None:
    """`<kind>:<id>` as a claim; None for nothing. Raises NoSuchClaim for anything else."""
    if not text:
        return None
    kind, _, claim_id = text.partition(":")
    try:
        return orders.Claim(kind, UUID(claim_id))
    except ValueError:
        raise orders.NoSuchClaim(field="claim") from None


NO_COUPONS = "none"


def coupons_in(text: str) -> tuple[UUID, ...] | None:
    """The coupons the buyer chose: None for the best, empty for none. What is no id counts as not said."""
    if not text:
        return None
    found: list[UUID] = []
    for part in text.split(",")[:10]:
        try:
            found.append(UUID(part))
        except ValueError:
            continue
    return tuple(found)


def chosen_coupons(form: CheckoutForm) -> tuple[UUID, ...] | None:
    """The coupons of the form, of goods and of freight together: None when both are left to the best."""
    of_goods, of_freight = coupons_in(form.coupons), coupons_in(form.freight_coupons)
    if of_goods is None and of_freight is None:
        return None
    kept = coupons_in(form.coupons_now) or () if of_goods is None else of_goods
    return (*kept, *(coupons_in(form.freight_now) or () if of_freight is None else of_freight))


def told_lines(lines: Iterable[orders.WantedLine]) -> str:
    """The lines as `wanted_lines` reads them."""
    return ",".join(f"{line.sku_id}*{line.quantity}" for line in lines)


def ways_for(offered: Sequence[str], prices: Iterable[SkuPrice]) -> tuple[str, ...]:
    """How these goods can be received: codes need nothing, what a supplier sends comes by parcel only."""
    known = list(prices)
    if known and all(price.kind == "virtual" for price in known):
        return ("none",)
    if any(price.supply_location_id is not None for price in known):
        return tuple(way for way in offered if way == "express")
    return tuple(offered)


def invoice_of(form: CheckoutForm) -> orders.InvoiceTitle | None:
    """Who the invoice is for; None when none is wanted. Raises Invalid naming the field."""
    title, email = form.invoice_title.strip(), form.invoice_email.strip()
    if form.invoice_kind not in {"person", "company"}:
        return None
    if not 1 <= len(title) <= TITLE_MAX:
        raise Invalid(field="invoice_title", zh="请填写发票抬头。", en="Name who the invoice is for.")
    if email and not EMAIL.fullmatch(email):
        raise Invalid(field="invoice_email", zh="邮箱格式不对。", en="The e-mail address is not valid.")
    if form.invoice_kind == "person":
        return orders.InvoiceTitle("person", title, email=email)
    number = re.sub(r"\s", "", form.tax_number).upper()
    if not orders.is_tax_number(number):
        raise Invalid(
            field="tax_number",
            zh="税号不正确，请核对 18 位统一社会信用代码。",
            en="The tax number is not valid; please check the 18-digit social credit code.",
        )
    return orders.InvoiceTitle("company", title, number, email)


def pieces_of(lines: Iterable[orders.WantedLine], prices: Mapping[UUID, SkuPrice]) -> dict[UUID, int]:
    """What must lie in a store for these lines: SKUs, or what bundles are made of; codes lie nowhere."""
    found: dict[UUID, int] = {}
    for line in lines:
        price = prices[line.sku_id]
        if price.kind == "virtual":
            continue
        parts: list[tuple[UUID, Any]] = [(part.sku_id, part.quantity) for part in price.components]
        for sku_id, quantity in parts or [(line.sku_id, 1)]:
            found[sku_id] = found.get(sku_id, 0) + quantity * line.quantity
    return found
