"""Pure decisions about orders: what a cart costs, what must be said to deliver it, which state may follow which."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import pricing
from siyu.goods.catalog import SkuPrice
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.trade import delivery
from siyu.trade.orders.invoices import is_tax_number
from siyu.trade.orders.model import (
    EmptyOrder,
    NeedsAddress,
    NeedsStore,
    NotForSale,
    PlaceOrder,
    Quote,
    QuoteAsk,
    QuoteLine,
    WantedLine,
)

LINES_MAX = 100
QUANTITY_MAX = 999
REMARK_MAX = 200
DELIVERIES = ("pickup", "express", "local", "none")

# Which state may follow which. A payment may find an order closed and bring it back when stock allows; a parcel
# that was entered by mistake brings an order back from shipped, an undone handover from picked_up.
MOVES: dict[str, frozenset[str]] = {
    "unpaid": frozenset({"paid", "closed"}),
    "paid": frozenset({"shipped", "picked_up", "received", "refunded"}),
    "shipped": frozenset({"paid", "received", "refunded"}),
    "picked_up": frozenset({"paid", "received", "refunded"}),
    "received": frozenset({"refunded"}),
    "refunded": frozenset(),
    "closed": frozenset({"paid"}),
}

# The state an order is in when nothing of it waits any more, by how it is delivered.
FULFILLED = {"pickup": "picked_up", "express": "shipped", "local": "shipped", "none": "received"}


Sold = tuple[int, WantedLine, SkuPrice]  # a line's number, what is wanted, and what the catalogue asks


def sellable(lines: Sequence[WantedLine], prices: Mapping[UUID, SkuPrice]) -> list[Sold]:
    """These merged lines with their prices, numbered. Raises NotForSale."""
    known: list[Sold] = []
    for i, line in enumerate(lines):
        price = prices.get(line.sku_id)
        if price is None or not price.is_sellable:
            raise NotForSale(field=f"lines[{i}].sku_id", sku_id=str(line.sku_id))
        known.append((i + 1, line, price))
    return known


def at_lists(
    sold: Sequence[Sold], buyer: pricing.Buyer, rules: pricing.Rules | pricing.Parted, now: datetime
) -> pricing.BuildUp:
    """What the merchant's price lists make of the marked prices."""
    lines = [
        pricing.Line(no, line.sku_id, price.product_id, price.category_id, line.quantity, price.price)
        for no, line, price in sold
    ]
    return pricing.build_up(lines, buyer, rules, now)


def quote_of(
    sold: Sequence[Sold],
    lines: Sequence[pricing.PricedLine],
    passed: tuple[pricing.Passed, ...],
    currency: str,
    gifts: Sequence[QuoteLine] = (),
) -> Quote:
    """The answer to a buyer, without freight."""
    quoted = tuple(
        [
            quote_line(no, line, price, done.amount, done.steps)
            for (no, line, price), done in zip(sold, lines, strict=True)
        ]
    )
    total = sum([done.amount for done in lines])
    return Quote((*quoted, *gifts), total, currency, goods_total=total, passed=passed)


def quote_line(
    no: int,
    line: WantedLine,
    price: SkuPrice,
    amount: int,
    steps: tuple[pricing.Step, ...],
    *,
    is_gift: bool = False,
) -> QuoteLine:
    return QuoteLine(
        no, line.sku_id, price.product_id, price.title, price.sku_title, price.picture, line.quantity, price.price,
        amount, price.kind, _return_policy(line, price), steps, price.components, is_gift,
    )  # fmt: skip


def _return_policy(line: WantedLine, price: SkuPrice) -> str:
    """Without the buyer's own confirmation the seven days stay (网络购买商品七日无理由退货暂行办法 art. 7)."""
    if price.return_policy == "confirmed" and not line.accepts_no_return:
        return "seven_days"
    return price.return_policy


def delivered(quote: Quote, terms: delivery.Terms, off: tuple[pricing.Step, ...] = ()) -> Quote:
    """The quote with what delivery adds to it; `off` is what a coupon takes from the freight."""
    freight = terms.freight + sum(step.amount for step in off)
    return msgspec.structs.replace(
        quote,
        total=quote.goods_total + freight,
        freight=freight,
        freight_build_up=off,
        freight_notes=terms.notes,
        ship_by=terms.ship_by,
        deliver_from=terms.deliver_from,
        deliver_until=terms.deliver_until,
    )


def delivery_of(wanted: PlaceOrder | QuoteAsk, quote: Quote, prices: Mapping[UUID, SkuPrice]) -> str:
    """How the order is delivered: 'none' when all of it is codes. Raises Invalid, NeedsAddress and NeedsStore."""
    if all(line.kind == "virtual" for line in quote.lines):
        return "none"
    if wanted.delivery not in {"pickup", "express", "local"}:
        raise Invalid(field="delivery", zh="请选择收货方式。", en="Choose how to receive the goods.")
    if wanted.delivery != "express":
        if wanted.store_id is None:
            raise NeedsStore(field="store_id")
        for i, line in enumerate(quote.lines):
            if prices[line.sku_id].supply_location_id is not None:
                raise Invalid(
                    field=f"lines[{i}].sku_id",
                    zh=f"“{line.title}”由供应商直接发货，请选择快递。",
                    en=f"{line.title} is sent by its supplier; please choose delivery by parcel.",
                )
    if wanted.delivery != "pickup" and wanted.address is None:
        raise NeedsAddress(field="address")
    return wanted.delivery


def delivery_ask(
    wanted: PlaceOrder | QuoteAsk, how: str, quote: Quote, prices: Mapping[UUID, SkuPrice]
) -> delivery.Ask | None:
    """What to ask the delivery room, or None when nothing is sent."""
    if how not in {"express", "local"} or wanted.address is None:
        return None
    return delivery.Ask(
        how,
        wanted.address,
        tuple(
            delivery.Goods(
                prices[line.sku_id].freight_template_id,
                line.quantity,
                prices[line.sku_id].weight_g * line.quantity,
                line.amount,
            )
            for line in quote.lines
            if line.kind != "virtual"
        ),
        wanted.store_id if how == "local" else None,
        wanted.slot if how == "local" else None,
    )


def merged(lines: Sequence[WantedLine]) -> list[WantedLine]:
    """One line per SKU, in the order first named. Raises EmptyOrder and Invalid."""
    if not lines:
        raise EmptyOrder(field="lines")
    if len(lines) > LINES_MAX:
        raise Invalid(field="lines", zh="一次最多下单 100 种商品。", en="An order has at most 100 lines.")
    sums: dict[UUID, int] = {}
    confirmed: set[UUID] = set()
    for i, line in enumerate(lines):
        if line.quantity < 1:
            raise Invalid(field=f"lines[{i}].quantity", zh="数量至少为 1。", en="The quantity is at least 1.")
        sums[line.sku_id] = sums.get(line.sku_id, 0) + line.quantity
        if sums[line.sku_id] > QUANTITY_MAX:
            raise Invalid(
                field=f"lines[{i}].quantity",
                zh="单个商品最多购买 999 件。",
                en="At most 999 pieces of one SKU.",
            )
        if line.accepts_no_return:
            confirmed.add(line.sku_id)
    return [WantedLine(sku_id, quantity, sku_id in confirmed) for sku_id, quantity in sums.items()]


def check(order: PlaceOrder) -> None:
    """Refuse what can be refused by looking at it. Raises Invalid."""
    if not 1 <= len(order.key) <= 80:
        raise Invalid(
            field="key", zh="幂等键长度需为 1 到 80。", en="The idempotency key has 1 to 80 characters."
        )
    if len(order.remark) > REMARK_MAX:
        raise Invalid(field="remark", zh="备注最多 200 字。", en="The remark has at most 200 characters.")
    if order.expected_total < 0:
        raise Invalid(field="expected_total", zh="金额不正确。", en="The amount is not valid.")
    if order.delivery not in DELIVERIES:
        raise Invalid(field="delivery", zh="没有这种收货方式。", en="There is no such way of delivery.")
    title = order.invoice
    if title is not None and not 1 <= len(title.title.strip()) <= 100:
        raise Invalid(field="invoice.title", zh="请填写发票抬头。", en="Name who the invoice is for.")
    if title is not None and title.kind == "company" and not is_tax_number(title.tax_number):
        raise Invalid(
            field="invoice.tax_number",
            zh="税号不正确，请核对 18 位统一社会信用代码。",
            en="The tax number is not valid; please check its 18 places.",
        )


def input_hash(order: PlaceOrder, lines: Sequence[WantedLine]) -> bytes:
    """Fingerprint of what was asked, to tell a second submit from another order under the same key."""
    asked = (
        order.store_id, lines, order.expected_total, order.remark, order.delivery, order.address, order.slot,
        order.invoice, order.claim, order.coupon_ids,
    )  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(asked)).digest()


def worth(amount: int, quantity: int, given_back: int, paid_back: int, reduced: int, count: int) -> int:
    """What `count` further units of a line are worth, after `given_back` units and `paid_back` minor units.

    A unit's worth is fixed by its place in the line; once money went back without units (`reduced`), what is left
    is shared among the units that are left. Either way any sequence returns exactly `amount`.
    """
    if not reduced:
        return money.share_of_units(amount, quantity, given_back, count)
    return money.share_of_units(amount - paid_back, quantity - given_back, 0, count)
