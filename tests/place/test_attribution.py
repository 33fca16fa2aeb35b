"""Relations in the database: from links, purchases and people; and why an order went to whom it went."""

from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, paid
from growth.commission_shop import ANNA, a_plan, a_promoter, bought, lines, work
from siyu.growth import promoters
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.people import customers
from siyu.place import attribution, doors
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import orders


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def told(database: Database, shop: Shop) -> None:
    """The consumer has digested everything."""
    while await digest(database, shop.merchant, attribution.CONSUMERS[0]):
        pass


async def came(
    database: Database,
    shop: Shop,
    promoter: promoters.Promoter,
    customer: UUID | None,
    visitor: UUID | None = None,
) -> None:
    """Through the promoter's own link."""
    async with database.begin(shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, promoter.id)
        await doors.scan(uow, door.code, visitor or ids.new(), customer)


async def holder(database: Database, shop: Shop, customer: UUID) -> UUID | None:
    async with database.begin(shop.merchant) as uow:
        mine = await attribution.mine(uow, customer)
    return mine and mine.promoter_id


async def sold_to(database: Database, shop: Shop, order_id: UUID) -> UUID | None:
    async with database.begin(shop.merchant) as uow:
        return (await orders.find(uow, order_id)).promoter_id


def later(**ago: float) -> None:
    clock.move_to(clock.offset() + timedelta(**ago))


async def test_an_order_after_the_links_week_goes_to_the_relation_until_it_ends(
    database: Database, shop: Shop
) -> None:
    fish, buyer = await a_promoter(database, shop), await a_customer(database, shop.merchant)
    await came(database, shop, fish, buyer)
    await told(database, shop)

    later(days=29)
    by_relation = await paid(database, shop, buyer, apples=1)
    assert await sold_to(database, shop, by_relation.id) == fish.id
    later(days=2)
    gone = await paid(database, shop, buyer, apples=1)
    assert await sold_to(database, shop, gone.id) is None
    # The purchase is digested late and renews from its own day on; the order of between stays as it was.
    await told(database, shop)
    again = await paid(database, shop, buyer, apples=1)

    assert await sold_to(database, shop, again.id) == fish.id
    assert await sold_to(database, shop, gone.id) is None


async def test_another_promoters_link_takes_the_order_but_not_the_protected_relation(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    buyer = await a_customer(database, shop.merchant)
    await came(database, shop, fish, buyer)
    later(days=3)
    await came(database, shop, crab, buyer)
    await told(database, shop)

    order = await paid(database, shop, buyer, apples=1)

    assert await sold_to(database, shop, order.id) == crab.id
    assert await holder(database, shop, buyer) == fish.id


async def test_signing_in_later_gives_the_relation_that_signing_in_before_would_have_given(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    early, late = await a_customer(database, shop.merchant), await a_customer(database, shop.merchant)
    phone, laptop = ids.new(), ids.new()
    for promoter, device in ((fish, phone), (crab, laptop), (fish, phone)):
        await came(database, shop, promoter, early)
        await came(database, shop, promoter, None, device)
        await told(database, shop)
        later(days=10)
    before = await paid(database, shop, late, apples=1)
    for device in (laptop, phone):  # the later touch is learnt of first
        async with database.begin(shop.merchant) as uow:
            await doors.claim_touches(uow, device, late)
        await told(database, shop)

    async with database.begin(shop.merchant) as uow:
        first, second = await attribution.mine(uow, early), await attribution.mine(uow, late)
        changes = await attribution.changes_of(uow, late)
    assert first is not None
    assert second is not None
    assert (first.promoter_id, first.valid_until - second.valid_until < timedelta(seconds=5)) == (
        second.promoter_id,
        True,
    )
    assert [change.promoter_name for change in changes] == ["小鱼", "小蟹"]
    # What was placed before nobody knew stays as it was.
    assert await sold_to(database, shop, before.id) is None


async def test_facts_told_twice_change_nothing(database: Database, shop: Shop) -> None:
    fish, buyer = await a_promoter(database, shop), await a_customer(database, shop.merchant)
    await came(database, shop, fish, buyer)
    await paid(database, shop, buyer, apples=1)
    await told(database, shop)
    async with database.begin(shop.merchant) as uow:
        before = await attribution.changes_of(uow, buyer)
        await uow.run(
            "delete from event_cursors where merchant_id = %(merchant_id)s and consumer = 'attribution'"
        )
    await told(database, shop)

    async with database.begin(shop.merchant) as uow:
        assert await attribution.changes_of(uow, buyer) == before


async def test_a_shared_phone_gives_each_customer_only_what_nobody_claimed(
    database: Database, shop: Shop
) -> None:
    fish, device = await a_promoter(database, shop), ids.new()
    mother, daughter = await a_customer(database, shop.merchant), await a_customer(database, shop.merchant)
    await came(database, shop, fish, None, device)
    async with database.begin(shop.merchant) as uow:
        assert await doors.claim_touches(uow, device, mother) == 1
        assert await doors.claim_touches(uow, device, daughter) == 0
    await told(database, shop)

    assert await holder(database, shop, mother) == fish.id
    assert await holder(database, shop, daughter) is None


async def test_a_guest_who_signs_in_keeps_the_relation_and_a_known_person_does_not_inherit_it(
    database: Database, shop: Shop
) -> None:
    """A guest who gets an identity is the same customer; one who turns out to be somebody else stays a guest."""
    fish, guest = await a_promoter(database, shop), ids.new()
    known = await a_customer(database, shop.merchant, "o-known")
    async with database.begin(shop.merchant) as uow:
        await customers.welcome_guest(
            uow, guest, name="过客", phone="13800000001", first_door_id=None, channel="shop"
        )
    await came(database, shop, fish, guest)
    await told(database, shop)
    async with database.begin(shop.merchant) as uow:
        other = await customers.sign_in_guest(
            uow, guest, [("wechat_openid", "o-known")], nickname="熟客", first_door_id=None, channel="wechat"
        )
        same = await customers.sign_in_guest(
            uow, guest, [("wechat_openid", "o-new")], nickname="新客", first_door_id=None, channel="wechat"
        )
    await told(database, shop)

    assert (other.customer_id, same.customer_id) == (known, guest)
    assert await holder(database, shop, known) is None
    assert await holder(database, shop, guest) == fish.id


async def test_buying_through_ones_own_link_binds_nobody(database: Database, shop: Shop) -> None:
    fish = await a_promoter(database, shop)
    await a_plan(database, shop)
    await bought(database, shop, fish, friend=fish.customer_id, apples=1)
    await told(database, shop)
    await work(database, shop)

    assert await holder(database, shop, fish.customer_id) is None
    assert await lines(database, shop, fish) == []


async def test_a_paused_promoter_never_wins_and_wins_again_when_back(database: Database, shop: Shop) -> None:
    fish, buyer = await a_promoter(database, shop), await a_customer(database, shop.merchant)
    await came(database, shop, fish, buyer)
    await told(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        await promoters.pause(uow, fish.id, "休息")
    nobodys = await paid(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant, ANNA) as uow:
        await promoters.resume(uow, fish.id, "回来了")
    own = await paid(database, shop, buyer, apples=1)

    assert await sold_to(database, shop, nobodys.id) is None
    assert await sold_to(database, shop, own.id) == fish.id
    told_of = await why(database, shop, nobodys.id)
    assert [one.outcome for one in told_of.candidates] == ["inactive", "inactive"]
    assert told_of.agrees


async def why(database: Database, shop: Shop, order_id: UUID) -> attribution.Explanation:
    async with database.begin(shop.merchant) as uow:
        order = await orders.find(uow, order_id)
        assert order.customer_id is not None
        return await attribution.explain(
            uow, attribution.Placed(order.id, order.customer_id, order.placed_at, order.promoter_id)
        )


async def test_why_it_was_the_other_one_is_told_from_that_days_history(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    anchor = await a_promoter(database, shop, "主播", "anchor")
    buyer, device = await a_customer(database, shop.merchant), ids.new()
    await came(database, shop, fish, buyer)
    await came(database, shop, crab, None, device)
    later(hours=1)
    await came(database, shop, anchor, buyer)
    later(hours=1)
    await came(database, shop, crab, buyer)
    await told(database, shop)
    order = await paid(database, shop, buyer, apples=1)
    # All of this is later and must not be seen in the explanation, or must be seen as later.
    later(hours=1)
    async with database.begin(shop.merchant, ANNA) as uow:
        await doors.claim_touches(uow, device, buyer)
        await attribution.set_policy(uow, attribution.Policy(live_hours=0))
        await promoters.dismiss(uow, anchor.id, "违规")
    await told(database, shop)

    told_of = await why(database, shop, order.id)

    assert [(one.promoter_name, one.kind, one.outcome) for one in told_of.candidates] == [
        ("小蟹", "touch", "live_first"),
        ("主播", "live", "won_live"),
        ("小蟹", "touch", "not_known"),
        ("小鱼", "touch", "live_first"),
        ("小鱼", "relation", "live_first"),
    ]
    assert told_of.promoter_id == anchor.id == await sold_to(database, shop, order.id)
    assert told_of.agrees
    assert told_of.policy == attribution.Policy()


async def test_an_explanation_that_differs_from_the_order_says_so(database: Database, shop: Shop) -> None:
    fish, buyer = await a_promoter(database, shop), await a_customer(database, shop.merchant)
    await came(database, shop, fish, buyer)
    order = await paid(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        await uow.run("update orders set promoter_id = null where merchant_id = %(merchant_id)s")

    told_of = await why(database, shop, order.id)

    assert (told_of.promoter_id, told_of.stored_promoter_id, told_of.agrees) == (fish.id, None, False)


async def test_a_customer_chooses_once_a_month_and_clears_whenever_they_like(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    buyer, key = await a_customer(database, shop.merchant), ids.new()
    codes = {}
    async with database.begin(shop.merchant) as uow:
        for one in (fish, crab):
            codes[one.id] = (await doors.of_promoter(uow, one.id))[0].code
        for _ in range(2):  # the form sent twice
            await attribution.choose(uow, key, buyer, codes[fish.id])
    assert await holder(database, shop, buyer) == fish.id
    with pytest.raises(attribution.ChangedLately):
        async with database.begin(shop.merchant) as uow:
            await attribution.choose(uow, ids.new(), buyer, codes[crab.id])
    assert await holder(database, shop, buyer) == fish.id
    async with database.begin(shop.merchant) as uow:
        await attribution.clear(uow, ids.new(), buyer)
    assert await holder(database, shop, buyer) is None
    later(days=30, seconds=1)
    async with database.begin(shop.merchant) as uow:
        await attribution.choose(uow, ids.new(), buyer, codes[crab.id])
    assert await holder(database, shop, buyer) == crab.id


async def test_nobody_chooses_themselves_somebody_paused_or_an_unknown_code(
    database: Database, shop: Shop
) -> None:
    fish, buyer = await a_promoter(database, shop), await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant, ANNA) as uow:
        (door,) = await doors.of_promoter(uow, fish.id)
    for who, code in ((fish.customer_id, door.code), (buyer, "NOSUCH")):
        with pytest.raises(attribution.NotChoosable):
            async with database.begin(shop.merchant) as uow:
                await attribution.choose(uow, ids.new(), who, code)
    async with database.begin(shop.merchant, ANNA) as uow:
        await promoters.pause(uow, fish.id, "休息")
    with pytest.raises(attribution.NotChoosable):
        async with database.begin(shop.merchant) as uow:
            await attribution.choose(uow, ids.new(), buyer, door.code)

    async with database.begin(shop.merchant) as uow:
        assert await attribution.changes_of(uow, buyer) == []


async def test_staff_assigns_with_a_reason_and_a_link_does_not_take_it_within_protection(
    database: Database, shop: Shop
) -> None:
    guide, crab = await a_promoter(database, shop, "导购", "guide"), await a_promoter(database, shop, "小蟹")
    buyer = await a_customer(database, shop.merchant)
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant, ANNA) as uow:
            await attribution.assign(uow, ids.new(), buyer, guide.id, " ")
    async with database.begin(shop.merchant, ANNA) as uow:
        await attribution.assign(uow, ids.new(), buyer, guide.id, "老顾客")
    later(days=14)
    await came(database, shop, crab, buyer)
    await told(database, shop)
    linked = await paid(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant, ANNA) as uow:
        await attribution.set_policy(uow, attribution.Policy(guide_first=True))
    guides = await paid(database, shop, buyer, apples=1)

    assert await holder(database, shop, buyer) == guide.id
    assert await sold_to(database, shop, linked.id) == crab.id
    assert await sold_to(database, shop, guides.id) == guide.id
    assert (await why(database, shop, linked.id)).agrees
    told_of = await why(database, shop, guides.id)
    assert [one.outcome for one in told_of.candidates] == ["guide_first", "won_guide"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"touch_days": 0}, "touch_days"),
        ({"touch_days": 31}, "touch_days"),
        ({"live_hours": 73}, "live_hours"),
        ({"relation_days": 91}, "relation_days"),
        ({"relation_days": 10, "protection_days": 11}, "protection_days"),
    ],
)
async def test_a_policy_outside_its_bounds_is_refused(
    database: Database, merchant: Merchant, changes: dict[str, int], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        async with database.begin(merchant, Actor("staff", ids.new(), name="安娜")) as uow:
            await attribution.set_policy(uow, attribution.Policy(**changes))

    assert refusal.value.field == field
    async with database.begin(merchant) as uow:
        assert await attribution.policy(uow) == attribution.Policy()
        assert await attribution.history(uow) == []
