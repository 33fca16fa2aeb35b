"""What staff change about an order: notes, price seen beforehand, address; looking at an address is written down."""

import msgspec
import pytest

from factories import a_customer, paid, placed
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.people import addresses, staff
from siyu.runtime import audit
from siyu.trade import orders

HOME = addresses.Address(
    "王小满", "13800001234", "330602", ("浙江省", "绍兴市", "越城区"), "小满巷 12 号 3 幢"
)


@pytest.fixture
async def order(floor):
    """Paid, to be sent to HOME."""
    buyer = await a_customer(floor.database, floor.shop.merchant)
    made = await paid(floor.database, floor.shop, buyer, apples=2)
    async with floor.database.begin(floor.shop.merchant) as uow:
        await uow.run(
            """
            update orders set delivery = 'express', address = %(address)s::jsonb
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=made.id,
            address=msgspec.json.encode(HOME).decode(),
        )
    return made


async def noted(floor, order_id) -> list[str]:
    async with floor.database.begin(floor.shop.merchant) as uow:
        return [entry.action for entry in (await audit.listing(uow, audit.Wanted(subject_id=order_id))).items]


async def test_an_address_is_masked_until_somebody_who_may_looks_and_that_is_noted(floor, owner, order):
    page = (await owner.get(f"/console/orders/{order.id}")).text
    assert "王**" in page
    assert "138****1234" in page
    assert HOME.detail not in page
    assert HOME.phone not in page
    assert await noted(floor, order.id) == []

    shown = await owner.tap(f"/console/orders/{order.id}/address/reveal")

    assert HOME.phone in shown.text
    assert HOME.detail in shown.text
    assert await noted(floor, order.id) == ["orders.reveal_address"]
    assert "查看完整收货信息" in (await owner.get(f"/console/orders/{order.id}")).text


async def test_who_may_not_see_addresses_cannot_reveal_one(floor, owner, order):
    async with floor.database.begin(floor.shop.merchant) as uow:
        role_id = ids.new()
        may = frozenset({Permission.ORDERS_READ, Permission.ORDERS_WRITE})
        await staff.add_role(uow, role_id, staff.NewRole("打单", may, "all"))
        wanted = staff.Assignment(str(role_id))
        await staff.hire(uow, login="li", name="小李", password="a long password", wanted=wanted)
    clerk = floor.stranger()
    assert (await clerk.sign_in("li")).status_code == 303

    assert (await clerk.tap(f"/console/orders/{order.id}/address/reveal")).status_code == 403
    form = (await clerk.get(f"/console/orders/{order.id}/address")).text
    assert HOME.phone not in form
    assert HOME.detail not in form
    assert await noted(floor, order.id) == []


async def test_an_address_is_changed_while_nothing_has_left(floor, owner, order):
    said = {
        "name": "王小满", "phone": "13900005678", "province": "33", "city": "3306", "district": "330602",
        "street": "", "detail": "新路 1 号",
    }  # fmt: skip

    changed = await owner.tap(f"/console/orders/{order.id}/address", said)
    refused = await owner.tap(f"/console/orders/{order.id}/address", {**said, "phone": "1"})

    assert (changed.status_code, refused.status_code) == (200, 422)
    async with floor.database.begin(floor.shop.merchant) as uow:
        address = (await orders.find(uow, order.id)).address
    assert address is not None
    assert (address.phone, address.detail) == ("13900005678", "新路 1 号")
    assert "orders.change_address" in await noted(floor, order.id)


async def test_a_note_is_shown_with_its_author(floor, owner, order):
    done = await owner.tap(f"/console/orders/{order.id}/notes", {"text": "<b>易碎</b>"})
    empty = await owner.tap(f"/console/orders/{order.id}/notes", {"text": "  "})

    assert "&lt;b&gt;易碎&lt;/b&gt;" in done.text
    assert "陈店长" in done.text
    assert empty.status_code == 422


async def test_another_price_is_seen_before_it_is_done(floor, owner):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    unpaid = await placed(floor.database, floor.shop, buyer, apples=2)

    seen = await owner.tap(f"/console/orders/{unpaid.id}/price/preview", {"amount-1": "20.00"})
    wrong = await owner.tap(f"/console/orders/{unpaid.id}/price/preview", {"amount-1": "20.001"})

    assert "<del>¥25.80</del> <ins>¥20.00</ins>" in seen.text
    assert "改后应付 ¥20.00" in seen.text
    assert wrong.status_code == 422
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await orders.find(uow, unpaid.id)).total == 2_580
