import re

import pytest
from httpx import ASGITransport, AsyncClient
from jinja2 import UndefinedError
from litestar.testing import RequestFactory
from web_gallery import ADDRESSES, gallery_app

from siyu import web
from siyu.kernel.permissions import ROLES, Permission
from siyu.web import navigation, pages


@pytest.fixture
async def gallery():
    async with AsyncClient(transport=ASGITransport(app=gallery_app()), base_url="http://shop.test") as client:
        yield client


@pytest.mark.parametrize("name", ADDRESSES)
async def test_every_frame_renders_the_whole_toolbox(gallery, name):
    answer = await gallery.get(ADDRESSES[name][0])

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<!doctype html>")
    assert answer.text.count("<main") == answer.text.count("<h1>") == 1
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids)), "an id names one element"


@pytest.mark.parametrize("name", ADDRESSES)
async def test_pages_have_no_inline_scripts_or_style_elements(gallery, name):
    answer = await gallery.get(ADDRESSES[name][0])

    assert "<style" not in answer.text
    assert re.findall(r"<script(?![^>]*\ssrc=)", answer.text) == []
    assert re.findall(r"\son\w+=", answer.text) == []


async def test_htmx_gets_only_the_content_and_the_title(gallery):
    answer = await gallery.get("/shop/tea", headers={"hx-request": "true"})

    assert answer.text.lstrip().startswith("<title>")
    assert "今日团" in answer.text
    assert '<nav class="bar-bottom' not in answer.text
    assert "<html" not in answer.text


async def test_a_boosted_link_and_a_restored_history_get_the_whole_page(gallery):
    for more in ("hx-boosted", "hx-history-restore-request"):
        answer = await gallery.get("/shop/tea", headers={"hx-request": "true", more: "true"})
        assert "<html" in answer.text


async def test_the_shop_loads_less_than_sixty_kilobytes_of_scripts(gallery):
    import gzip

    page = (await gallery.get("/shop/tea")).text
    scripts = [await gallery.get(address) for address in re.findall(r'<script src="([^"]+)"', page)]

    assert len(scripts) == 2
    assert sum(len(gzip.compress(script.content)) for script in scripts) < 60 * 1024


async def test_the_tab_of_the_page_is_marked_and_the_cart_counts(gallery):
    page = (await gallery.get("/shop/tea")).text

    assert '<a href="/shop/tea" aria-current="page">' in page
    assert page.count('aria-current="page"') == 1
    assert 'id="cart-count" aria-label="购物车里有 3 件">3</span>' in page


def test_a_product_page_does_not_light_up_the_home_tab():
    active = [tab.label for tab in navigation.shop_tabs("tea", "/shop/tea/product/1") if tab.is_active]

    assert active == []


def test_a_detail_page_keeps_its_list_lit_in_the_console():
    groups = navigation.console_groups("tea", "/console/tea/orders/123")

    assert [e.label for g in groups for e in g.entries if e.is_active] == ["订单"]


def test_finance_sees_money_and_not_stock():
    groups = navigation.console_groups("tea", "/console/tea/ledger", ROLES["finance"])

    labels = [e.label for g in groups for e in g.entries]
    assert "账本" in labels
    assert "库存" not in labels
    assert "货" not in [g.label for g in groups]


def test_a_guide_verifies_and_a_promoter_earns():
    guide = [tab.label for tab in navigation.desk_tabs("tea", "/desk/tea", ROLES["guide"])]
    promoter = [tab.label for tab in navigation.desk_tabs("tea", "/desk/tea", {Permission.SHOPPER})]

    assert guide == ["今日", "核销", "我的"]
    assert promoter == ["今日", "推广", "收益", "我的"]


def test_a_chosen_language_is_remembered(merchant):
    request = RequestFactory().get("/console/tea/x", query_params={"lang": "en", "tab": "2"})
    problem = web.problems.Problem(404, "http_404", "Not found", "Nothing here.", "en")

    answer = web.page(request, "error.html", merchant=merchant, problem=problem, home="/", signin=None)

    assert '<html lang="en"' in answer.content
    assert [(c.key, c.value) for c in answer.cookies] == [("lang", "en")]
    assert answer.headers["cache-control"] == "no-store"
    assert pages.lang_links(request)["zh-CN"] == "/console/tea/x?tab=2&lang=zh-CN"


def test_a_forgotten_variable_is_an_error_and_not_an_empty_spot():
    with pytest.raises(UndefinedError, match="problem"):
        web.render("error.html", language="zh-CN")


def test_rendering_one_page_leaves_nothing_behind_for_the_next(merchant):
    from siyu.web.language import reader

    before = reader.get()
    with pytest.raises(UndefinedError):
        web.render("error.html", language="en", merchant=merchant)

    assert reader.get() == before


def test_words_of_people_are_escaped(merchant):
    problem = web.problems.Problem(409, "x", "t", "<script>alert(1)</script>", "zh-CN")

    page = web.render("toast.html", language="zh-CN", merchant=merchant, problem=problem)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
