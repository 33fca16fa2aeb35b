"""Pure decisions about orders: what a cart costs, and which state may follow which."""

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.goods.catalog import SkuPrice
from siyu.kernel.errors import Invalid
from siyu.trade.orders.model import EmptyOrder, NotForSale, PlaceOrder, Quote, QuoteLine, WantedLine

LINES_MAX = 100
QUANTITY_MAX = 999
REMARK_MAX = 200

# Which state may follow which. A payment may find an order closed and bring it back when stock allows.
MOVES: dict[str, frozenset[str]] = {
    "unpaid": frozenset({"paid", "closed"}),
    "paid": frozenset({"picked_up", "refunded"}),
    "picked_up": frozenset({"received", "refunded"}),
    "received": frozenset({"refunded"}),
    "refunded": frozenset(),
    "closed": frozenset({"paid"}),
}


def quote_of(lines: Sequence[WantedLine], prices: Mapping[UUID, SkuPrice], currency: str) -> Quote:
    """What these lines cost at these prices. Raises EmptyOrder, Invalid and NotForSale."""
    return priced(merged(lines), prices, currency)


def priced(lines: Sequence[WantedLine], prices: Mapping[UUID, SkuPrice], currency: str) -> Quote:
    """The same for lines that are merged already. Raises NotForSale."""
    quoted: list[QuoteLine] = []
    for line_no, line in enumerate(lines, start=1):
        price = prices.get(line.sku_id)
        if price is None or not price.is_sellable:
            raise NotForSale(field=f"lines[{line_no - 1}].sku_id", sku_id=str(line.sku_id))
        quoted.append(
            QuoteLine(
                line_no=line_no,
                sku_id=line.sku_id,
                product_id=price.product_id,
                title=price.title,
                sku_title=price.sku_title,
                picture=price.picture,
                quantity=line.quantity,
                unit_price=price.price,
                amount=price.price * line.quantity,
            )
        )
    return Quote(tuple(quoted), sum(line.amount for line in quoted), currency)


def merged(lines: Sequence[WantedLine]) -> list[WantedLine]:
    """One line per SKU, in the order first named. Raises EmptyOrder and Invalid."""
    if not lines:
        raise EmptyOrder(field="lines")
    if len(lines) > LINES_MAX:
        raise Invalid(field="lines", zh="一次最多下单 100 种商品。", en="An order has at most 100 lines.")
    sums: dict[UUID, int] = {}
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
    return [WantedLine(sku_id, quantity) for sku_id, quantity in sums.items()]


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


def input_hash(order: PlaceOrder, lines: Sequence[WantedLine]) -> bytes:
    """Fingerprint of what was asked, to tell a second submit from another order under the same key."""
    asked = (order.store_id, lines, order.expected_total, order.remark)
    return hashlib.sha256(msgspec.json.encode(asked)).digest()
