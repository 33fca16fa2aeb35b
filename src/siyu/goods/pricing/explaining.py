"""What somebody would pay and why: the tester of the console and its route of the API. Nothing is written."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import catalog
from siyu.goods.pricing.calculating import build_up
from siyu.goods.pricing.lists import CHANNELS
from siyu.goods.pricing.model import BuildUp, Buyer, Line
from siyu.goods.pricing.reading import load
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork

LINES_MAX = 50
QUANTITY_MAX = 99_999


class Wish(msgspec.Struct, frozen=True):
    """So many units of a SKU, by its code."""

    code: str
    quantity: int = 1


class Explained(msgspec.Struct, frozen=True):
    """A price with its reasons; `titles` names each line of `price` in order."""

    titles: tuple[str, ...]
    price: BuildUp


class Named(msgspec.Struct, frozen=True):
    id: UUID
    name: str


async def explain(uow: UnitOfWork, wishes: Sequence[Wish], buyer: Buyer, at: datetime) -> Explained:
    """What this basket would cost this buyer at that instant (UTC), by the prices and lists of today.

    Raises Invalid at the field.
    """
    if not 1 <= len(wishes) <= LINES_MAX:
        raise Invalid(field="basket", zh="请填写 1 到 50 行商品。", en="Enter 1 to 50 lines.")
    if any(not 1 <= wish.quantity <= QUANTITY_MAX for wish in wishes):
        raise Invalid(
            field="basket", zh="数量需在 1 到 99999 之间。", en="A quantity is between 1 and 99,999."
        )
    if buyer.channel not in CHANNELS:
        raise Invalid(field="channel", zh="没有这个渠道。", en="There is no such channel.")
    skus = await catalog.skus_by_code(uow, [wish.code for wish in wishes])
    unknown = next((wish.code for wish in wishes if wish.code not in skus), None)
    if unknown is not None:
        raise Invalid(
            field="basket",
            zh=f"没有编码为 {unknown[:40]} 的商品。",
            en=f"There is no SKU with code {unknown[:40]}.",
        )
    prices = await catalog.prices(uow, [sku.sku_id for sku in skus.values()])
    lines, titles = [], []
    for number, wish in enumerate(wishes, 1):
        price = prices[skus[wish.code].sku_id]
        lines.append(
            Line(number, price.sku_id, price.product_id, price.category_id, wish.quantity, price.price)
        )
        titles.append(" ".join(part for part in (price.title, price.sku_title) if part))
    rules = await load(uow, [line.sku_id for line in lines])
    return Explained(tuple(titles), build_up(lines, buyer, rules, at))


def wishes_in(text: str) -> list[Wish]:
    """Lines such as `PG-500 3`, `PG-500,3` or a code alone. Raises Invalid at `basket`."""
    wishes: list[Wish] = []
    for line in text.splitlines():
        parts = line.replace(",", " ").replace("，", " ").split()
        if not parts:
            continue
        quantity = parts[1] if len(parts) > 1 else "1"
        if len(parts) > 2 or not (quantity.isascii() and quantity.isdecimal() and len(quantity) < 7):
            raise Invalid(
                field="basket",
                zh=f"看不懂这一行：{line[:40]}。每行写编码和数量。",
                en=f"This line cannot be read: {line[:40]}. Write a code and a quantity.",
            )
        wishes.append(Wish(parts[0], int(quantity)))
    return wishes


async def stores(uow: UnitOfWork) -> list[Named]:
    """Where somebody may buy, by name."""
    return await uow.all(
        Named,
        """
        select id, name from stores
        where merchant_id = %(merchant_id)s and kind in ('store', 'pickup_point') order by code
        """,
    )


async def customer_called(uow: UnitOfWork, text: str) -> UUID | None:
    """The customer of this nickname, imported number or id; None for an empty text. Raises Invalid at `customer`."""
    if not text.strip():
        return None
    found = await uow.all(
        UUID,
        """
        select id from customers
        where merchant_id = %(merchant_id)s
          and (nickname = %(text)s or reference = %(text)s or id::text = %(text)s) limit 2
        """,
        text=text.strip(),
    )
    if len(found) != 1:
        raise Invalid(
            field="customer",
            zh="没有这位顾客。" if not found else "有几位顾客叫这个名字，请填写顾客编号。",
            en="There is no such customer."
            if not found
            else "Several customers have this name; enter the id.",
        )
    return found[0]


async def customer_level(uow: UnitOfWork, customer_id: UUID) -> str:
    """The level of a customer; empty for one who is unknown."""
    return (
        await uow.maybe(
            str,
            "select level from customers where merchant_id = %(merchant_id)s and id = %(id)s",
            id=customer_id,
        )
        or ""
    )
