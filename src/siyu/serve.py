"""Running: web server, worker and sandbox in one event loop, started together and stopped cleanly."""

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from siyu import settings as all_settings
from siyu.app import House, create_app, create_worker, open_house
from siyu.connect import sandbox
from siyu.insight import lake
from siyu.kernel import clock
from siyu.runtime import moved_clock
from siyu.settings import Settings

log = logging.getLogger(__name__)


def loop_runner() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """How to run a coroutine here: on uvloop where there is one."""
    if sys.platform == "win32":
        return asyncio.run
    import uvloop

    return uvloop.run


def with_sandbox(settings: Settings) -> Settings:
    """The same settings, with every gateway pointing at the sandbox and the keys both sides share."""
    keys = sandbox.ensure_keys(settings.folder("sandbox"))
    url = settings.sandbox_url
    return msgspec.structs.replace(
        settings,
        sandbox=True,
        wechat_api_url=url,
        wechat_open_url=url,
        wxpay_url=url,
        alipay_url=f"{url}/gateway.do",
        sms_url=url,
        **keys,
    )


@asynccontextmanager
async def listening(app: Any, host: str, port: int) -> AsyncGenerator[None]:
    """Serve an ASGI application on this loop for as long as the block lasts."""
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        log_enabled=False,
        backlog=1024,
    )
    task = asyncio.create_task(server.serve())
    try:
        await _answering(host, port, task)
        yield
    finally:
        if not task.done():
            server.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _answering(host: str, port: int, task: "asyncio.Task[None]") -> None:
    for _ in range(200):
        if task.done():
            await task
            raise OSError(f"nothing could listen on {host}:{port}")
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
    raise OSError(f"{host}:{port} does not answer")


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    web: bool = True,
    work: bool = True,
    before: Callable[[House], Awaitable[None]] | None = None,
) -> AsyncGenerator[House]:
    """A running house: web server and worker as asked, and the sandbox when the settings want it.

    `before` runs with the house open and nothing serving yet (the demo seeds its merchant there).
    """
    if settings.sandbox:
        settings = with_sandbox(settings)
    all_settings.use(settings)
    async with contextlib.AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(settings))
        stop = asyncio.Event()
        tasks: list[asyncio.Task[None]] = []
        if before is not None:
            await before(house)
        if settings.demo:
            clock.move_to(await moved_clock.read(house.database))
            tasks.append(asyncio.create_task(moved_clock.follow(house.database, stop)))
        if settings.sandbox and web:
            app = sandbox.create(settings.folder("sandbox"), base_url=settings.sandbox_url)
            await stack.enter_async_context(listening(app, settings.host, settings.sandbox_port))
        worker = create_worker(house)
        if work:
            tasks.append(asyncio.create_task(worker.run()))
            fresh = lake.keep_fresh(house.database, settings, house.directory.all, stop)
            tasks.append(asyncio.create_task(fresh))
        if web:
            await stack.enter_async_context(listening(create_app(house), settings.host, settings.port))
        _settle_garbage()
        try:
            yield house
        finally:
            stop.set()
            worker.stop()
            await asyncio.gather(*tasks, return_exceptions=True)
            gc.unfreeze()  # what stays frozen at exit is never freed, and the libraries it belongs to say so at length


def _settle_garbage() -> None:
    """What was loaded at the start stays: without this each full collection walks all of it again, for a tenth of a
    second, and most requests leave no cycles behind anyway.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def trouble(settings: Settings) -> str:
    """Why this process could not listen, in one sentence a language; empty when it can.

    Asked before anything is started, because a port that somebody else answers would look like ours.
    """
    if settings.sandbox and settings.port == settings.sandbox_port:
        return (
            f"SIYU_PORT 和 SIYU_SANDBOX_PORT 都是 {settings.port}，请设成不同的端口。\n"
            f"SIYU_PORT and SIYU_SANDBOX_PORT are both {settings.port}; please make them differ."
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    wanted = {"SIYU_PORT": settings.port}
    if settings.sandbox:
        wanted["SIYU_SANDBOX_PORT"] = settings.sandbox_port
    for variable, port in wanted.items():
        try:
            socket.create_server((settings.host, port), family=family).close()
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                return f"无法监听 / cannot listen on {settings.host}:{port}: {problem.strerror or problem}"
            return (
                f"端口 {port} 已被占用，请停掉占用它的程序，或用 {variable} 换一个端口。\n"
                f"Port {port} is in use; stop what uses it, or choose another one with {variable}."
            )
    return ""


async def until_stopped() -> None:
    """Wait for Ctrl-C or a polite kill."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    await stopped.wait()
