"""Payouts on the phone and on the console, through the whole application and a real browser."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar import Litestar
from playwright.async_api import Route, async_playwright

from growth.payout_world import SECRET, World, a_world
from siyu import app as application
from siyu.connect import sms, wechat
from siyu.growth import payouts
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant
from siyu.runtime.edge import Services, cookie_of
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings

SANDBOX_URL = "http://127.0.0.1:8001"


@pytest.fixture
async def world(database: Database, merchant: Merchant, tmp_path):
    async with a_world(database, merchant, tmp_path / "sandbox") as made:
        yield made


def the_app(world: World, settings: Settings) -> Litestar:
    settings = msgspec.structs.replace(
        settings,
        sandbox=True,
        secret=SECRET,
        wechat_app_id="wx0",
        wechat_app_secret="s",
        sms_url=SANDBOX_URL,
        sms_access_key_id="k",
        sms_access_key_secret="s",
    )
    house = application.House(
        services=Services(settings, world.database, Directory(world.database)),
        gateway=world.gateway,
        wechat=wechat.from_settings(settings),
        sms=sms.from_settings(settings),
        database_url=world.database.url,
    )
    return application.create_app(house)


async def tokens(world: World) -> tuple[str, str]:
    """Of the promoter on the phone, and of somebody in finance."""
    async with world.database.begin(world.merchant) as uow:
        phone = await sessions.sign_in(
            uow, kind="customer", subject_id=world.promoter.customer_id, name="小鱼",
            permissions=ROLES["shopper"], days=1,
        )  # fmt: skip
        desk = await sessions.sign_in(
            uow, kind="staff", subject_id=ids.new(), name="财务", permissions=ROLES["finance"], days=1
        )
    return phone.token, desk.token


@asynccontextmanager
async def client(
    app: Litestar, kind: str, merchant: Merchant, token: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's worth of cookies; the token against forged posts is sent along once a page has set it."""
    transport = httpx.ASGITransport(app)
    cookies = {cookie_of(kind, merchant.slug): token}
    async with httpx.AsyncClient(transport=transport, base_url="http://shop", cookies=cookies) as http:
        await http.get(f"/shop/{merchant.slug}")
        http.headers["x-csrftoken"] = http.cookies["csrftoken"]
        yield http


async def test_a_promoter_asks_on_the_phone_and_finance_pays_from_the_console(
    world: World, settings: Settings
) -> None:
    await world.earns(apples=900)
    phone, desk = await tokens(world)
    app, slug = the_app(world, settings), world.merchant.slug
    async with (
        client(app, "customer", world.merchant, phone) as promoter,
        client(app, "staff", world.merchant, desk) as finance,
    ):
        page = await promoter.get(f"/desk/{slug}/payouts")
        assert (page.status_code, "1,088" in page.text, "72.20" in page.text) == (200, True, True)
        key = str(ids.new())
        for _ in range(2):  # pressed twice
            asked = await promoter.post(f"/desk/{slug}/payouts", data={"key": key, "method": "wechat"})
            assert asked.status_code == 303
        queue = await finance.get(f"/console/{slug}/payouts")
        assert (queue.status_code, queue.text.count(f'value="{key}"')) == (200, 1)
        assert (await promoter.get(f"/console/{slug}/payouts")).status_code in (303, 401, 403)
        assert (await finance.get(f"/console/{slug}/payouts/{key}")).status_code == 200
        done = await finance.post(f"/console/{slug}/payouts/approve", data={"payouts": key})
        assert done.status_code == 303
        await world.sends()
        assert "确认收款" in (await promoter.get(f"/desk/{slug}/payouts/{key}")).text
        for which in ("sending", "awaiting", "manual", "returned", "paid"):
            assert (await finance.get(f"/console/{slug}/payouts?which={which}")).status_code == 200
        async with world.database.begin(world.merchant) as uow:
            (payout,) = await payouts.of_promoter(uow, world.promoter.id)
        await world.takes(payout)
        assert (await promoter.post(f"/desk/{slug}/payouts/{key}/check")).status_code == 303
        assert (await world.now(payout)).state == "paid"
        tax = await finance.get(f"/console/{slug}/payouts/tax")
        assert (tax.status_code, "72.20" in tax.text) == (200, True)
        sheet = await finance.get(f"/console/{slug}/payouts/tax?export=csv")
        assert "72.20" in sheet.text
        terms = {"minimum": "2", "second_from": "100", "day_cap": "20001", "job": "推广员"}
        assert (await finance.post(f"/console/{slug}/payouts/terms", data=terms)).status_code == 422
        forged = await promoter.post(f"/cb/{slug}/wxpay/transfers", content=b"{}")
        assert forged.status_code == 401


async def test_the_money_is_taken_in_the_browser(world: World, settings: Settings) -> None:
    await world.earns(apples=900)
    phone, desk = await tokens(world)
    payout = await world.asks()
    await world.approves(payout)
    await world.sends()
    app, slug = the_app(world, settings), world.merchant.slug
    shots = os.environ.get("SIYU_SHOTS", "")
    async with (
        client(app, "customer", world.merchant, phone) as promoter,
        client(app, "staff", world.merchant, desk) as finance,
        async_playwright() as playwright,
    ):

        async def fulfil(route: Route) -> None:
            asked = route.request
            http = world.http if asked.url.startswith(SANDBOX_URL) else promoter
            if "/console/" in asked.url:
                http = finance
            given = {k: v for k, v in (await asked.all_headers()).items() if not k.startswith(":")}
            given.pop("cookie", None)  # the client has its own
            if http is not world.http:
                given["x-csrftoken"] = http.headers["x-csrftoken"]
            answer = await http.request(
                asked.method, asked.url, headers=given, content=asked.post_data_buffer, follow_redirects=True
            )
            headers = {k: v for k, v in answer.headers.items() if k not in ("set-cookie", "content-length")}
            await route.fulfill(status=answer.status_code, headers=headers, body=answer.content)

        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 375, "height": 812})
        await context.route("**/*", fulfil)
        page = await context.new_page()
        page.set_default_timeout(8_000)
        await page.goto(f"http://shop/desk/{slug}/payouts")
        await shot(page, shots, "desk_payouts")
        await page.goto(f"http://shop/desk/{slug}/payouts/{payout.id}")
        await shot(page, shots, "desk_payout")
        await page.click("#take button")
        frame = page.frame_locator("#sandbox-cashier iframe")
        await shot(page, shots, "sandbox_take")
        await frame.locator('button[value="take"]').click()
        await frame.locator("[data-return]").click()
        await page.wait_for_selector(".badge-good", timeout=5_000)
        await shot(page, shots, "desk_paid")
        assert (await world.now(payout)).state == "paid"
        await page.set_viewport_size({"width": 1440, "height": 900})
        for name, path in (("queue", "?which=paid"), ("payout", f"/{payout.id}"), ("tax", "/tax")):
            await page.goto(f"http://shop/console/{slug}/payouts{path}")
            await shot(page, shots, f"console_{name}")
        await browser.close()


async def shot(page, folder: str, name: str) -> None:
    """Keep a picture to look at, when SIYU_SHOTS names a folder."""
    if folder:
        await page.wait_for_timeout(300)
        await page.screenshot(path=Path(folder) / f"{name}.png")
