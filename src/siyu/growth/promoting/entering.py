"""Who may come to the promoter's pages, and where the others are led."""

from datetime import datetime
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.response import Redirect

from siyu.growth import promoters
from siyu.growth.promoters import Promoter
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.place import doors
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.settings import Settings

PROMOTER = {"permission": Permission.SHOPPER}


def day_start(now: datetime, merchant: Merchant) -> datetime:
    """Midnight of the merchant's present day."""
    return now.astimezone(ZoneInfo(merchant.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)


def not_yet(merchant: Merchant) -> Redirect:
    """Where somebody is led who is not a promoter: to what being one means."""
    return Redirect(f"/shop/{merchant.slug}/promote", status_code=303)


async def may_share(uow: UnitOfWork, me: Promoter) -> Redirect | None:
    """None when this promoter may share now, else where to accept the new agreement. Raises NotPromoting."""
    promoters.require_active(me)
    if me.agreement_version != (await promoters.agreement(uow)).version:
        return Redirect(f"/desk/{uow.merchant.slug}/agreement", status_code=303)
    return None


async def own_door(uow: UnitOfWork, me: Promoter) -> doors.Door:
    """The promoter's first open door. Raises Invalid."""
    own = [door for door in await doors.of_promoter(uow, me.id) if door.is_open]
    if not own:
        raise Invalid(
            field="",
            zh="你的推广入口已关闭，请联系商家。",
            en="Your door has been closed; please ask the shop.",
        )
    return own[0]


def link_of(settings: Settings, merchant: Merchant, door: doors.Door, product_id: UUID | None = None) -> str:
    """The promoter's own short link, to the shop or to one product."""
    link = f"{settings.base_url}/d/{merchant.slug}/{door.code}"
    return f"{link}?to={quote(f'product/{product_id}')}" if product_id else link
