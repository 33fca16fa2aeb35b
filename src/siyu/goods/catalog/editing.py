"""Changing what a product says, and reading what its prices were."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import bounded
from siyu.runtime.db import UnitOfWork

TITLE_MAX = 120
SUBTITLE_MAX = 120
UNIT_MAX = 8
DESCRIPTION_MAX = 5_000


class ProductWords(msgspec.Struct, frozen=True):
    """What a product says of itself. An empty `picture` keeps the one it has."""

    category_id: UUID
    title: str
    subtitle: str = ""
    description: str = ""
    unit: str = "件"
    picture: str = ""


class PriceChange(msgspec.Struct, frozen=True):
    """A price a SKU was given, in minor units, and when."""

    sku_id: UUID
    sku_title: str
    code: str
    old_price: int | None
    new_price: int
    at: datetime


def check_words(words: ProductWords) -> None:
    """Raises Invalid at the field at fault."""
    limits = (
        ("title", words.title, 1, TITLE_MAX, "商品名称", "A title"),
        ("subtitle", words.subtitle, 0, SUBTITLE_MAX, "副标题", "A subtitle"),
        ("description", words.description, 0, DESCRIPTION_MAX, "商品介绍", "A description"),
        ("unit", words.unit, 1, UNIT_MAX, "单位", "A unit"),
    )
    for field, text, least, most, zh, en in limits:
        if not least <= len(text.strip()) <= most:
            raise Invalid(
                field=field,
                zh=f"{zh}需为 {least} 到 {most} 个字。",
                en=f"{en} has {least} to {most} characters.",
            )


async def edit_product(uow: UnitOfWork, product_id: UUID, words: ProductWords) -> None:
    """Let a product say something else. Raises Invalid and NotFound."""
    check_words(words)
    touched = await uow.run(
        """
        update products set category_id = %(category)s, title = %(title)s, subtitle = %(subtitle)s,
                            description = %(description)s, unit = %(unit)s, updated_at = %(now)s,
                            picture = case when %(picture)s::text = '' then picture else %(picture)s end
        where merchant_id = %(merchant_id)s and id = %(id)s
          and exists (select from categories c where c.merchant_id = %(merchant_id)s and c.id = %(category)s)
        """,
        id=product_id,
        category=words.category_id,
        title=words.title.strip(),
        subtitle=words.subtitle.strip(),
        description=words.description.strip(),
        unit=words.unit.strip(),
        picture=words.picture,
    )
    if not touched:
        raise NotFound(what="商品 / product")


async def set_sellable(uow: UnitOfWork, sku_id: UUID, *, is_sellable: bool) -> None:
    """Sell a SKU, or stop selling it while its product stays on the shelf. Raises NotFound."""
    touched = await uow.run(
        """
        update skus set is_sellable = %(is_sellable)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        is_sellable=is_sellable,
        id=sku_id,
    )
    if not touched:
        raise NotFound(what="商品规格 / SKU")


async def price_changes(uow: UnitOfWork, product_id: UUID, limit: int = 50) -> list[PriceChange]:
    """What the prices of a product's SKUs were, newest first."""
    return await uow.all(
        PriceChange,
        """
        select k.id as sku_id, k.title as sku_title, k.code, c.old_price, c.new_price, c.at
        from price_changes c join skus k on k.merchant_id = c.merchant_id and k.id = c.sku_id
        where c.merchant_id = %(merchant_id)s and k.product_id = %(product)s
        order by c.at desc, c.id desc limit %(limit)s
        """,
        product=product_id,
        limit=bounded(limit),
    )
