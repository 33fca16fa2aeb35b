"""Pictures as browsers ask for them. Names never change their content, so they may be kept for a year."""

from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from siyu.goods.media import places
from siyu.kernel.errors import NotFound
from siyu.runtime.edge import OfMerchant, WithSettings

LARGE = ".l.webp"
HEADERS = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}


@get("/media/{slug:str}/{key:path}", opt={"public": True}, include_in_schema=False)
async def media(key: FromPath[Path], merchant: OfMerchant, settings: WithSettings) -> Response[bytes]:
    """A picture of the merchant. Where no large one was ever made, the standard one is the largest."""
    parts = str(key).strip("/").split("/")
    if any(part in {"", ".", ".."} or "\\" in part for part in parts) or not parts[-1].endswith(".webp"):
        raise NotFound(what="图片 / picture")
    wanted = f"{merchant.slug}/{'/'.join(parts)}"
    place = places.place_of(settings)
    try:
        body = await places.read(place, wanted)
    except NotFound:
        if not wanted.endswith(LARGE):
            raise
        body = await places.read(place, wanted.removesuffix(LARGE) + ".webp")
    return Response(body, media_type="image/webp", headers=HEADERS)


routes = [media]
