"""What the model of trade gives back, and what must agree after every step: the neighbour of test_state_machine."""

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from factories import Shop
from siyu.connect import wxpay
from siyu.goods import inventory
from siyu.growth import distribution, promoters
from siyu.kernel import clock, ids, money
from siyu.kernel.errors import DomainError
from siyu.money import ledger
from siyu.runtime.db import Database
from siyu.trade import orders, payments
from trust.trade_model import RATE_BPS, Bought, Refund

STOCK = 20
WHICH = st.integers(0, 2)  # few enough that one order lives through much


class Returning(RuleBasedStateMachine):
    """The part of the machine in which money and goods come back. `Trade` opens the shop and sells."""

    shop: Shop
    promoter: promoters.Promoter
    orders: list[Bought]
    handed_over: int
    put_back: int
    is_read: bool
    database: Database
    loop: asyncio.AbstractEventLoop

    def does(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def bought(self, which: int) -> Bought:
        """One of the last orders: the newest is 0."""
        return self.orders[-1 - which % len(self.orders)]

    @precondition(lambda self: self.orders)
    @rule(which=WHICH, line=st.integers(0, 1), share=st.integers(1, 100))
    def money_without_units(self, which: int, line: int, share: int) -> None:
        """A part of what a line still holds goes back, and the goods stay with the buyer."""
        order = self.bought(which)
        before = order.refunded
        amount = max(1, order.prices[line] * share // 100)
        request = payments.RequestRefund(ids.new(), order.id, (), "差价", reductions=((line + 1, amount),))

        async def ask() -> payments.Refund | None:
            try:
                async with self.database.begin(self.shop.merchant) as uow:
                    return await payments.request_refund(uow, request)
            except DomainError:
                return None

        given = self.does(ask())
        if given is None:
            return
        assert order.state in {"paid", "picked_up", "received"}
        assert given.amount == amount
        assert before + amount <= order.total
        order.reduced[line] += amount
        order.refunds.append(Refund(given.id, given.out_refund_no, given.amount))
        self.is_read = False

    @precondition(lambda self: self.orders)
    @rule(
        which=WHICH,
        line=st.integers(0, 1),
        units=st.integers(1, 2),
        restock=st.booleans(),
        twice=st.booleans(),
    )
    def refund(self, which: int, line: int, units: int, restock: bool, twice: bool) -> None:
        order = self.bought(which)
        request = payments.RequestRefund(ids.new(), order.id, ((line + 1, units),), "退货", restock=restock)
        is_possible = (
            order.state in {"paid", "picked_up", "received"}
            and units <= order.units[line] - order.back[line]
            and not any(
                order.reduced
            )  # then a unit may be worth nothing any more; see the rule beside this one
        )
        if any(order.reduced):
            self.does(self._refund_of_reduced(order, request, line, units))
            return

        async def ask() -> payments.Refund | None:
            try:
                async with self.database.begin(self.shop.merchant) as uow:
                    return await payments.request_refund(uow, request)
            except DomainError:
                return None

        given = self.does(ask())
        assert (given is not None) == is_possible
        if given is None:
            return
        if twice:
            assert self.does(ask()) == given
        had_left = order.comes_back(line, units)
        if restock:
            self.put_back += had_left
        order.refunds.append(Refund(given.id, given.out_refund_no, given.amount))
        self.is_read = False
        if order.back == order.units:
            assert order.refunded == order.total

    async def _refund_of_reduced(
        self, order: Bought, request: payments.RequestRefund, line: int, units: int
    ) -> None:
        """After money went back without units, what is left of it goes with the units that are left, to the fen."""
        try:
            async with self.database.begin(self.shop.merchant) as uow:
                given = await payments.request_refund(uow, request)
        except DomainError:
            return
        had_left = order.comes_back(line, units)
        if request.restock:
            self.put_back += had_left
        order.refunds.append(Refund(given.id, given.out_refund_no, given.amount))
        self.is_read = False
        assert order.refunded <= order.total
        if order.back == order.units:
            assert order.refunded == order.total

    @precondition(lambda self: self.orders)
    @rule(which=WHICH, line=st.integers(0, 1))
    def refund_piece_by_piece(self, which: int, line: int) -> None:
        """Every piece of a line, one refund each: no fen may get lost on the way."""
        order = self.bought(which)
        for _ in range(order.units[line] - order.back[line]):
            self.refund(which, line, 1, restock=False, twice=False)

    @precondition(lambda self: any(order.refunds for order in self.orders))
    @rule(which=WHICH, status=st.sampled_from(["SUCCESS", "SUCCESS", "PROCESSING", "ABNORMAL"]))
    def told_of_refund(self, which: int, status: str) -> None:
        every = [(order, refund) for order in self.orders for refund in order.refunds]
        order, refund = every[which % len(every)]
        said = wxpay.Refund(
            out_refund_no=refund.number, refund_id="5030", out_trade_no=order.number, status=status,
            refund=refund.amount, total=order.total, success_time=clock.now(),
        )  # fmt: skip

        async def tell() -> str:
            async with self.database.begin(self.shop.merchant) as uow:
                return str(await payments.refund_finished(uow, said))

        outcome = self.does(tell())
        assert (outcome == "duplicate") == refund.is_done
        refund.is_done = refund.is_done or status == "SUCCESS"

    async def agrees(self) -> None:
        async with self.database.begin(self.shop.merchant) as uow:
            assert (await ledger.trial_balance(uow)).is_sound
            assert await inventory.differences(uow) == []
            assert await orders.stock_promised_wrongly(uow) == []
            accounts = {account.code: account for account in await ledger.accounts(uow)}
            levels = await inventory.levels(uow, [self.shop.apple, self.shop.milk], self.shop.store_id)
            lines = await distribution.commissions(uow, self.promoter.id, limit=200)
            open_letters = await uow.one(
                int, "select count(*) from dead_letters where merchant_id = %(merchant_id)s"
            )

        def balance(code: str) -> int:
            return accounts[code].balance if code in accounts else 0

        paid = [order for order in self.orders if order.is_paid]
        came_in = sum(order.total for order in self.orders if order.is_paid or order.is_late)
        given_back = [refund for order in self.orders for refund in order.refunds]
        assert balance("sales") == sum(order.total - order.refunded for order in paid)
        assert balance("gateway:wxpay") == came_in - sum(
            refund.amount for refund in given_back if refund.is_done
        )
        assert balance("refunds_due") == sum(refund.amount for refund in given_back if not refund.is_done)
        assert balance("unclaimed") == 0

        promised = sum(sum(o.waiting) for o in self.orders if o.state in {"unpaid", "paid"})
        assert sum(level.on_hand for level in levels) == 2 * STOCK - self.handed_over + self.put_back
        assert sum(level.reserved for level in levels) == promised

        assert open_letters == 0
        if self.is_read:
            left = sum(line.remaining for line in lines)
            owed = accounts.get(f"promoter:{self.promoter.id}")
            for order in self.orders:
                of_order = sum(line.remaining for line in lines if line.order_id == order.id)
                if any(order.reduced):
                    assert (
                        0
                        <= of_order
                        <= money.share(order.total - order.refunded, RATE_BPS) + len(order.units)
                    )
                else:
                    assert of_order == order.commission_left
            assert left == (owed.balance + owed.pending if owed else 0)
