"""Orders, payments, refunds and commission in any order of events, told once or often, against a model of a page.

The model knows what was bought, what was paid, what was given back. After every step the books, the shelf and the
commission must say the same.
"""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from factories import Shop, a_customer, a_shop, placed, word_of_payment
from siyu.goods import inventory
from siyu.growth import distribution, promoters
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.people import merchants
from siyu.place import doors
from siyu.runtime.db import Database
from siyu.runtime.migrate import migrate
from siyu.runtime.worker import digest
from siyu.trade import orders, payments
from trust.trade_model import RATE_BPS, Bought, Refund
from trust.trade_returns import STOCK, WHICH, Returning

CONSUMER = distribution.CONSUMERS[0]


class Trade(Returning):
    """One merchant, a friend of a promoter and a stranger, and everything that can happen to their orders."""

    @initialize()
    def open_shop(self) -> None:
        self.orders: list[Bought] = []
        self.handed_over = self.put_back = 0
        self.is_read = True
        self.does(self._open())

    async def _open(self) -> None:
        merchant = await merchants.create(self.database.url, slug=f"m{ids.new().hex[-20:]}", name="模型店")
        self.shop: Shop = await a_shop(self.database, merchant, stock=STOCK)
        self.friend, self.stranger, promoter = [await a_customer(self.database, merchant) for _ in range(3)]
        async with self.database.begin(merchant) as uow:
            await distribution.add_plan(uow, name="常规", rate_bps=RATE_BPS)
            self.promoter = await promoters.enrol(uow, promoter, kind="koc", name="小鱼")
            (self.door,) = await doors.of_promoter(uow, self.promoter.id)

    def teardown(self) -> None:
        clock.move_to(timedelta(0))

    @rule(apples=st.integers(0, 4), milk=st.integers(0, 3), by_friend=st.booleans())
    def place(self, apples: int, milk: int, by_friend: bool) -> None:
        if apples + milk:
            self.does(self._place(apples, milk, by_friend))

    async def _place(self, apples: int, milk: int, by_friend: bool) -> None:
        shop = self.shop
        if by_friend:
            async with self.database.begin(shop.merchant) as uow:
                await doors.scan(uow, self.door.code, ids.new(), self.friend)
        try:
            order = await placed(
                self.database, shop, self.friend if by_friend else self.stranger, apples=apples, milk=milk
            )
        except inventory.NotEnoughStock:
            return
        async with self.database.begin(shop.merchant) as uow:
            (number,) = await payments.open_payments(uow, [order.id])
        lines = [(apples, shop.apple_price), (milk, shop.milk_price)]
        units = [n for n, _ in lines if n] + [0] * sum(not n for n, _ in lines)
        prices = [price for n, price in lines if n] + [0] * sum(not n for n, _ in lines)
        self.orders.append(Bought(order.id, number, prices, units, by_friend))

    @rule(apples=st.integers(1, 4), milk=st.integers(0, 3), by_friend=st.booleans(), far=st.integers(0, 2))
    def buy(self, apples: int, milk: int, by_friend: bool, far: int) -> None:
        """An order that goes some way at once: most of life happens after the payment."""
        before = len(self.orders)
        self.place(apples, milk, by_friend)
        if len(self.orders) > before:
            self.told_of_payment(0, 1)
            for verb in ("hand_over", "confirm_received")[:far]:
                self.move_on(0, verb)

    @precondition(lambda self: self.orders)
    @rule(which=WHICH)
    def pays_when_the_goods_are_gone(self, which: int) -> None:
        """Closed, sold to somebody else, and then the money arrives after all."""
        order = self.bought(which)
        if order.state == "unpaid":
            self.close(which)
            left = self.does(self._left())
            self.place(left, left, by_friend=False)
            self.does(self._told(order, 2))
            self.close(0)  # and that somebody never pays, so that the next ones find goods again

    async def _left(self) -> int:
        """How much of what there is least of can still be sold."""
        async with self.database.begin(self.shop.merchant) as uow:
            levels = await inventory.levels(uow, [self.shop.apple, self.shop.milk], self.shop.store_id)
        return min(level.on_hand - level.reserved for level in levels)

    @precondition(lambda self: self.orders)
    @rule(which=WHICH, times=st.integers(1, 3))
    def told_of_payment(self, which: int, times: int) -> None:
        self.does(self._told(self.bought(which), times))

    async def _told(self, order: Bought, times: int) -> None:
        word = word_of_payment(order.number, order.total)
        async with self.database.begin(self.shop.merchant) as uow:
            outcomes = await payments.settle(uow, [word] * times)
        first = str(outcomes[0])
        if order.is_paid or order.is_late:
            assert first == "duplicate"
        elif order.state == "unpaid":
            assert first == "paid"
        else:  # closed: honoured when the pieces are still there
            assert first in {"paid", "late"}
        assert {str(outcome) for outcome in outcomes[1:]} <= {"duplicate"} | (
            {"late"} if first == "late" else set()
        )
        if first == "paid":
            order.state, self.is_read = "paid", False
        elif first == "late":
            order.is_late = True
            async with self.database.begin(self.shop.merchant) as uow:
                (refund,) = await payments.refunds_of_order(uow, order.id)
            order.refunds.append(Refund(refund.id, refund.out_refund_no, refund.amount))

    @precondition(lambda self: self.orders)
    @rule(which=WHICH, said=st.sampled_from(["amount", "currency", "state", "number"]))
    def told_nonsense(self, which: int, said: str) -> None:
        order = self.bought(which)
        wrong = {
            "amount": {"total": order.total + 1},
            "currency": {"currency": "USD"},
            "state": {"trade_state": "NOTPAY"},
            "number": {"out_trade_no": "f" * 32},
        }[said]

        async def tell() -> None:
            async with self.database.begin(self.shop.merchant) as uow:
                (outcome,) = await payments.settle(uow, [word_of_payment(order.number, order.total, **wrong)])
            assert str(outcome) in {"wrong_amount", "not_paid", "unknown"}

        self.does(tell())

    @precondition(lambda self: self.orders)
    @rule(which=WHICH)
    def close(self, which: int) -> None:
        order = self.bought(which)

        async def end() -> None:
            async with self.database.begin(self.shop.merchant) as uow:
                closed = await orders.close(uow, [order.id], "expired")
            assert bool(closed) == (order.state == "unpaid")

        self.does(end())
        if order.state == "unpaid":
            order.state = "closed"

    @precondition(lambda self: self.orders)
    @rule(which=WHICH, verb=st.sampled_from(["hand_over", "confirm_received"]))
    def move_on(self, which: int, verb: str) -> None:
        order = self.bought(which)
        before, after = {"hand_over": ("paid", "picked_up"), "confirm_received": ("picked_up", "received")}[
            verb
        ]

        async def move() -> bool:
            try:
                async with self.database.begin(self.shop.merchant) as uow:
                    await getattr(orders, verb)(uow, [order.id])
            except orders.WrongState:
                return False
            return True

        assert self.does(move()) == (order.state == before)
        if order.state == before:
            if verb == "hand_over":
                self.handed_over += sum(order.waiting)
                order.left = [n - off for n, off in zip(order.units, order.cancelled, strict=True)]
            order.state, self.is_read = after, False

    @precondition(lambda self: self.orders)
    @rule(which=WHICH, line=st.integers(0, 1), units=st.integers(1, 3))
    def some_leave(self, which: int, line: int, units: int) -> None:
        """A part of a line goes over the counter; the order moves with the last unit."""
        order = self.bought(which)

        async def leave() -> orders.Fulfilled | None:
            try:
                async with self.database.begin(self.shop.merchant) as uow:
                    return await orders.fulfil_units(uow, order.id, [(line + 1, units)], "counter")
            except DomainError:
                return None

        done = self.does(leave())
        is_possible = order.state == "paid" and units <= order.waiting[line]
        assert (done is not None) == is_possible
        if done is not None:
            order.leaves(line, units)
            self.handed_over += units
            self.is_read = False
            assert done.state == order.state

    @rule()
    def worker_reads(self) -> None:
        self.does(self._read())
        self.is_read = True

    async def _read(self) -> None:
        while await digest(self.database, self.shop.merchant, CONSUMER):
            pass

    @rule()
    def worker_reads_everything_again(self) -> None:
        """As after a restored backup of its position: facts it has digested come again."""

        async def forget() -> None:
            async with self.database.begin(self.shop.merchant) as uow:
                await uow.run("delete from event_cursors where merchant_id = %(merchant_id)s")

        self.does(forget())
        self.worker_reads()

    @rule(days=st.sampled_from([1, 8]))
    def time_passes(self, days: int) -> None:
        clock.move_to(clock.offset() + timedelta(days=days))

        async def mature() -> None:
            for sweep in distribution.SWEEPS:
                while await sweep.run(self.database, self.shop.merchant):
                    pass

        self.does(mature())

    @rule()
    def a_quiet_week(self) -> None:
        """Nothing but the worker and the calendar: what may mature, does."""
        self.worker_reads()
        self.time_passes(8)

    @invariant()
    def everything_agrees(self) -> None:
        if hasattr(self, "shop"):
            self.does(self.agrees())


@pytest.mark.timeout(180)
def test_whatever_happens_in_whatever_order_everything_agrees(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    database = Database(database_url, connections_max=2)
    Trade.database, Trade.loop = database, loop
    try:
        loop.run_until_complete(migrate(database_url))
        loop.run_until_complete(database.open())
        run_state_machine_as_test(
            Trade,
            settings=settings(
                max_examples=80,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                database=None,
                # Shrinking would take minutes of real transactions; the steps as they were are short enough to read.
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(database.close())
        loop.close()
