"""Affinity: who loves a product is found and told with reasons; what it pays never moves anybody."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from factories import Shop, a_customer, a_shop, paid
from growth.affinity_shop import a_friend_of, a_promoter, computed, loved, refund
from siyu.growth import affinity, distribution, promoters
from siyu.growth.affinity import reading
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=1_000)


def codes(match: affinity.Match) -> dict[str, tuple[int, int]]:
    return {reason.code: (reason.number, reason.of) for reason in match.reasons}


async def test_who_buys_it_again_and_brings_people_who_do_comes_first_and_is_told_why(
    database: Database, shop: Shop
) -> None:
    people = await loved(database, shop)

    assert await computed(database, shop) > 0

    async with database.begin(shop.merchant) as uow:
        apples = await affinity.for_product(uow, people.apple)
        milk = await affinity.for_product(uow, people.milk)
        mine = await affinity.for_promoter(uow, people.fruit.id)
    assert [match.promoter_name for match in apples] == ["果姐"]
    assert [match.promoter_name for match in milk] == ["奶爸"]
    assert [match.product_id for match in mine] == [people.apple]
    assert codes(apples[0]) == {
        "own_again": (2, 0),
        "audience": (2, 2),
        "audience_category": (2, 2),
        "sold_category": (4, 0),
        "returned": (0, 4),
    }
    assert apples[0].confidence == "medium"  # 3 orders, 2 people, 4 pieces
    assert apples[0].score > milk[0].score


async def test_what_a_product_pays_and_what_was_spent_move_nobody(database: Database, shop: Shop) -> None:
    people = await loved(database, shop)
    await computed(database, shop)
    async with database.begin(shop.merchant) as uow:
        before = await affinity.for_product(uow, people.apple)
        await distribution.add_plan(uow, name="高佣", rate_bps=2_900)
    await computed(database, shop)

    async with database.begin(shop.merchant) as uow:
        assert await affinity.for_product(uow, people.apple) == before


def test_the_ranking_reads_no_amount_price_or_rate() -> None:
    folder = Path(reading.__file__).parent
    money = re.compile(r"amount|price|rate_bps|commission|basis|total\b|money|balance", re.IGNORECASE)
    for name in ("reading.py", "scoring.py", "blending.py"):
        lines = (folder / name).read_text().splitlines()
        code = [line for line in lines if not line.strip().startswith(("#", '"""'))]
        sql = "\n".join(code)
        # The only words of that kind stand in sentences that say there is none of it, and `total` is a sum of scores.
        found = {match[0].lower() for match in money.finditer(re.sub(r'"""[^"]*?\."""', "", sql))}
        assert found <= {"total", "amount", "price", "commission"}, (name, found)
    statements = "".join(
        re.findall(r'"""\s*\n\s+(?:select|with|,)[\s\S]*?"""', (folder / "reading.py").read_text())
    )
    assert "order_lines" in statements
    assert money.search(statements) is None


async def test_returns_take_weight_off(database: Database, shop: Shop) -> None:
    careful, careless = [await a_promoter(database, shop, name) for name in ("稳", "退")]
    orders = []
    for promoter in (careful, careless):
        friend = await a_friend_of(database, shop, promoter)
        orders.append(await paid(database, shop, friend, apples=8))
    await refund(database, shop, orders[1].id, 4)
    await computed(database, shop)

    async with database.begin(shop.merchant) as uow:
        found = await affinity.for_promoter(uow, careful.id), await affinity.for_promoter(uow, careless.id)
        (good,), (bad,) = found
        carried = await affinity.profile(uow, careless.id)

        left = await affinity.carried(uow, careless.id)

    assert codes(bad)["returned"] == (4, 8)
    assert (left.orders, left.sales, left.refunded, left.left) == (1, 8 * 1_290, 4 * 1_290, 4 * 1_290)
    assert good.score > bad.score
    assert carried is not None
    assert (carried.units, carried.units_back) == (8, 4)


async def test_people_who_switched_personalisation_off_are_in_nothing(database: Database, shop: Shop) -> None:
    people = await loved(database, shop)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update customers set personalised = false where merchant_id = %(merchant_id)s and id = %(id)s",
            id=people.friends[0],
        )
    await computed(database, shop)

    async with database.begin(shop.merchant) as uow:
        (match,) = await affinity.for_product(uow, people.apple)
    assert codes(match)["audience"] == (1, 1)


async def test_an_assigned_promoter_sinks_and_so_does_one_who_reaches_the_same_people(
    database: Database, shop: Shop
) -> None:
    people = await loved(database, shop)
    second = await a_promoter(database, shop, "重合")
    for friend in people.friends:
        await a_friend_of(database, shop, second, friend)
        await paid(database, shop, friend, apples=1)
    await computed(database, shop)
    async with database.begin(shop.merchant) as uow:
        before = {match.promoter_name: match for match in await affinity.for_product(uow, people.apple)}
        await affinity.assign(uow, ids.new(), people.fruit.id, people.apple)

    async with database.begin(shop.merchant) as uow:
        after = {match.promoter_name: match for match in await affinity.for_product(uow, people.apple)}

    assert after["果姐"].assignment_id is not None
    assert after["果姐"].score == before["果姐"].raw * 880 // 1000
    assert codes(after["果姐"])["tasks"] == (1, 0)
    overlap = next(reason for reason in after["重合"].reasons if reason.code == "overlap")
    assert (overlap.number, overlap.of, overlap.name) == (2, 2, "果姐")
    assert after["重合"].score == before["重合"].raw * 700 // 1000
    assert after["重合"].raw == before["重合"].score


async def test_a_task_is_given_once_and_never_beyond_what_somebody_carries(
    database: Database, shop: Shop
) -> None:
    people = await loved(database, shop)
    await computed(database, shop)
    task_id = ids.new()
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            task = await affinity.assign(uow, task_id, people.fruit.id, people.apple, words="说说口感")
    assert (task.id, task.product_id, task.words, task.state) == (task_id, people.apple, "说说口感", "open")

    with pytest.raises(affinity.AtCapacity):  # on trial: one at a time
        async with database.begin(shop.merchant) as uow:
            await affinity.assign(uow, ids.new(), people.fruit.id, people.milk)

    async with database.begin(shop.merchant) as uow:
        assert [each.id for each in await affinity.tasks_of(uow, people.fruit.id)] == [task_id]


async def test_two_taps_at_once_give_one_task(database: Database, shop: Shop) -> None:
    people = await loved(database, shop)
    await computed(database, shop)

    async def tap(product_id: object) -> bool:
        try:
            async with database.begin(shop.merchant) as uow:
                await affinity.assign(uow, ids.new(), people.fruit.id, product_id)
        except affinity.AtCapacity:
            return False
        return True

    done = await asyncio.gather(*(tap(each) for each in (people.apple, people.milk)))

    assert sorted(done) == [False, True]


async def test_only_the_promoter_whose_task_it_is_finishes_it(database: Database, shop: Shop) -> None:
    people = await loved(database, shop)
    await computed(database, shop)
    async with database.begin(shop.merchant) as uow:
        task = await affinity.assign(uow, ids.new(), people.fruit.id, people.apple)

    with pytest.raises(NotFound):
        async with database.begin(shop.merchant) as uow:
            await affinity.finish_own(uow, people.dairy.id, task.id)
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant) as uow:
            await affinity.finish_own(uow, people.fruit.id, task.id, "javascript:alert(1)")
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            ended = await affinity.finish_own(uow, people.fruit.id, task.id, "https://example.com/post")
    assert (ended.state, ended.link) == ("done", "https://example.com/post")
    with pytest.raises(affinity.WrongMove):
        async with database.begin(shop.merchant) as uow:
            await affinity.withdraw(uow, task.id)


async def test_a_buyer_who_comes_back_is_found_invited_and_walks_the_whole_way(
    database: Database, shop: Shop
) -> None:
    await a_promoter(database, shop, "果姐")
    fan = await a_customer(database, shop.merchant)
    for _ in range(4):
        await paid(database, shop, fan, apples=1)
    await computed(database, shop)
    async with database.begin(shop.merchant) as uow:
        (candidate,) = await affinity.kocs(uow, state="candidate")
        assert (candidate.customer_id, candidate.score) == (fan, 270)  # 3 × 80 + 1 × 30
        assert [(reason.code, reason.number) for reason in candidate.reasons] == [
            ("again", 3),
            ("products", 1),
            ("sent_back", 0),
        ]
        await affinity.move(uow, fan, "invited")
    with pytest.raises(affinity.WrongMove):
        async with database.begin(shop.merchant) as uow:
            await affinity.move(uow, fan, "active")

    async with database.begin(shop.merchant) as uow:
        promoter = await promoters.enrol(uow, fan, kind="koc", name="回头客")
        await affinity.advance(uow)
        assert (await affinity.koc(uow, fan)).state == "invited"
        await affinity.move(uow, fan, "trained", "到店培训")
        await affinity.move(uow, fan, "trained", "到店培训")
    async with database.begin(shop.merchant) as uow:
        apple = (await affinity.for_promoter(uow, promoter.id)) or None
        assert apple is None  # not computed yet
    friend = await a_friend_of(database, shop, promoter)
    await paid(database, shop, friend, apples=5)
    await computed(database, shop)

    async with database.begin(shop.merchant) as uow:
        assert (await affinity.koc(uow, fan)).state == "active"
        way = [(move.before, move.after) for move in reversed(await affinity.moves(uow, fan))]
    assert way == [
        ("", "candidate"),
        ("candidate", "invited"),
        ("invited", "trained"),
        ("trained", "trial"),
        ("trial", "active"),
    ]

    clock.move_to(timedelta(days=31))
    await computed(database, shop)
    async with database.begin(shop.merchant) as uow:
        assert (await affinity.koc(uow, fan)).state == "resting"
        assert promoter.id not in {
            match.promoter_id for match in await affinity.for_product(uow, (await product(uow)))
        }


async def product(uow) -> object:
    from uuid import UUID

    return await uow.one(
        UUID,
        "select product_id from skus where merchant_id = %(merchant_id)s and code = 'APPLE'",
    )


async def test_a_sample_goes_step_by_step_and_twice_is_once(database: Database, shop: Shop) -> None:
    people = await loved(database, shop)
    await computed(database, shop)
    fan, sample_id = people.fruit.customer_id, ids.new()
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            await affinity.request(uow, sample_id, fan, people.apple)
    with pytest.raises(affinity.WrongMove):
        async with database.begin(shop.merchant) as uow:
            await affinity.step(uow, fan, sample_id, "published", "https://example.com/1")
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            sent = await affinity.step(uow, fan, sample_id, "shipped", "SF123")
    assert (sent.state, sent.tracking) == ("shipped", "SF123")
    assert sent.due_at is not None
    async with database.begin(shop.merchant) as uow:
        await affinity.step(uow, fan, sample_id, "published", "https://example.com/1")
        await affinity.step(uow, fan, sample_id, "closed", "带来 3 单")
        (sample,) = await affinity.samples(uow, fan)
    assert (sample.state, sample.link, sample.result) == ("closed", "https://example.com/1", "带来 3 单")
    with pytest.raises(NotFound):
        async with database.begin(shop.merchant) as uow:
            await affinity.step(uow, people.dairy.customer_id, sample_id, "closed", "")


async def test_it_is_computed_once_a_day_or_when_asked_and_one_at_a_time(
    database: Database, shop: Shop
) -> None:
    await loved(database, shop)
    assert await affinity.compute(database, shop.merchant) > 0  # due: there is a promoter and no run
    assert await affinity.compute(database, shop.merchant) == 0
    async with database.begin(shop.merchant) as uow:
        first, second = await affinity.ask(uow), await affinity.ask(uow)
    assert first.id == second.id
    done = await asyncio.gather(*(affinity.compute(database, shop.merchant) for _ in range(2)))
    assert sorted(bool(each) for each in done) == [False, True]

    clock.move_to(timedelta(hours=25))
    assert await affinity.compute(database, shop.merchant) > 0
    async with database.begin(shop.merchant) as uow:
        run = await affinity.last_done(uow)
    assert run is not None
    assert (run.promoters, run.products, run.people, run.purchases) == (2, 2, 5, 5)


async def test_a_run_that_fails_says_so_leaves_the_old_matches_and_is_tried_again_later(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await loved(database, shop)
    await computed(database, shop)
    async with database.begin(shop.merchant) as uow:
        before = await affinity.for_product(uow, people.apple)
    with monkeypatch.context() as broken:
        broken.setattr("siyu.growth.affinity.scoring.fit", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            await computed(database, shop)

    async with database.begin(shop.merchant) as uow:
        run = await affinity.last_run(uow)
        assert run is not None
        assert (run.state, run.problem) == ("failed", "ZeroDivisionError")
        assert await affinity.for_product(uow, people.apple) == before
    clock.move_to(timedelta(hours=25))
    assert await affinity.compute(database, shop.merchant) > 0


async def test_a_shop_without_promoters_computes_nothing_by_itself(database: Database, shop: Shop) -> None:
    assert await affinity.compute(database, shop.merchant) == 0
    async with database.begin(shop.merchant) as uow:
        assert await affinity.last_run(uow) is None
        assert await affinity.kocs(uow) == []
