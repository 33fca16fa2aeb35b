"""Jobs, saved filters, roles and the audit log as pages: own things only, everything said in both languages."""

import re
from uuid import uuid4

import msgspec
import pytest

from console.console_floor import field_of
from siyu.kernel import ids
from siyu.people import staff, workbench
from siyu.runtime import audit, jobs
from siyu.runtime.actors import Actor


class Nothing(msgspec.Struct, frozen=True):
    """A job's input."""


async def breaks(uow, work, position):
    raise ZeroDivisionError("of something")


async def ends(uow, work, position):
    return jobs.Step(
        1, 2, (jobs.Failure(2, "N2", "不行。", "No."),), is_over=True, result="orders?state=paid"
    )


async def who(floor, login: str) -> Actor:
    async with floor.database.begin(floor.shop.merchant) as uow:
        member = next(one for one in await staff.every(uow) if one.login == login)
    return Actor("staff", member.id, name=member.name)


async def a_job(floor, actor: Actor, step=ends):
    async with floor.database.begin(floor.shop.merchant, actor) as uow:
        job_id = await jobs.start(uow, "test.one", Nothing(), title_zh="试一试", title_en="A trial", total=2)
    if step:
        await jobs.run_step(floor.database, floor.shop.merchant, [jobs.Kind("test.one", Nothing, step)])
    return job_id


async def test_a_job_is_followed_stopped_and_resumed_by_whoever_started_it(floor, owner):
    operator = await floor.member("operator")
    job_id = await a_job(floor, await who(floor, "operator"), step=None)

    page = (await operator.get(f"/console/jobs/{job_id}")).text
    assert "试一试" in page
    assert f'hx-get="/console/{operator.slug}/jobs/{job_id}/progress"' in page
    assert "1 个任务进行中" in (await operator.get("/console/jobs/open")).text
    assert (await operator.tap(f"/console/jobs/{job_id}/stop")).status_code == 200
    assert (await operator.tap(f"/console/jobs/{job_id}/stop")).status_code == 409
    assert (await operator.get(f"/console/jobs/{job_id}/progress")).headers["hx-refresh"] == "true"
    assert (await owner.tap(f"/console/jobs/{job_id}/resume")).status_code == 404
    assert (await operator.tap(f"/console/jobs/{job_id}/resume")).status_code == 200


async def test_the_report_of_a_job_is_shown_in_the_readers_language(floor, owner):
    job_id = await a_job(floor, await who(floor, "owner"))

    page = (await owner.get(f"/console/jobs/{job_id}")).text
    english = (await owner.get(f"/console/jobs/{job_id}?lang=en")).text

    assert "不行。" in page
    assert f'href="/console/{owner.slug}/orders?state=paid"' in page
    assert "A trial" in english
    assert "No." in english
    assert "N2" in (await owner.get(f"/console/jobs/{job_id}/report?kind=csv")).text


async def test_a_broken_job_says_why(floor, owner):
    job_id = await a_job(floor, await who(floor, "owner"), breaks)

    assert "ZeroDivisionError: of something" in (await owner.get(f"/console/jobs/{job_id}")).text


async def test_jobs_of_others_are_for_those_who_read_the_audit_log(floor, owner):
    operator, guide = await floor.member("operator"), await floor.member("guide")
    job_id = await a_job(floor, await who(floor, "operator"))

    assert (await owner.get(f"/console/jobs/{job_id}")).status_code == 200
    assert "试一试" in (await owner.get("/console/jobs?whose=all")).text
    for path in ("", "/progress", "/report"):
        assert (await guide.get(f"/console/jobs/{job_id}{path}")).status_code == 404
    assert "试一试" not in (await guide.get("/console/jobs?whose=all")).text
    assert "试一试" in (await operator.get("/console/jobs")).text
    assert (await floor.stranger().get("/console/jobs")).status_code == 303


async def keep(browser, name: str, query: str, **more: str):
    return await browser.tap(
        "/console/filters",
        {"list": "orders", "name": name, "query": query, "idempotency_key": str(uuid4()), **more},
    )


async def test_filters_are_kept_chosen_shared_and_forgotten(floor, owner):
    operator = await floor.member("operator")
    at = {"hx-request": "true", "hx-current-url": f"http://x/console/{owner.slug}/orders?after=1&state=paid"}

    offered = (await owner.get("/console/filters?name=orders", **at)).text
    assert "保存这个筛选" in offered
    assert 'name="query" value="state=paid"' in offered
    kept = await keep(owner, "待提货", "state=paid&after=1&q=")
    assert f'href="/console/{owner.slug}/orders?state=paid"' in kept.text
    assert "保存这个筛选" not in kept.text, "this very question is kept already"
    await keep(owner, "大额", "least=100", is_shared="1")

    seen = (await operator.get("/console/filters?name=orders")).text
    assert "大额" in seen
    assert "待提货" not in seen
    async with floor.database.begin(floor.shop.merchant, await who(floor, "owner")) as uow:
        mine = {one.name: one.id for one in await workbench.saved(uow, "orders")}
    gone = f"/console/filters/{mine['大额']}/remove"
    assert (await operator.tap(gone, {"list": "orders", "query": ""})).status_code == 404
    assert "大额" not in (await owner.tap(gone, {"list": "orders", "query": ""})).text


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"name": ""}, 422), ({"name": "x" * 41}, 422), ({"query": ""}, 422), ({"query": "after=1"}, 422),
        ({"list": "../settings"}, 404), ({"list": ""}, 404), ({"idempotency_key": "x"}, 422),
    ],
)  # fmt: skip
async def test_a_filter_that_makes_no_sense_is_not_kept(floor, owner, facts, status):
    said = {"list": "orders", "name": "x", "query": "state=paid", "idempotency_key": str(uuid4()), **facts}

    assert (await owner.tap("/console/filters", said)).status_code == status
    async with floor.database.begin(floor.shop.merchant, await who(floor, "owner")) as uow:
        assert await workbench.saved(uow, "orders") == []


async def test_a_role_is_made_given_and_seen_in_the_matrix(floor, owner):
    key = str(uuid4())
    said = {
        "name": "售后客服",
        "scope": "stores",
        "permission": ["orders:read", "orders:refund"],
        "idempotency_key": key,
    }

    assert (await owner.tap("/console/roles", said)).status_code == 200
    assert "售后客服" in (await owner.get("/console/roles")).text
    refused = await owner.tap("/console/settings/staff", {
        "login": "lin", "name": "小林", "password": "a long password", "role": key,
    })  # fmt: skip
    hired = await owner.tap("/console/settings/staff", {
        "login": "lin", "name": "小林", "password": "a long password", "role": key,
        "store": str(floor.shop.store_id),
    })  # fmt: skip

    assert (refused.status_code, hired.status_code) == (422, 200)
    page = (await owner.get("/console/settings")).text
    assert "售后客服" in page
    member = await who(floor, "lin")
    form = (await owner.get(f"/console/settings/staff/{member.id}")).text
    assert re.search(rf'value="{floor.shop.store_id}" checked', form)
    assert "看到 1 家门店" in form


async def test_an_operator_does_not_come_near_roles_staff_and_log(floor, owner):
    operator = await floor.member("operator")
    for path in ("roles", "roles/new", "settings/staff/new", "audit"):
        assert (await owner.get(f"/console/{path}")).status_code == 200, path
        assert (await operator.get(f"/console/{path}")).status_code == 403, path
    assert (await operator.tap("/console/roles", {"name": "x"})).status_code == 403


async def test_a_team_is_made_changed_and_removed(floor, owner):
    await floor.member("guide")
    guide, team = await who(floor, "guide"), str(uuid4())

    await owner.tap(
        "/console/teams", {"team_name": "一组", "member": [str(guide.id)], "idempotency_key": team}
    )
    assert "一组" in (await owner.get("/console/settings")).text
    assert (await owner.tap(f"/console/teams/{team}/remove")).status_code == 409
    await owner.tap("/console/teams", {"team_name": "二组", "idempotency_key": team})
    assert "二组" in (await owner.get("/console/roles")).text
    assert (await owner.tap(f"/console/teams/{team}/remove")).status_code == 200
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await staff.teams(uow) == []


async def test_the_log_shows_the_difference_as_people_read_it(floor, owner):
    actor, subject = await who(floor, "owner"), ids.new()
    async with floor.database.begin(floor.shop.merchant, actor) as uow:
        await audit.note(
            uow, "orders.edit_price", subject_kind="order", subject=subject, name="N7",
            before={"total": 1_290, "freight": 0}, after={"total": 1_000, "freight": 0}, reason="熟客 <b>",
        )  # fmt: skip

    page = (await owner.get("/console/audit?action=orders.edit_price")).text
    assert "<del>¥12.90</del>" in page
    assert "<ins>¥10.00</ins>" in page
    assert "熟客 &lt;b&gt;" in page
    assert "<del>¥0.00</del>" not in page
    assert f'href="/console/{owner.slug}/orders/{subject}"' in page
    assert "N7" not in (await owner.get("/console/audit?action=staff.hire")).text
    assert "N7" not in (await owner.get(f"/console/audit?who={ids.new()}")).text
    assert "N7" in (await owner.get(f"/console/audit?subject={subject}")).text
    assert "N7" in (await owner.get("/console/audit?export=csv")).text
    assert (await owner.get("/console/audit?since=never&until=9999-12-31")).status_code == 200


async def test_a_key_never_holds_more_than_its_maker(floor, owner):
    key = str(uuid4())
    await owner.tap("/console/roles", {
        "name": "技术", "scope": "all", "permission": ["settings:write", "orders:read"], "idempotency_key": key,
    })  # fmt: skip
    await owner.tap("/console/settings/staff", {
        "login": "it", "name": "阿技", "password": "a long password", "role": key,
    })  # fmt: skip
    tech = floor.stranger()
    assert (await tech.sign_in("it")).status_code == 303

    assert (
        await tech.tap("/console/settings/keys", {"name": "x", "permission": ["orders:refund"]})
    ).status_code == 403
    assert (
        await tech.tap("/console/settings/keys", {"name": "x", "permission": ["orders:read"]})
    ).status_code == 200
    assert field_of((await owner.get("/console/roles/new")).text, "idempotency_key")


@pytest.mark.parametrize(
    "path", ["jobs", "roles", "roles/new", "settings/staff/new", "audit", "find?q=x", "find"]
)
async def test_pages_are_complete_in_english(floor, owner, path):
    page = (await owner.get(f"/console/{path}{'&' if '?' in path else '?'}lang=en")).text
    main = page.split('<main id="content"')[1].split("</main>")[0]

    assert set(re.findall(r"[\u3400-\u9fff]+", re.sub(r"<[^>]+>|陈店长|一店", " ", main))) == set()
