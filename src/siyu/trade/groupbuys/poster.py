"""The picture of a group to send to friends: its goods, its real members, its end and its code.

The picture says the hour at which it was true (广告法 art. 28): it does not change when the group does. Nothing is
given for sending it, and no step waits for it (微信外部链接内容管理规范).
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import segno
from litestar import Request, Response, get
from litestar.params import FromPath

from siyu import web
from siyu.goods import media
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings
from siyu.settings import Settings
from siyu.trade.groupbuys import queries
from siyu.trade.groupbuys.queries import Shown

PUBLIC = {"public": True}
LINE = 17  # full-width characters of a title in one line of the picture
LINES_MAX = 2
SEATS_MAX = 5  # of a group in WeChat (W-06)


@get("/shop/{slug:str}/groups/{group_id:uuid}/poster", opt=PUBLIC, include_in_schema=False)
async def poster_page(
    request: Request[Any, Any, Any],
    group_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """The picture on a page of its own, to be kept or sent."""
    shown = await queries.find(uow, group_id, _reader(actor))
    return web.page(
        request,
        "groupbuys/shop_poster.html",
        merchant=merchant,
        shown=shown,
        is_open=shown.group.is_alive and shown.group.opened_at is not None,
    )


def _reader(actor: ByActor) -> UUID | None:
    return actor.customer_id if actor.kind == "customer" else None


@get("/shop/{slug:str}/groups/{group_id:uuid}/poster.svg", opt=PUBLIC, include_in_schema=False)
async def picture(
    *,
    request: Request[Any, Any, Any],
    group_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
) -> Response[str]:
    """The picture itself, complete in one file, as strangers may see the group. Raises NotFound before it is open."""
    shown = await queries.find(uow, group_id, None)
    drawn = web.render(
        "groupbuys/shop_poster_picture.html",
        language=web.language_of(request),
        merchant=merchant,
        **await _drawing(uow, settings, shown),
    )
    return Response(drawn, media_type="image/svg+xml", headers={"cache-control": "no-store"})


async def _drawing(uow: UnitOfWork, settings: Settings, shown: Shown) -> dict[str, Any]:
    link = f"{settings.base_url}/shop/{uow.merchant.slug}/groups/{shown.group.id}"
    code = segno.make(link, error="m", micro=False)
    goods = shown.first
    return {
        "shown": shown,
        "goods": goods,
        "picture": await _inline(settings, uow, goods.picture) if goods and goods.picture else "",
        "lines": broken(goods.title) if goods else (),
        "modules": _path(code.matrix),
        "side": len(code.matrix),
        "free": max(0, min(SEATS_MAX, shown.group.size) - shown.group.paid),
        "now": uow.now,
    }


async def _inline(settings: Settings, uow: UnitOfWork, key: str) -> str:
    """The goods' picture as a data address, so that the file is whole; empty when the store of pictures is away."""
    body = await media.body_of(settings, uow.merchant, key)
    return f"data:image/webp;base64,{b64encode(body).decode()}" if body else ""


def _path(matrix: Sequence[Sequence[int]]) -> str:
    """The dark modules of a code as one path, a unit each."""
    return "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark
    )


def broken(title: str) -> tuple[str, ...]:
    """A title in at most two lines; a Latin letter takes half of the room of a Chinese one."""
    lines, width = [""], 0
    for letter in title:
        size = 1 if letter.isascii() else 2
        if width + size > LINE * 2:
            if len(lines) == LINES_MAX:
                return (*lines[:-1], f"{lines[-1][:-1]}…")
            lines.append("")
            width = 0
        lines[-1] += letter
        width += size
    return tuple(lines)


routes = [poster_page, picture]
