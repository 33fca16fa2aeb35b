"""Telling the plan to the real actions: the clock is moved along, and everything happens through the front doors.

Happenings of one stretch of time are done together, each kind in one call, so that ninety days pass in a minute.
The last days are told in short stretches, because people look at them closely.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from siyu.connect import wxpay
from siyu.demo import mall
from siyu.demo.gateway_memory import GatewayMemory
from siyu.demo.happenings import (
    Delivered,
    Happening,
    Joined,
    Ordered,
    Paid,
    PickedUp,
    Plan,
    Promoted,
    Received,
    Refunded,
    Scanned,
    Spent,
)
from siyu.demo.opening import House, door_code
from siyu.demo.places import VOICES
from siyu.demo.rhythm import DAY_SECONDS, local_day, moment
from siyu.goods import inventory
from siyu.growth import distribution, promoters
from siyu.kernel import clock, ids
from siyu.people import customers
from siyu.place import doors
from siyu.runtime import worker
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Consumer
from siyu.settings import Settings
from siyu.trade import orders, payments

# Length of a stretch: the newest days, the weeks before, and everything older.
STRETCHES = ((4, timedelta(minutes=1)), (21, timedelta(minutes=10)), (10_000, timedelta(minutes=40)))
ORDERS_MAX = 200  # in one unit of work, as `place_many` wants it


class _Open(msgspec.Struct, frozen=True):
    """An order that exists: what the later chapters of its life need."""

    id: UUID
    number: str
    total: int
    person: int
    pay_by: datetime


class Teller:
    """Remembers which person, order and door of the plan is which row."""

    def __init__(
        self, merchant: Merchant, plan: Plan, house: House, settings: Settings, numbers: Sequence[int]
    ) -> None:
        self.merchant = merchant
        self.plan = plan
        self.house = house
        self.settings = settings
        self.numbers = numbers
        self.people: dict[int, UUID] = {}
        self.first_doors = first_doors(plan)
        self.scanned_before: set[int] = set()
        self.orders: dict[int, _Open] = {}
        self.unpaid: dict[int, _Open] = {}
        self.trades: dict[int, str] = {}
        self.gateway = GatewayMemory(
            {gateway: f"{settings.base_url}/cb/{merchant.slug}/{gateway}" for gateway in payments.GATEWAYS}
        )
        self.verbs: dict[type, Callable[[UnitOfWork, list[Any]], Awaitable[None]]] = {
            Delivered: self.deliver,
            Promoted: self.promote,
            Joined: self.join,
            Scanned: self.scan,
            Ordered: self.order,
            Paid: self.pay,
            PickedUp: self.hand_over,
            Received: self.receive,
            Refunded: self.refund,
            Spent: self.spend,
        }

    async def tell(self, uow: UnitOfWork, happenings: Sequence[Happening]) -> None:
        """One stretch of time. The unit of work's clock moves on with each kind, and never back."""
        by_kind: dict[type, list[Any]] = defaultdict(list)
        for one in happenings:
            by_kind[type(one)].append(one)
        await self.close_expired(uow, happenings[0].at)
        for kind in TOLD:
            if group := by_kind.get(kind):
                uow.now = max(uow.now, group[-1].at)
                await self.verbs[kind](uow, group)

    async def deliver(self, uow: UnitOfWork, arrived: list[Delivered]) -> None:
        for one in arrived:
            store = self.house.stores[one.store]
            await inventory.receive(
                uow,
                [inventory.Pieces(store, self.house.skus[line.code], line.quantity) for line in one.lines],
            )

    async def promote(self, uow: UnitOfWork, signed: list[Promoted]) -> None:
        voices = {voice.person: voice for voice in VOICES}
        for one in signed:
            voice = voices[one.person]
            key = f"voice-{one.person}"
            promoter = await promoters.enrol(
                uow, self.people[one.person], kind=voice.kind, name=voice.name, door_code=door_code(key)
            )
            (door,) = await doors.of_promoter(uow, promoter.id)
            self.house.doors[key] = door.id

    async def join(self, uow: UnitOfWork, joined: list[Joined]) -> None:
        """New customers, with the touches they left as strangers."""
        new = []
        for one in joined:
            person = self.plan.person(one.person)
            customer_id = self.people[one.person] = ids.at(one.at)
            first = self.house.doors[self.first_doors[one.person]]
            known_by = (("wechat_openid", person.openid), ("phone", person.phone))
            new.append(customers.NewCustomer(customer_id, person.nickname, one.at, known_by, first))
        await customers.add_customers(uow, new, channel="shop")
        for one in joined:
            if one.person in self.scanned_before:
                await doors.claim_touches(uow, visitor_id(one.person), self.people[one.person])

    async def scan(self, uow: UnitOfWork, scans: list[Scanned]) -> None:
        touches = []
        for one in scans:
            customer_id = self.people.get(one.visitor)
            if customer_id is None:
                self.scanned_before.add(one.visitor)
            touches.append(
                doors.NewTouch(self.house.doors[one.door], visitor_id(one.visitor), one.at, customer_id)
            )
        await doors.add_touches(uow, touches)

    async def order(self, uow: UnitOfWork, wanted: list[Ordered]) -> None:
        for start in range(0, len(wanted), ORDERS_MAX):
            group = [self.plan.order(one.order) for one in wanted[start : start + ORDERS_MAX]]
            answers = await orders.place_many(
                uow,
                [
                    orders.PlaceOrder(
                        customer_id=self.people[order.person],
                        store_id=self.house.stores[order.store],
                        lines=tuple(
                            orders.WantedLine(self.house.skus[li.code], li.quantity) for li in order.lines
                        ),
                        expected_total=sum(self.house.prices[li.code] * li.quantity for li in order.lines),
                        key=f"demo-{order.number}",
                    )
                    for order in group
                ],
                [self.numbers[order.number - 1] for order in group],
                pay_minutes=self.settings.order_pay_minutes,
            )
            for order, placed in zip(group, answers, strict=True):
                if isinstance(placed, Exception):
                    raise placed
                opened = _Open(placed.id, placed.number, placed.total, order.person, placed.pay_by)
                self.orders[order.number] = self.unpaid[order.number] = opened

    async def pay(self, uow: UnitOfWork, paid: list[Paid]) -> None:
        """The money arrives as the gateway would report it."""
        opened = [self.orders[one.order] for one in paid]
        trade_numbers = await payments.open_payments(uow, [order.id for order in opened])
        transactions = []
        for one, order, trade_number in zip(paid, opened, trade_numbers, strict=True):
            self.trades[one.order] = trade_number
            del self.unpaid[one.order]
            transaction = wxpay.Transaction(
                out_trade_no=trade_number,
                transaction_id=f"4200{self.plan.seed % 1_000_000:06}{one.at:%Y%m%d}{one.order:010}",
                trade_state="SUCCESS",
                total=order.total,
                currency=self.merchant.currency,
                openid=self.plan.person(order.person).openid,
                success_time=one.at,
                merchant_id=self.settings.wxpay_merchant_id,
                app_id=self.settings.wechat_app_id,
            )
            self.gateway.paid(transaction, f"{self.merchant.name} {order.number}")
            transactions.append(transaction)
        for outcome in await payments.settle(uow, transactions):
            assert outcome is payments.Outcome.PAID, f"a planned payment is accepted, not {outcome}"

    async def close_expired(self, uow: UnitOfWork, until: datetime) -> None:
        """Orders that nobody paid end when their time is up."""
        expired = {number: order for number, order in self.unpaid.items() if order.pay_by < until}
        if expired:
            uow.now = max(uow.now, *(order.pay_by for order in expired.values()))
            await orders.close(uow, [order.id for order in expired.values()], "expired")
            for number in expired:
                del self.unpaid[number]

    async def hand_over(self, uow: UnitOfWork, fetched: list[PickedUp]) -> None:
        await orders.hand_over(uow, [self.orders[one.order].id for one in fetched])

    async def receive(self, uow: UnitOfWork, received: list[Received]) -> None:
        await orders.confirm_received(uow, [self.orders[one.order].id for one in received])

    async def refund(self, uow: UnitOfWork, given_back: list[Refunded]) -> None:
        """Asked for at the counter, confirmed by the gateway at once."""
        for one in given_back:
            order = self.orders[one.order]
            asked = payments.RequestRefund(
                id=ids.derived("demo.refund", order.id, one.at),
                order_id=order.id,
                lines=one.units,
                reason=one.reason,
                restock=one.restock,
            )
            refund = await payments.request_refund(uow, asked)
            done = wxpay.Refund(
                out_refund_no=refund.out_refund_no,
                refund_id=f"5030{self.plan.seed % 1_000_000:06}{one.at:%Y%m%d}{one.order:010}",
                out_trade_no=self.trades[one.order],
                status="SUCCESS",
                refund=refund.amount,
                total=order.total,
                success_time=one.at,
            )
            self.gateway.refunded(done, one.reason)
            outcome = await payments.refund_finished(uow, done)
            assert outcome is payments.Outcome.REFUND_DONE, f"a planned refund is done, not {outcome}"

    async def spend(self, uow: UnitOfWork, spent: list[Spent]) -> None:
        for one in spent:
            await doors.add_cost(uow, self.house.doors[one.door], one.day, one.amount, one.note)


# People are written before their touches, so that a touch can name its customer.
TOLD = (Delivered, Promoted, Joined, Scanned, Ordered, Paid, PickedUp, Received, Refunded, Spent)


def visitor_id(number: int) -> UUID:
    """The visitor whom the plan knows by this number."""
    return ids.derived("demo.visitor", number)


def first_doors(plan: Plan) -> dict[int, str]:
    """By visitor, the key of the first door they came in by: the one that is remembered when they join."""
    found: dict[int, str] = {}
    for one in plan.happenings:
        if isinstance(one, Scanned):
            found.setdefault(one.visitor, one.door)
    return found


def stretches(happenings: Sequence[Happening], last_day: date) -> Iterator[list[Happening]]:
    """The happenings of one day in groups that can be told together."""
    group: list[Happening] = []
    for one in happenings:
        age = (last_day - local_day(one.at)).days
        length = next(length for days, length in STRETCHES if age < days)
        if group and one.at - group[0].at >= length:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


async def tell(
    database: Database, teller: Teller, *, until: datetime, scenes: Sequence[mall.Scene] = ()
) -> AsyncIterator[tuple[int, int]]:
    """Tell everything that happens up to `until`, one day in one unit of work, and let the house digest each day.

    Each scene is played after the happenings of its day. Yields after each day how many of how many are told.
    """
    by_day: dict[date, list[Happening]] = defaultdict(list)
    for one in teller.plan.happenings:
        if one.at <= until:
            by_day[local_day(one.at)].append(one)
    for scene in scenes:
        by_day.setdefault(local_day(scene.at), [])
    for passed, (day, happenings) in enumerate(sorted(by_day.items()), 1):
        move_clock(moment(day, 0))
        async with database.begin(teller.merchant) as uow:
            for group in stretches(happenings, teller.plan.last_day):
                await teller.tell(uow, group)
        played = [scene for scene in scenes if local_day(scene.at) == day]
        for scene in played:
            move_clock(scene.at)
            await scene.play()
        move_clock(min(moment(day, DAY_SECONDS), until))
        await digest_day(database, teller.merchant, also=mall.CONSUMERS if played else ())
        yield passed, len(by_day)


async def digest_day(database: Database, merchant: Merchant, also: Sequence[Consumer] = ()) -> None:
    """What the worker would do in the evening: receive what is overdue, earn and ripen commission; and `also`."""
    async with database.begin(merchant) as uow:
        while await orders.receive_overdue(uow, orders.AUTO_RECEIVE_AFTER):
            pass
    for consumer in (*distribution.CONSUMERS, *also):
        while await worker.digest(database, merchant, consumer):
            pass
    for sweep in distribution.SWEEPS:
        while await sweep.run(database, merchant):
            pass


def move_clock(to: datetime) -> None:
    """Make it `to` for this process."""
    clock.move_to(clock.offset() + (to - clock.now()))
