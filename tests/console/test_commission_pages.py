"""Commission on the console: every page opens, a plan goes from form to published, two persons correct."""

import os

import pytest

from console.test_console_browser import CONSOLE, Floor, browsing, people  # noqa: F401 - a fixture
from growth.commission_shop import a_plan, a_promoter, bought, work
from siyu.growth import distribution
from siyu.kernel import clock, ids

PICTURES = os.environ.get("COMMISSION_PICTURES", "")  # a folder, to look at what the test sees


@pytest.fixture
async def sales(floor: Floor) -> distribution.Plan:
    """A promoter with sales by a plan with a budget, one of them held."""
    promoter = await a_promoter(floor.database, floor.shop)
    plan = await a_plan(floor.database, floor.shop, "全店推荐", rate_bps=800, budget=100_000)
    order = None
    for apples in (1, 2):
        order = await bought(floor.database, floor.shop, promoter, apples=apples, milk=1)
    await work(floor.database, floor.shop)
    assert order is not None
    async with floor.database.begin(floor.shop.merchant) as uow:
        await distribution.hold_order(uow, ids.new(), order.id, "收货人看起来是本人")
    return plan


async def test_a_plan_is_written_checked_simulated_and_published(floor: Floor, sales, owner) -> None:
    root, plan_id = "/console/commission", ids.new()
    form = {
        "name": "新品冲量",
        "by": "fixed",
        "fixed": "1.20",
        "scope": "all",
        "plan_kind": "open",
        "budget": "500",
    }
    made = await owner.tap(f"{root}/plans/{plan_id}", form)
    assert made.status_code == 200, made.text
    shown = await owner.get(f"{root}/plans/{plan_id}")
    assert shown.status_code == 200, shown.text
    page = shown.text
    assert "草稿" in page
    assert "每件 ¥1.20" in page
    assert "试算" in (await owner.get(f"{root}/plans/{plan_id}/simulation")).text

    done = await owner.tap(f"{root}/plans/{plan_id}/publish")

    assert done.status_code == 200, done.text
    async with floor.database.begin(floor.shop.merchant) as uow:
        plan = await distribution.find_plan(uow, plan_id)
    assert (plan.state, plan.rule.fixed, plan.budget) == ("published", 120, 50_000)


async def test_a_form_that_makes_no_sense_is_refused_and_nothing_is_kept(floor: Floor, owner) -> None:
    plan_id = ids.new()
    for form in ({"name": "x", "by": "rate", "rate_bps": "31"}, {"name": "", "by": "rate", "rate_bps": "3"}):
        assert (await owner.tap(f"/console/commission/plans/{plan_id}", form)).status_code == 422
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await distribution.plans(uow) == []


async def test_who_proposed_a_correction_cannot_approve_it_but_a_colleague_can(floor: Floor, owner) -> None:
    promoter = await a_promoter(floor.database, floor.shop)
    said = {
        "idempotency_key": str(ids.new()), "promoter_id": str(promoter.id), "amount": "5", "sign": "plus",
        "adjustment_kind": "adjustment", "reason": "漏算一单",
    }  # fmt: skip
    assert (await owner.tap("/console/commission/adjustments", said)).status_code == 200
    path = f"/console/commission/adjustments/{said['idempotency_key']}/approve"
    assert (await owner.tap(path)).status_code == 403
    colleague = await floor.member("finance", login="ben")
    assert (await colleague.tap(path)).status_code == 200
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await distribution.earnings(uow, promoter.id)).open == 500


async def test_every_commission_page_opens(floor: Floor, sales, owner) -> None:
    here = f"/console/commission/plans/{sales.id}"
    for path in ("/console/commission", "/console/commission/plans/new", here, f"{here}/edit", f"{here}/simulation",
                 "/console/commission/review", "/console/commission/review?decided=1",
                 "/console/commission/adjustments", "/console/commission/terms",
                 "/console/commission/goods?q=苹果&scope=skus"):  # fmt: skip
        for language in ("zh-CN", "en"):
            answer = await owner.get(path, **{"accept-language": language})
            assert answer.status_code == 200, path


@pytest.mark.browser
async def test_no_commission_page_complains_or_runs_over_its_edge(floor: Floor, people, sales) -> None:  # noqa: F811
    clock.move_to(clock.offset())
    async with browsing(floor, "owner", "console", CONSOLE) as seen:
        for name, path in {
            "list": "/commission", "new": "/commission/plans/new", "plan": f"/commission/plans/{sales.id}",
            "edit": f"/commission/plans/{sales.id}/edit", "simulation": f"/commission/plans/{sales.id}/simulation",
            "review": "/commission/review", "adjustments": "/commission/adjustments", "terms": "/commission/terms",
        }.items():  # fmt: skip
            await seen.go(path)
            assert await seen.page.evaluate("document.documentElement.scrollWidth") <= CONSOLE[0], path
            assert seen.complaints == [], path
            if PICTURES:
                await seen.page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
