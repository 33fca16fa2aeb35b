"""Price lists: who gets which price and why, and what a change leaves behind."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from goods.small_shop import SmallShop, a_small_shop
from siyu.goods import pricing
from siyu.goods.pricing import Buyer, Line, ListForm, NewItem
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.people import customers
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> SmallShop:
    return await a_small_shop(database, merchant)


async def a_list(database: Database, shop: SmallShop, form: ListForm, *prices: tuple[int, int]) -> UUID:
    """A list with prices of apples by least quantity."""
    list_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await pricing.save(uow, list_id, form)
        await pricing.set_items(uow, list_id, [NewItem(shop.apple, least, price) for least, price in prices])
    return list_id


async def bought(
    database: Database, shop: SmallShop, quantity: int = 1, buyer: Buyer | None = None
) -> pricing.BuildUp:
    async with database.begin(shop.merchant) as uow:
        rules = await pricing.load(uow, [shop.apple, shop.milk])
        line = Line(1, shop.apple, UUID(int=1), UUID(int=2), quantity, 1_290)
        return pricing.build_up([line], buyer or Buyer(None), rules, uow.now)


async def test_without_lists_the_marked_price_holds(database: Database, shop: SmallShop) -> None:
    priced = await bought(database, shop, 3)

    assert (priced.total, priced.lines[0].steps, priced.passed) == (3_870, (), ())


async def test_a_member_price_is_for_its_level_and_says_why_others_do_not_get_it(
    database: Database, shop: SmallShop
) -> None:
    list_id = await a_list(database, shop, ListForm("金卡价目", level="金卡"), (1, 1_090))

    member = await bought(database, shop, 2, Buyer(None, "金卡"))
    other = await bought(database, shop, 2)

    name = "会员价（金卡价目） / member price (金卡价目)"
    assert member.total == 2_180
    assert member.lines[0].steps == (pricing.Step("price_list", -400, list_id, name),)
    assert other.total == 2_580
    assert other.passed == (
        pricing.Passed("price_list", name, "只给等级“金卡” / only for level “金卡”", list_id),
    )


async def test_the_highest_priority_wins_then_the_lower_price_then_the_older_list(
    database: Database, shop: SmallShop
) -> None:
    await a_list(database, shop, ListForm("便宜但靠后", priority=1), (1, 500))
    strong = await a_list(database, shop, ListForm("优先", priority=9), (1, 1_100))
    tied = await a_list(database, shop, ListForm("同级更便宜", priority=9), (1, 1_000))
    await a_list(database, shop, ListForm("同级同价但更新", priority=9), (1, 1_000))

    priced = await bought(database, shop)

    assert priced.total == 1_000
    assert priced.lines[0].steps[0].rule_id == tied
    assert (strong, "已有更优先的价目 / another list comes first") in {
        (passed.rule_id, passed.why) for passed in priced.passed
    }


async def test_quantities_count_over_all_lines_of_a_sku(database: Database, shop: SmallShop) -> None:
    await a_list(database, shop, ListForm("团购"), (10, 990), (3, 1_190))

    assert (await bought(database, shop, 2)).total == 2_580
    assert (await bought(database, shop, 3)).total == 3_570
    assert (await bought(database, shop, 10)).total == 9_900


async def test_a_price_above_the_marked_one_is_never_charged(database: Database, shop: SmallShop) -> None:
    await a_list(database, shop, ListForm("写错了", priority=9), (1, 9_900))

    priced = await bought(database, shop)

    assert priced.total == 1_290
    assert [passed.why for passed in priced.passed] == [
        "高于标价，按标价收 / above the marked price, which holds"
    ]


async def test_channel_store_client_and_time_are_each_asked_for(database: Database, shop: SmallShop) -> None:
    async with database.begin(shop.merchant) as uow:
        person = await customers.sign_in_as(
            uow, [("wechat_openid", ids.new().hex)], nickname="老客户", first_door_id=None, channel="wechat"
        )
        now = uow.now
    client = person.customer_id
    await a_list(database, shop, ListForm("只用接口", channel="api"), (1, 1_200))
    await a_list(database, shop, ListForm("只在一店", store_id=shop.store_id, priority=1), (1, 1_100))
    await a_list(database, shop, ListForm("协议", customer_id=client, priority=2), (1, 900))
    await a_list(database, shop, ListForm("明天", starts_at=now + timedelta(days=1), priority=9), (1, 100))
    await a_list(database, shop, ListForm("昨天", ends_at=now - timedelta(days=1), priority=9), (1, 100))

    assert (await bought(database, shop)).total == 1_290
    assert (await bought(database, shop, buyer=Buyer(None, channel="api"))).total == 1_200
    assert (await bought(database, shop, buyer=Buyer(None, store_id=shop.store_id))).total == 1_100
    assert (await bought(database, shop, buyer=Buyer(client, store_id=shop.store_id))).total == 900
    assert (await bought(database, shop, buyer=Buyer(ids.new()))).total == 1_290
    async with database.begin(shop.merchant) as uow:
        assert {x.name for x in (await pricing.load(uow, [shop.apple], [ids.new()])).lists} == {
            "只用接口",
            "只在一店",
            "明天",
        }


async def test_a_paused_list_and_its_copy_do_not_count(database: Database, shop: SmallShop) -> None:
    list_id, copy_id = await a_list(database, shop, ListForm("优惠"), (1, 1_000), (5, 900)), ids.new()
    async with database.begin(shop.merchant) as uow:
        await pricing.set_active(uow, list_id, is_active=False)
        await pricing.copy(uow, list_id, copy_id)
        await pricing.copy(uow, list_id, copy_id)

    assert (await bought(database, shop)).total == 1_290
    async with database.begin(shop.merchant) as uow:
        copied = await pricing.find(uow, copy_id)
        assert (copied.name, copied.items, copied.is_active) == ("优惠 2", 2, False)
        assert len(await pricing.every(uow)) == 2


async def test_a_change_of_a_price_is_noted_once_with_both_prices(
    database: Database, shop: SmallShop
) -> None:
    list_id = await a_list(database, shop, ListForm("优惠"), (1, 1_000))
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            await pricing.set_items(uow, list_id, [NewItem(shop.apple, 1, 950)])

    async with database.begin(shop.merchant) as uow:
        noted = await audit.listing(uow, audit.Wanted(action="pricing.set_price"))
    assert [(entry.subject, entry.before, entry.after) for entry in noted.items] == [
        ("优惠 · APPLE ≥ 1", {"price": 1_000}, {"price": 950}),
        ("优惠 · APPLE ≥ 1", None, {"price": 1_000}),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "甲/乙"}, "name"),
        ({"name": "优惠"}, "name"),
        ({"priority": 1_000}, "priority"),
        ({"channel": "telepathy"}, "channel"),
        ({"store_id": UUID(int=9)}, "store"),
        ({"customer_id": UUID(int=9)}, "customer"),
    ],
)
async def test_a_list_that_makes_no_sense_is_refused_and_not_written(
    database: Database, shop: SmallShop, change: dict, field: str
) -> None:
    await a_list(database, shop, ListForm("优惠"), (1, 1_000))

    with pytest.raises((Invalid, pricing.ListNameTaken)) as refusal:
        async with database.begin(shop.merchant) as uow:
            await pricing.save(uow, ids.new(), msgspec.structs.replace(ListForm("又一张"), **change))

    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        assert [each.name for each in await pricing.every(uow)] == ["优惠"]


async def test_lists_of_another_merchant_are_out_of_reach(
    database: Database, shop: SmallShop, new_shop
) -> None:
    list_id = await a_list(database, shop, ListForm("优惠"), (1, 1_000))
    neighbour = await a_small_shop(database, await new_shop())

    with pytest.raises(NotFound):
        async with database.begin(neighbour.merchant) as uow:
            await pricing.set_items(uow, list_id, [NewItem(neighbour.apple, 1, 1)])
    with pytest.raises(pricing.SkuUnknown):
        async with database.begin(shop.merchant) as uow:
            await pricing.set_items(uow, list_id, [NewItem(neighbour.apple, 1, 1)])

    assert (await bought(database, shop)).total == 1_000
    assert (await bought(database, neighbour)).total == 1_290
