"""One change to many products: each for itself, the job's report says which could not."""

import pytest

from factories import Shop, a_shop
from siyu.goods import catalog
from siyu.goods.catalog import BulkEdit, bulk
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime import jobs
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def products(database: Database, shop: Shop):
    async with database.begin(shop.merchant) as uow:
        found = await catalog.prices(uow, [shop.apple, shop.milk])
    return found[shop.apple].product_id, found[shop.milk].product_id


async def prices(database: Database, shop: Shop) -> tuple[int, int]:
    async with database.begin(shop.merchant) as uow:
        found = await catalog.prices(uow, [shop.apple, shop.milk])
    return found[shop.apple].price, found[shop.milk].price


async def run(database: Database, shop: Shop, edit: BulkEdit, job_id=None) -> jobs.Job:
    job_id = job_id or ids.new()
    async with database.begin(shop.merchant) as uow:
        await bulk.start(uow, edit, job_id)
    while await jobs.run_step(database, shop.merchant, catalog.JOBS):
        pass
    async with database.begin(shop.merchant) as uow:
        return await jobs.find(uow, job_id)


async def test_prices_rise_by_percent_with_a_trace_and_a_reason(database: Database, shop: Shop) -> None:
    both = await products(database, shop)
    edit = BulkEdit("percent", both, change=1_000, reason="进价上涨")
    async with database.begin(shop.merchant) as uow:
        foreseen = {row.code: (row.old_price, row.new_price) for row in await bulk.preview(uow, edit)}

    job = await run(database, shop, edit)

    assert foreseen == {"APPLE": (1_290, 1_419), "MILK": (680, 748)}
    assert await prices(database, shop) == (1_419, 748)
    assert (job.state, job.done, job.failed, job.result) == ("done", 2, 0, "products")
    async with database.begin(shop.merchant) as uow:
        changed = await catalog.price_changes(uow, both[0])
        reasons = await uow.all(
            str,
            "select reason from audit_log where merchant_id = %(merchant_id)s and action = 'catalog.set_price'",
        )
    assert [(c.old_price, c.new_price) for c in changed] == [(1_290, 1_419)]
    assert reasons == ["进价上涨", "进价上涨"]


async def test_the_same_tap_twice_changes_prices_once(database: Database, shop: Shop) -> None:
    job_id, both = ids.new(), await products(database, shop)
    edit = BulkEdit("amount", both, change=100)

    await run(database, shop, edit, job_id)
    await run(database, shop, edit, job_id)

    assert await prices(database, shop) == (1_390, 780)


async def test_a_price_below_nothing_keeps_its_product_and_is_reported(
    database: Database, shop: Shop
) -> None:
    job = await run(database, shop, BulkEdit("amount", await products(database, shop), change=-1_000))

    assert await prices(database, shop) == (290, 680)
    assert (job.state, job.done, job.failed) == ("done", 2, 1)
    async with database.begin(shop.merchant) as uow:
        (failure,) = await jobs.failures(uow, job.id)
    assert (failure.row, failure.subject) == (2, "鲜牛奶")


async def test_a_product_of_another_merchant_is_reported_and_untouched(
    database: Database, shop: Shop, new_shop
) -> None:
    other = await a_shop(database, await new_shop())
    theirs, _ = await products(database, other)
    ours, _ = await products(database, shop)

    job = await run(database, shop, BulkEdit("unshelve", (theirs, ours)))

    assert (job.done, job.failed) == (2, 1)
    async with database.begin(shop.merchant) as uow:
        assert not (await catalog.product(uow, ours)).is_on_shelf
        assert [(c.is_on_shelf, c.why) for c in await catalog.shelf_changes(uow, ours)] == [(False, "bulk")]
    async with database.begin(other.merchant) as uow:
        assert (await catalog.product(uow, theirs)).is_on_shelf


async def test_many_are_moved_branded_and_tagged(database: Database, shop: Shop) -> None:
    both, brand_id = await products(database, shop), ids.new()
    async with database.begin(shop.merchant) as uow:
        dairy = next(c.id for c in await catalog.categories(uow) if c.name == "乳品")
        await catalog.save_brand(uow, brand_id, "自有品牌")
        await catalog.save_tag(uow, "新品")
    for edit in (
        BulkEdit("category", both, target=dairy),
        BulkEdit("brand", both, target=brand_id),
        BulkEdit("tag", both, tag="新品"),
        BulkEdit("tag", both, tag="新品"),
    ):
        assert (await run(database, shop, edit)).failed == 0

    async with database.begin(shop.merchant) as uow:
        found = [await catalog.product(uow, one) for one in both]
    assert [(p.category_id, p.brand_id, p.tags) for p in found] == [(dairy, brand_id, ("新品",))] * 2


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"what": "percent", "change": 0}, "change"),
        ({"what": "percent", "change": -9_001}, "change"),
        ({"what": "category", "target": None}, "category"),
        ({"what": "brand", "target": ids.new()}, "brand"),
        ({"what": "tag", "tag": "没有"}, "tag"),
        ({"what": "shelve", "product_ids": ()}, "product"),
    ],
)
async def test_a_change_that_makes_no_sense_starts_no_job(
    database: Database, shop: Shop, said: dict, field: str
) -> None:
    edit = BulkEdit(**{"product_ids": await products(database, shop), **said})
    with pytest.raises(Invalid) as refusal:
        await run(database, shop, edit)

    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        assert await jobs.listing(uow) == []
