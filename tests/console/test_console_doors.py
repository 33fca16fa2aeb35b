"""Doors and customers on the console: what a person cost, and how we met them."""

import io
import xml.etree.ElementTree as ET

from PIL import Image

from factories import a_customer
from siyu.kernel import ids
from siyu.people import customers
from siyu.place import doors


async def opened(floor, **changes: str) -> doors.Door:
    async with floor.database.begin(floor.shop.merchant) as uow:
        wish = {"name": "滨江货架", "kind": "store_shelf", "space": "point", "ownership": "owned", **changes}
        return await doors.open_door(uow, doors.NewDoor(**wish))


async def test_a_door_is_opened_with_its_code_to_print(floor, owner):
    said = {
        "name": "滨江货架",
        "kind": "store_shelf",
        "space": "point",
        "ownership": "owned",
        "store": str(floor.shop.store_id),
        "target": "category",
    }
    done = await owner.tap("/console/doors", said)

    assert done.status_code == 200, done.text
    async with floor.database.begin(floor.shop.merchant) as uow:
        (door,) = await doors.every(uow)
    assert (door.name, door.kind, door.store_id, door.target) == (
        "滨江货架",
        "store_shelf",
        floor.shop.store_id,
        "category",
    )
    link = f"{floor.settings.base_url}/d/{owner.slug}/{door.code}"
    assert link in (await owner.get(f"/console/doors/{door.id}")).text
    svg = await owner.get(f"/console/doors/{door.id}/code/svg")
    assert ET.fromstring(svg.text).tag == "{http://www.w3.org/2000/svg}svg"
    png = await owner.get(f"/console/doors/{door.id}/code/png")
    assert Image.open(io.BytesIO(png.content)).width >= 500
    assert f'filename="{owner.slug}-{door.code}.png"' in png.headers["content-disposition"]
    assert (await owner.get(f"/console/doors/{door.id}/code/exe")).status_code == 404


async def test_a_door_without_sense_is_refused_at_the_field_and_not_opened(floor, owner):
    said = {
        "name": "x",
        "kind": "store_shelf",
        "space": "point",
        "ownership": "owned",
        "target": "",
        "store": "",
    }
    for change, field in (
        ({"name": " "}, "name"),
        ({"kind": "window"}, "kind"),
        ({"target": "https://evil.test"}, "target"),
        ({"store": "nowhere"}, "kind"),
    ):
        refused = await owner.tap("/console/doors", {**said, **change})
        assert refused.status_code == 422, change
        assert f'"field": "{field}"' in refused.headers["hx-trigger"]
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await doors.every(uow) == []


async def test_costs_are_divided_by_the_people_a_door_brought(floor, owner):
    door = await opened(floor)
    visitor = ids.new()
    async with floor.database.begin(floor.shop.merchant) as uow:
        await doors.scan(uow, door.code, visitor, None)
        await doors.scan(uow, door.code, ids.new(), None)
        for openid in ("o-a", "o-b", "o-c"):
            await customers.sign_in_as(
                uow, [("wechat_openid", openid)], nickname=openid, first_door_id=door.id, channel="wechat"
            )

    for amount in ("100.00", "0.50"):
        done = await owner.tap(
            f"/console/doors/{door.id}/costs", {"day": "2026-11-01", "amount": amount, "note": "印刷"}
        )
        assert done.status_code == 200
    for wrong in ({"amount": "0"}, {"amount": "ten"}, {"day": "yesterday"}):
        said = {"day": "2026-11-01", "amount": "1", "note": "", **wrong}
        assert (await owner.tap(f"/console/doors/{door.id}/costs", said)).status_code == 422

    async with floor.database.begin(floor.shop.merchant) as uow:
        sums = await doors.sums_of(uow, [door.id])
        days = await doors.days_of(uow, door.id)
    assert sums == doors.DoorSums(scans=2, visitors=2, people=3, cost=10_050)
    assert sums.cost_per_person == 3_350
    assert (len(days), days[-1].scans, days[-1].people, sum(day.scans for day in days)) == (30, 2, 3, 2)
    page = (await owner.get("/console/doors")).text
    assert "¥100.50" in page
    assert "¥33.50" in page


async def test_a_closed_door_says_so_and_opens_again(floor, owner):
    door = await opened(floor)

    await owner.tap(f"/console/doors/{door.id}/open", {"is_open": "0"})
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert not (await doors.find(uow, door.id)).is_open
    assert "已关闭" in (await owner.get(f"/console/doors/{door.id}")).text
    await owner.tap(f"/console/doors/{door.id}/open", {"is_open": "1"})
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await doors.find(uow, door.id)).is_open


async def test_a_customer_is_known_by_masked_identities_consents_and_doors(floor, owner):
    door = await opened(floor)
    visitor = ids.new()
    async with floor.database.begin(floor.shop.merchant) as uow:
        await doors.scan(uow, door.code, visitor, None)
        person = await customers.sign_in_as(
            uow,
            [("wechat_openid", "oABCDEFGHIJKLMNOP"), ("phone", "19912345678")],
            nickname="小满",
            first_door_id=door.id,
            channel="wechat",
        )
        await doors.claim_touches(uow, visitor, person.customer_id)
        await customers.record_consent(uow, person.customer_id, "marketing", is_given=True, channel="shop")

    listed = (await owner.get("/console/customers?q=19912345678")).text
    page = (await owner.get(f"/console/customers/{person.customer_id}")).text
    met = (await owner.get(f"/console/customers/{person.customer_id}/touches")).text

    assert "小满" in listed
    assert "小满" not in (await owner.get("/console/customers?q=1991234567")).text
    for text in (listed.split("<main")[1].replace('value="19912345678"', ""), page):
        assert "19912345678" not in text
        assert "oABCDEFGHIJKLMNOP" not in text
    assert "199****5678" in page
    assert "营销消息" in page
    assert "经过 滨江货架" in met


async def test_finance_does_not_see_customers(floor):
    finance = await floor.member("finance")
    buyer = await a_customer(floor.database, floor.shop.merchant)

    assert (await finance.get("/console/customers")).status_code == 403
    assert (await finance.get(f"/console/customers/{buyer}")).status_code == 403
