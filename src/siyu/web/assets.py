"""Style sheets, scripts and pictures of the three frames, with addresses that change when they do."""

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

FOLDER = Path(__file__).parent / "static"
YEAR_SECONDS = 365 * 86_400  # the address carries the version, so a file never changes under it


@cache
def version(name: str) -> str:
    """Eight hex digits of the file's content. Raises FileNotFoundError for a file that is not shipped."""
    return blake2b((FOLDER / name).read_bytes(), digest_size=4).hexdigest()


def static(name: str) -> str:
    """`app.js` → `/static/app.js?v=1f2e3d4c`."""
    return f"/static/{name}?v={version(name)}"


def media_url(merchant: Any, key: str, *, small: bool = False) -> str:
    """Where a picture of the merchant is served; the small one is 320 pixels wide. Empty for a product without one."""
    if not key:
        return ""
    return f"/media/{merchant.slug}/{key.removesuffix('.webp') + '.s.webp' if small else key}"


def static_router() -> Router:
    """Serves `/static`, cached for a year. Public: there is nothing in it but looks."""
    return create_static_files_router(
        path="/static",
        directories=[FOLDER],
        name="static",
        cache_control=CacheControlHeader(public=True, max_age=YEAR_SECONDS, immutable=True),
        opt={"public": True, "exclude_from_csrf": True},
        include_in_schema=False,
    )
