"""Act four: commission pending, goods over the counter, eight days, commission payable; units back, commission back."""

from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.demo.proof.buying import Basket
from siyu.demo.proof.entering import Shopper, guide_of, sign_in_staff
from siyu.demo.proof.paying import order_state, there, trade_number
from siyu.demo.proof.stage import Stage, until
from siyu.demo.proof.transcript import Transcript
from siyu.demo.proof.wire import Api, Unexpected, said
from siyu.demo.shelving import GENERAL_RATE, RATES
from siyu.growth import distribution
from siyu.kernel import ids, money
from siyu.kernel.paging import Page
from siyu.trade import orders, payments


class Given(msgspec.Struct, frozen=True):
    line_no: int
    quantity: int


class Wanted(msgspec.Struct, frozen=True):
    """The body of a refund. The same `id` again refunds nothing more."""

    id: UUID
    lines: tuple[Given, ...]
    reason: str


async def commission(staff: Api, order_id: UUID) -> list[distribution.Commission]:
    """What an order earned, by line."""
    found = await staff.get(f"/commissions?order_id={order_id}", list[distribution.Commission])
    return sorted(found, key=lambda row: row.line_no)


def _states(rows: list[distribution.Commission]) -> list[tuple[str, int]]:
    return [(row.state, row.remaining) for row in rows]


def earned(order: orders.Order, shelf: tuple[str, ...]) -> list[int]:
    """What the plans of the demo promise for each line, in fen."""
    return [
        money.share(line.amount, RATES[key][1] if key in RATES else GENERAL_RATE)
        for line, key in zip(order.lines, shelf, strict=True)
    ]


async def fulfil(
    stage: Stage, told: Transcript, staff: Api, shopper: Shopper, placed: orders.PlacedOrder, basket: Basket
) -> None:
    """From paid to payable."""
    told.heading("佣金与提货", "commission and pickup")
    order = await shopper.api.get(f"/orders/{placed.id}", orders.Order)
    expected = earned(order, basket.shelf)
    rows = await until(lambda: commission(staff, placed.id), lambda rows: len(rows) == len(expected))
    told.expect(
        "佣金待结算，归这位 KOC，逐行可查",
        "commission is pending for this KOC, line by line",
        [(row.promoter_name, row.state, row.amount) for row in rows],
        [(stage.demo.koc.nickname, "pending", amount) for amount in expected],
        " + ".join(f"{row.basis}×{row.rate_bps / 100:g}%={row.amount}" for row in rows) + " fen",
    )
    if not rows:
        raise Unexpected("the order earned no commission")
    await _over_the_counter(stage, told, staff, order)
    received = await shopper.api.send("POST", f"/orders/{placed.id}/receive", None, orders.Order)
    told.expect("顾客确认收货", "the shopper confirms receipt", received.state, "received")
    await stage.later(timedelta(days=8))
    rows = await until(
        lambda: commission(staff, placed.id), lambda rows: all(row.state == "payable" for row in rows)
    )
    told.expect(
        "快进 8 天，过了售后期，佣金可结算",
        "eight days later commission is payable",
        _states(rows),
        [("payable", amount) for amount in expected],
        f"payable {sum(row.remaining for row in rows)} fen",
    )


async def _over_the_counter(stage: Stage, told: Transcript, staff: Api, order: orders.Order) -> None:
    """The code works at its store, once."""
    verify, form = f"/desk/{stage.slug}/verify", {"code": order.pickup_code or ""}
    stranger = await sign_in_staff(stage, "desk", guide_of("KQ"))
    await stranger.get(verify)
    elsewhere = await stranger.post(verify, form)
    told.expect(
        "别的门店导购核销不了",
        "a guide of another store cannot hand it out",
        (elsewhere.status_code, await order_state(staff, order.id)),
        (403, "paid"),
        "403",
    )
    guide = await sign_in_staff(stage, "desk", guide_of("YC"))
    await guide.get(verify)
    handed = await guide.post(verify, form)
    again = await guide.post(verify, form)
    told.expect(
        "本店导购核销提货码，只能用一次",
        "the store's guide verifies the code; it works once",
        (handed.status_code, again.status_code, await order_state(staff, order.id)),
        (200, 409, "picked_up"),
        f"{order.pickup_code} · 200, 409",
    )


async def give_back(staff: Api, order_id: UUID, line_no: int, quantity: int) -> payments.Refund:
    """Refund units; asking twice with the same id must be harmless, so it is always asked twice."""
    wanted = Wanted(ids.new(), (Given(line_no, quantity),), "演示核对")
    await staff.send("POST", f"/orders/{order_id}/refunds", wanted, payments.Refund)
    return await staff.send("POST", f"/orders/{order_id}/refunds", wanted, payments.Refund)


async def done(staff: Api, order_id: UUID, refund_id: UUID) -> payments.Refund:
    """The refund once the gateway has said that it is done."""

    async def ask() -> payments.Refund:
        every = await staff.get(f"/orders/{order_id}/refunds", list[payments.Refund])
        return next(refund for refund in every if refund.id == refund_id)

    return await until(ask, lambda refund: refund.state == "done")


async def refund(stage: Stage, told: Transcript, staff: Api, placed: orders.PlacedOrder) -> int:
    """One unit of the first line comes back after its commission was payable. Returns the fen that went back."""
    told.heading("退款", "refunds")
    order = await staff.get(f"/orders/{placed.id}", orders.Order)
    line, before = order.lines[0], (await commission(staff, placed.id))[0]
    asked = await give_back(staff, order.id, line.line_no, 1)
    finished = await done(staff, order.id, asked.id)
    known = await there(stage, await trade_number(staff, order.id))
    told.expect(
        f"{line.quantity} 件退 1 件，原路退回，重复提交只退一次",
        f"one of {line.quantity} units refunded, asked twice, paid back once",
        (finished.state, finished.amount, [(row.refund, row.status) for row in known.refunds]),
        ("done", line.unit_price, [(line.unit_price, "SUCCESS")]),
        f"{finished.amount} fen · {finished.out_refund_no}",
    )
    back = money.share_of_units(before.amount, before.units, 0, 1)
    rows = await until(lambda: commission(staff, order.id), lambda rows: rows[0].reversed_units == 1)
    told.expect(
        "这 1 件的佣金冲回，其余不变",
        "its commission is reversed, the rest stays",
        (
            rows[0].state,
            rows[0].reversed_amount,
            rows[0].remaining,
            [row.reversed_amount for row in rows[1:]],
        ),
        ("payable", back, before.amount - back, [0] * (len(rows) - 1)),
        f"{before.amount} − {back} = {rows[0].remaining} fen",
    )
    greedy = Wanted(ids.new(), (Given(line.line_no, line.quantity),), "多退")
    refused = await staff.ask("POST", f"/orders/{order.id}/refunds", greedy)
    told.expect("超过剩余件数的退款被拒", "more units than are left: refused", said(refused), "422 invalid")
    return finished.amount


async def refund_the_past(told: Transcript, staff: Api) -> int:
    """A unit of an order from before the sandbox ran goes back through the same gateway. Returns the fen."""
    order = await _past_order(staff)
    asked = await give_back(staff, order.id, 1, 1)
    finished = await done(staff, order.id, asked.id)
    told.expect(
        "历史订单也能退款", "an order of the past is refunded too",
        (finished.state, finished.amount), ("done", order.lines[0].unit_price),
        f"{order.number} · {finished.amount} fen",
    )  # fmt: skip
    return finished.amount


async def _past_order(staff: Api) -> orders.Order:
    """An order fetched long ago that no promoter brought: the KOC's sums are looked at to the fen later."""
    cards = await staff.get("/orders?state=received&limit=200", Page[orders.OrderCard])
    for card in cards.items:
        order = await staff.get(f"/orders/{card.id}", orders.Order)
        if order.delivery == "pickup" and order.promoter_id is None and not order.refunded:
            return order
    raise Unexpected("every order of the past was brought by a promoter")
