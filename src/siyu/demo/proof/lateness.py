"""Act five: orders whose time runs out. Unpaid ones close; money that was lost or late is found, honoured or returned."""

from datetime import timedelta

import msgspec

from siyu.demo.proof import buying, fulfilling, paying
from siyu.demo.proof.buying import Basket, Line, level
from siyu.demo.proof.entering import KOC_DOOR, Shopper, by_phone
from siyu.demo.proof.stage import Stage, until
from siyu.demo.proof.transcript import Transcript
from siyu.demo.proof.wire import Api, Unexpected
from siyu.goods import catalog
from siyu.kernel import ids, money
from siyu.trade import orders, payments

PAST_PAYING = timedelta(minutes=31)


class Kept(msgspec.Struct, frozen=True):
    """Fen that stayed with the shop: of the shopper's orders, and commission on them."""

    net: int
    commission: int
    reversed: int


async def run_late(stage: Stage, told: Transcript, staff: Api, shopper: Shopper, basket: Basket) -> Kept:
    """Four orders, half an hour, four ends."""
    told.heading("超时与迟到的钱", "out of time, and late money")
    await _come_back(stage, told, shopper)
    skin, produce = basket.lines
    scarce = await _scarce(staff, basket)
    levels = await level(staff, basket.store_id, skin.sku_id)
    forgotten = await buying.place(shopper, basket.store_id, Line(skin.sku_id, 1))
    silent = await buying.place(shopper, basket.store_id, Line(produce.sku_id, 2))
    late = await buying.place(shopper, basket.store_id, Line(skin.sku_id, 1))
    crossed = await buying.place(shopper, basket.store_id, scarce)
    door = (await staff.get(f"/orders/{silent.id}", orders.Order)).door_name
    told.expect("新订单归到这个码", "the new orders belong to this door", door, stage.demo.koc.nickname)
    for order in (silent, late, crossed):
        await paying.begin(stage, shopper, order.id)
    await paying.pay_at_gateway(stage, await paying.trade_number(staff, silent.id), callback="drop")
    await stage.later(PAST_PAYING)
    await _ends_unpaid(told, staff, basket, forgotten, late, levels)
    await _is_found(told, staff, silent)
    await _is_honoured(stage, told, staff, late)
    await _goes_back(stage, told, staff, basket, crossed, scarce)
    return await _partly_back(told, staff, silent, late)


async def _come_back(stage: Stage, told: Transcript, shopper: Shopper) -> None:
    """A touch counts for a week; eight days have passed, so the same door is scanned again."""
    scan = await shopper.browser.get(f"/d/{stage.slug}/{KOC_DOOR}")
    told.expect(
        "归因期已过，再扫一次 KOC 的码",
        "a week is over: the KOC's door is scanned again",
        scan.status_code,
        303,
    )


async def _scarce(staff: Api, basket: Basket) -> Line:
    """All that is left of the SKU that the store has least of."""
    stock = await staff.get(f"/stock?store_id={basket.store_id}&limit=200", list[catalog.StockedSku])
    used = {line.sku_id for line in basket.lines}
    found = next((row for row in stock if row.on_hand > row.reserved and row.sku_id not in used), None)
    if found is None:
        raise Unexpected("the store is sold out of everything")
    return Line(found.sku_id, found.on_hand - found.reserved)


async def _ends_unpaid(
    told: Transcript,
    staff: Api,
    basket: Basket,
    forgotten: orders.PlacedOrder,
    late: orders.PlacedOrder,
    levels: tuple[int, int],
) -> None:
    async def ask() -> tuple[str, str]:
        return await paying.order_state(staff, forgotten.id), await paying.order_state(staff, late.id)

    states = await until(ask, lambda states: states == ("closed", "closed"))
    now = await level(staff, basket.store_id, basket.lines[0].sku_id)
    told.expect(
        "31 分钟没付款：订单关闭，库存释放",
        "31 minutes unpaid: closed, stock free again",
        (states, now),
        (("closed", "closed"), levels),
        f"{forgotten.number}, {late.number} · reserved {now[1]}",
    )


async def _is_found(told: Transcript, staff: Api, silent: orders.PlacedOrder) -> None:
    state = await until(lambda: paying.order_state(staff, silent.id), lambda state: state != "unpaid")
    told.expect(
        "付了款但通知丢失：到期查单，照常生效",
        "paid but never told: found by asking, not closed",
        state, "paid", f"{silent.number} · {silent.total} fen",
    )  # fmt: skip


async def _is_honoured(stage: Stage, told: Transcript, staff: Api, late: orders.PlacedOrder) -> None:
    await paying.pay_at_gateway(stage, await paying.trade_number(staff, late.id), is_late=True)
    state = await until(lambda: paying.order_state(staff, late.id), lambda state: state != "closed")
    told.expect(
        "关单后才到账，还有货：照常发货",
        "money after the close, stock left: honoured",
        state, "paid", f"{late.number} · {late.total} fen",
    )  # fmt: skip


async def _goes_back(
    stage: Stage, told: Transcript, staff: Api, basket: Basket, crossed: orders.PlacedOrder, scarce: Line
) -> None:
    """Somebody else took the last pieces, so the late money returns by itself."""
    api = await by_phone(stage, stage.demo.shopper.phone)
    quote = await api.send("POST", "/quotes", {"lines": [scarce]}, orders.Quote)
    body = buying.wish(basket.store_id, (scarce,), quote.total)
    taken = await api.send("POST", "/orders", body, orders.PlacedOrder, **{"idempotency-key": str(ids.new())})
    number = await paying.trade_number(staff, crossed.id)
    await paying.pay_at_gateway(stage, number, callback="duplicate", is_late=True)

    async def refunds() -> list[tuple[str, str, int]]:
        every = await staff.get(f"/orders/{crossed.id}/refunds", list[payments.Refund])
        return [(refund.kind, refund.state, refund.amount) for refund in every]

    expected = [("late_payment", "done", crossed.total)]
    found = await until(refunds, lambda found: found == expected)
    known = await paying.there(stage, number)
    told.expect(
        "关单后才到账，货已被别人买走：自动原路退回",
        "money after the close, stock gone: returned by itself",
        (found, await paying.order_state(staff, crossed.id), [(r.refund, r.status) for r in known.refunds]),
        (expected, "closed", [(crossed.total, "SUCCESS")]),
        f"{crossed.number} → {taken.number} · {crossed.total} fen",
    )


async def _partly_back(
    told: Transcript, staff: Api, silent: orders.PlacedOrder, late: orders.PlacedOrder
) -> Kept:
    """A unit goes back while its commission is still pending."""

    async def rows() -> list[tuple[str, int, int]]:
        found = await fulfilling.commission(staff, silent.id) + await fulfilling.commission(staff, late.id)
        return [(row.state, row.amount, row.reversed_amount) for row in found]

    before = await until(rows, lambda found: len(found) == 2)
    if len(before) != 2:
        raise Unexpected("the orders of the late payments earned no commission")
    asked = await fulfilling.give_back(staff, silent.id, 1, 1)
    finished = await fulfilling.done(staff, silent.id, asked.id)
    amount = before[0][1]
    back = money.share_of_units(amount, 2, 0, 1)
    after = await until(rows, lambda found: found[0][2] > 0)
    told.expect(
        "佣金未结算时退 1 件：冻结部分按件作废",
        "a unit back while pending: that part of the hold is void",
        (finished.state, finished.amount, after[0]),
        ("done", silent.total // 2, ("pending", amount, back)),
        f"−{finished.amount} fen · {amount} − {back} fen",
    )
    whole = amount + before[1][1]
    return Kept(silent.total + late.total - finished.amount, whole - back, back)
