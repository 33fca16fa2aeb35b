"""Real group-buying launches through the real actions: open, join, pay, expire, refund – on a clock that runs ahead.

The launches are those of Beibei (initiator, item, participants; no participants: the launch failed). Several workers
place and pay through pools of their own while keepers digest facts, sweep and let the gateway send refunds, all at
the same time. What the rule forbids is said, not hidden: a group has at most five people, so of a larger launch the
participants after the fourth ask for a seat and are refused before paying.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import msgspec

from group_launches import GROUP_PRICE, HOURS, House, Launch, chunks, furnish, rounds, sample
from siyu.connect import gateways, wxpay
from siyu.kernel import clock, ids
from siyu.money import ledger
from siyu.runtime import counters
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import digest, pending
from siyu.trade import groupbuys, orders, payments
from siyu.trade.groupbuys import sweeping
from siyu.trade.groupbuys.rules import PEOPLE_MAX

CHUNK = 64  # as many as placement takes together
KEEPERS = 2
NOBODYS = ("refunds_due", "unclaimed")  # accounts that are empty when everything is done


class Report(msgspec.Struct, frozen=True):
    """What the replay came to. Amounts are minor units."""

    launches: int
    expected_successes: int
    expected_failures: int
    succeeded: int
    failed: int
    orders: int
    paid: int
    refunded: int
    beyond_five: int  # participants whom the rule of five refused
    refused_beyond_five: int
    members_too_many: int  # groups with more members than places
    received: int
    given_back: int
    kept: int  # what the gateway holds by the books
    ledger_sum: int  # debits less credits
    left_over: int  # promised to somebody and not on its way
    promised_wrongly: int
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the house came to what the file says, and every fen is where it belongs."""
        return (
            (self.succeeded, self.failed) == (self.expected_successes, self.expected_failures)
            and self.refunded == self.expected_failures
            and self.refused_beyond_five == self.beyond_five
            and self.members_too_many == self.promised_wrongly == self.ledger_sum == self.left_over == 0
            and self.received - self.given_back == self.kept
        )


class _Try(msgspec.Struct, frozen=True):
    """Somebody who wants a seat: of the launch with this place in its round, opening it or joining."""

    launch: int
    person: UUID
    sku: UUID
    claim: UUID


class Replay:
    """One replay: workers that buy, keepers that keep house."""

    def __init__(self, database: Database, house: House) -> None:
        self.database, self.house = database, house
        self.refused = 0
        (self.consumer,) = groupbuys.CONSUMERS

    async def launch(self, launches: Sequence[Launch], workers: int) -> None:
        """Open, join and pay a round of launches; then let a day pass and wait until every refund is confirmed."""
        pools = [Database(self.database.url, connections_max=2) for _ in range(workers)]
        for pool in pools:
            await pool.open()
        try:
            async with self._kept():
                groups = await self._open(pools, launches)
                await self._join(pools, launches, groups)
                clock.move_to(clock.offset() + timedelta(hours=HOURS, minutes=1))
                await self._until_over()
        finally:
            for pool in pools:
                await pool.close()

    async def _open(self, pools: Sequence[Database], launches: Sequence[Launch]) -> dict[int, UUID]:
        house = self.house
        tries = [
            _Try(i, house.people[one.initiator], house.skus[one.item], house.offers[one.item, one.size])
            for i, one in enumerate(launches)
        ]
        placed = await self._spread(pools, tries)
        await self._heard()
        found: dict[int, UUID] = {}
        async with self.database.begin(house.merchant) as uow:
            rows = await uow.all(
                _Sits,
                """
                select order_id, group_id from group_seats
                where merchant_id = %(merchant_id)s and order_id = any(%(ids)s)
                """,
                ids=list(placed.values()),
            )
        groups = {row.order_id: row.group_id for row in rows}
        for i, order_id in placed.items():
            found[i] = groups[order_id]
        return found

    async def _join(
        self, pools: Sequence[Database], launches: Sequence[Launch], groups: dict[int, UUID]
    ) -> None:
        """Everybody else, the rule's five first and those beyond it after them."""
        for within in (True, False):
            tries = [
                _Try(i, self.house.people[person], self.house.skus[one.item], groups[i])
                for i, one in enumerate(launches)
                for n, person in enumerate(one.participants)
                if (n < PEOPLE_MAX - 1) == within
            ]
            await self._spread(pools, tries)
        await self._heard()

    async def _spread(self, pools: Sequence[Database], tries: Sequence[_Try]) -> dict[int, UUID]:
        """Place and pay through all pools at once; the order of each launch's last try."""
        placed: dict[int, UUID] = {}
        waiting = list(chunks(tries, CHUNK))

        async def work(pool: Database) -> None:
            while waiting:
                placed.update(await self._buy(pool, waiting.pop()))

        await asyncio.gather(*(work(pool) for pool in pools))
        return placed

    async def _buy(self, pool: Database, tries: Sequence[_Try]) -> dict[int, UUID]:
        merchant = self.house.merchant
        numbers = await counters.take(pool, merchant, "orders", len(tries))
        wishes = [
            orders.PlaceOrder(
                customer_id=one.person,
                store_id=self.house.store_id,
                lines=(orders.WantedLine(one.sku, 1),),
                expected_total=GROUP_PRICE,
                key=ids.new().hex,
                claim=orders.Claim("group", one.claim),
            )
            for one in tries
        ]
        answers = await pool.attempt(
            merchant, lambda uow: orders.place_many(uow, wishes, numbers, pay_minutes=30)
        )
        placed: dict[int, UUID] = {}
        for one, answer in zip(tries, answers, strict=True):
            if isinstance(answer, orders.PlacedOrder):
                placed[one.launch] = answer.id
            elif isinstance(answer, groupbuys.GroupFull | groupbuys.GroupEnded):
                self.refused += 1
            else:
                raise answer
        await self._pay(pool, [answer.id for answer in answers if isinstance(answer, orders.PlacedOrder)])
        return placed

    async def _pay(self, pool: Database, order_ids: Sequence[UUID]) -> None:
        """The gateway says each payment twice, the second time while the first is still being written down."""
        merchant = self.house.merchant
        if not order_ids:
            return
        async with pool.begin(merchant) as uow:
            numbers = await payments.open_payments(uow, order_ids)
        said = [_word(number) for number in numbers]
        both = (
            pool.attempt(merchant, lambda uow: payments.settle(uow, said)),
            self.database.attempt(merchant, lambda uow: payments.settle(uow, said)),
        )
        first, second = await asyncio.gather(*both)
        paid = sum(outcome is payments.Outcome.PAID for outcome in [*first, *second])
        assert paid == len(order_ids), "each payment counts exactly once"

    @asynccontextmanager
    async def _kept(self) -> AsyncGenerator[None]:
        """Keepers beside the block: facts are digested, due groups ended, refunds sent and confirmed."""
        stop = asyncio.Event()

        async def keep() -> None:
            while not stop.is_set():
                did = await digest(self.database, self.house.merchant, self.consumer)
                did += await sweeping.run(self.database, self.house.merchant)
                did += await self._send_back()
                if not did:
                    await asyncio.sleep(0.02)

        keepers = [asyncio.create_task(keep()) for _ in range(KEEPERS)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*keepers)

    async def _send_back(self) -> int:
        """What the gateway does with refunds that were asked for."""

        async def send(uow: UnitOfWork) -> int:
            asked = await uow.all(
                _Asked,
                """
                select r.out_refund_no, p.out_trade_no, r.amount, p.amount as total
                from refunds r join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
                where r.merchant_id = %(merchant_id)s and r.state = 'requested' order by r.id limit 100
                for update of r skip locked
                """,
            )
            for one in asked:
                await payments.refund_finished(uow, _word_back(one))
            return len(asked)

        return await self.database.attempt(self.house.merchant, send)

    async def _heard(self) -> None:
        while await self._count_pending():
            await asyncio.sleep(0.02)

    async def _count_pending(self) -> int:
        async with self.database.begin(self.house.merchant) as uow:
            return await pending(uow, self.consumer)

    async def _until_over(self) -> None:
        """Until no group is on its way anywhere."""
        while True:
            async with self.database.begin(self.house.merchant) as uow:
                moving = await uow.one(
                    int,
                    """
                    select count(*) from group_buys where merchant_id = %(merchant_id)s
                      and state in ('open', 'full', 'expired', 'refunding')
                    """,
                )
            if not moving and not await self._count_pending():
                return
            await asyncio.sleep(0.05)


class _Sits(msgspec.Struct, frozen=True):
    order_id: UUID
    group_id: UUID


class _Asked(msgspec.Struct, frozen=True):
    out_refund_no: str
    out_trade_no: str
    amount: int
    total: int


def _word(number: str) -> wxpay.Transaction:
    return wxpay.Transaction(
        out_trade_no=number,
        transaction_id=f"42{number[-26:]}",
        trade_state="SUCCESS",
        total=GROUP_PRICE,
        currency="CNY",
        openid="o-replay",
        success_time=clock.now(),
        merchant_id="1900000001",
        app_id="wx0000000000000000",
    )


def _word_back(asked: _Asked) -> gateways.Refund:
    return gateways.Refund(
        out_refund_no=asked.out_refund_no,
        refund_id=f"50{asked.out_refund_no[-26:]}",
        out_trade_no=asked.out_trade_no,
        status="SUCCESS",
        refund=asked.amount,
        total=asked.total,
        success_time=clock.now(),
    )


async def replay(
    database: Database, merchant: Merchant, launches: Sequence[Launch], *, workers: int = 4
) -> Report:
    """Replay all launches at a fresh merchant and say what it came to. The clock ends days ahead."""
    orders.ACTIVITIES.setdefault("group", groupbuys.ACTIVITY)
    house = await furnish(database, merchant, launches)
    running = Replay(database, house)
    began = time.monotonic()
    for some in rounds(launches):
        await running.launch(some, workers)
    seconds = time.monotonic() - began
    async with database.begin(merchant) as uow:
        return await _report(uow, launches, running.refused, seconds)


class _Counts(msgspec.Struct, frozen=True):
    succeeded: int
    failed: int
    orders: int
    paid: int
    refunded: int
    members_too_many: int
    received: int
    given_back: int


async def _report(uow: UnitOfWork, launches: Sequence[Launch], refused: int, seconds: float) -> Report:
    counts = await uow.one(
        _Counts,
        """
        select (select count(*) from group_buys where merchant_id = %(merchant_id)s and state = 'succeeded')::int as succeeded,
               (select count(*) from group_buys where merchant_id = %(merchant_id)s and state = 'failed')::int as failed,
               (select count(*) from orders where merchant_id = %(merchant_id)s)::int as orders,
               (select count(*) from orders where merchant_id = %(merchant_id)s and paid_at is not null)::int as paid,
               (select count(*) from refunds where merchant_id = %(merchant_id)s and state = 'done')::int as refunded,
               (select count(*) from (
                    select from group_seats s join group_buys g on g.merchant_id = s.merchant_id and g.id = s.group_id
                    where s.merchant_id = %(merchant_id)s and s.state in ('held', 'paid')
                    group by g.id, g.capacity having count(*) > g.capacity) t)::int as members_too_many,
               (select coalesce(sum(amount), 0) from payments
                    where merchant_id = %(merchant_id)s and state = 'paid')::bigint as received,
               (select coalesce(sum(amount), 0) from refunds
                    where merchant_id = %(merchant_id)s and state = 'done')::bigint as given_back
        """,
    )
    assert (await ledger.trial_balance(uow)).is_sound
    held = {account.code: account.balance for account in await ledger.accounts(uow)}
    beyond = sum(max(0, len(launch.participants) - PEOPLE_MAX + 1) for launch in launches)
    return Report(
        launches=len(launches),
        expected_successes=sum(launch.has_succeeded for launch in launches),
        expected_failures=sum(not launch.has_succeeded for launch in launches),
        beyond_five=beyond,
        refused_beyond_five=refused,
        kept=held.get("gateway:wxpay", 0),
        ledger_sum=held.get("gateway:wxpay", 0) - sum(held.get(code, 0) for code in ("sales", *NOBODYS)),
        left_over=sum(held.get(code, 0) for code in NOBODYS),
        promised_wrongly=len(await orders.stock_promised_wrongly(uow)),
        seconds=round(seconds, 1),
        **msgspec.structs.asdict(counts),
    )


__all__ = ["Report", "replay", "sample"]
