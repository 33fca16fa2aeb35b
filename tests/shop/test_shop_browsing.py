"""Looking around without signing in."""

from datetime import datetime

import pytest

from factories import a_shop
from siyu.goods import catalog, inventory
from siyu.people.customers import way_back
from siyu.place import stores


async def product_of(database, shop, sku):
    async with database.begin(shop.merchant) as uow:
        return (await catalog.prices(uow, [sku]))[sku].product_id


async def many_products(database, shop, count):
    async with database.begin(shop.merchant) as uow:
        categories = await catalog.add_categories(uow, [("水果", "")])
        products = [
            catalog.NewProduct(
                category="水果", title=f"好物{n:03d}", skus=(catalog.NewSku(f"G{n}", 100 + n),), position=n
            )
            for n in range(1, count + 1)
        ]
        await catalog.add_products(uow, products, categories)
    return categories["水果"]


async def test_the_home_page_shows_goods_prices_categories_and_the_licence(phone):
    page = await phone.get()

    assert page.status_code == 200
    assert "红富士苹果" in page.text
    assert "<small>¥</small><b>12</b><i>.90</i>" in page.text
    assert f'href="{phone.root}/licence"' in page.text
    assert page.text.count("/category?c=") == 2


async def test_a_category_without_goods_is_not_shown(database, shop, phone):
    async with database.begin(shop.merchant) as uow:
        await catalog.add_categories(uow, [("空架子", "")])

    assert "空架子" not in (await phone.get()).text


async def test_the_feed_goes_on_by_cursor_until_the_end(database, shop, phone):
    await many_products(database, shop, 30)

    seen, page = [], await phone.get()
    for _ in range(10):
        seen += page.text.split('class="name clamp-2">')[1:]
        more = page.text.partition('class="more" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
        if not more:
            break
        page = await phone.get(more, **{"hx-request": "true"})

    titles = [line.partition("<")[0] for line in seen]
    assert len(titles) == len(set(titles)) == 32
    assert titles[-1] == "好物030"
    assert "已经到底了" in page.text


async def test_a_category_lists_only_its_goods(database, shop, phone):
    fruit = await many_products(database, shop, 2)

    page = await phone.get(f"/category?c={fruit}")

    assert "好物001" in page.text
    assert "鲜牛奶" not in page.text


async def test_a_search_finds_part_of_a_title_and_says_when_nothing_is_found(phone):
    found, nothing = await phone.get("/search?q=苹果"), await phone.get("/search?q=龙虾")

    assert "红富士苹果" in found.text
    assert "鲜牛奶" not in found.text
    assert "没有找到“龙虾”" in nothing.text


async def test_words_that_look_like_markup_are_shown_as_words(phone):
    page = await phone.get("/search?q=<script>alert(1)</script>")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


async def test_typing_a_search_answers_with_the_results_alone(phone):
    page = await phone.get("/search?q=苹果", **{"hx-request": "true", "hx-target": "results"})

    assert "红富士苹果" in page.text
    assert "<input" not in page.text


async def test_a_product_page_offers_to_buy_and_promises_pickup_at_my_store(database, shop, phone):
    product = await product_of(database, shop, shop.apple)

    page, promise = await phone.get(f"/product/{product}"), await phone.get(f"/stores/with/{product}")

    assert page.status_code == 200
    assert "立即购买" in page.text
    assert "到店自提 · 一店" in promise.text
    assert "现货 10 件" in promise.text


async def test_a_product_that_is_sold_out_cannot_be_bought(database, merchant, world):
    shop = await a_shop(database, merchant, stock=0)
    phone = world.phone(shop)
    product = await product_of(database, shop, shop.apple)

    page, promise = await phone.get(f"/product/{product}"), await phone.get(f"/stores/with/{product}")

    assert page.status_code == 200
    assert "已售罄" in page.text
    assert "data-choose" not in page.text
    assert "各门店暂时都没有货" in promise.text


async def test_a_product_off_the_shelf_says_so(database, shop, phone):
    product = await product_of(database, shop, shop.apple)
    async with database.begin(shop.merchant) as uow:
        await catalog.set_shelf(uow, product, is_on_shelf=False)

    page = await phone.get(f"/product/{product}")

    assert page.status_code == 410
    assert "这件商品已下架" in page.text
    assert "data-choose" not in page.text


async def test_a_choice_that_is_sold_out_is_disabled(database, shop, phone):
    async with database.begin(shop.merchant) as uow:
        categories = await catalog.add_categories(uow, [("水果", "")])
        two = catalog.NewProduct(
            category="水果", title="橙", skus=(catalog.NewSku("S", 500, "小"), catalog.NewSku("B", 900, "大"))
        )
        skus = await catalog.add_products(uow, [two], categories)
        await inventory.receive(uow, [inventory.Pieces(shop.store_id, skus["B"], 3)])

    page = (await phone.get(f"/product/{two.id}")).text

    assert f'value="{skus["S"]}" data-most="1" data-most-words="最多 1 件" disabled' in page
    assert f'value="{skus["B"]}" data-most="3" data-most-words="最多 3 件" checked' in page


async def test_a_chosen_store_is_remembered_and_every_page_speaks_of_it(database, shop, phone):
    async with database.begin(shop.merchant) as uow:
        second = await stores.add(uow, stores.NewStore(code="S2", name="二店", address="二路 2 号"))

    answer = await phone.post("/stores", {"store_id": str(second.id), "next": f"{phone.root}/cart"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{phone.root}/cart")
    assert "二店" in (await phone.get("/stores/mine")).text
    assert "本店缺货，其他门店有" in (await phone.get()).text


async def test_a_store_of_another_merchant_cannot_be_chosen(database, shop, phone, new_shop):
    other = await a_shop(database, await new_shop())

    answer = await phone.post("/stores", {"store_id": str(other.store_id)})

    assert answer.status_code == 404
    assert "一店" in (await phone.get("/stores/mine")).text


async def test_stores_are_sorted_by_distance_when_the_browser_says_where_it_is(database, shop, phone):
    async with database.begin(shop.merchant) as uow:
        far = stores.NewStore("F", "远店", "远", latitude=31_000_000, longitude=120_000_000)
        near = stores.NewStore("N", "近店", "近", latitude=30_001_000, longitude=120_000_000)
        await stores.add(uow, far)
        await stores.add(uow, near)

    page = (await phone.get("/stores?near_to=30.000,120.000")).text

    assert page.index("近店") < page.index("远店") < page.index("一店")
    assert "111 米" in page
    assert "111.2 公里" in page


@pytest.mark.parametrize(
    ("hours", "clock", "when", "at"),
    [
        ("09:00–21:00", "12:00", "open", "21:00"),
        ("09:00–21:00", "08:59", "later", "09:00"),
        ("09:00–21:00", "21:00", "tomorrow", "09:00"),
        ("9:30-24:00", "23:59", "open", "24:00"),
        ("每天", "12:00", "hours", ""),
        ("", "12:00", "hours", ""),
    ],
)
def test_the_promise_follows_the_opening_hours(hours, clock, when, at):
    now = datetime.fromisoformat(f"2026-11-22T{clock}+08:00")

    assert stores.pickup(hours, now) == stores.Pickup(when, at)


@pytest.mark.parametrize("text", ["", "30,120", "91.0,0.0", "30.0,181.0", "a,b", "30.0;120.0"])
def test_a_place_that_is_none_sorts_nothing(text):
    assert stores.near(text) is None


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/shop/tea/cart", "/shop/tea/cart"),
        ("/shop/tea/checkout?sku=1&quantity=2", "/shop/tea/checkout?sku=1&quantity=2"),
        ("/desk/tea", "/desk/tea"),
        ("/desk/tea/earnings", "/desk/tea/earnings"),
        (None, "/shop/tea"),
        ("", "/shop/tea"),
        ("https://evil.example/shop/tea", "/shop/tea"),
        ("//evil.example", "/shop/tea"),
        ("/shop/tea/../../console/tea", "/shop/tea"),
        ("/shop/tea\\@evil.example", "/shop/tea"),
        ("/shop/tea//evil.example", "/shop/tea"),
        ("/shop/coffee/cart", "/shop/tea"),
        ("/console/tea", "/shop/tea"),
        ("/shop/tea/signin", "/shop/tea"),
        ("/shop/tea/signout", "/shop/tea"),
        ("/shop/tea/cart\r\nset-cookie: a=b", "/shop/tea"),
        ("javascript:alert(1)", "/shop/tea"),
    ],
)
def test_nobody_is_led_out_of_the_house(wanted, led_to):
    assert way_back("tea", wanted) == led_to


async def test_every_public_page_is_there_in_both_languages(phone):
    for path in ("", "/category", "/search", "/cart", "/me", "/signin", "/privacy", "/licence", "/stores"):
        chinese, english = await phone.get(path + "?lang=zh-CN"), await phone.get(path + "?lang=en")
        assert (chinese.status_code, english.status_code) == (200, 200), path
        assert 'lang="zh-CN"' in chinese.text
        assert 'lang="en"' in english.text
        assert "default-src 'self'" in chinese.headers["content-security-policy"]


async def test_a_cursor_that_cannot_be_read_starts_at_the_top(phone):
    assert "红富士苹果" in (await phone.get("/feed?after=nonsense")).text
