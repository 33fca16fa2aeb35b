"""Becoming a promoter in a real browser at 375 px: apply, be approved, share with a poster, without a complaint."""

import base64
import io

import pytest
from PIL import Image
from playwright.async_api import async_playwright

from console.console_floor import Floor
from console.test_console_browser import CONSOLE, PHONE, Seen, served
from factories import a_customer
from siyu.growth import promoters
from siyu.runtime.edge import cookie_of

pytestmark = pytest.mark.browser


async def test_somebody_applies_is_approved_and_makes_a_poster(floor: Floor, owner) -> None:
    await owner.tap("/console/commission/plans", {"name": "全场", "rate_bps": "6.5", "category": ""})
    await owner.tap("/console/promoters/rules", {"needs_review": "1", "welcome": "欢迎附近的朋友"})
    customer_id = await a_customer(floor.database, floor.shop.merchant)
    slug = floor.shop.merchant.slug
    shopper = await floor.shopper(customer_id)
    async with served(floor) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        people = []
        for who, kind, size in ((shopper, "customer", PHONE), (owner, "staff", CONSOLE)):
            context = await browser.new_context(
                viewport={"width": size[0], "height": size[1]}, locale="zh-CN", reduced_motion="reduce"
            )
            name = cookie_of(kind, slug)
            await context.add_cookies([{"name": name, "value": who.client.cookies[name], "url": address}])
            people.append(Seen(await context.new_page(), address))
        phone, console = people
        await phone.go(f"/shop/{slug}/promote")
        await phone.page.fill("[name=name]", "阳光小区")
        await phone.page.check("[name=kind][value=leader]")
        await phone.page.check("[name=agrees]")
        await phone.page.click("text=提交申请")
        await phone.page.get_by_text("你的申请").wait_for()

        await console.go(f"/console/{slug}/promoters/applications")
        await console.page.click("button:has-text('通过')")
        await console.page.get_by_text("没有等待审核的申请").wait_for()

        for path in (
            "",
            "/share",
            "/visitors",
            "/sales",
            "/earnings",
            "/me",
            "/identity",
            "/face",
            "/tasks",
            "/lessons",
        ):
            await phone.go(f"/desk/{slug}{path}")
            width = await phone.page.evaluate("document.documentElement.scrollWidth")
            assert width == PHONE[0], f"{path} is {width} px wide"
        await phone.go(f"/desk/{slug}/share")
        await phone.page.click("text=分享 >> nth=-1")
        await phone.page.click("[data-poster-make]")
        picture = await phone.page.locator("img.poster").get_attribute("src")
        await browser.close()

    assert picture is not None
    poster = Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2])))
    assert (poster.format, poster.width) == ("PNG", 750)
    assert phone.complaints == []
    assert console.complaints == []
    async with floor.database.begin(floor.shop.merchant) as uow:
        made = await promoters.of_customer(uow, customer_id)
    assert (made.name, made.kind, made.state) == ("阳光小区", "leader", "active")
