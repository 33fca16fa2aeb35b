"""D-01 to D-09: every rule of distribution tried through the API, the database, the pages and the front doors."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

import siyu
from factories import Shop, a_customer, a_shop, paid
from growth.commission_shop import ANNA, a_plan, a_promoter, bought, lines, owed, received, refunded, work
from siyu.growth import distribution, guard, oversight
from siyu.kernel import clock, ids
from siyu.kernel.permissions import ROLES
from siyu.place import doors
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings
from siyu.trade.imports.model import Mapping
from trust.law_court import Court, customer_of, new, sitting, write

SOURCE = Path(siyu.__file__).parent


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=200)


@pytest.fixture
async def court(app, database: Database, shop: Shop, settings: Settings, owner) -> AsyncIterator[Court]:
    async with sitting(app, database, shop, settings, owner) as court:
        yield court


def a_rule(**more: object) -> dict[str, object]:
    return {"name": "新方案", "rule": {"rate_bps": 500} | more}


async def test_d01_nothing_but_a_sale_earns(court: Court) -> None:
    for event in ("registration", "invitation", "recruiting"):
        await court.api("D-01", "PUT", f"/plans/{new()}", a_rule(pays_on=event))
    await court.api("D-01", "PUT", f"/plans/{new()}", a_rule(invite_bonus=500))
    await court.api("D-01", "POST", "/plans", {"name": "拉新", "rate_bps": 500, "per_head": 1_000})
    await court.sql(
        "D-01",
        "insert into commissions (merchant_id, order_id, line_no, promoter_id, plan_id, rate_bps, basis, units, amount, "
        "uncut, state, earned_at) values (%(m)s, gen_random_uuid(), 1, %(promoter)s, %(plan)s, 500, 1000, 1, 50, 50, "
        "'pending', now())",
    )
    await court.sql("D-01", "insert into commission_adjustments (merchant_id, id, promoter_id, kind, amount, reason, state, proposed_id, proposed_by, proposed_at) values (%(m)s, gen_random_uuid(), %(promoter)s, 'invite_bonus', 100, 'x', 'proposed', gen_random_uuid(), 'x', now())")  # fmt: skip
    await court.sql("D-01", "insert into commission_adjustments (merchant_id, id, promoter_id, kind, amount, reason, state, proposed_id, proposed_by, proposed_at, decided_id, decided_at) select %(m)s, i, %(promoter)s, 'adjustment', 100, 'x', 'approved', i, 'x', now(), i, now() from (select gen_random_uuid() as i) one")  # fmt: skip


async def test_d02_nothing_is_asked_for_the_right_to_promote(court: Court) -> None:
    for condition in (
        "amount_paid",
        "orders_placed",
        "gift_pack",
        "membership",
        "deposit",
        "people_recruited",
    ):
        await court.api("D-02", "PUT", f"/plans/{new()}", a_rule(qualification=[condition]))
        terms = msgspec.to_builtins(distribution.Settings())
        terms["levels"] = [{"name": "gold", "orders": 5, "refund_bps": 500, condition: 1}]
        await court.api("D-02", "PUT", "/commission-terms", terms)
        (finding,) = guard.qualification([condition])
        assert (finding.rule, finding.severity) == ("D-02", "block")
    await court.sql("D-02", "update promoters set fee_paid = 9900")
    await court.sql("D-02", "insert into promoter_tasks (merchant_id, id, kind, title, times, due_at, created_at, reward) values (%(m)s, gen_random_uuid(), 'share', 'x', 1, now(), now(), 5)")  # fmt: skip


async def test_d03_there_is_one_level_and_no_way_to_a_second(court: Court) -> None:
    for depth in (0, 2, 3, 99):
        await court.api("D-03", "PUT", f"/plans/{new()}", a_rule(depth=depth))
    await court.api("D-03", "PUT", f"/plans/{new()}", a_rule(second_rate_bps=100))
    await court.api("D-03", "POST", "/plans", {"name": "二级", "rate_bps": 500, "depth": 2})
    await court.sql(
        "D-03",
        "insert into commissions (merchant_id, order_id, line_no, promoter_id, plan_id, rate_bps, basis, units, amount, "
        "uncut, state, earned_at) select merchant_id, order_id, line_no, promoter_id, plan_id, 100, basis, units, 1, 1, "
        "'pending', now() from commissions",
    )
    for column in ("depth", "max_depth", "levels_deep"):
        await court.sql("D-03", f"update commission_plans set {column} = 2")


async def test_d03_and_d05_no_table_says_who_brought_a_promoter(court: Court, owner) -> None:
    friend = await a_customer(court.database, court.shop.merchant)
    async with court.database.begin(court.shop.merchant) as uow:
        session = await sessions.sign_in(
            uow, kind="customer", subject_id=friend, name="友", permissions=ROLES["shopper"], days=1
        )
    client = court.floor.stranger().client
    for name in (
        "parent_id",
        "upline_id",
        "recruiter_id",
        "invited_by",
        "inviter_id",
        "referrer_id",
        "leader_id",
    ):
        await court.sql("D-05", f"update promoters set {name} = %(promoter)s")
        before = await court.state()
        answer = await client.post(
            f"{court.root}/me/promoter",
            json={"name": "新人", "agrees": True, name: str(court.promoter.id)},
            headers={"authorization": f"Bearer {session.token}", "accept": "application/json"},
        )
        assert answer.status_code in {400, 422}, answer.text
        assert await court.state() == before
        write("D-05", "API", f"POST /me/promoter {name}", str(answer.status_code))
    found = await owner.execute(
        "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public' "
        "and column_name ~ '(parent|upline|downline|recruit|inviter|invited_by|referrer|ancestor)' "
        "and table_name ~ '(promoter|commission|payout|koc)'"
    )
    assert await found.fetchall() == []
    tied = await owner.execute(
        "select conname from pg_constraint where contype = 'f' and conrelid = 'promoters'::regclass "
        "and confrelid = 'promoters'::regclass"
    )
    assert await tied.fetchall() == []


async def test_d04_no_plan_pays_for_others_and_no_code_walks_a_tree(court: Court) -> None:
    for kind in ("team", "difference", "peer", "dividend", "leader_bonus"):
        await court.api("D-04", "PUT", f"/plans/{new()}", a_rule(kind=kind))
    await court.api("D-04", "PUT", f"/plans/{new()}", a_rule(team_bps=100))
    code = [path for path in (SOURCE / "growth").rglob("*.py") if path.parent.name in {"distribution", "promoters", "payouts"}]  # fmt: skip
    assert len(code) > 30
    walks = [path.name for path in code if re.search(r"with\s+recursive|connect\s+by|ltree", path.read_text("utf-8"), re.IGNORECASE)]  # fmt: skip
    assert walks == []


async def test_d06_no_rate_amount_or_cap_costs_more_than_thirty_percent(court: Court) -> None:
    for rate in (3_001, 10_000, 10**9):
        await court.api("D-06", "POST", "/plans", {"name": "高佣", "rate_bps": rate})
        await court.api("D-06", "PUT", f"/plans/{new()}", {"name": "高佣", "rule": {"rate_bps": rate}})
        await court.api("D-06", "PUT", f"/plans/{new()}", a_rule(level_rates={"gold": rate}))
    terms = msgspec.to_builtins(distribution.Settings()) | {"share_bps": 3_001}
    await court.api("D-06", "PUT", "/commission-terms", terms)
    await court.sql("D-06", "update commissions set amount = basis * 3001 / 10000 + 1, uncut = basis")
    await court.sql("D-06", "insert into commission_settings values (%(m)s, 7, 15, 30, 3001, 5, 24, '[]', now())")  # fmt: skip


async def test_d06_a_fixed_amount_above_the_price_is_cut_to_the_cap(
    court: Court, database: Database, shop: Shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        await distribution.end(uow, court.plan.id)
    await a_plan(database, shop, "固定", rate_bps=None, fixed=1_000)
    await bought(database, shop, court.promoter, apples=1)
    await work(database, shop)
    newest = (await lines(database, shop, court.promoter))[-1]
    assert (newest.basis, newest.uncut, newest.amount, newest.cut_by) == (1_290, 1_000, 387, "share")


async def test_d07_own_purchases_earn_nothing_by_any_door(
    court: Court, database: Database, shop: Shop
) -> None:
    await court.api("D-07", "PUT", f"/plans/{new()}", a_rule(earns_on_own=True))
    before = await owed(database, shop, court.promoter)
    async with database.begin(shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, court.promoter.id)
        await doors.scan(uow, door.code, ids.new(), court.promoter.customer_id)
    await paid(database, shop, court.promoter.customer_id, apples=5)
    await work(database, shop)
    assert await owed(database, shop, court.promoter) == before
    write("D-07", "trade", "the promoter buys through their own door", "nothing earned")


async def test_d08_nothing_is_payable_before_the_time_to_return_is_over(
    court: Court, database: Database, shop: Shop
) -> None:
    for days in (0, 6):
        terms = msgspec.to_builtins(distribution.Settings()) | {"hold_days": days}
        await court.api("D-08", "PUT", "/commission-terms", terms)
    await court.sql("D-08", "update commissions set hold_days = 6")
    await court.sql("D-08", "update commissions set matures_at = now(), payable_at = now() - interval '1 day', state = 'payable'")  # fmt: skip
    await received(database, shop, court.order)
    await work(database, shop)
    clock.move_to(timedelta(days=6, hours=23))
    await work(database, shop)
    assert (await owed(database, shop, court.promoter))[0] == 0
    await refunded(database, shop, court.order, 2)
    await work(database, shop)
    clock.move_to(timedelta(days=60))
    await work(database, shop)
    assert await owed(database, shop, court.promoter) == (0, 0)


async def test_imports_carry_no_promoters_and_no_commission() -> None:
    assert set(Mapping.__struct_fields__) == {"order", "sku", "quantity", "price", "time", "customer", "title", "country", "dates"}  # fmt: skip
    write("D-01", "import", "columns of a file: none of promoter, commission or bonus", "no such column")


async def test_d09_a_tree_cannot_grow_and_idle_promoters_are_reported(
    court: Court, database: Database, shop: Shop
) -> None:
    for number in range(3):
        await a_promoter(database, shop, f"闲{number}")
    clock.move_to(timedelta(days=31))
    async with database.begin(shop.merchant, ANNA) as uow:
        await oversight.save_settings(uow, oversight.Settings(idle_least=2))
        await oversight.look(uow)
        found = [risk.field for risk in (await oversight.risks(uow)).items]
    assert found == ["idle"]


async def test_pages_refuse_what_the_api_refuses(court: Court) -> None:
    await court.form("D-06", f"/console/commission/plans/{new()}", {"name": "高佣", "pays": "rate", "rate_bps": "31", "scope": "all", "kind": "open"})  # fmt: skip
    await court.form("D-04", "/console/team-bonus", {"rate": "5"})
    await court.form("D-02", "/desk/join-fee", {"amount": "99"}, by=await customer_of(court))
