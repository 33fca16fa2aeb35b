"""Group buying on the console: lists by state, figures, one group."""

from datetime import timedelta
from uuid import UUID

from factories import a_customer, a_shop
from siyu.goods import offers
from siyu.goods.offers import GroupBuy
from siyu.kernel import clock, ids
from siyu.runtime.db import Database
from trade.group_shop import Market, an_offer, buy, later, money_returned, opened, pay


async def a_market(database: Database, shop) -> Market:
    rule = GroupBuy(prices={shop.apple: 990}, size=2)
    return Market(shop, await an_offer(database, shop.merchant, rule), database)


async def test_the_list_is_empty_until_somebody_opens_a_group(owner) -> None:
    page = await owner.get("/console/groups")

    assert page.status_code == 200
    assert "这里没有团" in page.text
    assert "<progress" not in page.text


async def test_groups_show_by_state_with_what_is_missing_and_the_figures(database, shop, owner) -> None:
    market = await a_market(database, shop)
    group, _ = await opened(market)
    await pay(market, await buy(market, await a_customer(database, shop.merchant), group.id))
    waiting, _ = await opened(market)
    clock.move_to(timedelta(hours=22, minutes=30))

    soon = await owner.get("/console/groups?tab=soon")
    done = await owner.get("/console/groups?tab=succeeded")
    sheet = await owner.get("/console/groups?tab=all&export=csv")

    assert f"/groups/{waiting.id}" in soon.text
    assert f"/groups/{group.id}" not in soon.text
    assert '<span class="bad strong">1</span>' in soon.text
    assert f"/groups/{group.id}" in done.text
    assert "0.50" in done.text  # one joiner in two groups
    assert "100%" in done.text  # of the groups that ended
    assert len(sheet.text.strip().splitlines()) == 3


async def test_a_failed_group_shows_each_refund_until_it_is_confirmed(database, shop, owner) -> None:
    market = await a_market(database, shop)
    group, order = await opened(market)
    await later(market, hours=25)

    listed = await owner.get("/console/groups?tab=refunding")
    page = await owner.get(f"/console/groups/{group.id}")
    await money_returned(market)
    after = await owner.get(f"/console/groups/{group.id}")

    assert "0 / 1" in listed.text
    assert order.number in page.text
    assert "待退款" in page.text
    assert "待退款" not in after.text
    assert "已退款" in after.text
    assert "拼团未成功" in after.text


async def test_another_merchants_group_is_not_found(database, new_shop, owner) -> None:
    other = await a_shop(database, await new_shop())
    group, _ = await opened(await a_market(database, other))

    assert (await owner.get(f"/console/groups/{group.id}")).status_code == 404


async def test_who_may_not_see_offers_sees_no_groups(floor) -> None:
    guide = await floor.member("guide")

    assert (await guide.get("/console/groups")).status_code == 403


def form_with(shop, **changes: str) -> dict[str, str]:
    """What the form sends for two people within a day, apples at 9.90."""
    return {
        "idempotency_key": str(ids.new()),
        "name": "苹果两人团",
        "rule.size": "2",
        "rule.hours": "24",
        "rule.units_max": "2",
        "rule.seat_minutes": "10",
        f"price-{shop.apple}": "9.90",
        **{name.replace("__", "."): value for name, value in changes.items()},
    }


async def offers_there(database, shop) -> int:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(int, "select count(*) from offers where merchant_id = %(merchant_id)s")


async def test_a_group_buy_is_made_published_and_bought_in(database, shop, owner) -> None:
    found = await owner.get("/console/groups/goods?q=苹果", **{"hx-request": "true"})
    form = form_with(shop, publish="1", **{"tier-3": "0.90"})

    first = await owner.post("/console/groups/new", form)
    again = await owner.post("/console/groups/new", form)
    page = await owner.get(f"/console/groups/new?offer={form['idempotency_key']}")

    assert f"price-{shop.apple}" in found.text
    assert (first.status_code, again.status_code) == (303, 303)
    assert await offers_there(database, shop) == 1
    assert 'value="9.90"' in page.text
    assert 'value="0.90"' in page.text
    market = Market(shop, UUID(form["idempotency_key"]), database)
    group, order = await opened(market)
    assert (group.size, group.capacity, order.total) == (2, 3, 990)


async def test_a_group_of_six_or_a_price_above_the_marked_one_is_refused_at_its_field(
    database, shop, owner
) -> None:
    six = await owner.tap("/console/groups/new", form_with(shop, rule__size="6"))
    dear = await owner.tap("/console/groups/new", form_with(shop, **{f"price-{shop.apple}": "99.00"}))
    words = await owner.tap("/console/groups/new", form_with(shop, rule__hours="ewig"))
    empty = await owner.tap("/console/groups/new", form_with(shop, **{f"price-{shop.apple}": ""}))

    assert [one.status_code for one in (six, dear, words, empty)] == [422] * 4
    assert "rule.size" in six.headers["hx-trigger"] + six.text
    assert str(shop.apple) in dear.headers["hx-trigger"] + dear.text
    assert await offers_there(database, shop) == 0


async def test_the_rules_of_a_running_group_buy_stay(database, shop, owner) -> None:
    form = form_with(shop, publish="1")
    await owner.post("/console/groups/new", form)

    refused = await owner.tap("/console/groups/new", {**form, "rule.size": "3"})
    longer = await owner.post("/console/groups/new", {**form, "per_person": ""})

    assert (refused.status_code, longer.status_code) == (422, 303)
    async with database.begin(shop.merchant) as uow:
        kept = await offers.find(uow, UUID(form["idempotency_key"]))
    assert isinstance(kept.rule, GroupBuy)
    assert (kept.rule.size, kept.state) == (2, "active")
