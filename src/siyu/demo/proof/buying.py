"""Act two: a quote, a price that rises meanwhile, and one order however often it is sent."""

from uuid import UUID

import msgspec

from siyu.demo.baskets import ITEMS
from siyu.demo.proof.entering import Shopper
from siyu.demo.proof.stage import Stage
from siyu.demo.proof.transcript import Transcript
from siyu.demo.proof.wire import Api, Unexpected, said
from siyu.goods import catalog
from siyu.kernel import ids
from siyu.kernel.paging import Page
from siyu.place import stores
from siyu.trade import orders

STORE = "YC"
RISE = 130  # fen
WANTED = (("skin", 3), ("produce", 2))  # shelves with different commission, and several units of each


class Line(msgspec.Struct, frozen=True):
    sku_id: UUID
    quantity: int


class Basket(msgspec.Struct, frozen=True):
    """What is bought where. `shelf` is by line the category key."""

    store_id: UUID
    lines: tuple[Line, ...]
    shelf: tuple[str, ...]


class _NewQuote(msgspec.Struct, frozen=True):
    """The part of the refusal that carries today's prices."""

    code: str
    quote: orders.Quote


async def choose(stage: Stage, staff: Api) -> Basket:
    """Goods of two shelves that the store has enough of."""
    store = next(s for s in await (await stage.api()).get("/stores", list[stores.Store]) if s.code == STORE)
    shelf_of = {item.code: item.category.key for item in ITEMS}
    stock = await staff.get(f"/stock?store_id={store.id}&limit=200", list[catalog.StockedSku])
    lines = []
    for shelf, quantity in WANTED:
        found = next(
            (s for s in stock if shelf_of.get(s.code) == shelf and s.on_hand - s.reserved > 2 * quantity),
            None,
        )
        if found is None:
            raise Unexpected(f"no {shelf} in store {STORE}")
        lines.append(Line(found.sku_id, quantity))
    return Basket(store.id, tuple(lines), tuple(shelf for shelf, _ in WANTED))


async def level(staff: Api, store_id: UUID, sku_id: UUID) -> tuple[int, int]:
    """(on hand, reserved) of a SKU at a store."""
    stock = await staff.get(f"/stock?store_id={store_id}&limit=200", list[catalog.StockedSku])
    return next((row.on_hand, row.reserved) for row in stock if row.sku_id == sku_id)


def wish(store_id: UUID, lines: tuple[Line, ...], total: int) -> dict[str, object]:
    """The body of `POST /orders`."""
    return {"store_id": store_id, "lines": lines, "expected_total": total}


async def place(shopper: Shopper, store_id: UUID, line: Line) -> orders.PlacedOrder:
    """Quote and place one line. Raises Unexpected."""
    quote = await shopper.api.send("POST", "/quotes", {"lines": [line]}, orders.Quote)
    body = wish(store_id, (line,), quote.total)
    return await shopper.api.send(
        "POST", "/orders", body, orders.PlacedOrder, **{"idempotency-key": str(ids.new())}
    )


async def buy(told: Transcript, staff: Api, shopper: Shopper, basket: Basket) -> orders.PlacedOrder:
    """The price rises between quote and order; then the same order is sent three times."""
    told.heading("下单", "ordering")
    first = basket.lines[0]
    before = await level(staff, basket.store_id, first.sku_id)
    old = await shopper.api.send("POST", "/quotes", {"lines": basket.lines}, orders.Quote)
    changed = await staff.send(
        "PUT", f"/skus/{first.sku_id}/price", {"price": old.lines[0].unit_price + RISE}, catalog.PriceChanged
    )
    told.expect(
        "报价之后涨价", "a price rises after the quote", changed.new_price - changed.old_price, RISE,
        f"{changed.old_price} → {changed.new_price} fen",
    )  # fmt: skip
    key = {"idempotency-key": str(ids.new())}
    stale = await shopper.api.ask("POST", "/orders", wish(basket.store_id, basket.lines, old.total), **key)
    new_total = old.total + RISE * first.quantity
    offered = msgspec.json.decode(stale.content, type=_NewQuote) if stale.status_code == 409 else None
    told.expect(
        "按旧价下单被拒，附上新报价",
        "the old price is refused, with the new quote",
        (said(stale), offered.quote.total if offered else None, await _count(shopper)),
        ("409 orders.price_rose", new_total, 0),
        f"{said(stale)} · {old.total} → {new_total} fen",
    )
    body = wish(basket.store_id, basket.lines, new_total)
    once = await shopper.api.send("POST", "/orders", body, orders.PlacedOrder, **key)
    twice = await shopper.api.send("POST", "/orders", body, orders.PlacedOrder, **key)
    told.expect(
        "同一个幂等键提交两次，只有一单",
        "sent twice under one key: one order",
        (twice.id, once.is_replay, twice.is_replay, once.total, await _count(shopper)),
        (once.id, False, True, new_total, 1),
        f"{once.number} · {once.total} fen",
    )
    other = await shopper.api.ask(
        "POST", "/orders", wish(basket.store_id, basket.lines[:1], new_total), **key
    )
    told.expect(
        "同一个键换了内容被拒",
        "the same key with other content is refused",
        (said(other), await _count(shopper)),
        ("409 idempotency_conflict", 1),
        said(other),
    )
    after = await level(staff, basket.store_id, first.sku_id)
    told.expect(
        "库存只占用一次", "its stock is promised once", after, (before[0], before[1] + first.quantity),
        f"reserved {before[1]} → {after[1]}",
    )  # fmt: skip
    return once


async def _count(shopper: Shopper) -> int:
    return len((await shopper.api.get("/orders", Page[orders.OrderCard])).items)
