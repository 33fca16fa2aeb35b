"""Attribution and disputes on the shop, the phone and the console, through the whole application and a real browser."""

import os
from pathlib import Path

import pytest

from factories import a_customer
from growth.commission_shop import ANNA, BEN, a_plan, a_promoter, bought, work
from growth.payout_world import World, a_world
from growth.test_payouts_pages import client, the_app
from siyu.growth import disputes
from siyu.growth.disputes import RaiseDispute
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES
from siyu.place import attribution, doors
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant
from siyu.runtime.edge import cookie_of
from siyu.runtime.worker import digest
from siyu.settings import Settings
from siyu.trade import orders
from web.web_gallery import opened

PICTURES = os.environ.get("SIYU_PICTURES", "")


@pytest.fixture
async def world(database: Database, merchant: Merchant, tmp_path):
    async with a_world(database, merchant, tmp_path / "sandbox") as made:
        yield made


async def token(world: World, kind: str, subject, name: str, role: str) -> str:
    async with world.database.begin(world.merchant) as uow:
        session = await sessions.sign_in(
            uow, kind=kind, subject_id=subject, name=name, permissions=ROLES[role], days=1
        )
    return session.token


async def told(world: World) -> None:
    while await digest(world.database, world.merchant, attribution.CONSUMERS[0]):
        pass
    await work(world.database, world.shop)


async def test_a_customer_sees_changes_and_ends_the_relation_on_the_phone(
    world: World, settings: Settings
) -> None:
    slug, crab = world.merchant.slug, await a_promoter(world.database, world.shop, "小蟹")
    buyer = await a_customer(world.database, world.merchant)
    async with world.database.begin(world.merchant) as uow:
        (own,) = await doors.of_promoter(uow, world.promoter.id)
        (others,) = await doors.of_promoter(uow, crab.id)
        await doors.scan(uow, own.code, ids.new(), buyer)
    await told(world)
    async with client(
        the_app(world, settings),
        "customer",
        world.merchant,
        await token(world, "customer", buyer, "小满", "shopper"),
    ) as phone:
        page = await phone.get(f"/shop/{slug}/me/promoter")
        assert page.status_code == 200
        assert world.promoter.name in page.text
        assert world.promoter.name in (await phone.get(f"/shop/{slug}/me/promoter/entry")).text
        key = str(ids.new())
        for _ in range(2):
            changed = await phone.post(
                f"/shop/{slug}/me/promoter", data={"code": others.code, "idempotency_key": key}
            )
            assert changed.status_code == 303
        assert "小蟹" in (await phone.get(f"/shop/{slug}/me/promoter")).text
        again = await phone.post(f"/shop/{slug}/me/promoter", data={"code": own.code})
        assert again.status_code == 409
        assert "30 天内只能更换一次" in again.text
        assert (await phone.post(f"/shop/{slug}/me/promoter/clear")).status_code == 303
        assert "没有专属推广员" in (await phone.get(f"/shop/{slug}/me/promoter")).text
        assert "No promoter yet" in (await phone.get(f"/shop/{slug}/me/promoter?lang=en")).text


async def test_the_merchant_edits_the_rules_and_sees_what_they_do(world: World, settings: Settings) -> None:
    slug = world.merchant.slug
    form = {
        "touch_days": "7",
        "live_hours": "0",
        "relation_days": "30",
        "protection_days": "15",
        "guide_first": "1",
    }
    async with client(
        the_app(world, settings),
        "staff",
        world.merchant,
        await token(world, "staff", ids.new(), "老板", "owner"),
    ) as desk:
        page = await desk.get(f"/console/{slug}/attribution")
        assert page.status_code == 200
        assert page.text.count("小蟹") == 3 + 2  # told in three stories, of which it wins two
        seen = await desk.post(f"/console/{slug}/attribution/preview", data=form)
        assert seen.status_code == 200
        wrong = await desk.post(
            f"/console/{slug}/attribution/preview", data={**form, "protection_days": "31"}
        )
        assert "保护期不能比关系有效期长" in wrong.text
        assert (await desk.post(f"/console/{slug}/attribution", data=form)).status_code == 303
        assert "导购优先" in (await desk.get(f"/console/{slug}/attribution")).text
        refused = await desk.post(f"/console/{slug}/attribution", data={**form, "touch_days": "99"})
        assert refused.status_code == 422
    async with world.database.begin(world.merchant) as uow:
        assert await attribution.policy(uow) == attribution.Policy(7, 0, 30, 15, guide_first=True)


async def test_a_promoter_asks_for_an_order_and_staff_decides(world: World, settings: Settings) -> None:
    slug, crab = world.merchant.slug, await a_promoter(world.database, world.shop, "小蟹")
    await a_plan(world.database, world.shop)
    order = await bought(world.database, world.shop, world.promoter, apples=1)
    await told(world)
    app = the_app(world, settings)
    crabs = await token(world, "customer", crab.customer_id, "小蟹", "shopper")
    async with client(app, "customer", world.merchant, crabs) as phone:
        assert (await phone.get(f"/desk/{slug}/sales/{order.id}")).status_code == 404
        assert (await phone.get(f"/desk/{slug}/disputes")).status_code == 200
        sent = await phone.post(
            f"/desk/{slug}/disputes",
            data={"number": order.number, "words": "她先看了我的分享", "idempotency_key": str(ids.new())},
        )
        assert sent.status_code == 303
        unknown = await phone.post(f"/desk/{slug}/disputes", data={"number": "1", "words": "是我的"})
        assert unknown.status_code == 404
        why = await phone.get(f"/desk/{slug}/sales/{order.id}")
        assert "这一单不归我" in why.text
        assert world.promoter.name not in why.text
    async with client(
        app, "staff", world.merchant, await token(world, "staff", ids.new(), "老板", "owner")
    ) as desk:
        queue = await desk.get(f"/console/{slug}/disputes")
        assert order.number in queue.text
        assert "她先看了我的分享" in queue.text
        told_of = await desk.get(f"/console/{slug}/orders/{order.id}/attribution")
        assert "获得订单：有效期内最后一次推广链接" in told_of.text
        assert "请核对" not in told_of.text
        async with world.database.begin(world.merchant) as uow:
            (one,) = await disputes.queue(uow)
        assert (await desk.post(f"/console/{slug}/disputes/{one.id}/uphold", data={})).status_code == 422
        done = await desk.post(f"/console/{slug}/disputes/{one.id}/uphold", data={"reason": "聊天记录可查"})
        assert done.status_code == 303
        assert "聊天记录可查" in (await desk.get(f"/console/{slug}/disputes?decided=1")).text
        relation = await desk.get(f"/console/{slug}/customers/{crab.customer_id}/relation")
        assert "没有专属推广员" in relation.text
        boss = await token(world, "staff", ids.new(), "老板", "owner")
        said = (
            await desk.get(
                f"/api/v1/{slug}/orders/{order.id}/attribution", headers={"authorization": f"Bearer {boss}"}
            )
        ).json()
        assert said["promoter_id"] == str(world.promoter.id)
    async with world.database.begin(world.merchant) as uow:
        assert (await orders.find(uow, order.id)).promoter_id == crab.id


async def test_no_page_is_wider_than_its_screen(world: World, settings: Settings, tmp_path: Path) -> None:
    slug, crab = world.merchant.slug, await a_promoter(world.database, world.shop, "小蟹")
    await a_plan(world.database, world.shop)
    order = await bought(world.database, world.shop, world.promoter, apples=1)
    await told(world)
    async with world.database.begin(world.merchant, ANNA) as uow:
        asked = RaiseDispute(ids.new(), order.id, crab.id, "顾客在群里说是小蟹先介绍的，聊天记录见图。")
        await disputes.open_dispute(uow, asked)
        buyer = (await orders.find(uow, order.id)).customer_id
    folder = Path(PICTURES) if PICTURES else tmp_path
    phone = await token(world, "customer", world.promoter.customer_id, "小鱼", "shopper")
    shopper = await token(world, "customer", buyer, "小满", "shopper")
    desk = await token(world, "staff", BEN.id, "老板", "owner")
    pages = (
        (f"/shop/{slug}/me/promoter", shopper, "customer", 375, "shop-promoter"),
        (f"/desk/{slug}/disputes", phone, "customer", 375, "desk-disputes"),
        (f"/desk/{slug}/sales/{order.id}", phone, "customer", 375, "desk-why"),
        (f"/console/{slug}/attribution", desk, "staff", 1440, "console-rules"),
        (f"/console/{slug}/disputes", desk, "staff", 1440, "console-disputes"),
        (f"/console/{slug}/orders/{order.id}", desk, "staff", 1440, "console-order"),
        (f"/console/{slug}/customers/{buyer}", desk, "staff", 1440, "console-customer"),
    )
    async with opened(the_app(world, settings)) as context:
        for path, value, kind, width, name in pages:
            await context.clear_cookies()
            await context.add_cookies(
                [{"name": cookie_of(kind, slug), "value": value, "url": "http://gallery"}]
            )
            page = await context.new_page()
            await page.set_viewport_size({"width": width, "height": 900})
            await page.goto(f"http://gallery{path}", wait_until="networkidle")
            await page.screenshot(path=folder / f"{name}.png", full_page=True)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
            await page.close()
