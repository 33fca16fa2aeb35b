"""Facts are digested in order, once, and none is skipped, whatever commits late or cannot be digested."""

import asyncio

from factories import a_customer
from siyu.events import CustomerJoined
from siyu.kernel import ids
from siyu.runtime import worker
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Consumer, Event


def remembering(seen: list[str], *, poison: str = "") -> Consumer:
    async def handle(uow: UnitOfWork, events: list[Event]) -> None:
        for event in events:
            if str(event.fact.customer_id) == poison:
                raise ValueError("this one cannot be digested")
            seen.append(str(event.fact.customer_id))

    return Consumer(f"test-{ids.new().hex}", (CustomerJoined,), handle)


async def tell(database: Database, merchant: Merchant, *people: str) -> None:
    async with database.begin(merchant) as uow:
        for person in people:
            uow.publish(CustomerJoined(customer_id=person))


async def digest_all(database: Database, merchant: Merchant, consumer: Consumer) -> None:
    while await worker.digest(database, merchant, consumer):
        pass


async def test_a_fact_of_a_transaction_that_commits_late_is_not_skipped(
    database: Database, merchant: Merchant
) -> None:
    seen: list[str] = []
    consumer = remembering(seen)
    early, late = str(ids.new()), str(ids.new())

    async with database.begin(merchant) as slow:
        slow.publish(CustomerJoined(customer_id=late))
        await slow.write_facts()
        await slow.one(int, "select 1")  # it has its place in the log, but is not committed
        await tell(database, merchant, early)
        await worker.digest(database, merchant, consumer)
        assert seen == []  # the later fact waits for the earlier transaction to end
    await digest_all(database, merchant, consumer)

    assert sorted(seen) == sorted([early, late])


async def test_a_poison_fact_goes_to_the_dead_letters_and_the_line_goes_on(
    database: Database, merchant: Merchant
) -> None:
    people = [str(ids.new()) for _ in range(5)]
    seen: list[str] = []
    consumer = remembering(seen, poison=people[2])
    await tell(database, merchant, *people)

    await digest_all(database, merchant, consumer)

    assert set(seen) >= {people[0], people[1], people[3], people[4]}
    assert people[2] not in seen
    async with database.begin(merchant) as uow:
        assert await worker.dead_letters_open(uow) == 1
        assert await worker.pending(uow, consumer) == 0


async def test_two_workers_do_not_digest_the_same_fact_twice(database: Database, merchant: Merchant) -> None:
    for _ in range(5):
        await a_customer(database, merchant)

    async def count(uow: UnitOfWork, events: list[Event]) -> None:
        await asyncio.sleep(0.01)
        await uow.run(
            """
            insert into counters (merchant_id, name, value) values (%(merchant_id)s, 'digested', %(n)s)
            on conflict (merchant_id, name) do update set value = counters.value + excluded.value
            """,
            n=len(events),
        )

    consumer = Consumer("counting", (CustomerJoined,), count)
    await asyncio.gather(*(digest_all(database, merchant, consumer) for _ in range(4)))
    await digest_all(database, merchant, consumer)

    async with database.begin(merchant) as uow:
        assert (
            await uow.one(
                int, "select value from counters where merchant_id = %(merchant_id)s and name = 'digested'"
            )
            == 5
        )


async def test_facts_are_read_in_the_order_of_their_transactions_not_of_their_digits(
    database: Database, merchant: Merchant
) -> None:
    people = [str(ids.new()) for _ in range(4)]
    async with database.begin(merchant) as uow:
        for person, tx in zip(people, ("9", "10", "99", "100"), strict=True):
            await uow.run(
                """
                insert into events (merchant_id, id, tx, kind, at, data)
                values (%(merchant_id)s, %(id)s, %(tx)s::xid8, 'people.joined', %(now)s,
                        jsonb_build_object('kind', 'people.joined', 'customer_id', %(person)s::text))
                """,
                id=ids.new(),
                tx=tx,
                person=person,
            )
    seen: list[str] = []

    await digest_all(database, merchant, remembering(seen))

    assert seen == people
