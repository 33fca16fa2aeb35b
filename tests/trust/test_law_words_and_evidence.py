"""D-10 to D-12, sharing and payout rules: words in every field that a merchant or promoter fills, evidence, age, tax."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_shop
from growth.test_promoter_identity_rules import number
from siyu.growth import distribution, promoters
from siyu.kernel import clock, ids
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings
from trust.law_court import Court, customer_of, new, sitting

SPELT = ("拉人头", "拉 人 头", "发❤️展☆下线", "發展下線", "躺贝兼", "ＬＡ人头", "日入五百", "downline bonus")


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


@pytest.fixture
async def court(app, database: Database, shop: Shop, settings: Settings, owner) -> AsyncIterator[Court]:
    async with sitting(app, database, shop, settings, owner) as court:
        yield court


@pytest.mark.parametrize("word", SPELT)
async def test_d10_no_plan_is_published_under_such_a_name(court: Court, word: str) -> None:
    answer = await court.api("D-10", "POST", "/plans", {"name": f"{word}方案", "rate_bps": 500})
    assert answer.status_code == 409
    assert answer.json()["code"] == "distribution.plan_refused"
    plan_id = ids.new()
    async with court.database.begin(court.shop.merchant) as uow:
        await distribution.save(uow, plan_id, f"{word}方案", distribution.PlanRule(rate_bps=500))
    await court.api("D-10", "POST", f"/plans/{plan_id}/moves", {"action": "publish"})
    await court.api("D-10", "POST", f"/plans/{plan_id}/moves", {"action": "publish", "reason": "老板同意"})
    await court.form("D-10", f"/console/commission/plans/{plan_id}/publish", {"reason": "老板同意"})


async def test_d10_no_text_to_promoters_or_buyers_says_it(court: Court) -> None:
    me = await customer_of(court)
    due = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    for word in SPELT:
        for field in ("title", "words"):
            task = {
                "idempotency_key": new(),
                "kind": "share",
                "title": "分享",
                "words": "",
                "times": "1",
                "due_at": due,
            }
            await court.form("D-10", "/console/promoters/tasks", task | {field: f"来{word}"})
        await court.form("D-10", "/console/promoters/rules", {"welcome": f"欢迎{word}"})
        await court.form("D-10", "/console/promoters/agreement", {"body": f"我们的推广协议写明如何介绍商品，并且{word}，请认真阅读以上全部内容。"})  # fmt: skip
        await court.form("D-10", "/desk/face", {"name": "小鱼", "words": f"跟我{word}"}, by=me)
        await court.call("D-10", f"promoters.keep_lesson {word}", lambda uow, word=word: promoters.keep_lesson(uow, a_lesson(word)))  # fmt: skip


def a_lesson(word: str) -> promoters.LessonForm:
    question = promoters.Question("可以承诺收入吗", ("可以", "不可以"), 1)
    return promoters.LessonForm(ids.new(), f"学会{word}", "正文", (question,), 1)


async def test_d11_what_happened_cannot_be_rewritten(court: Court) -> None:
    for table in (
        "audit_log", "transfers", "evidence", "ledger_proofs", "oversight_days", "risk_overrides", "payout_steps",
        "payout_lines", "promoter_changes", "promoter_acceptances", "promoter_agreements",
    ):  # fmt: skip
        await court.sql("D-11", f"delete from {table}")
        await court.sql("D-11", f"update {table} set merchant_id = merchant_id")
    await court.sql("D-11", "drop table audit_log")
    await court.sql("D-11", "alter table commissions drop constraint commissions_share")
    await court.sql("D-11", "alter table evidence disable row level security")


def born(age: int, days: int = 0) -> str:
    day = (clock.now() + timedelta(hours=8)).date() + timedelta(days=days)
    return number(f"110105{day.year - age:04d}{day.month:02d}{day.day:02d}002")


@pytest.mark.parametrize(("age", "days"), [(10, 0), (15, 0), (16, 1), (17, 0), (18, 1)])
async def test_d12_nobody_under_age_hands_in_a_name(court: Court, age: int, days: int) -> None:
    said = {"real_name": "王小明", "id_number": born(age, days), "is_consented": "1"}
    form = promoters.IdentityForm("王小明", said["id_number"], is_consented=True)
    await court.call("D-12", f"promoters.submit_identity aged {age}", lambda uow: promoters.submit_identity(uow, court.promoter.id, form, secret="x" * 32))  # fmt: skip
    before = await court.state()
    answer = await (await customer_of(court)).tap("/desk/identity", said)
    assert answer.status_code in {400, 422}
    changed = {table for table, said_now in (await court.state()).items() if said_now != before[table]}
    assert "promoter_identities" not in changed
    assert not {table for table in changed if table.startswith(("promoter", "commission", "payout"))}


async def test_w03_and_w05_sharing_and_inviting_give_nothing(court: Court) -> None:
    for origin in ("share", "invite", "forward"):
        await court.sql("W-05", f"insert into draw_tickets (merchant_id, id, draw_id, customer_id, origin, subject_id, state, created_at) values (%(m)s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{origin}', gen_random_uuid(), 'ready', now())")  # fmt: skip
        await court.api("W-03", "PUT", f"/plans/{new()}", {"name": "转发", "rule": {"rate_bps": 1, "pays_on": origin}})  # fmt: skip
    await court.form("W-03", "/console/promoters/rules", {"welcome": "转发朋友圈领红包"})
    await court.sql("W-03", "update promoter_task_marks set reward = 1")


PAYOUT = (
    "insert into payouts (merchant_id, id, number, promoter_id, method, tax_method, period, gross, tax, net, state, "
    "requested_by, requested_at) values (%(m)s, gen_random_uuid(), {number}, %(promoter)s, 'wechat', 'labour', "
    "'2026-11-01', {gross}, {tax}, {net}, 'requested', 'x', now())"
)


async def test_t06_t13_no_payout_without_its_tax_and_none_twice(court: Court) -> None:
    await court.sql("T-06", PAYOUT.format(number="'A'", gross=1_000, tax="null", net=1_000))
    await court.sql("T-06", PAYOUT.format(number="'A'", gross=1_000, tax=100, net=1_000))
    await court.sql("T-06", PAYOUT.format(number="'A'", gross=1_000, tax=-100, net=1_100))
    one, two, again = (PAYOUT.format(number=f"'{n}'", gross=1_000, tax=0, net=1_000) for n in "ABA")
    await court.sql("T-13", f"with a as ({one} returning id) {two}")  # two on their way to one person
    await court.sql("T-13", f"with a as ({one} returning id) {again}")  # one number twice


async def test_t10_no_route_tops_up_or_passes_commission_on(court: Court) -> None:
    for path in (f"/promoters/{court.promoter.id}/top-up", "/me/promoter/transfer", "/commission/transfer", f"/promoters/{court.promoter.id}/balance"):  # fmt: skip
        await court.api("T-10", "POST", path, {"amount": 100, "to": str(UUID(int=1))})
