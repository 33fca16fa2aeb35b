"""A shopper's browser for tests: cookies, form tokens, WeChat in its hand."""

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx

from factories import Shop
from siyu import web
from siyu.trade import payments

if TYPE_CHECKING:
    from conftest import World


class Phone:
    """A shopper's browser: keeps cookies, sends form tokens, knows how to hold WeChat."""

    def __init__(self, shop: Shop, world: "World", client: httpx.AsyncClient) -> None:
        self.shop, self.client = shop, client
        self.wechat_http, self.database = world.sandbox_http, world.database
        self.root = f"/shop/{shop.merchant.slug}"

    async def get(self, path: str = "", **headers: str) -> httpx.Response:
        return await self.client.get(self.at(path), headers=headers)

    async def post(self, path: str, data: dict | None = None, **headers: str) -> httpx.Response:
        if web.CSRF_COOKIE not in self.client.cookies:
            await self.get("/licence")
        token = self.client.cookies[web.CSRF_COOKIE]
        return await self.client.post(
            self.at(path), data=data or {}, headers={web.CSRF_HEADER: token, **headers}
        )

    async def tap(self, path: str, data: dict | None = None) -> httpx.Response:
        """What HTMX sends."""
        return await self.post(path, data, **{"hx-request": "true"})

    def at(self, path: str) -> str:
        return path if path.startswith(("/d/", "/shop/", "/media/", "http")) else self.root + path

    async def sign_in(self, openid: str, way_back: str = "") -> httpx.Response:
        """Through WeChat, as the person with this openid."""
        asked = await self.get(f"/signin/wechat?agree=1&next={way_back}")
        assert asked.status_code == 303, asked.text
        back = await self.wechat_http.get(asked.headers["location"].split("#")[0] + f"&as={openid}")
        assert back.status_code == 302, back.text
        return await self.client.get(back.headers["location"])

    async def add(self, sku: object, quantity: int = 1) -> httpx.Response:
        return await self.tap("/cart/add", {"sku": str(sku), "quantity": str(quantity)})

    async def checkout_form(self, path: str = "/checkout") -> dict[str, str]:
        """The fields of the checkout page as a browser would send them."""
        page = await self.get(path)
        assert page.status_code == 200, page.text
        return form_of(page.text)

    async def buy(self, sku: object, quantity: int = 1) -> str:
        """Order one SKU; return the order's id."""
        form = await self.checkout_form(f"/checkout?sku={sku}&quantity={quantity}")
        placed = await self.post("/checkout", form)
        assert placed.status_code == 303, placed.text
        return placed.headers["location"].rpartition("/")[2]

    async def pay(self, order_id: str, callback: str = "normal") -> None:
        """Open the cashier and pay; `callback` is what becomes of the gateway's notice."""
        begun = await self.post(f"/pay/{order_id}/begin", accept="application/json")
        assert begun.status_code == 200, begun.text
        async with self.database.begin(self.shop.merchant) as uow:
            payment = await payments.of_order(uow, UUID(order_id))
        assert payment is not None
        paid = await self.wechat_http.post(
            "/sandbox/pay", json={"out_trade_no": payment.out_trade_no, "callback": callback}
        )
        assert paid.status_code == 200, paid.text


def form_of(page: str) -> dict[str, str]:
    """The hidden fields and the chosen store of the checkout form."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    chosen = re.search(r'name="store_id" value="([^"]+)" checked', page)
    return fields | ({"store_id": chosen[1]} if chosen else {})


def parameters(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
