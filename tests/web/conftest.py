"""A small application with one route for each way of failing, served through the real handlers."""

import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, get, post
from litestar.params import JSONBody

from siyu import web
from siyu.kernel import clock
from siyu.kernel.errors import DomainError, Invalid, NotFound, NotSignedIn

sys.path.insert(0, str(Path(__file__).parent))  # for the gallery, which is a program and a fixture at once


class Merchant(msgspec.Struct, frozen=True):
    slug: str = "tea"
    name: str = "山野茶食"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    licence_no: str = "91330100MA2XXXXX0A"


class TooFew(DomainError):
    code = "test.too_few"
    status = 409
    zh = "只剩 {left} 件。"
    en = "Only {left} left."


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]


TOLD: list[str] = []  # what the routes below have done


@get(["/api/v1/stock", "/shop/tea/stock"], sync_to_thread=False)
def too_few() -> None:
    raise TooFew(left=2, field="quantity")


@get("/api/v1/door", sync_to_thread=False)
def no_door() -> None:
    raise NotFound("入口 / door")


@get("/api/v1/odd", sync_to_thread=False)
def odd() -> None:
    raise Invalid(field="price", zh="价格太高。", en="The price is too high.")


@get(["/api/v1/crash", "/console/tea/crash"], sync_to_thread=False)
def crash() -> None:
    raise RuntimeError("the secret is 42")


@get(["/console/tea/private", "/api/v1/private"], sync_to_thread=False)
def private() -> None:
    raise NotSignedIn


@post("/api/v1/orders", sync_to_thread=False)
def order(data: JSONBody[Order]) -> dict[str, int]:
    TOLD.append("api")
    return {"quantity": data.quantity}


@get("/api/v1/decode", sync_to_thread=False)
def decode() -> None:
    msgspec.json.decode(b'{"sku": "a", "quantity": 0}', type=Order)


@post("/shop/tea/form", sync_to_thread=False)
def send_form() -> str:
    TOLD.append("form")
    return "done"


@get("/csrf", sync_to_thread=False)
def token(request: Request) -> str:
    return web.csrf_token(request)


def application() -> Litestar:
    return Litestar(
        route_handlers=[
            too_few,
            no_door,
            odd,
            crash,
            private,
            order,
            decode,
            send_form,
            token,
            web.static_router(),
        ],
        exception_handlers=web.exception_handlers(),
        csrf_config=web.csrf_config("a secret of at least thirty-two characters", secure=False),
        openapi_config=None,
        logging_config=None,
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    TOLD.clear()
    transport = httpx.ASGITransport(app=application())
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


@pytest.fixture
def told() -> list[str]:
    """What the routes have done since the client was made."""
    return TOLD


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


@pytest.fixture
def noon() -> Iterator[datetime]:
    """22 November 2026, 12:00 in Hangzhou; the clock stands still enough for minutes."""
    moment = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    before = clock.offset()
    clock.move_to(moment - (clock.now() - before))
    yield moment
    clock.move_to(before)
