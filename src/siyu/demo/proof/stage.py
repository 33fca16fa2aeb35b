"""A house that stands for a minute: its own database, folder and ports, the demo merchant, and its clock at hand."""

import asyncio
import logging
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from siyu import serve
from siyu.app import House
from siyu.demo.proof.wire import Api, Browser, Unexpected, client, read
from siyu.demo.seed import DemoMerchant, seed
from siyu.kernel import clock
from siyu.runtime import embedded, moved_clock
from siyu.settings import Settings

T = TypeVar("T")

DAYS, CUSTOMERS = 20, 120  # long enough for every promoter of the loop to have joined and sold
PATIENCE_SECONDS = 15.0  # sweeps run every two seconds, the lake every five
LOOK_SECONDS = 0.1


class Text(msgspec.Struct, frozen=True):
    """A text message in the sandbox's inbox."""

    code: str


class Stage:
    """The house, the merchant, and the other side of the wire (`gateway`: the sandbox, as its phone and tester)."""

    def __init__(self, house: House, demo: DemoMerchant, closing: AsyncExitStack) -> None:
        self.house = house
        self.demo = demo
        self.slug = demo.slug
        self._closing = closing
        self._http: httpx.AsyncClient | None = None
        self._gateway: httpx.AsyncClient | None = None

    async def gateway(self) -> httpx.AsyncClient:
        if self._gateway is None:
            self._gateway = await self._closing.enter_async_context(client(self.house.settings.sandbox_url))
        return self._gateway

    async def api(self, token: str = "") -> Api:
        if self._http is None:
            self._http = await self._closing.enter_async_context(client(self.house.settings.base_url))
        return Api(self._http, self.slug, token)

    async def browser(self) -> Browser:
        return Browser(await self._closing.enter_async_context(client(self.house.settings.base_url)))

    async def told(self, path: str, body: object, kind: type[T]) -> T:
        """What the sandbox's control API answers."""
        sent = await (await self.gateway()).post(
            path, content=msgspec.json.encode(body), headers={"content-type": "application/json"}
        )
        return read(sent, kind)

    async def code_for(self, phone: str) -> str:
        """The newest sign-in code that was texted to this phone."""
        inbox = read(await (await self.gateway()).get("/sandbox/sms", params={"phone": phone}), list[Text])
        if not inbox:
            raise Unexpected(f"no text message came to {phone}")
        return inbox[0].code

    async def later(self, by: timedelta) -> None:
        """Let time pass, as `siyu demo clock` does, until the house has noticed."""
        moved = await moved_clock.move(self.house.database_url, by)
        await until(_offset, lambda offset: offset == moved)


async def _offset() -> timedelta:
    return clock.offset()


async def until(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool]) -> T:
    """Ask again and again until it holds or patience ends; returns the last answer either way."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = await ask()
        if holds(answer) or time.monotonic() > deadline:
            return answer
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def standing() -> AsyncGenerator[Stage]:
    """Build the house, serve it on free ports of this machine, and take it away again."""
    # What is refused on purpose below would fill the screen with warnings.
    logging.getLogger().setLevel(logging.ERROR)
    folder = _folder()
    port, sandbox_port = _free_ports()
    settings = Settings(data_dir=str(folder), port=port, sandbox_port=sandbox_port, demo=True, sandbox=True)
    found: list[DemoMerchant] = []

    async def before(house: House) -> None:
        made = await seed(house.database, house.database_url, house.settings, days=DAYS, customers=CUSTOMERS)
        found.append(made)

    try:
        async with serve.running(settings, before=before) as house, AsyncExitStack() as closing:
            yield Stage(house, found[0], closing)
    finally:
        clock.move_to(timedelta(0))
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    """A folder that is ours; as root the embedded server runs as another user, who must be able to reach it."""
    folder = Path(tempfile.mkdtemp(prefix="siyu-check-"))
    folder.chmod(0o755)
    return folder


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
