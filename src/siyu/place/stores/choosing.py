"""Which store a shopper picks up from, and when the goods can be there."""

import re
from datetime import datetime, time
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response

from siyu.kernel.earth import MILLIONTHS
from siyu.place.stores.model import Store
from siyu.place.stores.queries import every
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import YEAR_SECONDS, cookie_of, is_secure

_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\D{1,4}([01]?\d|2[0-4]):([0-5]\d)")
_NEAR = re.compile(r"(-?\d{1,2}\.\d{1,6}),(-?\d{1,3}\.\d{1,6})")


class Pickup(msgspec.Struct, frozen=True):
    """When goods that lie in the store can be fetched.

    `open` until `at`; `later` today from `at`; `tomorrow` from `at`; in its `hours`, when nobody wrote them down.
    """

    when: Literal["open", "later", "tomorrow", "hours"]
    at: str = ""


def wanted(request: Request[Any, Any, Any], merchant: Merchant) -> UUID | None:
    """The store this browser chose earlier, if it did."""
    try:
        return UUID(request.cookies[cookie_of("store", merchant.slug)])
    except (KeyError, ValueError):
        return None


async def mine(uow: UnitOfWork, wanted_id: UUID | None) -> Store | None:
    """The open store with this id, else the first open one; None when all are closed."""
    open_stores = [store for store in await every(uow) if store.is_open]
    return next(
        (store for store in open_stores if store.id == wanted_id), open_stores[0] if open_stores else None
    )


def remember(
    request: Request[Any, Any, Any], response: Response[Any], merchant: Merchant, store_id: UUID
) -> None:
    """Keep the choice in the browser, so that every page speaks of the same store."""
    response.set_cookie(
        cookie_of("store", merchant.slug),
        str(store_id),
        max_age=YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        path="/",
        secure=is_secure(request),
    )


def pickup(hours: str, now: datetime) -> Pickup:
    """When the store hands out goods, by hours written as `09:00–21:00`. `now` is in the store's time zone."""
    found = _HOURS.search(hours)
    if found is None:
        return Pickup("hours")
    opens, closes = f"{found[1]}:{found[2]}", f"{found[3]}:{found[4]}"
    if now.time() < time(int(found[1]), int(found[2])):
        return Pickup("later", opens)
    is_over = found[3] != "24" and now.time() >= time(int(found[3]), int(found[4]))
    return Pickup("tomorrow", opens) if is_over else Pickup("open", closes)


def near(text: str) -> tuple[int, int] | None:
    """`31.298,120.585` as millionths of a degree; None for anything else."""
    found = _NEAR.fullmatch(text)
    if found is None:
        return None
    latitude, longitude = (round(float(part) * MILLIONTHS) for part in found.groups())
    return (
        (latitude, longitude)
        if abs(latitude) <= 90 * MILLIONTHS and abs(longitude) <= 180 * MILLIONTHS
        else None
    )
