"""A product again, under other codes and off the shelf, to be changed into the next one."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods.catalog import queries
from siyu.goods.catalog.actions import CODE_LENGTH_MAX, NewProduct, NewSku, add_products
from siyu.goods.catalog.bundles import bundle_parts, set_bundle
from siyu.goods.catalog.editing import TITLE_MAX
from siyu.goods.catalog.model import Component, Sku
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork

TRIES_MAX = 999  # copies of one product


async def copy_product(uow: UnitOfWork, product_id: UUID, copy_id: UUID) -> UUID:
    """Everything a product says, at the same prices, off the shelf and without stock; `copy_id` is the new one's.

    A second time with the same `copy_id` changes nothing. Raises NotFound.
    """
    if await queries.is_known(uow, copy_id):
        return copy_id
    model = await queries.product(uow, product_id)
    position = await uow.one(
        int,
        "select position from products where merchant_id = %(merchant_id)s and id = %(id)s",
        id=product_id,
    )
    suffix = await _free_suffix(uow, model.skus)
    copy = NewProduct(
        category="category",
        title=f"{model.title[: TITLE_MAX - len(suffix) - 1]} {suffix.lstrip('-')}",
        skus=tuple(_again(sku, suffix) for sku in model.skus),
        subtitle=model.subtitle,
        description=model.description,
        unit=model.unit,
        position=position,
        id=copy_id,
        kind=model.kind,
        brand_id=model.brand_id,
        tags=model.tags,
        pictures=model.pictures,
        options=model.options,
        return_policy=model.return_policy,
        return_reason=model.return_reason,
        valid_days=model.valid_days,
        freight_template_id=model.freight_template_id,
        is_on_shelf=False,
    )
    await add_products(uow, [copy], {"category": model.category_id})
    if model.kind == "bundle":
        parts = await bundle_parts(uow, product_id)
        if parts:
            await set_bundle(uow, copy_id, [Component(part.sku_id, part.quantity) for part in parts])
    return copy_id


def _again(sku: Sku, suffix: str) -> NewSku:
    return NewSku(
        code=sku.code[: CODE_LENGTH_MAX - len(suffix)] + suffix,
        price=sku.price,
        title=sku.title,
        weight_g=sku.weight_g,
        choices=sku.choices,
        is_sellable=sku.is_sellable,
    )


class _Code(msgspec.Struct, frozen=True):
    code: str


async def _free_suffix(uow: UnitOfWork, skus: Sequence[Sku]) -> str:
    """The first of -2, -3, … under which none of the codes is taken. Raises NotFound when there are none."""
    for number in range(2, TRIES_MAX):
        codes = [_again(sku, f"-{number}").code for sku in skus]
        taken = await uow.all(
            _Code,
            "select code from skus where merchant_id = %(merchant_id)s and code = any(%(codes)s) limit 1",
            codes=codes,
        )
        if not taken and len(set(codes)) == len(codes):
            return f"-{number}"
    raise NotFound(what="可用的编码 / a free code")
