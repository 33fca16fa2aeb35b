"""Coming in: a scanned door leads to its page of the shop and leaves a touch; the code itself as a picture."""

import io
import re
from typing import Any

import segno
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu.place.doors import actions, entrance, queries
from siyu.place.doors.model import Door, DoorClosed
from siyu.runtime.db import Merchant
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings, remember_visitor, visitor_of
from siyu.settings import Settings

_TARGET = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
HOUR_SECONDS = 3600


@get("/d/{slug:str}/{code:str}", opt={"public": True}, include_in_schema=False)
async def scan(
    request: Request[Any, Any, Any],
    *,
    code: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    to: FromQuery[str] = "",
) -> Redirect:
    """Come through a door. `to` names another page below the shop, for a promoter who shares one product."""
    customer_id = actor.customer_id if actor.kind == "customer" else None
    try:
        door = await actions.scan(uow, code, visitor_of(request), customer_id)
    except DoorClosed:
        response = Redirect(f"/shop/{merchant.slug}?closed_door=1", status_code=303)
    else:
        response = Redirect(landing(merchant, door, to), status_code=303)
    remember_visitor(request, response)
    return response


def landing(merchant: Merchant, door: Door, to: str = "") -> str:
    """The page of the shop that a scan of this door shows."""
    target = (to if _TARGET.fullmatch(to) else door.target).strip("/")
    return f"/shop/{merchant.slug}/{target}".rstrip("/")


def short_link(settings: Settings, merchant: Merchant, code: str) -> str:
    """What the QR code of a door says."""
    return f"{settings.base_url}/d/{merchant.slug}/{code}"


@get("/d/{slug:str}/{code:str}/qr.svg", opt={"public": True}, include_in_schema=False)
async def qr_picture(
    code: FromPath[str], uow: InUow, merchant: OfMerchant, settings: WithSettings
) -> Response[bytes]:
    """The door's QR code, to be printed at any size."""
    door = await queries.door_by_code(uow, code)
    file = io.BytesIO()
    # The quiet zone of four modules is what scanners need (ISO/IEC 18004).
    segno.make(short_link(settings, merchant, door.code), error="m", micro=False).save(
        file, kind="svg", border=4, scale=8, dark="#111111", light="#ffffff", title=door.name
    )
    return Response(
        file.getvalue(),
        media_type="image/svg+xml",
        headers={"cache-control": f"public, max-age={HOUR_SECONDS}", "x-content-type-options": "nosniff"},
    )


routes = [scan, qr_picture, *entrance.routes]
