"""Keeping pictures, finding them again, and letting go of those that nobody shows."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from siyu.goods.media import places
from siyu.goods.media.pictures import SIZES, written_again
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.settings import Settings

KEY_DIGITS = 32  # of the hash: enough that no two pictures of a merchant ever meet


class Picture(msgspec.Struct, frozen=True):
    """A kept picture. `key` ends with .webp, the other sizes with .s.webp and .l.webp; `bytes` is of all together."""

    id: UUID
    key: str
    sha256: str
    bytes: int
    width: int
    height: int
    actor_name: str
    at: datetime


class PictureInUse(DomainError):
    """A product, category or brand shows the picture. Nothing was removed."""

    code = "media.in_use"
    status = 409
    zh = "图片正在使用，请先从商品、分类或品牌上去掉。"
    en = "The picture is in use; take it off products, categories and brands first."


async def keep(
    database: Database,
    merchant: Merchant,
    actor: Actor,
    settings: Settings,
    data: bytes,
    field: str = "picture",
) -> Picture:
    """Keep an uploaded picture; the same bytes a second time are the same picture. Raises Invalid and MediaAway.

    The files are written before the row: a crash between leaves files that the next upload writes again, never a row
    without its files. No transaction is open meanwhile.
    """
    digest = sha256(data).hexdigest()
    async with database.begin(merchant, actor) as uow:
        known = await _by_hash(uow, digest)
    if known is not None:
        return known
    made = await asyncio.to_thread(written_again, data, field)
    key = f"products/{digest[:KEY_DIGITS]}.webp"
    files = {f"{merchant.slug}/{size_of(key, ending)}": body for ending, body in made.files.items()}
    await places.write(places.place_of(settings), files)
    async with database.begin(merchant, actor) as uow:
        await uow.run(
            """
            insert into media (merchant_id, id, sha256, key, bytes, width, height, actor_id, actor_name, at)
            values (%(merchant_id)s, %(id)s, %(sha256)s, %(key)s, %(bytes)s, %(width)s, %(height)s, %(actor)s,
                    %(actor_name)s, %(now)s)
            on conflict (merchant_id, sha256) do nothing
            """,
            id=ids.new(),
            sha256=digest,
            key=key,
            bytes=made.size_bytes,
            width=made.width,
            height=made.height,
            actor=actor.id,
            actor_name=actor.name,
        )
        kept = await _by_hash(uow, digest)
    assert kept is not None, "it was written, or somebody else wrote it first"
    return kept


def size_of(key: str, ending: str) -> str:
    """`products/x.webp` in another size: `.s.webp`, `.webp` or `.l.webp`."""
    return key.removesuffix(".webp") + ending


def srcset(merchant: Merchant, key: str) -> str:
    """The three widths of a picture for a browser to choose from. A size that was never made is the standard one."""
    return ", ".join(
        f"/media/{merchant.slug}/{size_of(key, ending)} {side}w" for ending, side in reversed(SIZES)
    )


async def _by_hash(uow: UnitOfWork, digest: str) -> Picture | None:
    return await uow.maybe(
        Picture,
        """
        select id, key, sha256, bytes, width, height, actor_name, at from media
        where merchant_id = %(merchant_id)s and sha256 = %(sha256)s
        """,
        sha256=digest,
    )


async def held(uow: UnitOfWork, keys: Sequence[str]) -> list[str]:
    """Those of the keys that are this merchant's pictures. They stay while this unit of work lasts."""
    return await uow.all(
        str,
        """
        select key from media where merchant_id = %(merchant_id)s and key = any(%(keys)s) order by key for share
        """,
        keys=list(keys),
    )


async def listing(
    uow: UnitOfWork, *, after: tuple[datetime, UUID] | None = None, limit: int = 60
) -> Page[Picture]:
    """Pictures, newest first. The cursor is (at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Picture,
        """
        select id, key, sha256, bytes, width, height, actor_name, at from media
        where merchant_id = %(merchant_id)s
          and (%(at)s::timestamptz is null or (at, id) < (%(at)s, %(last_id)s::uuid))
        order by at desc, id desc limit %(limit)s
        """,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.at.isoformat()}~{last.id}" if last else None)


async def used(uow: UnitOfWork, keys: Sequence[str]) -> dict[str, int]:
    """How many products, categories and brands show each picture; one that nobody shows is missing."""
    rows = await uow.all(
        _Used,
        """
        select t.key, count(*)::int as times
        from unnest(%(keys)s::text[], %(names)s::text[]) as t (key, name)
        join (select description, pictures || picture as keys from products where merchant_id = %(merchant_id)s
              union all select '', array[icon] from categories where merchant_id = %(merchant_id)s
              union all select '', array[logo] from brands where merchant_id = %(merchant_id)s) shown
          on t.key = any(shown.keys) or position(t.name in shown.description) > 0
        group by t.key
        """,
        keys=list(keys),
        # A description may show any size.
        names=[key.removesuffix(".webp") for key in keys],
    )
    return {row.key: row.times for row in rows}


class _Used(msgspec.Struct, frozen=True):
    key: str
    times: int


async def remove(
    database: Database, merchant: Merchant, actor: Actor, settings: Settings, picture_id: UUID
) -> None:
    """Let go of a picture that nobody shows. Raises PictureInUse, NotFound and MediaAway.

    The row goes first: a crash between leaves files that nobody knows, never a row without its files.
    """
    async with database.begin(merchant, actor) as uow:
        key = await uow.maybe(
            str,
            "select key from media where merchant_id = %(merchant_id)s and id = %(id)s for update",
            id=picture_id,
        )
        if key is None:
            raise NotFound(what="图片 / picture")
        if await used(uow, [key]):
            raise PictureInUse
        await uow.run("delete from media where merchant_id = %(merchant_id)s and id = %(id)s", id=picture_id)
    await places.remove(
        places.place_of(settings), [f"{merchant.slug}/{size_of(key, ending)}" for ending, _ in SIZES]
    )
