"""The checkout page: parcels, couriers, two tabs, boxes, invoices and the quote as JSON."""

import re
from datetime import timedelta

import httpx
import msgspec
import pytest

from factories import stock_of
from shop.checkout_forms import (
    HOME,
    WRITTEN,
    all_orders,
    customer_of,
    known_address,
    preview,
    send_everything,
)
from shop.shop_browser import form_of
from siyu.goods import catalog
from siyu.kernel import clock, ids
from siyu.people import addresses
from siyu.trade import orders


@pytest.fixture
async def sending(database, shop):
    return await send_everything(database, shop)


# Parcels and couriers -------------------------------------------------------------------------------


async def test_a_parcel_goes_to_the_default_address_and_freight_is_explained(database, sending, shopper):
    await known_address(database, sending)
    form = await shopper.checkout_form(f"/checkout?sku={sending.apple}&quantity=2")

    page = await preview(shopper, form, delivery="express")
    placed = await shopper.post("/checkout", {**form_of(page), "delivery": "express"})

    assert "标准快递" in page
    assert form_of(page)["expected_total"] == str(2 * 1_290 + 800)
    assert placed.status_code == 303, placed.text
    (order,) = await all_orders(database, sending)
    assert (order.delivery, order.freight, order.total, order.store_id) == ("express", 800, 3_380, None)
    assert order.address is not None
    assert order.address.in_one_line == "上海市浦东新区世纪大道 100 号"
    assert order.ship_by is not None


async def test_an_address_written_on_the_page_is_used_and_kept_only_when_asked(database, sending, shopper):
    for number, save in enumerate(("", "1")):
        form = await shopper.checkout_form(f"/checkout?sku={sending.apple}")
        page = await preview(shopper, form, delivery="express", address_id="new", **WRITTEN)
        wanted = {
            **form_of(page),
            **WRITTEN,
            "delivery": "express",
            "address_id": "new",
            "save_address": save,
        }
        assert (await shopper.post("/checkout", wanted)).status_code == 303
        async with database.begin(sending.merchant) as uow:
            kept = await addresses.of_customer(uow, await customer_of(database, sending))
        assert len(kept) == number


async def test_half_an_address_tells_the_freight_and_the_field_that_is_missing(database, sending, shopper):
    form = await shopper.checkout_form(f"/checkout?sku={sending.apple}")
    half = {**WRITTEN, "detail": ""}
    page = await preview(shopper, form, delivery="express", address_id="new", **half)

    refused = await shopper.post(
        "/checkout", {**form_of(page), **half, "delivery": "express", "address_id": "new"}
    )

    assert form_of(page)["expected_total"] == str(1_290 + 800)
    assert refused.status_code == 422
    assert "请填写详细地址" in refused.text
    assert 'value="林小满"' in refused.text
    assert await all_orders(database, sending) == []


async def test_a_region_that_is_not_served_says_so_and_places_nothing(database, sending, shopper):
    form = await shopper.checkout_form(f"/checkout?sku={sending.apple}")
    lhasa = {**WRITTEN, "province": "54", "city": "5401", "district": "540102"}

    page = await preview(shopper, form, delivery="express", address_id="new", **lhasa)
    refused = await shopper.post(
        "/checkout", {**form_of(page), **lhasa, "delivery": "express", "address_id": "new"}
    )

    assert "不能送到西藏自治区拉萨市" in page
    assert refused.status_code == 422
    assert await all_orders(database, sending) == []


async def test_freight_that_appears_at_the_button_is_confirmed_first(database, sending, shopper):
    await known_address(database, sending)
    form = await shopper.checkout_form(f"/checkout?sku={sending.apple}")

    refused = await shopper.post("/checkout", {**form, "delivery": "express"})
    accepted = await shopper.post("/checkout", {**form_of(refused.text), "delivery": "express"})

    assert refused.status_code == 409
    assert "合计由 ¥12.90 变为 ¥20.90" in refused.text
    assert accepted.status_code == 303


async def test_a_courier_comes_in_the_slot_and_the_next_buyer_gets_another(database, sending, shopper, world):
    await known_address(database, sending)
    form = await shopper.checkout_form(f"/checkout?sku={sending.apple}&quantity=2")
    page = await preview(shopper, form, delivery="local")
    chosen = re.search(r'<option value="([^"]+)" selected', page)
    assert chosen is not None
    wanted = {
        **form_of(page), "delivery": "local", "slot": chosen[1], "local_store_id": str(sending.store_id),
    }  # fmt: skip

    assert (await shopper.post("/checkout", wanted)).status_code == 303
    late = {**wanted, "idempotency_key": ids.new().hex}
    refused = await shopper.post("/checkout", late)

    (order,) = await all_orders(database, sending)
    assert (order.delivery, order.freight, order.total) == ("local", 500, 3_080)
    assert order.deliver_from is not None
    assert order.deliver_from.isoformat() == chosen[1]
    assert refused.status_code == 409
    assert "约满" in refused.text
    assert len(await all_orders(database, sending)) == 1


async def test_below_the_minimum_no_courier_comes(database, sending, shopper):
    await known_address(database, sending)
    form = await shopper.checkout_form(f"/checkout?sku={sending.milk}")

    page = await preview(shopper, form, delivery="local")

    assert "同城配送满 ¥20.00 起送，还差 ¥13.20" in page
    assert 'button-primary" disabled' in page


# Two taps, two tabs, lower prices, gone goods -------------------------------------------------------


async def test_two_tabs_of_one_cart_place_one_order(database, shop, shopper):
    await shopper.add(shop.apple, 2)
    one, two = await shopper.checkout_form(), await shopper.checkout_form()

    answers = [await shopper.post("/checkout", form) for form in (one, two)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await stock_of(database, shop, shop.apple) == (10, 2)


async def test_a_second_tab_that_says_something_else_is_told_that_it_was_submitted(database, shop, shopper):
    await shopper.add(shop.apple, 2)
    one, two = await shopper.checkout_form(), await shopper.checkout_form()

    await shopper.post("/checkout", one)
    refused = await shopper.post("/checkout", {**two, "remark": "另一页"})

    assert refused.status_code == 409
    assert "已经提交过了" in refused.text
    assert len(await all_orders(database, shop)) == 1


async def test_the_same_cart_filled_again_is_a_new_order(database, shop, shopper):
    for second in (0, 10):
        clock.move_to(timedelta(seconds=second))
        await shopper.add(shop.apple, 2)
        assert (await shopper.post("/checkout", await shopper.checkout_form())).status_code == 303

    assert len(await all_orders(database, shop)) == 2


async def test_a_price_that_fell_is_charged_and_told(database, shop, shopper):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}&quantity=2")
    async with database.begin(shop.merchant) as uow:
        await catalog.set_price(uow, shop.apple, 1_190)

    placed = await shopper.post("/checkout", form)
    told = await shopper.get(placed.headers["location"])

    assert placed.headers["location"].endswith("/cheaper?was=2580")
    assert "¥25.80" in told.text
    assert "¥23.80" in told.text


async def test_what_left_the_shelf_before_the_page_is_named_and_the_rest_can_be_bought(
    database, shop, shopper
):
    lines = f"{shop.apple}*1,{shop.milk}*1"
    form = await shopper.checkout_form(f"/checkout?sku={shop.milk}")
    async with database.begin(shop.merchant) as uow:
        product = (await catalog.prices(uow, [shop.apple]))[shop.apple].product_id
        await catalog.set_shelf(uow, product, is_on_shelf=False)

    page = await preview(shopper, form, lines=lines)

    assert "红富士苹果刚刚下架，已从本单移除" in page
    assert form_of(page)["lines"] == f"{shop.milk}*1"
    assert form_of(page)["expected_total"] == "680"


# Boxes and invoices ---------------------------------------------------------------------------------


async def set_policy(database, shop, policy="confirmed", reason="opened_quality"):
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            update products set return_policy = %(policy)s, return_reason = %(reason)s
            where merchant_id = %(merchant_id)s
              and id = (select product_id from skus where merchant_id = %(merchant_id)s and id = %(sku)s)
            """,
            policy=policy,
            reason=reason,
            sku=shop.apple,
        )


async def test_the_box_against_returns_is_never_ticked_and_counts_only_when_ticked(database, shop, shopper):
    await set_policy(database, shop)
    page = (await shopper.get(f"/checkout?sku={shop.apple}")).text
    box = re.search(r'<input type="checkbox" name="accepts"[^>]*>', page)
    assert box is not None

    assert "checked" not in box[0]
    await shopper.post("/checkout", form_of(page))
    again = await shopper.checkout_form(f"/checkout?sku={shop.apple}")
    await shopper.post("/checkout", {**again, "accepts": str(shop.apple)})

    policies = [order.lines[0].return_policy for order in await all_orders(database, shop)]
    assert sorted(policies) == ["confirmed", "seven_days"]


async def test_no_box_on_the_page_is_ticked_beforehand(sending, shopper):
    page = (await shopper.get(f"/checkout?sku={sending.apple}")).text

    boxes = re.findall(r'<input type="checkbox"[^>]*>', page)
    assert [box for box in boxes if "checked" in box] == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (
            {"invoice_kind": "company", "invoice_title": "四雨公司", "tax_number": "91330100799655058C"},
            "税号不正确",
        ),
        (
            {"invoice_kind": "company", "invoice_title": "", "tax_number": "91330100799655058B"},
            "请填写发票抬头",
        ),
        ({"invoice_kind": "person", "invoice_title": "林小满", "invoice_email": "x@"}, "邮箱格式不对"),
    ],
)
async def test_an_invoice_that_cannot_be_written_is_refused_at_its_field(
    database, shop, shopper, said, field
):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}")

    refused = await shopper.post("/checkout", {**form, **said})

    assert refused.status_code == 422
    assert field in refused.text
    assert await all_orders(database, shop) == []


async def test_the_invoice_is_kept_with_the_order(database, shop, shopper):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}")
    said = {"invoice_kind": "company", "invoice_title": "四雨公司", "tax_number": "91330100799655058b"}

    assert (await shopper.post("/checkout", {**form, **said})).status_code == 303

    (order,) = await all_orders(database, shop)
    assert order.invoice == orders.InvoiceTitle("company", "四雨公司", "91330100799655058B")


@pytest.mark.parametrize(
    ("number", "is_one"),
    [
        ("91330100799655058B", True),
        ("9144030071526726XG", True),
        ("914403001922038216", True),
        ("914403001922038217", False),
        ("9144030071526726IG", False),
        ("440300192203821", True),
        ("", False),
    ],
)
def test_a_tax_number_has_its_check_digit(number, is_one):
    assert orders.is_tax_number(number) is is_one


# JSON -----------------------------------------------------------------------------------------------


async def test_the_api_quotes_with_delivery_and_refuses_at_the_field(sending, world):
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app), base_url=world.settings.base_url
    ) as api:
        root = f"/api/v1/{sending.merchant.slug}"
        ask = {
            "lines": [{"sku_id": str(sending.apple), "quantity": 2}],
            "delivery": "express",
            "address": msgspec.to_builtins(HOME),
        }
        quoted = (await api.post(f"{root}/checkout/quote", json=ask)).json()
        wrong = await api.post(
            f"{root}/checkout/quote", json={**ask, "address": {**ask["address"], "region_code": "31"}}
        )
        stolen = await api.post(
            f"{root}/checkout/quote", json={**ask, "address": None, "address_id": str(ids.new())}
        )
        slots = (await api.get(f"{root}/delivery/slots")).json()

    assert (quoted["goods_total"], quoted["freight"], quoted["total"]) == (2_580, 800, 3_380)
    assert quoted["freight_notes"] == [["标准快递：每单一口价 / 标准快递: one fee an order", 800]]
    assert (wrong.status_code, wrong.json()["field"]) == (422, "district")
    assert stolen.status_code == 401
    assert slots[0]["store_id"] == str(sending.store_id)


async def test_an_address_of_another_shopper_cannot_be_used(database, sending, shopper, world):
    theirs = await known_address(database, sending)
    other = world.phone(sending)
    await other.sign_in(await world.person("李雷"))
    form = await other.checkout_form(f"/checkout?sku={sending.apple}")

    page = await preview(other, form, delivery="express", address_id=str(theirs))
    refused = await other.post("/checkout", {**form, "delivery": "express", "address_id": str(theirs)})

    assert "世纪大道" not in page
    assert refused.status_code == 422
    assert (await other.get(f"/addresses/{theirs}")).status_code == 404
    assert (await other.post(f"/addresses/{theirs}/remove")).status_code == 404
    assert await all_orders(database, sending) == []
