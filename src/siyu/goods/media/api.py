"""JSON: pictures that products can show."""

from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery, MultipartBody

from siyu.goods.media import keeping
from siyu.goods.media.keeping import Picture
from siyu.goods.media.pictures import BYTES_MAX
from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings

TAGS = ["Media 图片"]


class Upload(msgspec.Struct, frozen=True):
    """A JPG, PNG or WebP picture of at most 5 MB."""

    picture: UploadFile


@get("/api/v1/{slug:str}/media", opt={"permission": Permission.CATALOG_READ}, tags=TAGS)
async def list_pictures(
    uow: InUow, after: FromQuery[str | None] = None, limit: FromQuery[int] = 60
) -> Page[Picture]:
    """Pictures, newest first; `next` of one page is `after` of the following one."""
    return await keeping.listing(uow, after=after_moment(after), limit=limit)


@post("/api/v1/{slug:str}/media", opt={"permission": Permission.CATALOG_WRITE}, tags=TAGS, status_code=201)
async def keep_picture(
    *,
    data: MultipartBody[Upload],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Picture:
    """Keep a picture. The same one a second time is the same picture."""
    body = await data.picture.read(BYTES_MAX + 1)
    return await keeping.keep(database, merchant, actor, settings, body)


@delete("/api/v1/{slug:str}/media/{picture_id:uuid}", opt={"permission": Permission.CATALOG_WRITE}, tags=TAGS)
async def remove_picture(
    *,
    picture_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> None:
    """Let go of a picture that nothing shows."""
    await keeping.remove(database, merchant, actor, settings, picture_id)


routes = [list_pictures, keep_picture, remove_picture]
