"""Every way to pay, over HTTP, with the sandbox on the other side of the wire."""

import io
from datetime import timedelta
from uuid import UUID

import pytest
from PIL import Image

from factories import state_of, stock_of
from siyu.kernel import clock, ids
from siyu.people import customers
from siyu.runtime import sessions
from siyu.trade import payments

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


@pytest.fixture
async def guest(world, shop, phone, database):
    """Somebody who signed in by phone and has no WeChat here."""
    async with database.begin(shop.merchant) as uow:
        person = await customers.sign_in_as(
            uow, [("phone", f"138{ids.new().int % 10**8:08d}")], nickname="电话", first_door_id=None,
            channel="phone",
        )  # fmt: skip
        session = await sessions.sign_in(
            uow, kind="customer", subject_id=person.customer_id, name="电话",
            permissions=frozenset({"shopper:self"}), days=1,
        )  # fmt: skip
    phone.client.cookies.set(f"siyu_customer_{shop.merchant.slug}", session.token)
    phone.customer_id = person.customer_id
    return phone


async def attempt(database, shop, order_id, method):
    async with database.begin(shop.merchant) as uow:
        return next(p for p in await payments.attempts(uow, UUID(order_id)) if p.method == method)


async def test_a_guest_pays_by_scanning_a_code_on_a_desktop(database, shop, guest, world):
    guest.client.headers["user-agent"] = DESKTOP
    order_id = await guest.buy(shop.apple, 2)
    page = (await guest.get(f"/pay/{order_id}")).text

    begun = await guest.post(f"/pay/{order_id}/begin", {"method": "wxpay_native"})
    waiting = (await guest.get(f"/pay/{order_id}/waiting")).text
    payment = await attempt(database, shop, order_id, "wxpay_native")
    paid = await world.sandbox_http.post(
        "/sandbox/pay", json={"out_trade_no": payment.out_trade_no, "payer": await world.person()}
    )
    state = (await guest.get(f"/pay/{order_id}/state", accept="application/json")).json()
    done = (await guest.get(f"/pay/{order_id}/waiting")).text

    assert "微信扫码支付" in page
    assert begun.headers["location"] == f"{guest.root}/pay/{order_id}/waiting"
    assert payment.prepay_id.startswith("weixin://wxpay/")
    assert ("打开微信扫一扫付款" in waiting, "data-wait=" in waiting) == (True, True)
    assert paid.status_code == 200, paid.text
    assert state["state"] == "paid"
    assert ("支付成功" in done, "data-wait=" in done) == (True, False)


async def test_a_guest_pays_in_a_phones_browser_by_h5(database, shop, guest):
    guest.client.headers["user-agent"] = IPHONE
    order_id = await guest.buy(shop.apple)

    begun = await guest.post(f"/pay/{order_id}/begin", {"method": "wxpay_h5"})
    again = await guest.post(f"/pay/{order_id}/begin", {"method": "wxpay_h5"})

    assert begun.status_code == 303
    assert "redirect_url=" in begun.headers["location"]
    assert again.headers["location"] == begun.headers["location"]
    assert "正在等待付款结果" in (await guest.get(f"/pay/{order_id}/waiting")).text
    # The cashier's address lives five minutes; after that the same way gets a fresh one.
    clock.move_to(timedelta(minutes=6))
    fresh = await guest.post(f"/pay/{order_id}/begin", {"method": "wxpay_h5"})
    assert fresh.status_code == 303
    assert fresh.headers["location"] != begun.headers["location"]


async def test_a_guest_pays_with_alipay_and_the_notice_settles_the_order(database, shop, guest, world):
    guest.client.headers["user-agent"] = IPHONE
    order_id = await guest.buy(shop.apple, 2)
    begun = await guest.post(f"/pay/{order_id}/begin", {"method": "alipay_wap"})
    address = begun.headers["location"]

    paid = await world.sandbox_http.post(
        "/sandbox/alipay/pay", json={"url": address, "payer": await world.person(), "callback": "normal"}
    )
    assert paid.status_code == 200, paid.text
    state = (await guest.get(f"/pay/{order_id}/state", accept="application/json")).json()

    assert state["state"] == "paid"
    payment = await attempt(database, shop, order_id, "alipay_wap")
    assert (payment.state, payment.amount) == ("paid", 2_580)


async def test_changing_the_way_and_paying_twice_keeps_one_payment(database, shop, guest, world):
    guest.client.headers["user-agent"] = IPHONE
    order_id = await guest.buy(shop.apple)
    first = await guest.post(f"/pay/{order_id}/begin", {"method": "alipay_wap"})
    await guest.post(f"/pay/{order_id}/begin", {"method": "wxpay_h5"})
    assert "你已经发起过付款" in (await guest.get(f"/pay/{order_id}")).text
    payer = await world.person()
    h5 = await attempt(database, shop, order_id, "wxpay_h5")
    await world.sandbox_http.post("/sandbox/pay", json={"out_trade_no": h5.out_trade_no, "payer": payer})
    await guest.get(f"/pay/{order_id}/state", accept="application/json")

    await world.sandbox_http.post(
        "/sandbox/alipay/pay",
        json={"url": first.headers["location"], "payer": payer, "callback": "drop"},
    )
    house = world.app.state
    await payments.follow_up(database, shop.merchant, house.gateways)

    async with database.begin(shop.merchant) as uow:
        states = {p.method: p.state for p in await payments.attempts(uow, UUID(order_id))}
    assert states == {"wxpay_h5": "paid", "alipay_wap": "refunding_double"}
    assert await payments.send_refunds(database, shop.merchant, house.gateways, "https://x/cb") == 1
    async with database.begin(shop.merchant) as uow:
        states = {p.method: p.state for p in await payments.attempts(uow, UUID(order_id))}
    assert states["alipay_wap"] == "refunded_double"


async def test_a_way_that_does_not_work_here_is_refused(database, shop, guest):
    guest.client.headers["user-agent"] = DESKTOP
    order_id = await guest.buy(shop.apple)

    for method in ("alipay_wap", "wxpay_h5", "wxpay_mini", "offline", "imported", "nonsense"):
        refused = await guest.post(f"/pay/{order_id}/begin", {"method": method}, accept="application/json")
        assert (refused.status_code, refused.json()["code"]) == (409, "payments.method_not_offered")
    async with database.begin(shop.merchant) as uow:
        assert await payments.attempts(uow, UUID(order_id)) == []


async def test_a_balance_pays_with_one_tap_and_shows_its_movements(database, shop, guest):
    order_id = await guest.buy(shop.apple, 2)
    refused = await guest.post(f"/pay/{order_id}/begin", {"method": "balance"}, accept="application/json")
    async with database.begin(shop.merchant) as uow:
        await payments.change_balance(uow, ids.new(), guest.customer_id, 5_000, "补偿晚到")

    page = (await guest.get(f"/pay/{order_id}")).text
    tapped = await guest.post(f"/pay/{order_id}/begin", {"method": "balance"})
    twice = await guest.post(f"/pay/{order_id}/begin", {"method": "balance"}, accept="application/json")
    mine = (await guest.get("/balance")).text

    assert refused.json()["code"] == "ledger.not_enough"
    assert "余额支付（现有 ¥50.00）" in page
    assert tapped.headers["location"] == f"{guest.root}/pay/{order_id}/waiting"
    assert (twice.status_code, twice.json()["code"]) == (409, "orders.wrong_state")
    assert await state_of(database, shop, UUID(order_id)) == "paid"
    assert ("补偿晚到" in mine, "24" in mine, "25.80" in mine) == (True, True, True)


async def test_a_transfer_with_its_proof_waits_for_staff(database, shop, guest):
    async with database.begin(shop.merchant) as uow:
        await payments.set_options(
            uow,
            payments.Options(
                is_offline_on=True, bank="招商银行", account_name="测试店公司", account_number="62250001"
            ),
        )
    order_id = await guest.buy(shop.apple, 2)
    form = (await guest.get(f"/pay/{order_id}/transfer")).text
    written = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(written, "PNG")
    proof_id = form.partition('name="proof_id" value="')[2].partition('"')[0]
    from siyu import web

    token = guest.client.cookies[web.CSRF_COOKIE]

    async def send(data: dict, picture: bytes):
        return await guest.client.post(
            guest.at(f"/pay/{order_id}/transfer"),
            data=data,
            files={"picture": ("proof.png", picture, "image/png")},
            headers={web.CSRF_HEADER: token, "accept": "application/json"},
        )

    broken = await send({"proof_id": proof_id, "payer_name": "王芳"}, b"nothing")
    nameless = await send({"proof_id": proof_id, "payer_name": " "}, written.getvalue())
    shown = [await send({"proof_id": proof_id, "payer_name": "王芳"}, written.getvalue()) for _ in range(2)]
    page = (await guest.get(f"/pay/{order_id}")).text

    assert ("62250001" in form, "测试店公司" in form) == (True, True)
    assert (broken.status_code, nameless.status_code) == (422, 422)
    assert [one.status_code for one in shown] == [303, 303]
    assert ("转账凭证审核中" in page, "data-pay=" in page) == (True, False)
    async with database.begin(shop.merchant) as uow:
        (proof,) = await payments.proofs(uow, order_id=UUID(order_id))
    assert (proof.state, proof.payer_name) == ("waiting", "王芳")
    assert await stock_of(database, shop, shop.apple) == (10, 2)


async def test_another_customers_order_cannot_be_paid_or_seen(shop, guest, world):
    order_id = await guest.buy(shop.apple)
    other = world.phone(shop)
    await other.sign_in(await world.person("李雷"))

    for path in ("", "/waiting", "/state", "/transfer", "/facts"):
        answer = await other.get(f"/pay/{order_id}{path}", accept="application/json")
        assert answer.status_code == 404, path
    for path in ("/begin", "/cancel"):
        answer = await other.post(f"/pay/{order_id}{path}", accept="application/json")
        assert answer.status_code == 404, path
