"""Where pictures lie: a folder of this machine, or a bucket of any store that speaks S3."""

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from siyu.kernel.errors import DomainError, NotFound
from siyu.runtime.db import Merchant
from siyu.settings import Settings

if TYPE_CHECKING:
    from obstore.store import S3Config

Place = LocalStore | S3Store
PLACES_MAX = 16  # a process has one; tests have several


class MediaAway(DomainError):
    """The store of pictures does not answer. Nothing was kept."""

    code = "media.away"
    status = 503
    zh = "图片存储暂时连不上，请稍后再试。"
    en = "The store of pictures does not answer; please try again in a moment."


def place_of(settings: Settings) -> Place:
    """The store that the settings name. Raises ValueError for an address that is none."""
    folder = "" if settings.media_url else str(settings.folder("media"))
    return _place(
        settings.media_url or folder,
        settings.media_endpoint,
        settings.media_region,
        settings.media_access_key_id,
        settings.media_secret_access_key,
    )


@lru_cache(maxsize=PLACES_MAX)
def _place(url: str, endpoint: str, region: str, key_id: str, secret: str) -> Place:
    if "://" not in url:
        return LocalStore(prefix=url)
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError(f"SIYU_MEDIA_URL is s3://bucket/prefix or empty, not {url!r}")
    config: S3Config = {"region": region}
    if endpoint:
        config["endpoint"] = endpoint
    if key_id:
        config |= {"access_key_id": key_id, "secret_access_key": secret}
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=config,
        # Bucket names in the path work everywhere; in the host name they need a wildcard certificate.
        virtual_hosted_style_request=False,
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": "10s"},
    )


async def write(place: Place, files: Mapping[str, bytes]) -> None:
    """Files by key; each appears only when it is whole. Raises MediaAway."""
    try:
        await asyncio.gather(*(obstore.put_async(place, key, data) for key, data in files.items()))
    except (BaseError, OSError) as problem:
        raise MediaAway from problem


async def read(place: Place, key: str) -> bytes:
    """Raises NotFound and MediaAway."""
    try:
        found = await obstore.get_async(place, key)
        return bytes(await found.bytes_async())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError) as problem:
        raise NotFound(what="图片 / picture") from problem
    except (BaseError, OSError) as problem:
        raise MediaAway from problem


async def remove(place: Place, keys: list[str]) -> None:
    """Take files away; one that is not there is no mistake. Raises MediaAway."""
    try:
        await obstore.delete_async(place, keys)
    except FileNotFoundError:
        return
    except (BaseError, OSError) as problem:
        raise MediaAway from problem


async def body_of(settings: Settings, merchant: Merchant, key: str) -> bytes | None:
    """The standard picture of a merchant as WebP; None when there is none, or its store does not answer."""
    try:
        return await read(place_of(settings), f"{merchant.slug}/{key}")
    except (NotFound, MediaAway):
        return None
