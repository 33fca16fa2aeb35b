"""What every room of the sandbox needs: keys, memory, a way out to the merchant, and a bell for the courier."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
from litestar import Request

from siyu.connect.sandbox.keys import Keys
from siyu.connect.sandbox.store import Flags, Store
from siyu.kernel import clock

CHINA = timezone(timedelta(hours=8))  # the services write their times with this offset


class World:
    """One sandbox. `http` carries callbacks to the merchant; `planned` rings when there is one to carry."""

    def __init__(self, *, keys: Keys, store: Store, http: httpx.AsyncClient, base_url: str) -> None:
        self.keys = keys
        self.store = store
        self.http = http
        self.base_url = base_url.rstrip("/")
        self.planned = asyncio.Event()

    @property
    def flags(self) -> Flags:
        return self.store.flags()


def world_of(request: Request[Any, Any, Any]) -> World:
    """The sandbox that this request is for."""
    world = request.app.state["world"]
    assert isinstance(world, World)
    return world


def now() -> float:
    """Seconds since 1970 on the one clock."""
    return clock.now().timestamp()


def rfc3339(moment: float) -> str:
    """`2026-11-22T17:34:59+08:00`, as the services write it."""
    return datetime.fromtimestamp(moment, UTC).astimezone(CHINA).isoformat(timespec="seconds")
