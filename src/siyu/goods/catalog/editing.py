"""Changing what a product says, and reading what its prices were."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from siyu.goods import media
from siyu.goods.catalog import sorting
from siyu.goods.catalog.search_index import index_products
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import bounded
from siyu.runtime.db import UnitOfWork

TITLE_MAX = 120
SUBTITLE_MAX = 120
UNIT_MAX = 8
DESCRIPTION_MAX = 10_000
PICTURES_MAX, TAGS_MAX = 12, 10
VALID_DAYS_MAX = 3_650
KINDS = ("physical", "weighed", "virtual", "bundle")
# 网络购买商品七日无理由退货暂行办法: art. 6 always excludes the first list; art. 7 lets the buyer agree to the second.
RETURN_REASONS: dict[str, tuple[str, ...]] = {
    "seven_days": (),
    "confirmed": ("opened_quality", "activated", "near_expiry", "flawed"),
    "excluded": ("made_to_order", "fresh", "opened_digital", "periodical"),
}


class ProductWords(msgspec.Struct, frozen=True):
    """What a product says of itself. An empty `picture` and `pictures` of None keep those it has.

    `pictures` are keys of the media store in order. `return_policy` is seven_days, or confirmed or excluded for one
    of the reasons in RETURN_REASONS. `valid_days` is for virtual goods: how long their code may be used, 0 for ever.
    """

    category_id: UUID
    title: str
    subtitle: str = ""
    description: str = ""
    unit: str = "件"
    picture: str = ""
    pictures: tuple[str, ...] | None = None
    kind: str = "physical"
    brand_id: UUID | None = None
    tags: tuple[str, ...] = ()
    return_policy: str = "seven_days"
    return_reason: str = ""
    valid_days: int = 0
    freight_template_id: UUID | None = None


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


def check_kind(words: ProductWords) -> None:
    """Whether kind, validity and return policy go together. Raises Invalid at the field."""
    if words.kind not in KINDS:
        raise Invalid(field="kind", zh="没有这种商品类型。", en="There is no such kind of goods.")
    if not 0 <= words.valid_days <= VALID_DAYS_MAX:
        raise Invalid(
            field="valid_days", zh="有效期需在 0 到 3650 天之间。", en="Validity is between 0 and 3,650 days."
        )
    if words.valid_days and words.kind != "virtual":
        raise Invalid(
            field="valid_days", zh="只有虚拟商品有兑换有效期。", en="Only virtual goods have a validity."
        )
    if words.return_policy not in RETURN_REASONS:
        raise Invalid(field="return_policy", zh="没有这种退货规则。", en="There is no such return policy.")
    reasons = RETURN_REASONS[words.return_policy]
    if (words.return_reason not in reasons) if reasons else words.return_reason:
        raise Invalid(
            field="return_reason",
            zh="请选择法律允许的不退货原因。",
            en="Choose one of the reasons that the law allows.",
        )


async def check_references(uow: UnitOfWork, words: ProductWords, had: Sequence[str] = ()) -> None:
    """Whether brand, tags and pictures are this merchant's; `had` are pictures it has already. Raises Invalid."""
    if words.brand_id is not None and words.brand_id not in {brand.id for brand in await sorting.brands(uow)}:
        raise Invalid(field="brand_id", zh="没有这个品牌。", en="There is no such brand.")
    if len(words.tags) > TAGS_MAX:
        raise Invalid(field="tags", zh="一件商品最多 10 个标签。", en="A product has at most 10 tags.")
    if words.tags and not set(words.tags) <= {tag.name for tag in await sorting.tags(uow)}:
        raise Invalid(field="tags", zh="没有这个标签。", en="There is no such tag.")
    pictures = words.pictures or ()
    if len(pictures) > PICTURES_MAX:
        raise Invalid(
            field="pictures", zh="一件商品最多 12 张图片。", en="A product has at most 12 pictures."
        )
    unknown = {*pictures, *([words.picture] if words.picture else ())} - set(had)
    if unknown and not unknown <= set(await media.held(uow, list(unknown))):
        raise Invalid(
            field="pictures", zh="没有这张图片，请重新上传。", en="There is no such picture; upload it again."
        )


async def check_category(uow: UnitOfWork, category_id: UUID) -> None:
    """Raises Invalid at `category_id` for a category that is none of this merchant's."""
    if category_id not in {category.id for category in await sorting.categories(uow)}:
        raise Invalid(field="category_id", zh="没有这个分类。", en="There is no such category.")


class _Standing(msgspec.Struct, frozen=True):
    kind: str
    picture: str
    pictures: list[str]
    sku_count: int
    options: Any
    weightless: bool
    pieces: int
    is_component: bool


async def edit_product(uow: UnitOfWork, product_id: UUID, words: ProductWords) -> None:
    """Let a product say something else. Raises Invalid and NotFound."""
    check_words(words)
    check_kind(words)
    known = await _standing(uow, product_id)
    had = known.pictures or ([known.picture] if known.picture else [])
    await check_references(uow, words, had)
    _check_change(known, words.kind)
    pictures = had if words.pictures is None else list(dict.fromkeys(words.pictures))
    if words.picture:
        pictures = [words.picture, *(key for key in pictures if key != words.picture)][:PICTURES_MAX]
    touched = await uow.run(
        """
        update products set category_id = %(category)s, title = %(title)s, subtitle = %(subtitle)s,
                            description = %(description)s, unit = %(unit)s, picture = %(picture)s,
                            pictures = %(pictures)s::text[], kind = %(kind)s, brand_id = %(brand)s::uuid,
                            tags = %(tags)s::text[], return_policy = %(policy)s, return_reason = %(reason)s,
                            valid_days = %(valid_days)s, freight_template_id = %(freight)s::uuid, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
          and exists (select from categories c where c.merchant_id = %(merchant_id)s and c.id = %(category)s)
        """,
        id=product_id,
        category=words.category_id,
        title=words.title.strip(),
        subtitle=words.subtitle.strip(),
        description=words.description.strip(),
        unit=words.unit.strip(),
        picture=pictures[0] if pictures else "",
        pictures=pictures,
        kind=words.kind,
        brand=words.brand_id,
        tags=list(dict.fromkeys(words.tags)),
        policy=words.return_policy,
        reason=words.return_reason,
        valid_days=words.valid_days,
        freight=words.freight_template_id,
    )
    if not touched:
        raise Invalid(field="category", zh="没有这个分类。", en="There is no such category.")
    await index_products(uow, [product_id])


async def _standing(uow: UnitOfWork, product_id: UUID) -> _Standing:
    known = await uow.maybe(
        _Standing,
        """
        select p.kind, p.picture, p.pictures,
               (select count(*) from skus k where k.merchant_id = p.merchant_id and k.product_id = p.id
                and k.withdrawn_at is null)::int as sku_count,
               p.options,
               exists (select from skus k where k.merchant_id = p.merchant_id and k.product_id = p.id
                       and k.withdrawn_at is null and k.weight_g = 0) as weightless,
               coalesce((select sum(s.on_hand) from skus k
                         join stock s on s.merchant_id = k.merchant_id and s.sku_id = k.id
                         where k.merchant_id = p.merchant_id and k.product_id = p.id), 0)::int as pieces,
               exists (select from skus k
                       join bundle_items b on b.merchant_id = k.merchant_id and b.sku_id = k.id
                       where k.merchant_id = p.merchant_id and k.product_id = p.id) as is_component
        from products p where p.merchant_id = %(merchant_id)s and p.id = %(id)s for no key update of p
        """,
        id=product_id,
    )
    if known is None:
        raise NotFound(what="商品 / product")
    return known


def _check_change(known: _Standing, kind: str) -> None:
    """Whether goods may become another kind now. Raises Invalid at `kind`."""
    if kind == "weighed" and known.weightless:
        raise _kept("请先在规格里填写每份的预估重量。", "Enter the estimated weight of each SKU first.")
    if kind == known.kind or (kind in ("physical", "weighed") and known.kind in ("physical", "weighed")):
        return
    if kind in ("bundle", "virtual") and known.pieces:
        raise _kept("还有库存，不能改成这种类型。", "There is stock; it cannot become this kind.")
    if kind in ("bundle", "virtual") and known.is_component:
        raise _kept(
            "它已是组合商品的单品，不能改成这种类型。", "It is part of a bundle and cannot become this kind."
        )
    if kind == "bundle" and (known.options or known.sku_count > 1):
        raise _kept(
            "组合商品只有一个规格，请先减少规格。", "A bundle has one SKU; take the others away first."
        )


def _kept(zh: str, en: str) -> Invalid:
    return Invalid(field="kind", zh=zh, en=en)


async def set_sellable(uow: UnitOfWork, sku_id: UUID, *, is_sellable: bool) -> None:
    """Sell a SKU, or stop selling it while its product stays on the shelf. Raises NotFound."""
    touched = await uow.run(
        """
        update skus set is_sellable = %(is_sellable)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and withdrawn_at is null
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
