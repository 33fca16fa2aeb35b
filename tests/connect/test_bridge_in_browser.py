"""A shop's page pays through the sandbox's bridge in a real browser."""

import asyncio
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import async_playwright

CHROMIUM = "/usr/bin/chromium"
PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>shop</title>
<link rel="icon" href="data:,">
<button id="pay">pay</button><output id="said"></output>
<script src="{sandbox}/bridge.js"></script>
<script>
document.getElementById("pay").onclick = function () {{
  WeixinJSBridge.invoke("getBrandWCPayRequest", {parameters}, function (answer) {{
    document.getElementById("said").textContent = answer.err_msg;
  }});
}};
</script></html>"""


@contextmanager
def shop_page(html: str):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_arguments) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed")
@pytest.mark.parametrize(
    ("language", "button", "answer", "state"),
    [
        ("zh-CN", "立即支付", "get_brand_wcpay_request:ok", "SUCCESS"),
        ("zh-CN", "取消支付", "get_brand_wcpay_request:cancel", "NOTPAY"),
        (
            "en",
            "Pay, but do not tell the merchant (a lost callback)",
            "get_brand_wcpay_request:ok",
            "SUCCESS",
        ),
    ],
)
async def test_a_shopper_decides_in_the_overlay_and_the_page_hears_it(
    server, far_gateway, far_order, language, button, answer, state
):
    await server.start()
    prepay_id = await far_gateway.prepay(notify_url="http://127.0.0.1:9/cb", **far_order)
    parameters = msgspec.json.encode(far_gateway.client_parameters(prepay_id)).decode()
    with shop_page(PAGE.format(language=language, sandbox=server.url, parameters=parameters)) as address:
        heard, complaints = await decided(address, button)
    assert (heard, complaints) == (answer, [])
    assert (await far_gateway.query("SO2026000001")).trade_state == state


async def decided(address: str, button: str) -> tuple[str, list[str]]:
    """Press the button in the overlay; what the shop's page was told, and what the browser complained about."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 375, "height": 812})
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        await page.goto(address)
        await page.click("#pay")
        await (
            page.frame_locator("#sandbox-cashier iframe")
            .get_by_role("button", name=button, exact=True)
            .click()
        )
        async with asyncio.timeout(20):
            while not (heard := await page.text_content("#said")):
                await asyncio.sleep(0.05)
        assert await page.locator("#sandbox-cashier").count() == 0
        await browser.close()
    return heard, complaints
