"""Giving coupons out to many, with payments, and what becomes of them by themselves."""

from datetime import timedelta

import pytest

from factories import a_customer, a_shop, an_order
from goods.coupon_shop import a_template, issued, later, people, rows
from siyu.events import OrderPaid, OrderRefunded
from siyu.goods import offers
from siyu.goods.offers import coupon_packs, coupons_issue, coupons_life, coupons_listening
from siyu.goods.offers.coupons_issue import Chosen
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.runtime import jobs
from siyu.runtime.worker import Event
from siyu.trade import orders


async def issue(database, merchant, offer_id, chosen=Chosen(), batch_id=None):  # noqa: B008 - a frozen struct
    async with database.begin(merchant) as uow:
        return await offers.issue_coupons(uow, offer_id, chosen, batch_id=batch_id or ids.new())


async def work_off(database, merchant):
    while await jobs.run_step(database, merchant, coupon_packs.JOBS):
        pass


async def test_everybody_gets_exactly_one_however_often_the_run_is_repeated(database, merchant):
    offer_id = await a_template(database, merchant)
    everybody = await people(database, merchant, 7)
    batch_id = ids.new()

    first = await issue(database, merchant, offer_id, batch_id=batch_id)
    again = await issue(database, merchant, offer_id, batch_id=batch_id)

    assert (first.wanted, first.issued) == (7, 7)
    assert again == first
    assert sorted(one.customer_id for one in await rows(database, merchant, offer_id)) == everybody
    assert await issued(database, merchant, offer_id) == 7


async def test_a_new_run_gives_another_one(database, merchant):
    offer_id = await a_template(database, merchant)
    await people(database, merchant, 2)

    await issue(database, merchant, offer_id)
    await issue(database, merchant, offer_id)

    assert len(await rows(database, merchant, offer_id)) == 4


async def test_only_those_who_were_meant_get_one(database, merchant):
    offer_id = await a_template(database, merchant)
    await people(database, merchant, 3)
    gold = await people(database, merchant, 2, level="金卡")

    by_level = await issue(database, merchant, offer_id, Chosen(levels=("金卡",)))
    chosen = await issue(database, merchant, offer_id, Chosen(customer_ids=(gold[0],)))

    assert (by_level.issued, chosen.issued) == (2, 1)
    assert sorted(one.customer_id for one in await rows(database, merchant, offer_id)) == sorted(
        [*gold, gold[0]]
    )


async def test_a_run_the_total_does_not_cover_is_refused_whole(database, merchant):
    offer_id = await a_template(database, merchant, total=3)
    await people(database, merchant, 4)

    with pytest.raises(DomainError) as refusal:
        await issue(database, merchant, offer_id)

    assert refusal.value.sentence("zh") == "总量只剩 3 张，这次要发 4 张，未发放。"
    assert await rows(database, merchant, offer_id) == []


async def test_one_id_is_for_one_run(database, merchant):
    offer_id = await a_template(database, merchant)
    first, _ = await people(database, merchant, 2)
    batch_id = ids.new()
    await issue(database, merchant, offer_id, batch_id=batch_id)

    with pytest.raises(DomainError) as refusal:
        await issue(database, merchant, offer_id, Chosen(customer_ids=(first,)), batch_id)

    assert refusal.value.code == "idempotency_conflict"
    assert len(await rows(database, merchant, offer_id)) == 2


async def test_a_large_run_is_worked_off_in_parts_and_counts_everybody_once(database, merchant, monkeypatch):
    monkeypatch.setattr(coupons_issue, "AT_ONCE", 1)
    monkeypatch.setattr(coupons_issue, "STEP_CUSTOMERS", 4)
    offer_id = await a_template(database, merchant)
    everybody = await people(database, merchant, 10)
    batch_id = ids.new()

    begun = await issue(database, merchant, offer_id, batch_id=batch_id)
    await work_off(database, merchant)

    assert begun.issued == 0
    async with database.begin(merchant) as uow:
        job = await jobs.find(uow, batch_id)
        run = await coupons_issue.batch(uow, batch_id)
    assert (job.state, job.done, job.failed, job.result) == ("done", 10, 0, f"offers/{offer_id}/coupons")
    assert run.issued == 10
    assert sorted(one.customer_id for one in await rows(database, merchant, offer_id)) == everybody


async def test_a_run_that_others_overtook_stops_and_says_so(database, merchant, monkeypatch):
    monkeypatch.setattr(coupons_issue, "AT_ONCE", 1)
    offer_id = await a_template(database, merchant, total=3)
    first, *_ = await people(database, merchant, 3)
    batch_id = ids.new()
    await issue(database, merchant, offer_id, batch_id=batch_id)
    async with database.begin(merchant) as uow:
        await offers.claim(uow, offer_id, first)

    await work_off(database, merchant)

    async with database.begin(merchant) as uow:
        job = await jobs.find(uow, batch_id)
        (failure,) = await jobs.failures(uow, batch_id)
    assert (job.state, failure.zh) == ("done", "优惠券已经领完了。")
    assert await issued(database, merchant, offer_id) == len(await rows(database, merchant, offer_id)) == 3


async def test_a_pack_has_as_many_different_codes_as_asked_for(database, merchant):
    offer_id = await a_template(database, merchant, total=30_000)
    batch_id = ids.new()
    async with database.begin(merchant) as uow:
        await offers.make_pack(uow, offer_id, 25_000, batch_id=batch_id)
    await work_off(database, merchant)

    async with database.begin(merchant) as uow:
        codes = [one.code async for one in coupon_packs.codes_of(uow, batch_id)]
        with pytest.raises(DomainError) as refusal:
            await offers.make_pack(uow, offer_id, 6_000, batch_id=ids.new())

    assert len(set(codes)) == len(codes) == 25_000
    assert {len(code) for code in codes} == {12}
    assert set("".join(codes)) == set(ids.SAFE_ALPHABET)
    assert refusal.value.facts == {"left": 5_000, "wanted": 6_000}


async def given_after(database, merchant, offer_id, paid, refunded=()):
    """Tell the consumer of these payments `(order, customer, total)`, twice, as a restart does."""
    facts = [
        Event(ids.new(), clock.now(), OrderPaid(order, "N1", customer, total, ()))
        for order, customer, total in paid
    ]
    facts += [Event(ids.new(), clock.now(), OrderRefunded(order, ids.new(), 1, ())) for order in refunded]
    for _ in range(2):
        async with database.begin(merchant) as uow:
            await coupons_listening.on_facts(uow, facts)
    return await rows(database, merchant, offer_id)


async def test_a_payment_brings_one_coupon_however_often_it_is_told(database, merchant):
    offer_id = await a_template(database, merchant, after_payment=10_000, is_public=False)
    rich, poor = await people(database, merchant, 2)
    order = ids.new()

    found = await given_after(database, merchant, offer_id, [(order, rich, 10_000), (ids.new(), poor, 9_999)])

    assert [(one.customer_id, one.source, one.state) for one in found] == [(rich, "paid", "issued")]
    assert await issued(database, merchant, offer_id) == 1


async def test_payments_bring_coupons_only_while_they_last(database, merchant):
    offer_id = await a_template(database, merchant, after_payment=100, total=2)
    buyers = await people(database, merchant, 3)

    found = await given_after(database, merchant, offer_id, [(ids.new(), buyer, 100) for buyer in buyers])

    assert len(found) == 2


async def test_a_coupon_given_with_a_payment_goes_when_all_of_it_is_refunded(database, merchant):
    shop = await a_shop(database, merchant)
    offer_id = await a_template(database, merchant, after_payment=100)
    buyer = await a_customer(database, merchant)
    order = await orders.place(database, merchant, an_order(shop, buyer, apples=2), pay_minutes=30)
    given = await given_after(database, merchant, offer_id, [(order.id, buyer, 2_580)], refunded=[order.id])
    async with database.begin(merchant) as uow:
        await uow.run(
            "update orders set state = 'refunded', paid_at = %(now)s where merchant_id = %(merchant_id)s and id = %(id)s",
            id=order.id,
        )

    after = await given_after(database, merchant, offer_id, [], refunded=[order.id])

    assert [one.state for one in given] == ["issued"]
    assert [one.state for one in after] == ["void"]


async def test_coupons_are_pointed_to_before_they_end_and_expire_after(database, merchant):
    offer_id = await a_template(database, merchant, days=3)
    (customer,) = await people(database, merchant, 1)
    async with database.begin(merchant) as uow:
        await offers.claim(uow, offer_id, customer)

    async def swept():
        async with database.begin(merchant) as uow:
            return len(await coupons_life.remind_due(uow)), await coupons_life.expire_due(uow)

    assert await swept() == (0, 0)
    later(days=1, seconds=5)
    assert [await swept(), await swept()] == [(1, 0), (0, 0)]
    later(days=3, seconds=5)
    assert [await swept(), await swept()] == [(0, 1), (0, 0)]
    assert [one.state for one in await rows(database, merchant, offer_id)] == ["expired"]


async def test_void_is_for_coupons_that_no_order_holds(database, merchant):
    offer_id = await a_template(database, merchant, claims_max=2)
    (customer,) = await people(database, merchant, 1)
    async with database.begin(merchant) as uow:
        free = await offers.claim(uow, offer_id, customer)
        taken = await offers.claim(uow, offer_id, customer)
        await uow.run(
            """
            update coupons set state = 'locked', order_id = %(order)s
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=taken.id,
            order=ids.new(),
        )

    async with database.begin(merchant) as uow:
        await offers.void_coupon(uow, free.id, reason="发错了")
        await offers.void_coupon(uow, free.id)
        with pytest.raises(DomainError) as refusal:
            await offers.void_coupon(uow, taken.id)

    assert refusal.value.code == "coupons.in_use"
    assert sorted(one.state for one in await rows(database, merchant, offer_id)) == ["locked", "void"]


async def test_a_prize_is_given_once(database, merchant):
    offer_id = await a_template(database, merchant, is_public=False)
    (customer,) = await people(database, merchant, 1)
    draw = ids.new()

    async with database.begin(merchant) as uow:
        first = await offers.give_coupon(uow, offer_id, customer, of=draw, source="prize")
        second = await offers.give_coupon(uow, offer_id, customer, of=draw, source="prize")

    assert first == second
    assert first.valid_until - first.valid_from == timedelta(days=30)
    assert await issued(database, merchant, offer_id) == 1
