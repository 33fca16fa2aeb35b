"""A flash sale on a phone: waiting for it, getting a piece, coming too late – over HTTP."""

from datetime import timedelta

import pytest

from shop.shop_browser import form_of
from siyu.goods.offers import Flash, FlashItem
from siyu.kernel import clock
from siyu.trade import flashsales
from trade.flash_shop import PRICE, Sale, an_offer, apples, become, counts, later, listen, sweep


async def a_session(database, shop, *, quota=2, starts_in=timedelta(minutes=-1)) -> Sale:
    """Apples at 9.90, `quota` of them."""
    rule = Flash((FlashItem(shop.apple, PRICE, quota, shop.store_id, 1),))
    sale = Sale(shop, await an_offer(database, shop.merchant, rule, clock.now() + starts_in), database)
    await sweep(sale)
    return sale


@pytest.fixture
async def sale(database, shop) -> Sale:
    return await a_session(database, shop)


async def signed_in(world, shop, nickname):
    phone = world.phone(shop)
    await phone.sign_in(await world.person(nickname))
    return phone


async def bought(phone, sale):
    """From the button of the item's page to what the shop answers."""
    page = await phone.get(f"/checkout?lines={sale.shop.apple}*1&claim=flash:{sale.offer_id}")
    assert page.status_code == 200, page.text
    return await phone.post("/checkout", form_of(page.text))


async def test_without_a_sale_the_page_says_so(world, shop) -> None:
    page = await world.phone(shop).get("/flash")

    assert page.status_code == 200
    assert "今天和明天没有秒杀" in page.text


async def test_a_stranger_sees_what_runs_with_true_figures(world, shop, sale) -> None:
    page = await world.phone(shop).get("/flash")

    assert (page.status_code, "抢购中" in page.text, "剩 2 件" in page.text) == (200, True, True)
    assert f"/checkout?lines={shop.apple}*1&amp;claim=flash:{sale.offer_id}" in page.text
    assert 'data-until="' in page.text


async def test_before_the_start_there_is_a_countdown_and_no_button(database, world, shop) -> None:
    sale = await a_session(database, shop, starts_in=timedelta(minutes=3))
    phone = world.phone(shop)

    page = await phone.get("/flash")
    item = await phone.get(f"/flash/{sale.offer_id}/{shop.apple}")

    assert ("即将开始" in page.text, "距开始" in page.text, "马上抢" in page.text) == (True, True, False)
    assert ("共 2 件，每人限购 1 件" in item.text, "马上抢" in item.text) == (True, False)


async def test_a_buyer_gets_a_piece_and_the_next_reads_how_many_are_left(world, shop, sale) -> None:
    phone = await signed_in(world, shop, "小满")

    answer = await bought(phone, sale)

    assert answer.status_code == 303, answer.text
    assert await counts(sale) == (2, 1, 0)
    part = await phone.get(f"/flash/{sale.offer_id}/goods", **{"hx-request": "true"})
    assert ("剩 1 件" in part.text, "<html" in part.text) == (True, False)


async def test_who_comes_too_late_is_told_so_and_may_buy_at_the_shop_price(database, world, shop) -> None:
    sale = await a_session(database, shop, quota=1)
    assert (await bought(await signed_in(world, shop, "小满"), sale)).status_code == 303

    late = await signed_in(world, shop, "小暑")
    item = await late.get(f"/flash/{sale.offer_id}/{shop.apple}")
    page = await late.get(f"/checkout?lines={shop.apple}*1&claim=flash:{sale.offer_id}")

    assert ("已抢光；等付款的到时没付会重新放出" in item.text, "马上抢" in item.text) == (True, False)
    assert f"/product/{(await product_of(sale))}" in item.text
    assert "已抢光；还有 1 件在等付款" in page.text
    assert await counts(sale) == (1, 1, 0)


async def product_of(sale: Sale):
    async with sale.database.begin(sale.merchant) as uow:
        (entry,) = await flashsales.entries(uow, None)
    return entry.product_id


async def test_after_the_end_nothing_starts_again(world, shop, sale) -> None:
    await become(sale, "ended")
    await later(sale, minutes=1)
    phone = await signed_in(world, shop, "小满")

    item = await phone.get(f"/flash/{sale.offer_id}/{shop.apple}")
    page = await phone.get(f"/checkout?lines={shop.apple}*1&claim=flash:{sale.offer_id}")

    assert ("本场秒杀已经结束。" in item.text, "马上抢" in item.text) == (True, False)
    assert "本场秒杀已经结束。" in page.text
    assert (await apples(sale))[2] == 0
    await listen(sale)


async def test_a_draft_and_somebody_else_s_session_are_not_there(world, shop, sale) -> None:
    await become(sale, "draft")
    phone = world.phone(shop)

    assert (await phone.get(f"/flash/{sale.offer_id}/{shop.apple}")).status_code == 404
    assert (await phone.get(f"/flash/{shop.apple}/{shop.apple}")).status_code == 404
    assert "今天和明天没有秒杀" in (await phone.get("/flash")).text
