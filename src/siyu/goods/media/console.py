"""Pictures on the console: uploaded into a form, and all of them on one page."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.goods.media import keeping
from siyu.goods.media.keeping import Picture
from siyu.goods.media.pictures import BYTES_MAX
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}
FIELD = "upload"
FILES_MAX = 12


def uploaded(form: FormMultiDict, field: str) -> list[UploadFile]:
    """The files that were chosen in a field; a field left alone sends one without a name."""
    return [each for each in form.getall(field, []) if isinstance(each, UploadFile) and each.filename]


@post("/console/{slug:str}/media", opt=WRITE, status_code=200)
async def upload(
    *,
    request: Request[Any, Any, Any],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[str]:
    """Keep the chosen pictures; answers with what a form shows of them."""
    files = uploaded(await request.form(), FIELD)[:FILES_MAX]
    if not files:
        raise Invalid(field=FIELD, zh="请选择图片。", en="Choose a picture.")
    kept: list[Picture] = []
    for file in files:
        body = await file.read(BYTES_MAX + 1)
        kept.append(await keeping.keep(database, merchant, actor, settings, body, FIELD))
    return web.page(
        request,
        "media/console_pieces.html",
        merchant=merchant,
        pictures=[picture.key for picture in dict.fromkeys(kept)],
    )


@get("/console/{slug:str}/media", opt=READ)
async def library(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, after: FromQuery[str | None] = None
) -> Response[str]:
    """All pictures, newest first: who brought them, how large they are, whether anything shows them."""
    found = await keeping.listing(uow, after=after_moment(after), limit=60)
    return web.page(
        request,
        "media/console_library.html",
        merchant=merchant,
        pictures=found.items,
        used=await keeping.used(uow, [picture.key for picture in found.items]),
        next=found.next,
        is_first=after is None,
    )


@post("/console/{slug:str}/media/{picture_id:uuid}/remove", opt=WRITE, status_code=200)
async def remove(
    *,
    request: Request[Any, Any, Any],
    picture_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Let go of a picture that nothing shows."""
    await keeping.remove(database, merchant, actor, settings, picture_id)
    return web.done(request, f"/console/{merchant.slug}/media", web.mark("图片已删除"))


routes = [upload, library, remove]
