"""Renders the toolbox into whole pages and photographs them: `python tests/web/web_gallery.py` writes to artifacts/gallery."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
from litestar import Litestar, Request, Response, get, post
from playwright.async_api import BrowserContext as Browser
from playwright.async_api import Route, async_playwright

from siyu import web
from siyu.kernel import clock
from siyu.kernel.errors import Invalid
from siyu.web import pages
from siyu.web.language import language_of, reader

FOLDER = Path(__file__).parent / "gallery"
TARGET = Path(__file__).parents[2] / "artifacts" / "gallery"
PHONE, DESK = (375, 812), (1440, 900)
ADDRESSES = {
    "shop_home": ("/shop/tea", PHONE),
    "shop_product": ("/shop/tea/p/1", PHONE),
    "desk_today": ("/desk/tea", PHONE),
    "console_dashboard": ("/console/tea/dashboard", DESK),
    "shop_form": ("/shop/tea/form", PHONE),
    "signin": ("/console/tea/signin", DESK),
}


class Merchant(msgspec.Struct, frozen=True):
    slug: str = "tea"
    name: str = "山野茶食"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    licence_no: str = "91330100MA2XXXXX0A"


def drawn(request: Request, name: str) -> str:
    """One gallery page as the frames would show it."""
    now = clock.now()
    context = {
        **pages.page_context(request),
        "language": language_of(request),
        "merchant": Merchant(),
        "cart_count": 3,
        "staff_name": "陈店长",
        "staff_role": "店主",
        "until": now + timedelta(hours=3),
        "moments": [now - timedelta(minutes=4), now - timedelta(hours=5), now - timedelta(days=40)],
    }
    before = reader.set(pages.reader_for(language_of(request), Merchant()))
    try:
        return pages.environment().from_string((FOLDER / f"{name}.html").read_text("utf-8")).render(context)
    finally:
        reader.reset(before)


def handler(name: str, address: str):
    @get(address, name=name, sync_to_thread=False)
    def show(request: Request) -> Response[str]:
        return Response(drawn(request, name), media_type="text/html", headers=web.SECURITY_HEADERS)

    return show


@post("/shop/tea/pay")
async def pay(request: Request) -> Response[str]:
    """Takes a moment, counts how often it was asked."""
    PAID.append((await request.form()).get("idempotency_key", ""))
    await asyncio.sleep(0.3)
    return Response("<p id='paid'>paid</p>", media_type="text/html")


@post("/shop/tea/refuse", sync_to_thread=False)
def refuse() -> None:
    raise Invalid(field="phone", zh="手机号应为 11 位数字。", en="A mobile number has 11 digits.")


PAID: list[str] = []


def gallery_app() -> Litestar:
    routes = [handler(name, address) for name, (address, _) in ADDRESSES.items()]
    return Litestar(
        route_handlers=[*routes, pay, refuse, web.static_router()],
        exception_handlers=web.exception_handlers(),
        csrf_config=web.csrf_config("s" * 32, secure=False),
        openapi_config=None,
        logging_config=None,
    )


@asynccontextmanager
async def opened(app: Litestar) -> AsyncIterator[Browser]:
    """Debian's Chromium, whose every page talks to `app` without a socket at http://gallery."""
    transport = httpx.ASGITransport(app=app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://gallery") as client,
        async_playwright() as playwright,
    ):

        async def fulfil(route: Route) -> None:
            asked = route.request
            answer = await client.request(
                asked.method, asked.url, headers=await asked.all_headers(), content=asked.post_data_buffer
            )
            headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
            await route.fulfill(status=answer.status_code, headers=headers, body=answer.content)

        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await browser.new_context()
        await context.route("**/*", fulfil)
        try:
            yield context
        finally:
            await browser.close()


async def photograph(names: list[str]) -> list[str]:
    """Photograph pages in both languages (the console also in the dark); return what the browser complained about."""
    TARGET.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    shots = [(name, language, "light") for name in names for language in web.LANGUAGES]
    shots += [(name, web.CHINESE, "dark") for name in names if name.startswith("console")]
    async with opened(gallery_app()) as browser:
        for name, language, theme in shots:
            address, (width, height) = ADDRESSES.get(name, (f"/shop/tea/{name}", PHONE))
            await browser.add_cookies([{"name": "theme", "value": theme, "url": "http://gallery"}])
            page = await browser.new_page()
            await page.set_viewport_size({"width": width, "height": height})
            page.on(
                "console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"http://gallery{address}?lang={language}", wait_until="networkidle")
            await page.screenshot(path=TARGET / f"{name}_{language}_{theme}.png", full_page=True)
            await page.close()
    return complaints


if __name__ == "__main__":
    found = asyncio.run(photograph(sys.argv[1:] or [*ADDRESSES, "no-such-page"]))
    print("\n".join(sorted(set(found))) or "no complaints")
