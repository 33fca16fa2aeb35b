"""One change to many products, as a job: each product for itself, those that cannot are reported."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from siyu.goods.catalog import shelf, sorting
from siyu.goods.catalog.actions import check_price, set_prices
from siyu.goods.catalog.editing import TAGS_MAX
from siyu.kernel import money
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import jobs
from siyu.runtime.db import UnitOfWork

PRODUCTS_MAX = 2_000  # of one job; the ids are its input
PREVIEW_MAX = 200
BPS_LEAST, BPS_MOST = -9_000, 90_000  # a price falls by at most 90 % and rises at most tenfold

What = Literal["shelve", "unshelve", "category", "brand", "tag", "untag", "percent", "amount", "freight"]


class BulkEdit(msgspec.Struct, frozen=True):
    """`what` is done to every product with `target` (category, brand, freight template) or `tag`.

    percent: `change` basis points on every price, 1000 = 10 % more; amount: `change` minor units on every price.
    """

    what: What
    product_ids: tuple[UUID, ...]
    target: UUID | None = None
    tag: str = ""
    change: int = 0
    reason: str = ""


class PricePreview(msgspec.Struct, frozen=True):
    """What a price change would do to one SKU, in minor units."""

    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    code: str
    old_price: int
    new_price: int


class _Sku(msgspec.Struct, frozen=True):
    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    code: str
    price: int


def changed_price(price: int, edit: BulkEdit) -> int:
    """The price after the change, in minor units; a share of a fen is left off in the buyer's favour."""
    return price + (money.share(price, edit.change) if edit.what == "percent" else edit.change)


async def check(uow: UnitOfWork, edit: BulkEdit) -> None:
    """Whether this can be done at all. Raises Invalid at the field and NotFound."""
    if not 1 <= len(edit.product_ids) <= PRODUCTS_MAX:
        raise Invalid(
            field="product", zh="请选择 1 到 2000 件商品。", en="Choose between 1 and 2,000 products."
        )
    if edit.what == "percent" and not BPS_LEAST <= edit.change <= BPS_MOST:
        raise Invalid(
            field="change", zh="调价比例需在 -90% 到 900% 之间。", en="A change is between -90% and 900%."
        )
    if edit.what in ("percent", "amount") and not edit.change:
        raise Invalid(field="change", zh="请填写调价幅度。", en="Enter by how much prices change.")
    if edit.what == "category" and edit.target not in {each.id for each in await sorting.categories(uow)}:
        raise Invalid(field="category", zh="请选择分类。", en="Choose a category.")
    if edit.what == "brand" and edit.target not in {None, *(each.id for each in await sorting.brands(uow))}:
        raise Invalid(field="brand", zh="没有这个品牌。", en="There is no such brand.")
    if edit.what in ("tag", "untag") and edit.tag not in {each.name for each in await sorting.tags(uow)}:
        raise Invalid(field="tag", zh="没有这个标签。", en="There is no such tag.")


async def preview(uow: UnitOfWork, edit: BulkEdit) -> list[PricePreview]:
    """What the first two hundred SKUs would cost. Raises as check does."""
    await check(uow, edit)
    return [
        PricePreview(sku.sku_id, sku.product_id, sku.title, sku.sku_title, sku.code, sku.price,
                     changed_price(sku.price, edit))
        for sku in await _skus(uow, edit.product_ids, PREVIEW_MAX)
    ]  # fmt: skip


async def _skus(uow: UnitOfWork, product_ids: Sequence[UUID], limit: int) -> list[_Sku]:
    return await uow.all(
        _Sku,
        """
        select k.id as sku_id, p.id as product_id, p.title, k.title as sku_title, k.code, k.price
        from skus k join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where k.merchant_id = %(merchant_id)s and k.product_id = any(%(products)s) and k.withdrawn_at is null
        order by p.position, p.id, k.position, k.id limit %(limit)s
        """,
        products=list(product_ids),
        limit=limit,
    )


async def start(uow: UnitOfWork, edit: BulkEdit, job_id: UUID) -> UUID:
    """Have it done in the background; the job's id. A second start under the same id changes nothing.

    Raises as check does.
    """
    await check(uow, edit)
    return await jobs.start(
        uow,
        KIND,
        edit,
        title_zh=f"批量修改 {len(edit.product_ids)} 件商品",
        title_en=f"Change of {len(edit.product_ids)} products",
        total=len(edit.product_ids),
        job_id=job_id,
    )


async def _step(uow: UnitOfWork, edit: BulkEdit, position: int | None) -> jobs.Step:
    names = {row.id: row.title for row in await _titles(uow, edit.product_ids)}
    step = await jobs.each(
        uow,
        edit.product_ids,
        position,
        lambda part, product_id: apply(part, product_id, edit),
        subject=lambda product_id: names.get(product_id, str(product_id)),
    )
    return msgspec.structs.replace(step, result="products" if step.is_over else "")


class _Titled(msgspec.Struct, frozen=True):
    id: UUID
    title: str


async def _titles(uow: UnitOfWork, product_ids: Sequence[UUID]) -> list[_Titled]:
    return await uow.all(
        _Titled,
        "select id, title from products where merchant_id = %(merchant_id)s and id = any(%(ids)s)",
        ids=list(product_ids),
    )


async def apply(uow: UnitOfWork, product_id: UUID, edit: BulkEdit) -> None:
    """The change to one product. Raises Invalid and NotFound."""
    if edit.what in ("shelve", "unshelve"):
        await shelf.turn(uow, [product_id], is_on_shelf=edit.what == "shelve", why="bulk")
        return
    if edit.what in ("percent", "amount"):
        skus = await _skus(uow, [product_id], limit=200)
        if not skus:
            raise NotFound(what="商品 / product")
        prices = {sku.sku_id: changed_price(sku.price, edit) for sku in skus}
        for price in prices.values():
            check_price(price, "price")
        await set_prices(uow, prices, reason=edit.reason)
        return
    if not await _move(uow, product_id, edit):
        raise NotFound(what="商品 / product")


async def _move(uow: UnitOfWork, product_id: UUID, edit: BulkEdit) -> int:
    return await uow.run(
        """
        update products
        set category_id = case when %(what)s = 'category' then %(target)s::uuid else category_id end,
            brand_id = case when %(what)s = 'brand' then %(target)s::uuid else brand_id end,
            freight_template_id = case when %(what)s = 'freight' then %(target)s::uuid else freight_template_id end,
            tags = case when %(what)s = 'tag' and cardinality(array_remove(tags, %(tag)s::text)) < %(most)s
                        then array_remove(tags, %(tag)s::text) || %(tag)s::text
                        when %(what)s = 'untag' then array_remove(tags, %(tag)s::text)
                        else tags end,
            updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=product_id,
        what=edit.what,
        target=edit.target,
        tag=edit.tag,
        most=TAGS_MAX,
    )


KIND = "catalog.bulk_edit"
JOBS = [jobs.Kind(KIND, BulkEdit, _step)]
