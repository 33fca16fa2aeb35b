"""Doors: a scan leaves a touch, and touches follow the person."""

from datetime import timedelta

import pytest

from factories import a_customer
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.place import doors
from siyu.runtime.db import Database, Merchant


async def a_door(database: Database, merchant: Merchant, **changes: object) -> doors.Door:
    facts = {"name": "收银台", "kind": "store_shelf", "space": "point", "ownership": "owned", **changes}
    async with database.begin(merchant) as uow:
        return await doors.open_door(uow, doors.NewDoor(**facts))


async def test_a_reload_is_not_a_second_visit(database: Database, merchant: Merchant) -> None:
    door, visitor = await a_door(database, merchant), ids.new()

    for _ in range(3):
        async with database.begin(merchant) as uow:
            await doors.scan(uow, door.code, visitor, None)
    clock.move_to(timedelta(minutes=2))
    async with database.begin(merchant) as uow:
        await doors.scan(uow, door.code, visitor, None)
        (report,) = await doors.reports(uow)

    assert report.scans == 2


async def test_touches_follow_the_visitor_into_the_customer(database: Database, merchant: Merchant) -> None:
    first, second = (
        await a_door(database, merchant),
        await a_door(database, merchant, name="抖音", space="platform"),
    )
    visitor = ids.new()
    async with database.begin(merchant) as uow:
        await doors.scan(uow, first.code, visitor, None)
    clock.move_to(timedelta(minutes=5))
    async with database.begin(merchant) as uow:
        await doors.scan(uow, second.code, visitor, None)
    customer = await a_customer(database, merchant)

    async with database.begin(merchant) as uow:
        assert await doors.first_door_of_visitor(uow, visitor) == first.id
        assert await doors.claim_touches(uow, visitor, customer) == 2
        came = await doors.attributions(uow, [customer])
        seen = await doors.touches_of_customer(uow, customer)

    assert came[customer] == doors.Attribution(customer, second.id, None)
    assert [touch.door_id for touch in seen] == [second.id, first.id]


async def test_a_closed_or_unknown_code_leaves_no_touch(database: Database, merchant: Merchant) -> None:
    door = await a_door(database, merchant)
    async with database.begin(merchant) as uow:
        await uow.run("update doors set is_open = false where merchant_id = %(merchant_id)s")

    with pytest.raises(doors.DoorClosed):
        async with database.begin(merchant) as uow:
            await doors.scan(uow, door.code, ids.new(), None)
    with pytest.raises(NotFound):
        async with database.begin(merchant) as uow:
            await doors.scan(uow, "NOSUCH", ids.new(), None)

    async with database.begin(merchant) as uow:
        assert (await doors.reports(uow))[0].scans == 0


@pytest.mark.parametrize(
    ("changes", "field"), [({"name": " "}, "name"), ({"target": "//evil.example"}, "target")]
)
async def test_a_door_that_makes_no_sense_is_refused(
    database: Database, merchant: Merchant, changes: dict[str, object], field: str
) -> None:
    if field == "target":
        changes = {"target": "https://evil.example"}

    with pytest.raises(Invalid) as refusal:
        await a_door(database, merchant, **changes)

    assert refusal.value.field == field


async def test_costs_add_up_per_door(database: Database, merchant: Merchant) -> None:
    door = await a_door(database, merchant)
    async with database.begin(merchant) as uow:
        await doors.add_cost(uow, door.id, clock.now().date(), 12_300, "印刷")
        await doors.add_cost(uow, door.id, clock.now().date(), 700)
        (report,) = await doors.reports(uow)
    with pytest.raises(Invalid):
        async with database.begin(merchant) as uow:
            await doors.add_cost(uow, door.id, clock.now().date(), 0)

    assert report.cost == 13_000
