"""The sandbox as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from litestar import Litestar

from siyu.connect import calls
from siyu.connect.sandbox import (
    alipay,
    cashiers,
    collecting,
    control,
    courier,
    keys,
    pay_api,
    phone,
    sign_in,
    texts,
)
from siyu.connect.sandbox.store import Store
from siyu.connect.sandbox.world import World


def create(folder: Path, *, base_url: str, http: httpx.AsyncClient | None = None) -> Litestar:
    """The sandbox whose keys and memory are under `folder`, reachable at `base_url`.

    `http` carries callbacks to the merchant; without one a client of its own is made and closed again.
    """
    world = World(
        keys=keys.load(folder),
        store=Store(folder),
        http=http or calls.client("http://127.0.0.1"),
        base_url=base_url,
    )

    @asynccontextmanager
    async def life(_app: Litestar) -> AsyncIterator[None]:
        async with courier.at_work(world):
            yield
        if http is None:
            await world.http.aclose()
        world.store.close()

    app = Litestar(
        route_handlers=[
            pay_api.router,
            sign_in.router,
            texts.router,
            phone.router,
            cashiers.router,
            collecting.router,
            alipay.router,
            control.router,
            alipay.control_router,
        ],
        lifespan=[life],
        openapi_config=None,
        # Logging belongs to the process that runs us.
        logging_config=None,
    )
    app.state["world"] = world
    return app
