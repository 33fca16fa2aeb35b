"""The whole loop in a real browser: a KOC's code is scanned, a friend buys, pays, picks up; everybody sees it.

Screenshots are left in the git-ignored folder artifacts/journey.
"""

import re
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from siyu import serve
from siyu.demo.seed import seed
from siyu.people import staff
from siyu.runtime import embedded
from siyu.settings import Settings, current, use
from siyu.trade import orders

PICTURES = Path(__file__).parents[2] / "artifacts" / "journey"
PHONE = {"width": 375, "height": 812}
DESKTOP = {"width": 1440, "height": 900}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-loop"), pytest.mark.timeout(240)]


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[serve.House]:
    """The demo's merchant, small, served with the sandbox on free ports."""
    folder = Path(tempfile.mkdtemp(prefix="siyu-loop-"))
    folder.chmod(0o755)
    port, sandbox_port = free_ports()
    settings = Settings(data_dir=str(folder), port=port, sandbox_port=sandbox_port, demo=True, sandbox=True)

    async def fill(house: serve.House) -> None:
        await seed(house.database, house.database_url, house.settings, days=12, customers=120)

    PICTURES.mkdir(parents=True, exist_ok=True)
    before = current()
    async with serve.running(settings, before=fill) as running:
        yield running
    use(before)
    embedded.stop(settings)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM, "`make test` installs Chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


class Eyes:
    """A page that remembers what went wrong in the browser's console, and takes pictures."""

    def __init__(self, page: Page, prefix: str) -> None:
        self.page, self.prefix = page, prefix
        self.errors: list[str] = []
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))

    async def picture(self, name: str) -> None:
        await self.page.wait_for_load_state("networkidle")
        await self.page.screenshot(path=PICTURES / f"{self.prefix}-{name}.png", full_page=True)


async def a_phone(browser: Browser, prefix: str) -> Eyes:
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", device_scale_factor=2, has_touch=True)
    return Eyes(await context.new_page(), prefix)


async def a_desktop(browser: Browser, prefix: str) -> Eyes:
    context = await browser.new_context(viewport=DESKTOP, locale="zh-CN")
    return Eyes(await context.new_page(), prefix)


async def sign_in_staff(eyes: Eyes, house: serve.House, frame: str, login: str) -> None:
    await eyes.page.goto(f"{house.settings.base_url}/{frame}/heshun/signin")
    await eyes.page.locator("input[name=login]").fill(login)
    await eyes.page.locator("input[name=password]").fill("heshun-demo")
    await eyes.page.locator("form button[type=submit]").first.click()
    await eyes.page.wait_for_url(re.compile(rf"/{frame}/heshun(?!/signin)"))


async def sign_in_wechat(page: Page, name: str) -> None:
    """Agree, tap 微信登录, and choose who one is on the sandbox's phone."""
    await page.locator("input[name=agree]").first.check()
    await page.get_by_role("button", name=re.compile("微信")).first.click()
    await page.wait_for_url(re.compile("oauth2/authorize"))
    await page.get_by_text(name, exact=False).first.click()
    await page.wait_for_url(re.compile("/(shop|desk)/heshun"))


@pytest.fixture(scope="module")
async def bought(house: serve.House, browser: Browser) -> str:
    """A friend comes through the KOC's door, buys apples, pays in WeChat: the order's id."""
    eyes = await a_phone(browser, "shop")
    page = eyes.page
    await page.goto(f"{house.settings.base_url}/d/heshun/VOICE2")
    await expect(page).to_have_url(re.compile("/shop/heshun"))
    await eyes.picture("1-home")

    await page.goto(f"{house.settings.base_url}/shop/heshun/search?q=苹果")
    await eyes.picture("2-search")
    await page.locator("a[href*='/product/']").first.click()
    await expect(page.get_by_text("立即购买").first).to_be_visible()
    await eyes.picture("3-product")
    await page.get_by_text("立即购买").first.click()
    confirm = page.locator("dialog[open] button[type=submit], dialog[open] .button-primary").last
    if await confirm.count():
        await confirm.click()
    await page.wait_for_url(re.compile("/checkout"))
    # Nobody has to sign in to buy; whoever has been here before does, and finds the address book.
    await page.locator("section.who a").first.click()
    await page.wait_for_url(re.compile("/signin"))
    await eyes.picture("4-signin")
    await sign_in_wechat(page, "林小满")
    await expect(page.get_by_role("button", name=re.compile("提交订单"))).to_be_visible()
    await eyes.picture("5-checkout")
    await page.get_by_role("button", name=re.compile("提交订单")).click()
    await page.wait_for_url(re.compile("/pay/"))
    await eyes.picture("6-pay")
    order_id = page.url.rstrip("/").split("/")[-1].split("?")[0]
    await page.get_by_role("button", name=re.compile("微信支付")).first.click()
    cashier = page.frame_locator("#sandbox-cashier iframe")
    await cashier.get_by_role("button", name=re.compile("支付")).first.click()
    await page.wait_for_timeout(700)
    done = cashier.get_by_text(re.compile("完成|返回商家"))
    if await page.locator("#sandbox-cashier").count() and await done.count():
        await done.first.click()
    await page.wait_for_url(re.compile(f"/orders/{order_id}"), timeout=30_000)
    await expect(page.get_by_text("提货码").first).to_be_visible()
    await eyes.picture("7-order-paid")
    assert eyes.errors == []
    return order_id


async def test_the_friends_order_is_paid_and_has_a_pickup_code(house: serve.House, bought: str) -> None:
    merchant = await house.directory.find("heshun")
    async with house.database.begin(merchant) as uow:
        order = await orders.find(uow, UUID(bought))

    assert order.state == "paid"
    assert order.promoter_id is not None, "the sale is bound to the KOC whose code was scanned"


async def test_the_guide_hands_the_goods_over_and_the_story_is_told(
    house: serve.House, browser: Browser, bought: str
) -> None:
    merchant = await house.directory.find("heshun")
    async with house.database.begin(merchant) as uow:
        order = await orders.find(uow, UUID(bought))
        logins = {s.store_id: s.login for s in await staff.every(uow) if s.role == "guide"}
    assert order.pickup_code is not None
    desk = await a_phone(browser, "desk")
    await sign_in_staff(desk, house, "desk", logins[order.store_id])
    await desk.picture("1-today")
    await desk.page.goto(f"{house.settings.base_url}/desk/heshun/verify")
    await desk.page.locator("input[name=code]").first.fill(order.pickup_code)
    await desk.page.locator("form button[type=submit]").first.click()
    await expect(desk.page.get_by_text(re.compile("确认交付")).first).to_be_visible()
    await desk.picture("2-verify")
    await desk.page.get_by_role("button", name=re.compile("确认交付")).first.click()
    await expect(desk.page.get_by_text(re.compile("已交付|已提货")).first).to_be_visible()
    await desk.picture("3-handed-over")
    assert desk.errors == []
    async with house.database.begin(merchant) as uow:
        assert (await orders.find(uow, UUID(bought))).state == "picked_up"


async def test_the_koc_sees_the_line_and_why(house: serve.House, browser: Browser, bought: str) -> None:
    eyes = await a_phone(browser, "koc")
    await eyes.page.goto(f"{house.settings.base_url}/shop/heshun/signin?next=/desk/heshun/earnings")
    await sign_in_wechat(eyes.page, "念念好物")
    await eyes.page.goto(f"{house.settings.base_url}/desk/heshun/earnings")
    await expect(eyes.page.get_by_text("可结算").first).to_be_visible()
    await eyes.picture("1-earnings")
    await eyes.page.goto(f"{house.settings.base_url}/desk/heshun/share")
    await eyes.picture("2-share")
    assert eyes.errors == []


PAGES = ["dashboard", "orders", "products", "stock", "customers", "doors", "promoters", "commission", "ledger", "imports",
         "insight/cohorts", "insight/rfm", "settings"]  # fmt: skip


async def test_the_owner_sees_everything_without_an_error(
    house: serve.House, browser: Browser, bought: str
) -> None:
    eyes = await a_desktop(browser, "console")
    await sign_in_staff(eyes, house, "console", "owner")
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{house.settings.base_url}/health")).status_code == 200
    for path in [*PAGES, f"orders/{bought}"]:
        answer = await eyes.page.goto(f"{house.settings.base_url}/console/heshun/{path}")
        assert answer is not None
        assert answer.status == 200, path
        await eyes.picture(path.replace("/", "-").replace(bought, "story"))
        wide = await eyes.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, f"{path} scrolls sideways"
    assert eyes.errors == []


async def test_every_console_page_speaks_english_too(
    house: serve.House, browser: Browser, bought: str
) -> None:
    eyes = await a_desktop(browser, "console-en")
    await sign_in_staff(eyes, house, "console", "owner")
    for path in PAGES:
        await eyes.page.goto(f"{house.settings.base_url}/console/heshun/{path}?lang=en")
        words = await eyes.page.locator("nav a, h1, th, label, form button[type=submit]").all_inner_texts()
        assert [word for word in words if re.search(r"[\u4e00-\u9fff]", word)] == [], path
