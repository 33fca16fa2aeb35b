"""Console and desk in a real browser: what people tap, from the drawer to the refund, without a word in its console."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from granian.server.embed import Server
from PIL import Image
from playwright.async_api import Page, async_playwright

from console.console_floor import PASSWORD, Floor
from factories import a_customer, paid, state_of, stock_of
from siyu.goods import catalog
from siyu.people import staff
from siyu.trade import orders, payments

pytestmark = pytest.mark.browser
CONSOLE, PHONE = (1440, 900), (375, 812)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def served(floor: Floor) -> AsyncIterator[str]:
    """The application on a free port of this machine."""
    port = free_port()
    server = Server(floor.app, address="127.0.0.1", port=port, interface="asgi", log_enabled=False)
    serving = asyncio.create_task(server.serve())
    try:
        for _ in range(100):
            await asyncio.sleep(0.05)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        await serving


class Seen:
    """A page of a signed-in person, and everything its console complained about."""

    def __init__(self, page: Page, root: str) -> None:
        self.page, self.root = page, root
        self.complaints: list[str] = []
        page.on(
            "console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def go(self, path: str) -> None:
        await self.page.goto(self.root + path, wait_until="networkidle")

    async def toast(self) -> str:
        shown = self.page.locator("#toasts .toast").last
        await shown.wait_for()
        return (await shown.inner_text()).strip()


@asynccontextmanager
async def browsing(floor: Floor, login: str, frame: str, size: tuple[int, int]) -> AsyncIterator[Seen]:
    async with served(floor) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN", reduced_motion="reduce"
        )
        seen = Seen(await context.new_page(), f"{address}/{frame}/{floor.shop.merchant.slug}")
        seen.page.set_default_timeout(15_000)
        await seen.go("/signin")
        await seen.page.fill("[name=login]", login)
        await seen.page.fill("[name=password]", PASSWORD)
        await seen.page.click("button[type=submit]")
        await seen.page.wait_for_load_state("networkidle")
        seen.complaints.clear()
        try:
            yield seen
        finally:
            await browser.close()


@pytest.fixture
async def order(floor: Floor):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    return await paid(floor.database, floor.shop, buyer, apples=3)


@pytest.fixture
async def people(floor: Floor) -> None:
    async with floor.database.begin(floor.shop.merchant) as uow:
        await staff.add(uow, login="owner", name="陈店长", role="owner", password=PASSWORD)
        await staff.add(
            uow, login="guide", name="许佳", role="guide", password=PASSWORD, store_id=floor.shop.store_id
        )


async def test_an_order_is_glanced_at_opened_and_partly_refunded(floor: Floor, people, order):
    async with browsing(floor, "owner", "console", CONSOLE) as seen:
        page = seen.page
        await seen.go("/orders")
        await page.click(f"[aria-label='速览 {order.number}']")
        await page.get_by_role("link", name="打开订单").click()
        await page.get_by_role("button", name="退款", exact=True).click()
        await page.locator("#refund [data-step='1']").click(click_count=2, delay=30)
        await page.fill("#refund [name=reason]", "压坏了")
        await page.click("#refund button[type=submit]")

        assert await seen.toast() == "退款 ¥25.80 已受理，将原路退回"
        await page.get_by_text("压坏了").wait_for()
        assert await page.locator(".build-up tfoot").inner_text() == "实收\t¥12.90"
        assert seen.complaints == []
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 1)
    async with floor.database.begin(floor.shop.merchant) as uow:
        (refund,) = await payments.refunds_of_order(uow, order.id)
    assert refund.amount == 2_580


async def test_a_wrong_price_is_pointed_at_and_a_right_one_is_kept(floor: Floor, people):
    async with floor.database.begin(floor.shop.merchant) as uow:
        product_id = (await catalog.prices(uow, [floor.shop.apple]))[floor.shop.apple].product_id
    async with browsing(floor, "owner", "console", CONSOLE) as seen:
        page = seen.page
        await seen.go(f"/products/{product_id}")
        await page.fill(f"[name='price-{floor.shop.apple}']", "一元")
        await page.click("text=改价 >> nth=0")
        assert await page.locator(".field .error").inner_text() == "请输入金额，例如 12.80。"
        assert all("422" in complaint for complaint in seen.complaints)  # the browser's own log of a refusal
        seen.complaints.clear()

        await page.fill(f"[name='price-{floor.shop.apple}']", "9.90")
        await page.click("text=改价 >> nth=0")
        await page.get_by_text("¥9.90").first.wait_for()
        assert await seen.toast() == "价格已从 ¥12.90 改为 ¥9.90"
        assert seen.complaints == []


async def test_a_product_is_made_beside_the_card_that_shoppers_see(floor: Floor, people):
    data = io.BytesIO()
    Image.new("RGB", (900, 900), "green").save(data, "JPEG")
    async with browsing(floor, "owner", "console", CONSOLE) as seen:
        page = seen.page
        await seen.go("/products/new")
        await page.fill("[name=title]", "章丘大葱")
        await page.set_input_files(
            "#media [name=upload]", {"name": "葱.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}
        )
        await page.fill("[name^=code-] >> nth=0", "CONG")
        await page.fill("[name^=price-] >> nth=0", "6.80")
        await page.locator("#pieces img").wait_for()
        assert await page.locator("[data-shown=title]").inner_text() == "章丘大葱"
        assert await page.locator("[data-shown=price]").inner_text() == "¥6.80"

        await page.locator("form[data-guard] button[type=submit]").click()
        await page.get_by_role("heading", name="章丘大葱", level=1).wait_for()
        assert await seen.toast() == "商品已上架，记得到库存页收货"
        assert "/products/" in page.url
        assert seen.complaints == []
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await catalog.skus_by_code(uow, ["CONG"]))["CONG"].title == "章丘大葱"


async def test_stock_is_counted_in_the_drawer_and_a_key_is_made(floor: Floor, people):
    async with browsing(floor, "owner", "console", CONSOLE) as seen:
        page = seen.page
        await seen.go("/stock?q=APPLE")
        await page.locator("select[name=store] option", has_text="一店").first.wait_for(state="attached")
        await page.get_by_text("账实一致").wait_for()
        await page.locator("tbody").get_by_role("button", name="盘点").first.click()
        await page.fill("#entry [name=quantity]", "7")
        await page.click("#entry button[type=submit]")
        assert await seen.toast() == "盘点已记录，在库 7 件"
        assert page.url.endswith("/stock?q=APPLE")
        assert await page.locator("dialog[open]").count() == 0

        await seen.go("/settings/keys")
        await page.click("text=新建密钥 >> nth=0")
        await page.fill("#make-key [name=name]", "收银系统")
        await page.check("#make-key [value='orders:read']")
        await page.click("#make-key button[type=submit]")
        secret = await page.locator("#fresh-secret").inner_text()
        assert secret.startswith("sk_")
        assert seen.complaints == []
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (7, 0)


async def test_a_guide_hands_over_by_typing_the_code(floor: Floor, people, order):
    async with floor.database.begin(floor.shop.merchant) as uow:
        code = (await orders.find(uow, order.id)).pickup_code
    async with browsing(floor, "guide", "desk", PHONE) as seen:
        page = seen.page
        assert "一店" in await page.locator("main").inner_text()
        await page.click("text=核销提货码")
        await page.fill("[name=code]", code.lower())
        await page.click("text=查找订单")
        button = page.get_by_role("button", name="确认交付")
        assert (await button.bounding_box())["height"] >= 44
        await button.click()
        await page.get_by_text("已交付 3 件").wait_for()
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE[0]
        assert seen.complaints == []
    assert await state_of(floor.database, floor.shop, order.id) == "picked_up"


async def test_no_page_complains_or_runs_over_its_edge(floor: Floor, people, order):
    async with browsing(floor, "owner", "console", (1024, 768)) as seen:
        for path in ("/orders", f"/orders/{order.id}", "/products", "/products/new", "/stock", "/customers", "/doors",
                     "/doors/new", "/promoters", "/commission", "/ledger", "/ledger/sales", "/settings",
                     "/settings/stores", "/settings/keys", "/settings/dead-letters", "/settings/runtime"):  # fmt: skip
            await seen.go(path)
            assert await seen.page.evaluate("document.documentElement.scrollWidth") <= 1024, path
            assert seen.complaints == [], path
