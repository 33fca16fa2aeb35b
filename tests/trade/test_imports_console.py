"""The console's import pages over HTTP, from the upload to the refused rows."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from siyu import web
from siyu.kernel.permissions import ROLES
from siyu.runtime import sessions
from siyu.runtime.edge import DEPENDENCIES, Services, cookie_of, permitted
from siyu.runtime.tenancy import Directory
from siyu.trade import imports
from siyu.trade.imports import uploads

CSV = (
    "订单号,商品编码,数量,单价,下单时间,客户编号,商品名称\n"
    "1,CUP,2,3.00,2026-01-05 10:00,c1,杯子\n"
    "2,CUP,1,3.00,2026-01-06 10:00,,杯子\n"
)


@pytest.fixture
def app(database, settings) -> Litestar:
    app = Litestar(
        [*imports.routes],
        guards=[permitted],
        dependencies=DEPENDENCIES,
        exception_handlers={**web.exception_handlers()},
        csrf_config=web.csrf_config(settings.secret, secure=False),
        logging_config=None,
    )
    app.state.services = Services(settings, database, Directory(database))
    return app


async def signed_in(app, database, merchant, role: str) -> httpx.AsyncClient:
    async with database.begin(merchant) as uow:
        session = await sessions.sign_in(
            uow, kind="staff", subject_id=merchant.id, name="小禾", permissions=ROLES[role], days=1
        )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://siyu.test",
        cookies={cookie_of("staff", merchant.slug): session.token},
        headers={"accept-language": "zh-CN", "accept": "text/html"},
        timeout=60,
    )


@pytest.fixture
async def console(app, database, merchant) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(app, database, merchant, "owner") as client:
        yield client


def token_of(page: httpx.Response) -> dict[str, str]:
    found = re.search(rf'name="{web.CSRF_FIELD}" value="([^"]+)"', page.text)
    assert found, "the form carries a token"
    return {web.CSRF_FIELD: found[1]}


async def uploaded(console: httpx.AsyncClient, slug: str, content: bytes | None = None) -> httpx.Response:
    """Send a file; the answer leads to its mapping."""
    page = await console.get(f"/console/{slug}/imports")
    assert page.status_code == 200
    return await console.post(
        f"/console/{slug}/imports",
        data=token_of(page),
        files={"file": ("../../一月 订单.csv", content if content is not None else CSV.encode("gb18030"))},
    )


async def finished(console: httpx.AsyncClient, address: str) -> httpx.Response:
    for _ in range(200):
        page = await console.get(f"{address}/progress")
        if "hx-trigger" not in page.text:
            return page
        await asyncio.sleep(0.05)
    raise AssertionError("the import did not end")


CHOSEN = {
    "order": "订单号", "sku": "商品编码", "quantity": "数量", "price": "单价", "time": "下单时间",
    "customer": "客户编号", "title": "商品名称", "country": "", "dates": "auto",
}  # fmt: skip


async def test_a_file_is_uploaded_tried_started_and_followed_to_its_end(
    console, database, merchant, settings
):
    sent = await uploaded(console, merchant.slug)
    assert sent.status_code == 303
    mapping = await console.get(sent.headers["location"])
    assert '<option value="商品编码" selected>' in mapping.text
    assert "一月_订单.csv" in mapping.text

    tried = await console.post(sent.headers["location"], data=CHOSEN | token_of(mapping) | {"then": "check"})
    assert "6.00 CNY" in tried.text
    assert "没有顾客" in tried.text
    async with database.begin(merchant) as uow:
        assert await imports.listing(uow) == []

    started = await console.post(sent.headers["location"], data=CHOSEN | token_of(tried) | {"then": "start"})
    assert started.status_code == 303
    page = await finished(console, started.headers["location"])
    assert "全部写入完成" in page.text
    assert (await console.get(started.headers["location"])).status_code == 200
    refused = await console.get(f"{started.headers['location']}/refused.csv")
    assert "3,2,CUP,1,3.00,2026-01-06 10:00,,杯子,,no_customer" in refused.content.decode("utf-8-sig")
    async with database.begin(merchant) as uow:
        (run,) = await imports.listing(uow)
    assert (run.source, run.state, run.result.orders) == ("一月_订单.csv", "done", 1)
    assert sorted(path.name for path in settings.folder("imports", merchant.slug).iterdir()) == [
        f"{run.id}-refused.csv"
    ]


async def test_the_same_file_again_leads_to_its_run(console, database, merchant):
    addresses = []
    for _ in range(2):
        sent = await uploaded(console, merchant.slug)
        mapping = await console.get(sent.headers["location"])
        started = await console.post(
            sent.headers["location"], data=CHOSEN | token_of(mapping) | {"then": "start"}
        )
        await finished(console, started.headers["location"])
        addresses.append(started.headers["location"])
    assert addresses[0] == addresses[1]


async def test_a_run_that_broke_goes_on_from_the_page(console, database, merchant, monkeypatch):
    broken = imports.import_orders

    async def breaks(*args, **facts):
        def stop(progress):
            if progress.stage is imports.Stage.WRITE:
                raise OSError("the disk is gone")

        return await broken(*args, **{**facts, "on_progress": stop})

    sent = await uploaded(console, merchant.slug)
    mapping = await console.get(sent.headers["location"])
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "import_orders", breaks)
        started = await console.post(
            sent.headers["location"], data=CHOSEN | token_of(mapping) | {"then": "start"}
        )
        page = await finished(console, started.headers["location"])
    assert "从断点继续" in page.text
    again = await console.post(f"{started.headers['location']}/continue", data=token_of(page))
    assert again.status_code == 303
    assert "全部写入完成" in (await finished(console, started.headers["location"])).text


async def test_a_file_that_is_no_table_is_refused_and_not_kept(console, database, merchant, settings):
    sent = await uploaded(console, merchant.slug, b"\xd0\xcf\x11\xe0 an old spreadsheet")
    assert sent.status_code == 422
    assert "请另存为 .xlsx" in sent.text
    assert list(settings.folder("imports", merchant.slug).iterdir()) == []


async def test_a_mapping_without_a_required_column_is_refused_and_notes_no_run(console, database, merchant):
    sent = await uploaded(console, merchant.slug)
    mapping = await console.get(sent.headers["location"])
    chosen = CHOSEN | {"customer": ""} | token_of(mapping) | {"then": "start"}
    answer = await console.post(sent.headers["location"], data=chosen)
    assert (answer.status_code, "顾客编号" in answer.text) == (422, True)
    async with database.begin(merchant) as uow:
        assert await imports.listing(uow) == []


async def test_a_guide_may_not_import(app, database, merchant):
    async with await signed_in(app, database, merchant, "guide") as guide:
        assert (await guide.get(f"/console/{merchant.slug}/imports")).status_code == 403


async def test_another_merchants_run_and_upload_are_not_found(app, console, database, merchant, new_shop):
    sent = await uploaded(console, merchant.slug)
    mapping = await console.get(sent.headers["location"])
    started = await console.post(
        sent.headers["location"], data=CHOSEN | token_of(mapping) | {"then": "start"}
    )
    await finished(console, started.headers["location"])
    waiting = await uploaded(console, merchant.slug, CSV.replace("CUP", "POT").encode())
    other = await new_shop()
    async with await signed_in(app, database, other, "owner") as stranger:
        for address in (started, waiting):
            moved = address.headers["location"].replace(merchant.slug, other.slug)
            assert (await stranger.get(moved)).status_code == 404


async def test_the_pages_speak_english_too(console, merchant):
    page = await console.get(f"/console/{merchant.slug}/imports?lang=en")
    assert "Import past orders" in page.text
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"测试店|简体中文|私域|小禾|小", "", page.text))
