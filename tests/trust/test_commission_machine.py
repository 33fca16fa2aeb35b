"""Commission in any order of facts, told once or often, with holds, corrections and payouts in between.

After every step a promoter's account in the ledger is the sum of its explained lines, nothing is paid twice, and no
claw-back is lost.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from factories import Shop, a_customer, a_shop
from siyu.events import LineFact, OrderPaid, OrderReceived, OrderRefunded, RefundedUnits
from siyu.growth import distribution, promoters
from siyu.kernel import clock, ids, money
from siyu.kernel.errors import DomainError
from siyu.kernel.permissions import ROLES
from siyu.money import ledger
from siyu.people import merchants
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, UnitOfWork
from siyu.runtime.migrate import migrate
from siyu.runtime.worker import Event
from trust.commission_model import Payout, Sale

ANNA = Actor("staff", ids.new(), ROLES["owner"], "安娜")
BEN = Actor("staff", ids.new(), ROLES["finance"], "本")
T = TypeVar("T")
WHICH = st.integers(0, 7)
CLEARING = "payout_clearing"


class Commission(RuleBasedStateMachine):
    """Two promoters, a plan with caps and a budget, and a payout that may succeed or fail."""

    database: ClassVar[Database]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize()
    def open_shop(self) -> None:
        self.sales: list[Sale] = []
        self.payouts: list[Payout] = []
        self.paid_out: dict[UUID, int] = {}
        self.does(self._open())

    async def _open(self) -> None:
        merchant = await merchants.create(self.database.url, slug=f"m{ids.new().hex[-20:]}", name="佣金店")
        self.shop: Shop = await a_shop(self.database, merchant, stock=0)
        people = [await a_customer(self.database, merchant) for _ in range(3)]
        self.buyer = people[2]
        async with self.database.begin(merchant, ANNA) as uow:
            self.promoters = [
                (await promoters.enrol(uow, person, kind="koc", name=name)).id
                for person, name in zip(people, ("小鱼", "小虾"), strict=False)
            ]
            plan = ids.new()
            said = distribution.PlanRule(rate_bps=791, order_cap=4_000, day_cap=9_000, budget=30_000)
            await distribution.save(uow, plan, "有封顶", said)
            await distribution.publish(uow, plan, reason="试一试")
            await distribution.add_plan(uow, name="全店", rate_bps=333)
            self.product = await uow.one(
                UUID,
                "select product_id from skus where merchant_id = %(merchant_id)s and id = %(sku)s",
                sku=self.shop.apple,
            )
            await uow.run(
                """
                update promoters set joined_at = %(now)s - interval '40 days'
                where merchant_id = %(merchant_id)s and id = %(id)s
                """,
                id=self.promoters[0],
            )
            await uow.run(
                "update commission_plan_terms set starts_at = %(now)s - interval '1 hour' where merchant_id = %(merchant_id)s"
            )

    def teardown(self) -> None:
        clock.move_to(timedelta(0))

    def sale(self, which: int) -> Sale:
        return self.sales[-1 - which % len(self.sales)]

    async def _act(self, work: Any, actor: Actor = ANNA) -> bool:
        """Do it in a unit of work; a refusal leaves nothing behind."""
        try:
            async with self.database.begin(self.shop.merchant, actor) as uow:
                await work(uow)
        except DomainError:
            return False
        return True

    async def _tell(self, *facts: Any) -> None:
        async with self.database.begin(self.shop.merchant) as uow:
            (consumer,) = distribution.CONSUMERS
            await consumer.handle(uow, [Event(ids.new(), clock.now(), fact) for fact in facts])

    @rule(units=st.integers(1, 5), price=st.integers(0, 20_000), who=st.integers(0, 1), is_told=st.booleans())
    def sells(self, units: int, price: int, who: int, is_told: bool) -> None:
        order_id, promoter_id = ids.new(), self.promoters[who]
        fact = OrderPaid(
            order_id, order_id.hex, self.buyer, units * price,
            (LineFact(1, self.product, self.shop.apple, units, units * price),), None, promoter_id,
        )  # fmt: skip

        async def place(uow: UnitOfWork) -> None:
            await uow.run(
                """
                with ordered as (
                insert into orders (merchant_id, id, number, customer_id, channel, state, store_id, currency, total,
                                    promoter_id, placed_at, paid_at, updated_at)
                values (%(merchant_id)s, %(id)s, %(number)s, %(buyer)s, 'shop', 'paid', %(store)s, 'CNY', %(total)s,
                        %(promoter)s, %(now)s, %(now)s, %(now)s) returning id)
                insert into order_lines (merchant_id, order_id, line_no, product_id, sku_id, title, quantity, unit_price,
                                         amount)
                select %(merchant_id)s, id, 1, %(product)s, %(sku)s, '苹果', %(units)s, %(price)s, %(total)s from ordered
                """,
                product=self.product, sku=self.shop.apple, units=units, price=price,
                id=order_id, number=order_id.hex, buyer=self.buyer, store=self.shop.store_id, total=units * price,
                promoter=promoter_id,
            )  # fmt: skip

        assert self.does(self._act(place))
        self.sales.append(Sale(order_id, fact, units, units * price, promoter_id))
        if is_told:
            self.told_paid(0, 1)

    @precondition(lambda self: self.sales)
    @rule(which=WHICH, times=st.integers(1, 2))
    def told_paid(self, which: int, times: int) -> None:
        sale = self.sale(which)
        self.does(self._tell(*[sale.fact] * times))
        sale.is_told = True

    @precondition(lambda self: self.sales)
    @rule(which=WHICH)
    def told_received(self, which: int) -> None:
        self.does(self._tell(OrderReceived(self.sale(which).id)))

    @precondition(lambda self: self.sales)
    @rule(which=WHICH, units=st.integers(0, 3), is_told=st.booleans())
    def refunds(self, which: int, units: int, is_told: bool) -> None:
        """Units go back (none: money alone); the fact may be told later, before or after others."""
        sale = self.sale(which)
        units = min(units, sale.units - sale.back)
        if units == 0 and (sale.back or any(not part.quantity for r in sale.refunds for part in r.lines)):
            return
        amount = (
            money.share_of_units(sale.amount, sale.units, sale.back, units) if units else sale.amount // 7
        )
        part = RefundedUnits(1, sale.back, units, amount)
        sale.refunds.append(OrderRefunded(sale.id, ids.new(), amount, (part,)))
        sale.back += units
        if is_told:
            self.told_refund(which, len(sale.refunds) - 1, 1)

    @precondition(lambda self: self.sales)
    @rule(which=WHICH, number=st.integers(0, 5), times=st.integers(1, 2))
    def told_refund(self, which: int, number: int, times: int) -> None:
        sale = self.sale(which)
        if sale.refunds:
            fact = sale.refunds[number % len(sale.refunds)]
            self.does(self._tell(*[fact] * times))
            sale.told.add(fact.refund_id)

    @precondition(lambda self: self.sales)
    @rule(which=WHICH, verdict=st.sampled_from(["release", "deny", "leave"]), all_of_it=st.booleans())
    def looked_at(self, which: int, verdict: str, all_of_it: bool) -> None:
        sale, hold_id = self.sale(which), ids.new()

        async def held(uow: UnitOfWork) -> None:
            if all_of_it:
                hold = await distribution.hold_promoter(uow, hold_id, sale.promoter_id, "看一看")
            else:
                hold = await distribution.hold_order(uow, hold_id, sale.id, "看一看")
            if verdict != "leave":
                await getattr(distribution, verdict)(uow, hold.id, "看过了")

        if self.does(self._act(held)) and verdict == "deny" and not all_of_it:
            sale.is_denied = True

    @rule(who=st.integers(0, 1), amount=st.integers(-5_000, 5_000), same=st.booleans(), off=st.booleans())
    def corrected(self, who: int, amount: int, same: bool, off: bool) -> None:
        correction = ids.new()

        async def ask(uow: UnitOfWork) -> None:
            await distribution.propose(
                uow,
                correction,
                self.promoters[who],
                amount,
                "算错了",
                kind="write_off" if off else "adjustment",
            )

        if self.does(self._act(ask)):
            for _ in range(2):
                self.does(self._act(lambda uow: distribution.approve(uow, correction), ANNA if same else BEN))

    @rule(who=st.integers(0, 1))
    def asks_for_money(self, who: int) -> None:
        """All that is open goes into one payout, as payouts does it."""
        promoter_id = self.promoters[who]
        if any(payout.promoter_id == promoter_id for payout in self.payouts):
            return

        async def take(uow: UnitOfWork) -> None:
            taken = [(line, line.open) for line in await distribution.open_lines(uow, promoter_id)]
            amount = sum(each for _, each in taken)
            if amount <= 0:
                return
            await distribution.settle(uow, promoter_id, taken)
            payout = Payout(ids.new(), promoter_id, taken, amount)
            code = distribution.account_code(promoter_id)
            accounts = await ledger.open_accounts(uow, {code: "credit", CLEARING: "credit"})
            promised = ledger.Transfer(
                payout.id, accounts[code], accounts[CLEARING], amount, "payout", payout.id
            )
            await ledger.hold(uow, [promised])
            self.payouts.append(payout)

        assert self.does(self._act(take))

    @precondition(lambda self: self.payouts)
    @rule(which=WHICH, works=st.booleans(), times=st.integers(1, 2))
    def money_leaves_or_not(self, which: int, works: bool, times: int) -> None:
        payout = self.payouts.pop(which % len(self.payouts))

        async def end(uow: UnitOfWork) -> None:
            if works:
                await distribution.mark_paid(uow, payout.promoter_id, payout.lines)
            else:
                await distribution.unsettle(uow, payout.promoter_id, payout.lines)
            move = ledger.HoldMove(
                ids.derived("end", payout.id), payout.id, payout.amount, "payout", payout.id
            )
            await (ledger.post if works else ledger.void)(uow, [move])

        assert self.does(self._act(end))
        if times > 1:
            assert not self.does(self._act(end)), "a payout ends once"
        if works:
            self.paid_out[payout.promoter_id] = self.paid_out.get(payout.promoter_id, 0) + payout.amount

    @rule(days=st.sampled_from([1, 8, 16]))
    def time_passes(self, days: int) -> None:
        clock.move_to(clock.offset() + timedelta(days=days))

        async def sweep() -> None:
            for each in distribution.SWEEPS:
                while await each.run(self.database, self.shop.merchant):
                    pass

        self.does(sweep())

    @invariant()
    def everything_agrees(self) -> None:
        if hasattr(self, "shop"):
            self.does(self._agrees())

    async def _agrees(self) -> None:
        async with self.database.begin(self.shop.merchant) as uow:
            assert (await ledger.trial_balance(uow)).is_sound
            budgets = 0
            for promoter_id in self.promoters:
                lines = await distribution.commissions(uow, promoter_id, limit=200)
                found = await ledger.accounts(uow, [distribution.account_code(promoter_id)])
                told = await distribution.earnings(uow, promoter_id)
                open_lines = await distribution.open_lines(uow, promoter_id, lock=False)
                posted = found[0].balance if found else 0
                promised_away = found[0].debits_pending if found else 0
                promised = found[0].credits_pending if found else 0
                assert posted - promised_away == sum(line.open for line in open_lines) == told.open
                assert (
                    promised
                    == sum(line.remaining for line in lines if line.state == "pending")
                    == told.pending
                )
                assert told.paid == self.paid_out.get(promoter_id, 0)
                under_way = sum(p.amount for p in self.payouts if p.promoter_id == promoter_id)
                assert told.in_payout == under_way == promised_away
                budgets += sum(line.remaining for line in lines)
                self._claw_backs_agree({line.order_id: line for line in lines})
            spent = await uow.one(
                int, "select sum(spent)::bigint from commission_plans where merchant_id = %(merchant_id)s"
            )
            assert spent == budgets

    def _claw_backs_agree(self, lines: dict[UUID, distribution.Commission]) -> None:
        for sale in self.sales:
            line = lines.get(sale.id)
            if line is None:
                continue
            assert line.reversed_amount <= line.amount <= money.share(sale.amount, 3_000)
            if sale.is_told and (sale.is_all_back or sale.is_denied):
                assert line.remaining == 0, "no claw-back is lost"


@pytest.mark.timeout(180)
def test_commission_agrees_with_the_ledger_after_every_step(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    database = Database(database_url, connections_max=2)
    Commission.database, Commission.loop = database, loop
    try:
        loop.run_until_complete(migrate(database_url))
        loop.run_until_complete(database.open())
        run_state_machine_as_test(
            Commission,
            settings=settings(
                max_examples=50,
                stateful_step_count=35,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=[
                    HealthCheck.too_slow,
                    HealthCheck.data_too_large,
                    HealthCheck.filter_too_much,
                ],
            ),
        )
    finally:
        loop.run_until_complete(database.close())
        loop.close()
