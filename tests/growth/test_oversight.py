"""Oversight: figures against thresholds, every text read, and who may answer for what."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from factories import Shop, a_shop
from growth.commission_shop import ANNA, BEN, a_plan, a_promoter, bought, refunded, work
from siyu.goods import catalog
from siyu.growth import oversight
from siyu.growth.oversight.measuring import One, Totals, judged
from siyu.growth.oversight.model import NeedsPerson, NotOverridable
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit, jobs
from siyu.runtime.db import Database, Merchant

NOBODY = Totals(0, 0, 0, 0, 0, 0, 0, 0)
ONE = One(UUID(int=1), "小鱼", 0, 0, 0, 0, 0)


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=200)


def marks(sums: Totals, *ones: One, **terms: int) -> list[str]:
    return [found.mark for found in judged(UUID(int=9), "店", sums, list(ones), oversight.Settings(**terms))]


async def open_risks(database: Database, shop: Shop) -> list[oversight.Risk]:
    async with database.begin(shop.merchant) as uow:
        return list((await oversight.risks(uow)).items)


async def look(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        await oversight.look(uow)


async def read_everything(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant, ANNA) as uow:
        await oversight.read_texts(uow)
    while await jobs.run_step(database, shop.merchant, oversight.JOBS):
        pass


def test_a_share_is_a_risk_above_its_threshold_and_not_at_it() -> None:
    half = msgspec.structs.replace(NOBODY, promoters=20, idle=10)
    assert marks(half) == []
    assert marks(msgspec.structs.replace(half, idle=11)) == ["idle"]
    assert marks(msgspec.structs.replace(half, promoters=19, idle=19)) == []  # too few to say

    own = msgspec.structs.replace(NOBODY, lines=100, own=10)
    assert marks(own) == []
    assert marks(msgspec.structs.replace(own, own=11)) == ["own"]


def test_figures_of_one_promoter_are_judged_apart() -> None:
    sums = msgspec.structs.replace(NOBODY, orders=50, sales=1_000)
    busy = msgspec.structs.replace(ONE, orders=10, units=100, refunded=30, sales=500, busiest=50)
    assert marks(sums, busy) == []
    assert marks(sums, msgspec.structs.replace(busy, refunded=31)) == ["refund"]
    assert marks(sums, msgspec.structs.replace(busy, orders=9, refunded=99)) == []
    assert marks(sums, msgspec.structs.replace(busy, sales=501)) == ["concentration"]
    assert marks(sums, msgspec.structs.replace(busy, busiest=51)) == ["velocity"]


async def test_real_sales_and_refunds_give_the_figures_of_the_day(database: Database, shop: Shop) -> None:
    await a_plan(database, shop)
    promoter, _idle = await a_promoter(database, shop), await a_promoter(database, shop, "小静")
    clock.move_to(timedelta(days=31))  # both have been here for the whole window
    order = await bought(database, shop, promoter, apples=4)
    await bought(database, shop, promoter, apples=1)
    await refunded(database, shop, order, 3)
    await work(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        await oversight.save_settings(uow, oversight.Settings(idle_bps=4_000, idle_least=2, refund_least=2, concentration_least=2))  # fmt: skip

    await look(database, shop)

    async with database.begin(shop.merchant) as uow:
        (day,) = await oversight.days(uow)
    assert (day.promoters, day.idle, day.lines, day.own, day.refunded, day.top_bps) == (2, 1, 2, 0, 3, 10_000)
    found = {risk.field: risk for risk in await open_risks(database, shop)}
    assert set(found) == {"idle", "refund", "concentration"}
    assert found["idle"].zh == "50% 的推广员没有带来任何顾客订单。"
    assert found["refund"].subject_id == promoter.id
    assert {risk.rule for risk in found.values()} == {"D-09"}


async def test_a_day_is_looked_at_once_and_starts_one_job(database: Database, shop: Shop) -> None:
    sweep = oversight.SWEEPS[0]
    assert await sweep.run(database, shop.merchant) == 1
    assert await sweep.run(database, shop.merchant) == 0
    clock.move_to(timedelta(days=1))
    assert await sweep.run(database, shop.merchant) == 1
    async with database.begin(shop.merchant) as uow:
        assert len(await oversight.days(uow)) == 2
        started = await uow.one(int, "select count(*) from jobs where merchant_id = %(merchant_id)s and kind = 'oversight.read_texts'")  # fmt: skip
    assert started == 2


async def product_of(database: Database, shop: Shop) -> UUID:
    async with database.begin(shop.merchant) as uow:
        return (await catalog.prices(uow, [shop.apple]))[shop.apple].product_id


async def say(database: Database, shop: Shop, product_id: UUID, text: str) -> None:
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update products set description = %(text)s where merchant_id = %(merchant_id)s and id = %(id)s",
            text=text,
            id=product_id,
        )


async def test_every_text_is_read_and_what_is_mended_is_gone(database: Database, shop: Shop) -> None:
    product_id = await product_of(database, shop)
    await say(database, shop, product_id, "分享就能躺 赚，欢迎發展下線")

    await read_everything(database, shop)
    found = await open_risks(database, shop)
    assert {(r.rule, r.severity, r.subject_kind, r.subject_id, r.field) for r in found} == {
        ("D-10", "block", "product", product_id, "description")
    }
    assert {r.zh.split("”")[0] for r in found} == {"“躺 赚", "“發展下線"}

    await say(database, shop, product_id, "欢迎發展下線")
    clock.move_to(timedelta(minutes=1))
    await read_everything(database, shop)
    (left,) = await open_risks(database, shop)
    assert left.zh.startswith("“發展下線")
    assert left.found_at < left.seen_at

    await say(database, shop, product_id, "好苹果")
    clock.move_to(timedelta(minutes=2))
    await read_everything(database, shop)
    assert await open_risks(database, shop) == []


async def a_risk(database: Database, shop: Shop, text: str) -> oversight.Risk:
    await say(database, shop, await product_of(database, shop), text)
    await read_everything(database, shop)
    (risk,) = await open_risks(database, shop)
    return risk


async def test_a_named_person_answers_for_a_warning_until_a_day(database: Database, shop: Shop) -> None:
    risk = await a_risk(database, shop, "全网最低价")
    override_id = ids.new()
    for _ in range(2):
        async with database.begin(shop.merchant, BEN) as uow:
            await oversight.override(uow, risk.id, override_id=override_id, reason="有比价记录", days=7)

    (answered,) = await open_risks(database, shop)
    assert (answered.override_by, answered.override_reason) == ("本", "有比价记录")
    async with database.begin(shop.merchant) as uow:
        assert await oversight.open_count(uow) == 0
        notes = await audit.listing(uow, audit.Wanted(action="oversight.override"))
    assert [(n.actor_name, n.reason, n.subject_id) for n in notes.items] == [("本", "有比价记录", risk.id)]

    clock.move_to(timedelta(days=8))
    async with database.begin(shop.merchant) as uow:
        assert await oversight.open_count(uow) == 1
    (again,) = await open_risks(database, shop)
    assert again.override_until is None


async def test_what_is_forbidden_nobody_answers_for(database: Database, shop: Shop) -> None:
    risk = await a_risk(database, shop, "躺赚")
    refusals = [
        (ANNA, risk.id, "老板说可以", 7, NotOverridable),
        (ANNA, ids.new(), "没有", 7, NotFound),
        (ANNA, risk.id, " ", 7, Invalid),
        (ANNA, risk.id, "久", 91, Invalid),
        (msgspec.structs.replace(ANNA, kind="key"), risk.id, "钥匙", 7, NeedsPerson),
    ]
    for actor, risk_id, reason, days, refusal in refusals:
        with pytest.raises(refusal):
            async with database.begin(shop.merchant, actor) as uow:
                await oversight.override(uow, risk_id, override_id=ids.new(), reason=reason, days=days)
    async with database.begin(shop.merchant) as uow:
        assert (
            await uow.one(int, "select count(*) from risk_overrides where merchant_id = %(merchant_id)s") == 0
        )


async def test_thresholds_are_bounded_and_a_change_is_noted(database: Database, shop: Shop) -> None:
    with pytest.raises(Invalid) as refused:
        async with database.begin(shop.merchant, ANNA) as uow:
            await oversight.save_settings(uow, oversight.Settings(own_bps=0))
    assert refused.value.field == "own_bps"
    async with database.begin(shop.merchant, ANNA) as uow:
        assert await oversight.settings(uow) == oversight.Settings()
        await oversight.save_settings(uow, oversight.Settings(own_bps=500))
        (note,) = (await audit.listing(uow, audit.Wanted(action="oversight.set_thresholds"))).items
    assert [(c.field, c.before, c.after) for c in audit.changes(note)] == [("own_bps", 1_000, 500)]


async def test_a_plan_that_became_unlawful_is_listed(database: Database, shop: Shop) -> None:
    plan = await a_plan(database, shop, rate_bps=3_000)
    async with database.begin(shop.merchant) as uow:
        await uow.run("update commission_plans set name = '躺赚方案' where merchant_id = %(merchant_id)s")
    await look(database, shop)
    (risk,) = await open_risks(database, shop)
    assert (risk.rule, risk.subject_kind, risk.subject_id, risk.field) == ("D-10", "plan", plan.id, "name")
