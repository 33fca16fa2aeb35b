"""A merchant's console and desk as people use them: browsers, staff who have signed in, shoppers."""

import re
from uuid import UUID

import httpx

from factories import Shop
from siyu import app as application
from siyu import web
from siyu.goods.catalog import console as catalog_console
from siyu.goods.inventory import console as inventory_console
from siyu.growth.distribution import console as distribution_console
from siyu.growth.promoting import desk as promoting_desk
from siyu.kernel.permissions import ROLES
from siyu.money.ledger import console as ledger_console
from siyu.people import staff
from siyu.people.customers import console as customers_console
from siyu.people.staff import console as staff_console
from siyu.place.doors import console as doors_console
from siyu.place.stores import console as stores_console
from siyu.runtime import sessions
from siyu.runtime.db import Database
from siyu.runtime.edge import Services, cookie_of
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings
from siyu.trade.orders import console as orders_console
from siyu.trade.orders import desk as orders_desk
from siyu.trade.payments import console as payments_console

ROOMS = (
    staff_console,
    customers_console,
    catalog_console,
    inventory_console,
    stores_console,
    doors_console,
    orders_console,
    orders_desk,
    payments_console,
    distribution_console,
    promoting_desk,
    ledger_console,
)
PASSWORD = "a long password"


class Browser:
    """Somebody's browser at one merchant: keeps cookies and sends form tokens."""

    def __init__(self, client: httpx.AsyncClient, slug: str) -> None:
        self.client, self.slug = client, slug

    def at(self, path: str) -> str:
        frame, _, rest = path.lstrip("/").partition("/")
        return f"/{frame}/{self.slug}" + (f"/{rest}" if rest else "")

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(self.at(path), headers=headers)

    async def post(
        self, path: str, data: dict | None = None, files: dict | None = None, **headers: str
    ) -> httpx.Response:
        if web.CSRF_COOKIE not in self.client.cookies:
            await self.get("/console/signin")
        token = self.client.cookies[web.CSRF_COOKIE]
        return await self.client.post(
            self.at(path), data=data or {}, files=files, headers={web.CSRF_HEADER: token, **headers}
        )

    async def tap(self, path: str, data: dict | None = None, files: dict | None = None) -> httpx.Response:
        """What HTMX sends."""
        return await self.post(path, data, files, **{"hx-request": "true"})

    async def sign_in(self, login: str, frame: str = "console", **asked: str) -> httpx.Response:
        return await self.post(f"/{frame}/signin", {"login": login, "password": PASSWORD, **asked})


class Floor:
    """The application, and how people come to it."""

    def __init__(self, app, database: Database, shop: Shop, settings: Settings) -> None:
        self.app, self.database, self.shop, self.settings = app, database, shop, settings
        self.clients: list[httpx.AsyncClient] = []

    def stranger(self) -> Browser:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=self.settings.base_url,
            headers={"accept": "text/html"},
        )
        self.clients.append(client)
        return Browser(client, self.shop.merchant.slug)

    async def member(self, role: str, *, store_id: UUID | None = None, login: str = "") -> Browser:
        """A member of staff who is signed in."""
        async with self.database.begin(self.shop.merchant) as uow:
            await staff.add(
                uow, login=login or role, name="陈店长", role=role, password=PASSWORD, store_id=store_id
            )
        browser = self.stranger()
        answer = await browser.sign_in(login or role)
        assert answer.status_code == 303, answer.text
        return browser

    async def shopper(self, customer_id: UUID) -> Browser:
        """A customer who is signed in."""
        async with self.database.begin(self.shop.merchant) as uow:
            session = await sessions.sign_in(
                uow,
                kind="customer",
                subject_id=customer_id,
                name="小满",
                permissions=ROLES["shopper"],
                days=1,
            )
        browser = self.stranger()
        browser.client.cookies.set(cookie_of("customer", browser.slug), session.token)
        return browser


def console_app(database: Database, settings: Settings):
    """The whole application; nothing on these pages begins a payment, so there is no gateway."""
    house = application.House(
        services=Services(settings, database, Directory(database)),
        gateway=None,  # type: ignore[arg-type]
        wechat=None,  # type: ignore[arg-type]
        sms=None,  # type: ignore[arg-type]
        database_url=database.url,
    )
    known = set(map(id, application.ROUTES))
    return application.create_app(
        house, [route for room in ROOMS for route in room.routes if id(route) not in known]
    )


def field_of(page: str, name: str) -> str:
    """The value of a hidden or filled-in field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"the page has no field {name}"
    return found[1]
