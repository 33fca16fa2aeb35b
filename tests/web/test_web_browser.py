"""The manners of app.js and charts.js, in a real browser."""

import pytest
from playwright.async_api import expect
from web_gallery import ADDRESSES, PAID, gallery_app, opened

pytestmark = pytest.mark.browser


@pytest.fixture
async def page():
    PAID.clear()
    complaints: list[str] = []
    async with opened(gallery_app()) as browser:
        page = await browser.new_page()
        await page.set_viewport_size({"width": 375, "height": 812})
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        # The browser reports every 4xx on its own; anything else is our mistake.
        assert [
            text for text in complaints if "status of 422" not in text and "Status Error Code 422" not in text
        ] == []


async def test_a_double_tap_pays_once_and_the_button_comes_back(page):
    await page.goto("http://gallery/shop/tea/form")

    await page.locator("#pay").dblclick()
    await expect(page.locator("#pay")).to_be_disabled()

    await expect(page.locator("#paid")).to_have_text("paid")
    await expect(page.locator("#pay")).to_be_enabled()
    assert len(PAID) == 1
    assert len(PAID[0]) == 36


async def test_a_refusal_is_a_toast_and_stands_at_its_field(page):
    await page.goto("http://gallery/shop/tea/form")

    await page.locator("#save").click()

    await expect(page.locator("#toasts .toast-bad")).to_have_text("手机号应为 11 位数字。")
    await expect(page.locator("[name=phone]")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(".field .error")).to_have_text("手机号应为 11 位数字。")
    await page.locator("[name=phone]").fill("13800138000")
    await expect(page.locator(".field .error")).to_have_count(0)


async def test_a_question_is_asked_before_what_cannot_be_undone(page):
    await page.goto("http://gallery/shop/tea/form")

    await page.locator("#refund").click()
    await expect(page.locator("#ask")).to_contain_text("确定要退款吗？")
    await page.locator("#ask button[value=no]").click()
    await page.wait_for_timeout(100)
    assert PAID == []

    await page.locator("#refund").click()
    await page.locator("#ask button[value=yes]").click()
    await expect(page.locator("#paid")).to_have_text("paid")
    assert len(PAID) == 1


async def test_a_stepper_stays_between_its_limits(page):
    await page.goto("http://gallery/shop/tea/form")
    quantity = page.locator(".stepper input")
    less, more = page.locator(".stepper button").first, page.locator(".stepper button").last

    await more.click()
    await more.click()
    assert await quantity.input_value() == "3"
    await expect(page.locator("#toasts .toast-bad")).to_have_text("最多 3 件")
    await less.click()
    await less.click()
    assert await quantity.input_value() == "1"
    await expect(less).to_be_disabled()
    await quantity.fill("99")
    await quantity.blur()
    assert await quantity.input_value() == "3"


async def test_copying_says_so(page):
    await page.goto("http://gallery/shop/tea/form")

    await page.locator("[data-copy]").click()

    await expect(page.locator("#toasts .toast")).to_have_text("已复制")


async def test_a_sheet_opens_and_closes(page):
    await page.goto("http://gallery/shop/tea/p/1")

    await page.locator("[data-open=sku]").click()
    await expect(page.locator("#sku")).to_be_visible()
    await page.locator("#sku [data-close]").click()
    await expect(page.locator("#sku")).to_be_hidden()


async def test_a_countdown_runs_on_the_clock_of_the_server(page):
    await page.goto("http://gallery/shop/tea")

    shown = await page.locator("[data-until]").first.inner_text()

    assert shown in {"03:00:00", "02:59:59", "02:59:58", "02:59:57"}


async def test_a_chart_is_drawn_has_its_table_and_follows_the_theme(page):
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto("http://gallery/console/tea/dashboard")
    await expect(page.locator("#growth .canvas svg")).to_be_visible()

    await page.locator("[data-show=growth-table]").click()
    await expect(page.locator("#growth-table")).to_contain_text("11-17")

    await page.locator("[data-theme-toggle]").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.locator("#growth .canvas svg")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "width"),
    [
        (name, width)
        for name in ADDRESSES
        for width in ((1024, 1440) if name.startswith("console") else (320, 375))
    ],
)
async def test_no_page_is_wider_than_its_screen(page, name, width):
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(f"http://gallery{ADDRESSES[name][0]}?lang=en", wait_until="networkidle")

    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", [name for name in ADDRESSES if not name.startswith("console")])
async def test_everything_one_may_tap_is_big_enough_for_a_thumb(page, name):
    await page.goto(f"http://gallery{ADDRESSES[name][0]}", wait_until="networkidle")

    small = await page.evaluate(
        """() => [...document.querySelectorAll("button, .button, .tab-bar a, .icon-button, .input")]
            .filter((e) => e.offsetParent && !e.matches(".button-small") && e.getBoundingClientRect().height < 36)
            .map((e) => e.outerHTML.slice(0, 120))"""
    )

    assert small == []
