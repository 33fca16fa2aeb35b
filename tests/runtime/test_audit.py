"""The audit log: written with the change or not at all, never changed, found by what people ask."""

from datetime import timedelta

import psycopg
import pytest

from siyu.kernel import ids
from siyu.kernel.paging import after_moment
from siyu.runtime import audit
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant

CLERK = Actor("staff", ids.new(), name="小陈")
ORDER = ids.new()


async def noted(database: Database, merchant: Merchant, action: str = "orders.edit_price", **facts) -> None:
    async with database.begin(merchant, facts.pop("actor", CLERK)) as uow:
        await audit.note(uow, action, subject_kind="order", **facts)


async def listed(database: Database, merchant: Merchant, **wanted) -> list[audit.Entry]:
    async with database.begin(merchant) as uow:
        return list((await audit.listing(uow, audit.Wanted(**wanted))).items)


async def test_an_entry_says_who_what_from_what_to_what_and_why(
    database: Database, merchant: Merchant
) -> None:
    await noted(
        database, merchant, subject=ORDER, name="N1", before={"total": 1_000, "freight": 0},
        after={"total": 900, "freight": 0}, reason=" 熟客 ",
    )  # fmt: skip

    (entry,) = await listed(database, merchant)
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("staff", CLERK.id, "小陈")
    assert (entry.action, entry.subject_kind, entry.subject_id, entry.subject) == (
        "orders.edit_price", "order", ORDER, "N1",
    )  # fmt: skip
    assert entry.reason == "熟客"
    assert audit.changes(entry) == [audit.Change("total", 1_000, 900)]


async def test_what_is_refused_leaves_no_entry(database: Database, merchant: Merchant) -> None:
    with pytest.raises(KeyError):
        async with database.begin(merchant, CLERK) as uow:
            await audit.note(uow, "orders.edit_price", subject_kind="order")
            raise KeyError("refused after all")

    assert await listed(database, merchant) == []


@pytest.mark.parametrize("statement", ["update audit_log set reason = 'x'", "delete from audit_log"])
async def test_nobody_changes_the_past(database: Database, merchant: Merchant, statement: str) -> None:
    await noted(database, merchant)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.begin(merchant) as uow:
            await uow.connection.execute(statement.encode())

    assert len(await listed(database, merchant)) == 1


async def test_entries_are_found_by_action_person_subject_and_day(
    database: Database, merchant: Merchant
) -> None:
    other = Actor("staff", ids.new(), name="老李")
    await noted(database, merchant, "orders.edit_price", subject=ORDER)
    await noted(database, merchant, "staff.hire", actor=other)
    (first,) = await listed(database, merchant, action="orders.edit_price")

    assert [e.action for e in await listed(database, merchant, actor_id=other.id)] == ["staff.hire"]
    assert [e.action for e in await listed(database, merchant, subject_id=ORDER)] == ["orders.edit_price"]
    assert len(await listed(database, merchant, since=first.at)) == 2
    assert await listed(database, merchant, until=first.at) == []
    assert await listed(database, merchant, since=first.at + timedelta(days=1)) == []
    async with database.begin(merchant) as uow:
        assert await audit.actions_known(uow) == ["orders.edit_price", "staff.hire"]


async def test_the_log_is_read_on_by_keyset(database: Database, merchant: Merchant) -> None:
    for n in range(5):
        await noted(database, merchant, name=str(n))

    seen, cursor = [], None
    for _ in range(3):
        async with database.begin(merchant) as uow:
            page = await audit.listing(uow, audit.Wanted(), after=after_moment(cursor), limit=2)
        seen += [entry.subject for entry in page.items]
        cursor = page.next

    assert (seen, cursor) == (["4", "3", "2", "1", "0"], None)


async def test_another_merchant_sees_nothing(database: Database, merchant: Merchant, new_shop) -> None:
    await noted(database, merchant)

    assert await listed(database, await new_shop()) == []
