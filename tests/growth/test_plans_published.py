"""Plans: drafts change nothing, a published version is kept for ever, the most specific wins, nobody is over the caps."""

from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, placed
from growth.commission_shop import ANNA, a_plan, a_promoter, bought, lines, owed, received, refunded, work
from siyu.events import LineFact, OrderPaid
from siyu.growth import distribution
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import ROLES
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant

PRICE = 1_290  # fen, of an apple
MILK = 680


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def product_of(database: Database, shop: Shop, sku: UUID) -> UUID:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(
            UUID, "select product_id from skus where merchant_id = %(merchant_id)s and id = %(sku)s", sku=sku
        )


async def test_a_draft_earns_nothing_until_it_is_published(database: Database, shop: Shop) -> None:
    promoter, plan_id = await a_promoter(database, shop), ids.new()
    async with database.begin(shop.merchant, ANNA) as uow:
        draft = await distribution.save(uow, plan_id, "新方案", distribution.PlanRule(rate_bps=500))
    await bought(database, shop, promoter, apples=1)
    await work(database, shop)
    assert (draft.state, draft.version, draft.draft) == ("draft", 0, 1)
    assert await lines(database, shop, promoter) == []

    async with database.begin(shop.merchant, ANNA) as uow:
        await distribution.publish(uow, plan_id)
    await bought(database, shop, promoter, apples=1)
    await work(database, shop)

    assert [(row.amount, row.plan_version) for row in await lines(database, shop, promoter)] == [(64, 1)]


async def test_a_change_is_a_new_version_and_earned_lines_keep_theirs(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    plan = await a_plan(database, shop)
    before_the_change = await bought(database, shop, promoter, apples=1)
    async with database.begin(shop.merchant, ANNA) as uow:
        await distribution.save(uow, plan.id, "x", distribution.PlanRule(rate_bps=2_000))
        changed = await distribution.publish(uow, plan.id)
    after = await bought(database, shop, promoter, apples=1)
    await work(database, shop)  # digested only now: the version of the moment of payment counts

    earned = {
        row.order_id: (row.plan_version, row.rate_bps, row.amount)
        for row in await lines(database, shop, promoter)
    }
    assert changed.version == 2
    assert earned == {before_the_change.id: (1, 1_000, 129), after.id: (2, 2_000, 258)}


async def test_a_paused_plan_earns_nothing_and_a_resumed_one_again(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    plan = await a_plan(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        await distribution.pause(uow, plan.id)
    await bought(database, shop, promoter, apples=1)
    async with database.begin(shop.merchant, ANNA) as uow:
        await distribution.resume(uow, plan.id)
    counted = await bought(database, shop, promoter, apples=1)
    async with database.begin(shop.merchant, ANNA) as uow:
        await distribution.end(uow, plan.id)
    await bought(database, shop, promoter, apples=1)
    await work(database, shop)

    assert [row.order_id for row in await lines(database, shop, promoter)] == [counted.id]
    with pytest.raises(distribution.WrongPlanState):
        async with database.begin(shop.merchant, ANNA) as uow:
            await distribution.resume(uow, plan.id)


async def test_the_most_specific_plan_wins_and_the_line_says_which(database: Database, shop: Shop) -> None:
    promoter, other = await a_promoter(database, shop), await a_promoter(database, shop, "小虾")
    apple = await product_of(database, shop, shop.apple)
    await a_plan(database, shop, "规格", rate_bps=400, scope="skus", targets=(shop.apple,))
    await a_plan(database, shop, "商品", rate_bps=300, scope="products", targets=(apple,))
    await a_plan(database, shop, "全店", rate_bps=100)
    await a_plan(database, shop, "定向", rate_bps=200, kind="directed", promoter_ids=(promoter.id,))
    await bought(database, shop, promoter, apples=1)
    await bought(database, shop, other, apples=1, milk=1)
    await work(database, shop)

    assert [row.plan_name for row in await lines(database, shop, promoter)] == ["定向"]
    assert [row.plan_name for row in await lines(database, shop, other)] == ["规格", "全店"]


async def test_on_the_goods_of_an_exclusive_plan_nobody_else_earns(database: Database, shop: Shop) -> None:
    promoter, other = await a_promoter(database, shop), await a_promoter(database, shop, "小虾")
    await a_plan(database, shop, "全店")
    await a_plan(
        database, shop, "专属", rate_bps=2_000, kind="exclusive", scope="skus", targets=(shop.apple,),
        promoter_ids=(promoter.id,),
    )  # fmt: skip
    await bought(database, shop, promoter, apples=1)
    await bought(database, shop, other, apples=1, milk=1)
    await work(database, shop)

    assert [(row.plan_name, row.amount) for row in await lines(database, shop, promoter)] == [("专属", 258)]
    assert [(row.line_no, row.plan_name) for row in await lines(database, shop, other)] == [(2, "全店")]


async def test_two_exclusive_plans_never_share_goods(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    apple = await product_of(database, shop, shop.apple)
    await a_plan(
        database,
        shop,
        "一",
        kind="exclusive",
        scope="skus",
        targets=(shop.apple,),
        promoter_ids=(promoter.id,),
    )

    with pytest.raises(distribution.PlanRefused) as refusal:
        await a_plan(
            database,
            shop,
            "二",
            kind="exclusive",
            scope="products",
            targets=(apple,),
            promoter_ids=(promoter.id,),
        )

    assert refusal.value.field == "targets"
    async with database.begin(shop.merchant) as uow:
        assert [(plan.name, plan.state) for plan in await distribution.plans(uow)] == [("一", "published")]


async def test_caps_by_order_day_and_month_cut_and_say_so(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop, order_cap=300, day_cap=500, month_cap=600)
    await bought(database, shop, promoter, apples=2, milk=1)  # 258 + 68: the order is cut at 300
    await bought(database, shop, promoter, apples=2)  # 258, of which the day leaves 200
    await work(database, shop)
    clock.move_to(timedelta(days=1) if clock.now().day < 27 else timedelta(hours=0))
    is_next_day = clock.offset() > timedelta(0)
    await bought(database, shop, promoter, apples=2)
    await work(database, shop)

    found = [(row.uncut, row.amount, row.cut_by) for row in await lines(database, shop, promoter)]
    assert found[:3] == [(258, 258, ""), (68, 42, "order"), (258, 200, "day")]
    assert found[3] == ((258, 100, "month") if is_next_day else (258, 0, "day"))


async def test_a_refund_gives_caps_and_budget_back(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    plan = await a_plan(database, shop, day_cap=300, budget=10_000)
    first = await bought(database, shop, promoter, apples=2)
    await work(database, shop)
    await refunded(database, shop, first, 1)
    await work(database, shop)
    await bought(database, shop, promoter, apples=2)
    await work(database, shop)

    assert [row.amount for row in await lines(database, shop, promoter)] == [258, 171]
    async with database.begin(shop.merchant) as uow:
        assert (await distribution.find_plan(uow, plan.id)).spent == 129 + 171


async def test_the_last_fen_of_a_budget_goes_once_and_the_plan_stops(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop, "全店", rate_bps=100)
    plan = await a_plan(database, shop, "冲量", scope="skus", targets=(shop.apple,), budget=200)
    for _ in range(3):
        await bought(database, shop, promoter, apples=1)
    await work(database, shop)

    found = [(row.plan_name, row.amount, row.cut_by) for row in await lines(database, shop, promoter)]
    assert found == [("冲量", 129, ""), ("冲量", 71, "budget"), ("全店", 12, "")]
    async with database.begin(shop.merchant) as uow:
        spent = await distribution.find_plan(uow, plan.id)
    assert (spent.state, spent.spent) == ("spent", 200)


async def test_a_fixed_amount_per_unit_follows_the_level_and_never_exceeds_the_share(
    database: Database, shop: Shop
) -> None:
    promoter = await a_promoter(database, shop)
    async with database.begin(shop.merchant) as uow:
        await uow.run("update promoters set level = 'gold' where merchant_id = %(merchant_id)s")
    await a_plan(database, shop, rate_bps=None, fixed=100, level_rates={"gold": 250})
    await bought(database, shop, promoter, apples=2, milk=1)
    await work(database, shop)

    found = [(row.fixed, row.uncut, row.amount, row.cut_by) for row in await lines(database, shop, promoter)]
    assert found == [(250, 500, 500, ""), (250, 250, 204, "share")]  # 30 % of 6.80 is 2.04


async def test_new_promoters_wait_fifteen_days_and_others_seven(database: Database, shop: Shop) -> None:
    new = await a_promoter(database, shop)
    old = await a_promoter(database, shop, "小虾")
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            update promoters set joined_at = %(now)s - interval '31 days'
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=old.id,
        )
    await a_plan(database, shop)
    for promoter in (new, old):
        await received(database, shop, await bought(database, shop, promoter, apples=1))
    await work(database, shop)
    clock.move_to(timedelta(days=8))
    await work(database, shop)
    assert [await owed(database, shop, promoter) for promoter in (new, old)] == [(0, 129), (129, 0)]
    clock.move_to(timedelta(days=16))
    await work(database, shop)
    assert await owed(database, shop, new) == (129, 0)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"rate_bps": None}, "rate_bps"),
        ({"rate_bps": 3_001}, "rate_bps"),
        ({"rate_bps": 0}, "rate_bps"),
        ({"fixed": 100}, "rate_bps"),
        ({"level_rates": {"gold": 3_001}}, "level_rates"),
        ({"scope": "products"}, "targets"),
        ({"scope": "skus", "targets": (ids.new(),)}, "targets"),
        ({"kind": "directed"}, "promoter_ids"),
        ({"kind": "exclusive", "promoter_ids": (ids.new(),)}, "promoter_ids"),
        ({"promoter_kinds": ("emperor",)}, "promoter_kinds"),
        ({"budget": 0}, "budget"),
        ({"day_cap": -1}, "day_cap"),
        ({"supplier_bps": 10_001}, "supplier_bps"),
        ({"earns_on_activities": ("lottery",)}, "earns_on_activities"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_at_its_field(
    database: Database, shop: Shop, rule: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await a_plan(database, shop, "方案", **rule)

    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        assert await distribution.plans(uow) == []


async def test_a_simulation_says_what_the_plan_would_have_cost(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop, rate_bps=500)
    for apples in (1, 2, 3):
        await bought(database, shop, promoter, apples=apples, milk=1)
    await bought(database, shop, promoter, friend=promoter.customer_id, apples=1)  # their own: never counted
    await work(database, shop)
    clock.move_to(timedelta(seconds=1))

    wish = distribution.PlanRule(
        rate_bps=1_000, scope="skus", targets=(shop.apple,), order_cap=300, budget=500
    )
    async with database.begin(shop.merchant) as uow:
        told = await distribution.simulate(uow, wish)

    assert (told.orders, told.sales, told.uncut, told.commission) == (3, 6 * PRICE, 774, 500)
    assert told.today == 64 + 129 + 193
    assert told.over_on is not None
    assert [(part.name, part.commission) for part in told.by_promoter] == [("小鱼", 500)]
    assert told.worst_bps == 1_000


async def test_orders_at_activity_prices_earn_only_where_the_plan_says_so(
    database: Database, shop: Shop
) -> None:
    promoter, friend = await a_promoter(database, shop), await a_customer(database, shop.merchant)
    await a_plan(database, shop, "普通价")
    for claim in ("group", ""):
        await told_paid(database, shop, promoter.id, friend, claim)
    await work(database, shop)
    assert [row.amount for row in await lines(database, shop, promoter)] == [129]

    await a_plan(
        database, shop, "拼团也给", scope="skus", targets=(shop.apple,), earns_on_activities=("group",)
    )
    for claim in ("group", "flash"):
        await told_paid(database, shop, promoter.id, friend, claim)
    await work(database, shop)
    assert [row.plan_name for row in await lines(database, shop, promoter)] == ["普通价", "拼团也给"]


async def told_paid(database: Database, shop: Shop, promoter_id: UUID, friend: UUID, claim: str) -> None:
    """The fact of a paid order whose price came from an activity."""
    order = await placed(database, shop, friend, apples=1)
    line = LineFact(1, await product_of(database, shop, shop.apple), shop.apple, 1, PRICE)
    async with database.begin(shop.merchant) as uow:
        uow.publish(OrderPaid(order.id, order.number, friend, PRICE, (line,), None, promoter_id, claim))


async def test_a_rate_above_the_margin_needs_a_person_who_answers_for_it(
    database: Database, shop: Shop
) -> None:
    plan_id, rule = ids.new(), distribution.PlanRule(rate_bps=2_000, scope="skus", targets=(shop.apple,))
    async with database.begin(shop.merchant, ANNA) as uow:
        await uow.run(
            """
            with maker as (
                insert into suppliers (merchant_id, id, name, settlement, created_at, updated_at)
                values (%(merchant_id)s, %(id)s, '果农', 'monthly', %(now)s, %(now)s)
            )
            insert into supplier_items (merchant_id, supplier_id, sku_id, supply_price, updated_at)
            values (%(merchant_id)s, %(id)s, %(sku)s, 1161, %(now)s)
            """,
            id=ids.new(),
            sku=shop.apple,
        )
        await distribution.save(uow, plan_id, "高佣", rule)
        (finding,) = await distribution.findings(uow, plan_id, "高佣", rule)
    assert (finding.severity, finding.field) == ("gate", "rate_bps")  # 20 % of a price with 10 % margin
    for reason, actor in (("", ANNA), ("清仓", Actor("key", ids.new(), ROLES["owner"], "密钥"))):
        with pytest.raises(distribution.NeedsApprover):
            async with database.begin(shop.merchant, actor) as uow:
                await distribution.publish(uow, plan_id, reason=reason)

    async with database.begin(shop.merchant, ANNA) as uow:
        plan = await distribution.publish(uow, plan_id, reason="清仓")
        (version,) = await distribution.versions(uow, plan_id)
    assert (plan.state, version.approved_by, version.approval_reason) == ("published", "安娜", "清仓")


async def test_a_plan_that_promises_what_the_law_forbids_is_not_published(
    database: Database, shop: Shop
) -> None:
    plan_id = ids.new()
    async with database.begin(shop.merchant, ANNA) as uow:
        await distribution.save(uow, plan_id, "团队提成躺赚", distribution.PlanRule(rate_bps=500))

    with pytest.raises(distribution.PlanRefused):
        async with database.begin(shop.merchant, ANNA) as uow:
            await distribution.publish(uow, plan_id, reason="照发")

    async with database.begin(shop.merchant) as uow:
        assert (await distribution.find_plan(uow, plan_id)).state == "draft"
