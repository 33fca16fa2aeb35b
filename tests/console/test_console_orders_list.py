"""The console's list of orders: filters, bounded work however many orders, downloads, many at a time, and scope."""

import csv
import io
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from console.console_floor import Browser
from factories import a_customer, paid, placed, state_of
from siyu.kernel import clock, ids
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.people import customers, staff
from siyu.place import stores
from siyu.runtime import audit, jobs
from siyu.runtime.actors import Actor
from siyu.trade import orders
from siyu.trade.orders import bulk, searching
from siyu.trade.orders.searching import Wanted


@pytest.fixture
async def buyer(floor) -> UUID:
    return await a_customer(floor.database, floor.shop.merchant)


async def found(floor, actor: Actor | None = None, *, limit: int = 50, **wanted) -> list[str]:
    async with floor.database.begin(floor.shop.merchant, *([actor] if actor else [])) as uow:
        answer = await searching.search(uow, Wanted(**wanted), limit=limit)
    return [order.number for order in answer.items]


async def test_every_filter_finds_its_orders_and_no_others(floor, buyer):
    unpaid = await placed(floor.database, floor.shop, buyer, apples=1)
    bought = await paid(floor.database, floor.shop, buyer, apples=2, milk=1)
    here = floor.shop.store_id

    assert await found(floor) == [bought.number, unpaid.number]
    assert await found(floor, state="unpaid") == [unpaid.number]
    assert await found(floor, state="received") == []
    assert await found(floor, store_id=here, delivery="pickup", channel="shop") == [
        bought.number,
        unpaid.number,
    ]
    assert await found(floor, store_id=ids.new()) == []
    assert await found(floor, door_id=ids.new()) == []
    assert await found(floor, promoter_id=ids.new()) == []
    assert await found(floor, delivery="express") == []
    assert await found(floor, least=bought.total) == [bought.number]
    assert await found(floor, most=unpaid.total) == [unpaid.number]
    assert await found(floor, since=clock.now() + timedelta(hours=1)) == []
    assert await found(floor, until=clock.now() - timedelta(hours=1)) == []


async def test_one_field_finds_by_number_phone_tail_nickname_and_product(floor, buyer):
    order = await paid(floor.database, floor.shop, buyer, apples=1)
    other = await a_customer(floor.database, floor.shop.merchant)
    milk = await paid(floor.database, floor.shop, other, apples=0, milk=1)
    async with floor.database.begin(floor.shop.merchant) as uow:
        await customers.bind(uow, buyer, "phone", "13800004321")

    assert await found(floor, text=order.number) == [order.number]
    assert await found(floor, text="4321") == [order.number]
    assert await found(floor, text="13800004321") == [order.number]
    assert await found(floor, text="9999") == []
    assert await found(floor, text="小") == [milk.number, order.number]
    assert await found(floor, text="鲜牛") == [milk.number]
    assert await found(floor, text="%") == []


async def test_the_work_is_bounded_and_nothing_is_missed(floor, buyer, monkeypatch):
    numbers = [(await placed(floor.database, floor.shop, buyer, apples=1)).number for _ in range(6)]
    rare = await found(floor, text="", limit=1)
    monkeypatch.setattr(searching, "WINDOW", 2)
    async with floor.database.begin(floor.shop.merchant) as uow:
        await uow.run(
            "update orders set total = 7 where merchant_id = %(merchant_id)s and number = %(number)s",
            number=numbers[0],
        )

    seen, cursor, pages = [], None, 0
    while True:
        async with floor.database.begin(floor.shop.merchant) as uow:
            page = await searching.search(uow, Wanted(most=7), after=after_moment(cursor))
        seen += [order.number for order in page.items]
        pages += 1
        assert page.next is None or page.looked_until is not None
        if page.next is None:
            break
        cursor = page.next

    assert rare == [numbers[-1]]
    assert seen == [numbers[0]]
    assert pages == 4  # three windows of two, and the one that finds the end


async def test_a_to_do_list_shorter_than_the_window_is_complete_at_once(floor, buyer, monkeypatch):
    oldest = await paid(floor.database, floor.shop, buyer, apples=1)
    for _ in range(4):
        await placed(floor.database, floor.shop, buyer, apples=1)
    monkeypatch.setattr(searching, "WINDOW", 3)

    async with floor.database.begin(floor.shop.merchant) as uow:
        rare = await searching.search(uow, Wanted(state="paid"))
        many = await searching.search(uow, Wanted(state="unpaid", most=1))

    assert ([order.number for order in rare.items], rare.next) == ([oldest.number], None)
    assert many.items == []
    assert many.next is not None, "four are unpaid: more than was looked at"


async def test_tabs_count_to_a_bound(floor, owner, buyer, monkeypatch):
    for _ in range(3):
        await placed(floor.database, floor.shop, buyer, apples=1)
    monkeypatch.setattr(searching, "COUNTED_MAX", 3)

    page = (await owner.get("/console/orders")).text

    assert re.sub(r"<[^>]+>", " ", page).split("待付款")[1].split()[0] == "2+"


async def test_a_download_has_every_row_that_matches_and_is_written_down(floor, owner, buyer):
    unpaid = await placed(floor.database, floor.shop, buyer, apples=1)
    bought = await paid(floor.database, floor.shop, buyer, apples=2)

    answer = await owner.get("/console/orders?state=paid&export=csv")

    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    amount = head.index("金额")
    assert [(row[0], row[amount]) for row in rows] == [(bought.number, "25.80")]
    assert unpaid.number not in answer.text
    async with floor.database.begin(floor.shop.merchant) as uow:
        (entry,) = (await audit.listing(uow, audit.Wanted(action="orders.export"))).items
    assert entry.after == {"filters": {"state": "paid"}, "format": "csv"}
    assert (await owner.get("/console/orders?export=exe")).status_code == 422


async def worked_off(floor, *kinds: jobs.Kind) -> None:
    while await jobs.run_step(floor.database, floor.shop.merchant, kinds or bulk.JOBS):
        pass


async def job_of(floor, answer) -> jobs.Job:
    job_id = UUID(re.search(r"/jobs/([0-9a-f-]{36})", answer.headers["hx-location"])[1])
    async with floor.database.begin(floor.shop.merchant) as uow:
        return await jobs.find(uow, job_id)


async def test_a_note_is_added_to_the_ticked_orders_once(floor, owner, buyer):
    first, second = [await placed(floor.database, floor.shop, buyer, apples=1) for _ in range(2)]
    asked = {
        "action": "note", "text": "周五统一发", "order": [str(first.id)], "idempotency_key": str(uuid4()),
    }  # fmt: skip

    answers = [await owner.tap("/console/orders/bulk", asked) for _ in range(2)]
    await worked_off(floor)

    job = await job_of(floor, answers[0])
    assert (job.state, job.done, job.failed, job.actor_name) == ("done", 1, 0, "陈店长")
    async with floor.database.begin(floor.shop.merchant) as uow:
        notes = [await orders.notes(uow, order.id) for order in (first, second)]
    assert [[(note.text, note.actor_name) for note in each] for each in notes] == [
        [("周五统一发", "陈店长")],
        [],
    ]


async def test_receiving_many_says_which_could_not_be(floor, owner, buyer):
    handed = await paid(floor.database, floor.shop, buyer, apples=1)
    waiting = await paid(floor.database, floor.shop, buyer, apples=1)
    async with floor.database.begin(floor.shop.merchant) as uow:
        await orders.hand_over(uow, [handed.id])

    answer = await owner.tap(
        "/console/orders/bulk",
        {"action": "receive", "all": "1", "query": "", "idempotency_key": str(uuid4())},
    )
    await worked_off(floor)

    job = await job_of(floor, answer)
    assert (job.done, job.failed) == (2, 1)
    assert await state_of(floor.database, floor.shop, handed.id) == "received"
    assert await state_of(floor.database, floor.shop, waiting.id) == "paid"
    page = (await owner.client.get(f"/console/{owner.slug}/jobs/{job.id}")).text
    assert waiting.number in page
    report = await owner.get(f"/console/jobs/{job.id}/report?kind=csv")
    assert list(csv.reader(io.StringIO(report.content.decode("utf-8-sig"))))[1][1:] == [
        waiting.number, "订单已付款，不能做这个操作。",
    ]  # fmt: skip


async def test_only_the_unpaid_are_cancelled(floor, owner, buyer):
    unpaid = await placed(floor.database, floor.shop, buyer, apples=1)
    bought = await paid(floor.database, floor.shop, buyer, apples=1)
    asked: list[UUID] = []

    async def cancel(database, merchant, order_id: UUID) -> None:
        asked.append(order_id)
        async with database.begin(merchant) as uow:
            if (await orders.find(uow, order_id)).state != "unpaid":
                raise orders.WrongState("paid")
            await orders.close(uow, [order_id], "cancelled_by_merchant")

    answer = await owner.tap(
        "/console/orders/bulk",
        {
            "action": "cancel", "order": [str(unpaid.id), str(bought.id)], "idempotency_key": str(uuid4()),
        },
    )  # fmt: skip
    await worked_off(floor, bulk.cancelling(cancel))

    job = await job_of(floor, answer)
    assert (job.done, job.failed) == (2, 1)
    assert asked == [unpaid.id, bought.id]
    assert await state_of(floor.database, floor.shop, unpaid.id) == "closed"
    assert await state_of(floor.database, floor.shop, bought.id) == "paid"


async def test_nothing_ticked_an_unknown_action_or_no_right_starts_nothing(floor, owner, buyer):
    order = await placed(floor.database, floor.shop, buyer, apples=1)
    guide = await floor.member("guide")
    key = {"idempotency_key": str(uuid4())}

    refused = [
        await owner.tap("/console/orders/bulk", {"action": "note", "text": "x", **key}),
        await owner.tap("/console/orders/bulk", {"action": "explode", "order": str(order.id), **key}),
        await owner.tap(
            "/console/orders/bulk", {"action": "note", "text": "", "order": str(order.id), **key}
        ),
        await owner.tap("/console/orders/bulk", {"action": "receive", "order": str(order.id)}),
        await guide.tap(
            "/console/orders/bulk", {"action": "note", "text": "x", "order": str(order.id), **key}
        ),
    ]

    assert [answer.status_code for answer in refused] == [422, 422, 422, 422, 403]
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await jobs.listing(uow) == []


async def of_another_store(floor) -> Browser:
    """Somebody who reads and writes orders of one other store only."""
    async with floor.database.begin(floor.shop.merchant) as uow:
        other = await stores.add(uow, stores.NewStore(code="S9", name="九店", address="九路 9 号"))
    return await scoped(floor, other.id, ids.new())


async def scoped(floor, store_id: UUID, role_id: UUID) -> Browser:
    async with floor.database.begin(floor.shop.merchant) as uow:
        await staff.add_role(
            uow,
            role_id,
            staff.NewRole(
                f"客服{role_id.hex[-4:]}",
                frozenset({Permission.ORDERS_READ, Permission.ORDERS_WRITE, Permission.PICKUP_VERIFY}),
                "stores",
            ),
        )
        await staff.hire(
            uow, login=role_id.hex[-8:], name="小周", password="a long password",
            wanted=staff.Assignment(str(role_id), (store_id,)),
        )  # fmt: skip
    browser = floor.stranger()
    assert (await browser.sign_in(role_id.hex[-8:])).status_code == 303
    return browser


async def test_orders_of_other_stores_do_not_exist_for_somebody_with_a_scope(floor, buyer):
    order = await paid(floor.database, floor.shop, buyer, apples=1)
    stranger = await of_another_store(floor)
    insider = await scoped(floor, floor.shop.store_id, ids.new())
    paths = [
        f"/console/orders/{order.id}",
        f"/console/orders/{order.id}/glance",
        f"/console/orders/{order.id}/money",
    ]

    assert order.number not in (await stranger.get("/console/orders")).text
    assert order.number not in (await stranger.get("/console/orders?export=csv")).text
    link = f"/orders/{order.id}"
    assert link not in (await stranger.get(f"/console/orders?q={order.number}")).text
    assert link not in (await stranger.get(f"/console/find?q={order.number}")).text
    assert link in (await insider.get(f"/console/find?q={order.number}")).text
    assert [(await stranger.get(path)).status_code for path in paths] == [404, 404, 404]
    assert (await stranger.tap(f"/console/orders/{order.id}/notes", {"text": "x"})).status_code == 404
    assert (await stranger.tap(f"/console/orders/{order.id}/cancel")).status_code == 404
    assert order.number in (await insider.get("/console/orders")).text
    assert [(await insider.get(path)).status_code for path in paths] == [200, 200, 200]


async def test_a_job_over_orders_keeps_to_the_scope_of_whoever_asked(floor, buyer):
    order = await paid(floor.database, floor.shop, buyer, apples=1)
    stranger = await of_another_store(floor)

    answer = await stranger.tap(
        "/console/orders/bulk",
        {"action": "note", "text": "x", "order": str(order.id), "idempotency_key": str(uuid4())},
    )
    await worked_off(floor)

    job = await job_of(floor, answer)
    assert (job.done, job.failed) == (1, 1)
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await orders.notes(uow, order.id) == []


async def test_the_header_finds_orders_customers_products_and_pages(floor, owner, buyer):
    order = await paid(floor.database, floor.shop, buyer, apples=1)

    assert f"/orders/{order.id}" in (await owner.get(f"/console/find?q={order.number}")).text
    assert f"/customers/{buyer}" in (await owner.get("/console/find?q=小满")).text
    assert "/ledger" in (await owner.get("/console/find?q=账本")).text
    below = await owner.get("/console/find?q=红富士", **{"hx-request": "true", "hx-target": "found"})
    assert "<html" not in below.text
    assert "红富士苹果" in below.text
    guide = await floor.member("guide")
    seen = (await guide.get("/console/find?q=小满")).text
    assert f"/customers/{buyer}" not in seen
