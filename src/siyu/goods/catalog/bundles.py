"""Bundles: one price for several SKUs. What can be sold is what the scarcest component allows at one place."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods.catalog.model import BundlePart, Component
from siyu.goods.catalog.queries import VIRTUAL_PIECES
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

PARTS_MAX, QUANTITY_MAX = 20, 999


class _Bundle(msgspec.Struct, frozen=True):
    sku_id: UUID
    kind: str
    title: str


class _Part(msgspec.Struct, frozen=True):
    id: UUID
    kind: str


async def set_bundle(uow: UnitOfWork, product_id: UUID, parts: Sequence[Component]) -> None:
    """Let a bundle consist of these SKUs. Raises Invalid at `components` and NotFound."""
    bundle = await uow.maybe(
        _Bundle,
        """
        select k.id as sku_id, p.kind, p.title from products p
        join skus k on k.merchant_id = p.merchant_id and k.product_id = p.id and k.withdrawn_at is null
        where p.merchant_id = %(merchant_id)s and p.id = %(product)s order by k.position, k.id limit 1
        for no key update of p
        """,
        product=product_id,
    )
    if bundle is None:
        raise NotFound(what="商品 / product")
    if bundle.kind != "bundle":
        raise _refused("只有组合商品才有组成清单。", "Only a bundle has components.")
    await _check_parts(uow, bundle.sku_id, parts)
    before = await components(uow, bundle.sku_id)
    await uow.run(
        "delete from bundle_items where merchant_id = %(merchant_id)s and bundle_sku_id = %(bundle)s",
        bundle=bundle.sku_id,
    )
    await uow.run(
        """
        insert into bundle_items (merchant_id, bundle_sku_id, sku_id, quantity)
        select %(merchant_id)s, %(bundle)s, t.sku_id, t.quantity
        from unnest(%(skus)s::uuid[], %(quantities)s::int[]) as t (sku_id, quantity)
        """,
        bundle=bundle.sku_id,
        skus=[part.sku_id for part in parts],
        quantities=[part.quantity for part in parts],
    )
    await audit.note(
        uow,
        "catalog.set_bundle",
        subject_kind="product",
        subject=product_id,
        name=bundle.title,
        before={"components": msgspec.to_builtins(before)},
        after={"components": msgspec.to_builtins(tuple(parts))},
    )


async def _check_parts(uow: UnitOfWork, bundle_sku_id: UUID, parts: Sequence[Component]) -> None:
    if not 1 <= len(parts) <= PARTS_MAX:
        raise _refused("组合商品需包含 1 到 20 种单品。", "A bundle has 1 to 20 components.")
    if len({part.sku_id for part in parts}) < len(parts):
        raise _refused("同一规格只写一行，改数量即可。", "A SKU is there twice; change its quantity instead.")
    if any(not 1 <= part.quantity <= QUANTITY_MAX for part in parts):
        raise _refused("每种单品的数量需在 1 到 999 之间。", "A quantity is between 1 and 999.")
    # The products are locked, so that none of them turns into a bundle while this one takes it in.
    found = await uow.all(
        _Part,
        """
        select k.id, p.kind from skus k
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where k.merchant_id = %(merchant_id)s and k.id = any(%(ids)s) and k.withdrawn_at is null
          and k.id <> %(bundle)s
        order by p.id, k.id for share of p
        """,
        ids=[part.sku_id for part in parts],
        bundle=bundle_sku_id,
    )
    if len(found) < len(parts):
        raise _refused("有单品不存在或已停用。", "A component does not exist or is no longer offered.")
    if any(part.kind == "bundle" for part in found):
        raise _refused("组合商品里不能再放组合商品。", "A bundle cannot contain a bundle.")
    if any(part.kind == "virtual" for part in found):
        raise _refused("虚拟商品不能放进组合。", "Virtual goods cannot be part of a bundle.")


def _refused(zh: str, en: str) -> Invalid:
    return Invalid(field="components", zh=zh, en=en)


async def components(uow: UnitOfWork, bundle_sku_id: UUID) -> list[Component]:
    """What one unit of a bundle consists of; nothing for any other SKU."""
    return await uow.all(
        Component,
        """
        select sku_id, quantity from bundle_items
        where merchant_id = %(merchant_id)s and bundle_sku_id = %(bundle)s order by sku_id
        """,
        bundle=bundle_sku_id,
    )


async def bundle_parts(uow: UnitOfWork, product_id: UUID) -> list[BundlePart]:
    """The components of a bundle with their names, for its page; nothing for any other product."""
    return await uow.all(
        BundlePart,
        """
        select b.sku_id, b.quantity, p.id as product_id, p.title, k.title as sku_title, k.code, p.picture, k.price,
               coalesce((select sum(greatest(s.on_hand - s.reserved - s.safety - s.carved, 0)) from stock s
                         where s.merchant_id = k.merchant_id and s.sku_id = k.id
                           and s.location_id = any(array(select id from stores
                                                         where merchant_id = %(merchant_id)s))), 0)::int as available
        from skus own
        join bundle_items b on b.merchant_id = own.merchant_id and b.bundle_sku_id = own.id
        join skus k on k.merchant_id = b.merchant_id and k.id = b.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where own.merchant_id = %(merchant_id)s and own.product_id = %(product)s and own.withdrawn_at is null
        order by p.title, k.position, k.id
        """,
        product=product_id,
    )


class _Pieces(msgspec.Struct, frozen=True):
    location_id: UUID
    pieces: int


async def pieces_by_store(uow: UnitOfWork, product_id: UUID) -> dict[UUID, int]:
    """How much of a product can be bought at each location now, all its sellable SKUs together.

    Of a bundle what its components allow there; of virtual goods as many as one order may hold, everywhere.
    """
    rows = await uow.all(
        _Pieces,
        """
        select l.id as location_id,
               sum(case p.kind
                   when 'virtual' then %(virtual)s
                   when 'bundle' then coalesce(
                       (select min(coalesce(greatest(s.on_hand - s.reserved - s.safety - s.carved, 0), 0) / b.quantity)
                        from bundle_items b
                        left join stock s on s.merchant_id = b.merchant_id and s.location_id = l.id
                                             and s.sku_id = b.sku_id
                        where b.merchant_id = %(merchant_id)s and b.bundle_sku_id = k.id), 0)
                   else coalesce(
                       (select greatest(s.on_hand - s.reserved - s.safety - s.carved, 0) from stock s
                        where s.merchant_id = %(merchant_id)s and s.location_id = l.id and s.sku_id = k.id), 0)
                   end)::int as pieces
        from products p
        join skus k on k.merchant_id = p.merchant_id and k.product_id = p.id and k.is_sellable
        join stores l on l.merchant_id = p.merchant_id
        where p.merchant_id = %(merchant_id)s and p.id = %(product)s
        group by l.id
        """,
        product=product_id,
        virtual=VIRTUAL_PIECES,
    )
    return {row.location_id: row.pieces for row in rows}
