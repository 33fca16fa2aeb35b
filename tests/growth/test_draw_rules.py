"""What a draw must publish, what may change after, and how anybody does it again."""

import csv
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import siyu
from architecture.raw import as_application
from factories import Shop, a_customer, a_shop
from growth.draw_shop import (
    balance,
    published,
    running,
    some_rules,
    takes_part,
    with_points,
    work,
)
from siyu.growth import draws
from siyu.growth.draws import rolling
from siyu.growth.draws.rules import ticket_value_max
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"conditions": " "}, "conditions"),
        ({"redemption": ""}, "redemption"),
        ({"prizes": ()}, "prizes"),
        ({"ticket_points": None}, "order_least"),
        ({"per_person": 0}, "per_person"),
        ({"starts_at": datetime(2020, 1, 1, tzinfo=UTC)}, "starts_at"),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "ends_at"),
    ],
)
async def test_a_draw_that_leaves_something_out_is_not_published(
    database: Database, shop: Shop, changes: dict, field: str
) -> None:
    draw_id = ids.new()
    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await draws.save(uow, draw_id, some_rules(**changes))
            await draws.publish(uow, draw_id)

    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        with pytest.raises(NotFound):
            await draws.find(uow, draw_id)


@pytest.mark.parametrize(("value", "is_allowed"), [(5_000_000, True), (5_000_001, False)])
def test_the_highest_prize_is_worth_fifty_thousand_yuan_at_most(value: int, is_allowed: bool) -> None:
    prize = draws.Prize(1, "金条", "points", number=1, value=value, odds=1, points=1)
    rules = some_rules(prizes=(prize, msgspec.structs.replace(prize, no=2, value=100)))

    found = [problem.field for problem in draws.problems(rules, clock.now())]

    assert ticket_value_max(rules) == value
    assert found == ([] if is_allowed else ["value"])


BETTER = {
    "ends_at": datetime(2090, 1, 1, tzinfo=UTC),
    "per_person": 51,
    "ticket_points": 4,
}
WORSE = {
    "ends_at": datetime(2020, 1, 1, tzinfo=UTC),
    "starts_at": datetime(2020, 1, 1, tzinfo=UTC),
    "per_person": 49,
    "ticket_points": 6,
    "conditions": "只限会员",
    "redemption": "到店领取",
    "name": "别的名字",
    "prizes": (),
}


@pytest.mark.parametrize(("field", "value"), BETTER.items())
def test_a_change_in_favour_takes_nothing(field: str, value: object) -> None:
    before = some_rules()
    assert draws.worse(before, msgspec.structs.replace(before, **{field: value})) == []


@pytest.mark.parametrize(("field", "value"), WORSE.items())
async def test_a_change_that_takes_something_is_refused(
    database: Database, shop: Shop, field: str, value: object
) -> None:
    draw_id = await published(database, shop)
    async with database.begin(shop.merchant) as uow:
        before = await draws.find(uow, draw_id)
    with pytest.raises(draws.WorseForBuyers):
        async with database.begin(shop.merchant) as uow:
            await draws.amend(uow, draw_id, msgspec.structs.replace(before.rules, **{field: value}), "改一下")

    async with database.begin(shop.merchant) as uow:
        assert await draws.find(uow, draw_id) == before
        assert len(await draws.versions(uow, draw_id)) == 1


@pytest.mark.parametrize("part", ["number", "value", "odds", "points", "name", "instead"])
def test_no_prize_becomes_less(part: str) -> None:
    before = some_rules()
    less = {"name": "小奖", "instead": None}.get(part, getattr(before.prizes[0], part) or 0)
    less = less - 1 if isinstance(less, int) else less
    after = msgspec.structs.replace(
        before, prizes=(msgspec.structs.replace(before.prizes[0], **{part: less}), before.prizes[1])
    )

    assert len(draws.worse(before, after)) == 1


async def test_more_prizes_and_higher_odds_hold_from_the_next_ticket_on(
    database: Database, shop: Shop
) -> None:
    draw_id = await running(database, shop)
    customer = await with_points(database, shop)
    for _ in range(10):
        await takes_part(database, shop, draw_id, customer)
    async with database.begin(shop.merchant) as uow:
        rules = (await draws.find(uow, draw_id)).rules
        first = msgspec.structs.replace(rules.prizes[0], number=30, odds=400_000)
        more = msgspec.structs.replace(rules, prizes=(first, rules.prizes[1]))
        await draws.amend(uow, draw_id, more, "加码")
    for _ in range(30):
        await takes_part(database, shop, draw_id, customer)
    clock.move_to(timedelta(days=8))
    await work(database, shop)
    async with database.begin(shop.merchant) as uow:
        told = [(one.from_serial, one.rules) for one in await draws.versions(uow, draw_id)]
        seed = await draws.seed_of(uow, draw_id)
        log = [line.outcome for line in await draws.log(uow, draw_id)]
        seed_hash = (await draws.find(uow, draw_id)).seed_hash

    assert [first for first, _ in told] == [1, 11]
    assert draws.verify(seed, seed_hash, draw_id, told, log) == []


async def test_a_published_draw_cannot_be_drafted_again(database: Database, shop: Shop) -> None:
    draw_id = await published(database, shop)
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant) as uow:
            await draws.save(uow, draw_id, some_rules(name="换一个"))
    with pytest.raises(NotFound):
        async with database.begin(shop.merchant) as uow:
            await draws.remove(uow, draw_id)

    async with database.begin(shop.merchant) as uow:
        assert (await draws.find(uow, draw_id)).name == "周年抽奖"


async def test_another_merchants_draw_is_not_there(database: Database, shop: Shop, new_shop) -> None:
    draw_id = await running(database, shop)
    other = await a_shop(database, await new_shop())
    customer = await with_points(database, other)

    with pytest.raises(NotFound):
        await takes_part(database, other, draw_id, customer)

    assert await balance(database, other, customer) == 500


async def test_a_ticket_comes_by_buying_or_for_points_and_by_nothing_else(
    database: Database, merchant: Merchant
) -> None:
    """微信外部链接内容管理规范: no chance by inviting or sharing; the schema has no such origin."""
    shop = await a_shop(database, merchant)
    draw_id = await published(database, shop)
    customer = await a_customer(database, merchant)
    for origin in ("invite", "share", "follow"):
        with pytest.raises(psycopg.errors.CheckViolation):
            async with as_application(database.url, merchant) as connection:
                await connection.execute(
                    "insert into draw_tickets (merchant_id, id, draw_id, customer_id, origin, subject_id, created_at)"
                    " values (%s, %s, %s, %s, %s, %s, %s)",
                    (merchant.id, ids.new(), draw_id, customer, origin, ids.new(), clock.now()),
                )
    room = Path(siyu.__file__).parent / "growth" / "draws"
    source = "".join(path.read_text() for path in room.glob("*.py"))
    assert not {"DoorScanned", "CustomerJoined", "GuestRecognised"} & set(source.split())


SEED = bytes(range(32))
A_DRAW = UUID(int=5)


def test_places_are_the_ones_that_the_published_way_gives() -> None:
    digest_ = hmac.new(SEED, f"{A_DRAW}:1:0".encode(), hashlib.sha256).digest()

    assert draws.place(SEED, A_DRAW, 1) == int.from_bytes(digest_, "big") % 1_000_000


def test_no_place_is_likelier_than_another() -> None:
    assert rolling.WHOLE % draws.PLACES == 0
    assert (1 << 256) - rolling.WHOLE < draws.PLACES
    tens = [0] * 10
    for serial in range(1, 20_001):
        tens[draws.place(SEED, A_DRAW, serial) // 100_000] += 1
    assert all(1_850 < count < 2_150 for count in tens)


@given(st.lists(st.integers(1, 200_000), min_size=1, max_size=5), st.integers(0, 999_999))
def test_each_prize_has_exactly_its_places(odds: list[int], rolled: int) -> None:
    prizes = tuple(draws.Prize(i + 1, "奖", "points", 1, 1, one, 1) for i, one in enumerate(odds))
    prize = rolling.hit(prizes, rolled)
    before = sum(one.odds for one in prizes if prize is None or one.no < prize.no)

    assert (prize is None) == (rolled >= sum(odds))
    if prize is not None:
        assert before <= rolled < before + prize.odds


def test_a_reader_of_the_csv_needs_nothing_of_ours() -> None:
    """The script of docs/concepts/draws.md, on a log made here."""
    page = (Path(siyu.__file__).parents[2] / "docs/concepts/draws.md").read_text(encoding="utf-8")
    script = page.split("```python\n")[1].split("```")[0]
    rules = some_rules()
    again = draws.replay(SEED, A_DRAW, [(1, rules)], 50)
    rows = [["serial", "place", "hit", "prize"]]
    rows += [
        [str(one.serial), str(one.rolled), str(one.hit_no or ""), str(one.prize_no or "")] for one in again
    ]
    told = {"draw_id": str(A_DRAW), "rules": msgspec.to_builtins(rules)}
    known: dict = {}
    exec(compile(script, "draws.md", "exec"), known)

    assert (
        known["differing"](
            SEED.hex(),
            draws.seed_hash(SEED),
            [(1, told)],
            [dict(zip(rows[0], row, strict=True)) for row in rows[1:]],
        )
        == []
    )
    assert list(csv.reader([",".join(row) for row in rows])) == rows
    rows[4][3] = "9"
    assert known["differing"](
        SEED.hex(),
        draws.seed_hash(SEED),
        [(1, told)],
        [dict(zip(rows[0], row, strict=True)) for row in rows[1:]],
    ) == [4]
