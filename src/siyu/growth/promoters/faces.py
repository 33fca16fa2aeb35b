"""A promoter's own page of the shop: their picture, name, words and up to thirty products they chose."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import catalog, media
from siyu.growth.promoters.recruiting import checked_name
from siyu.growth.promoters.saying import refuse_forbidden
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork

ITEMS_MAX = 30
WORDS_LENGTH_MAX = 200


class Face(msgspec.Struct, frozen=True):
    """`picture` is a key of media, '' for none; `product_ids` in the promoter's own order."""

    promoter_id: UUID
    name: str
    words: str
    picture: str
    is_open: bool
    updated_at: datetime
    product_ids: list[UUID]


class FaceForm(msgspec.Struct, frozen=True):
    """What a promoter fills in."""

    name: str
    words: str = ""
    picture: str = ""
    is_open: bool = True
    product_ids: tuple[UUID, ...] = ()


async def face(uow: UnitOfWork, promoter_id: UUID) -> Face | None:
    """The page of a promoter; None before they made one."""
    return await uow.maybe(
        Face,
        """
        select f.promoter_id, f.name, f.words, f.picture, f.is_open, f.updated_at,
               array(select i.product_id from promoter_face_items i
                     where i.merchant_id = f.merchant_id and i.promoter_id = f.promoter_id
                     order by i.position) as product_ids
        from promoter_faces f where f.merchant_id = %(merchant_id)s and f.promoter_id = %(promoter)s
        """,
        promoter=promoter_id,
    )


async def keep_face(uow: UnitOfWork, promoter_id: UUID, wanted: FaceForm) -> None:
    """Write the page as it shall be. Raises Invalid and Unsaid at the field."""
    name, words = checked_name(wanted.name), wanted.words.strip()
    if len(words) > WORDS_LENGTH_MAX:
        raise Invalid(field="words", zh="最多 200 个字。", en="At most 200 characters.")
    refuse_forbidden(words, "words")
    chosen = list(dict.fromkeys(wanted.product_ids))
    if len(chosen) > ITEMS_MAX:
        raise Invalid(field="products", zh="最多选 30 件商品。", en="At most 30 products.")
    if len(await catalog.cards_of(uow, chosen)) != len(chosen):
        raise Invalid(
            field="products", zh="有商品已经不存在，请重新选择。", en="A product is gone; choose again."
        )
    if wanted.picture and not await media.held(uow, [wanted.picture]):
        raise Invalid(field="picture", zh="没有这张图片。", en="There is no such picture.")
    await uow.run(
        """
        insert into promoter_faces (merchant_id, promoter_id, name, words, picture, is_open, updated_at)
        values (%(merchant_id)s, %(promoter)s, %(name)s, %(words)s, %(picture)s, %(is_open)s, %(now)s)
        on conflict (merchant_id, promoter_id) do update
        set name = excluded.name, words = excluded.words, picture = excluded.picture, is_open = excluded.is_open,
            updated_at = excluded.updated_at
        """,
        promoter=promoter_id,
        name=name,
        words=words,
        picture=wanted.picture,
        is_open=wanted.is_open,
    )
    await _put(uow, promoter_id, chosen)


async def _put(uow: UnitOfWork, promoter_id: UUID, product_ids: Sequence[UUID]) -> None:
    await uow.run(
        "delete from promoter_face_items where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s",
        promoter=promoter_id,
    )
    await uow.run(
        """
        insert into promoter_face_items (merchant_id, promoter_id, product_id, position)
        select %(merchant_id)s, %(promoter)s, t.id, t.position
        from unnest(%(products)s::uuid[]) with ordinality as t (id, position)
        """,
        promoter=promoter_id,
        products=list(product_ids),
    )
