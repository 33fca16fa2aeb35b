"""Giving a product other options or SKUs. What was sold, stocked or priced is never deleted, only withdrawn."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import psycopg

from siyu.goods.catalog.actions import NewSku, add_skus, set_prices
from siyu.goods.catalog.model import CodeTaken, Option
from siyu.goods.catalog.options import Matrix, WantedSku, check_matrix, title_of
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork


class _Head(msgspec.Struct, frozen=True):
    kind: str
    title: str
    options: tuple[Option, ...]


class _Present(msgspec.Struct, frozen=True):
    id: UUID
    code: str
    choices: list[str]
    price: int
    is_withdrawn: bool


async def set_matrix(uow: UnitOfWork, product_id: UUID, matrix: Matrix) -> dict[str, UUID]:
    """Let a product have these options and SKUs and no others; return SKU ids by code.

    A SKU is found by its id, else by its choices, else by its code; so it keeps its stock, its orders and its price
    history when values are added, renamed or taken away. A combination that comes back is the SKU it was. One that is
    no longer wanted is deleted when nothing speaks of it and withdrawn otherwise. Raises Invalid, NotFound and
    CodeTaken; then nothing was changed.
    """
    head = await _locked(uow, product_id)
    check_matrix(matrix, head.kind)
    present = await _present(uow, product_id)
    matched = _match(matrix.skus, present)
    kept = {sku_id for sku_id in matched if sku_id is not None}
    await _let_go(uow, [sku for sku in present if sku.id not in kept and not sku.is_withdrawn])
    await _check_codes(uow, matrix.skus, matched)
    await _rewrite(uow, matrix.skus, matched)
    old_price = {sku.id: sku.price for sku in present}
    await set_prices(
        uow,
        {
            sku_id: wanted.price
            for wanted, sku_id in zip(matrix.skus, matched, strict=True)
            if sku_id is not None and old_price[sku_id] != wanted.price
        },
        field="skus.price",
    )
    added = await add_skus(
        uow,
        [
            (product_id, _new(wanted), position)
            for position, (wanted, sku_id) in enumerate(zip(matrix.skus, matched, strict=True))
            if sku_id is None
        ],
    )
    await uow.run(
        """
        update products set options = %(options)s::jsonb, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=product_id,
        options=msgspec.json.encode(matrix.options).decode(),
    )
    await _note(uow, product_id, head, matrix, present)
    known = {
        wanted.code.strip(): sku_id for wanted, sku_id in zip(matrix.skus, matched, strict=True) if sku_id
    }
    return {**known, **added}


async def _locked(uow: UnitOfWork, product_id: UUID) -> _Head:
    head = await uow.maybe(
        _Head,
        """
        select kind, title, options from products
        where merchant_id = %(merchant_id)s and id = %(id)s for no key update
        """,
        id=product_id,
    )
    if head is None:
        raise NotFound(what="商品 / product")
    return head


async def _present(uow: UnitOfWork, product_id: UUID) -> list[_Present]:
    return await uow.all(
        _Present,
        """
        select id, code, choices, price, withdrawn_at is not null as is_withdrawn from skus
        where merchant_id = %(merchant_id)s and product_id = %(product)s order by position, id
        """,
        product=product_id,
    )


def _match(wanted: Sequence[WantedSku], present: Sequence[_Present]) -> list[UUID | None]:
    """The SKU that each wanted one already is; None for a new one. No SKU is two."""
    free = {sku.id: sku for sku in present}
    found: list[UUID | None] = [None] * len(wanted)

    def take(place: int, sku_id: UUID | None) -> None:
        if sku_id is not None and found[place] is None and sku_id in free:
            del free[sku_id]
            found[place] = sku_id

    for place, sku in enumerate(wanted):
        if sku.id is not None and sku.id not in free:
            raise Invalid(
                field="skus.id",
                zh="有规格不属于这件商品。",
                en="A SKU is not one of this product, or is there twice.",
            )
        take(place, sku.id)
    for place, sku in enumerate(wanted):
        same = (each.id for each in free.values() if sku.choices and tuple(each.choices) == sku.choices)
        take(place, next(same, None))
    for place, sku in enumerate(wanted):
        take(place, next((each.id for each in free.values() if each.code == sku.code.strip()), None))
    return found


def _new(wanted: WantedSku) -> NewSku:
    return NewSku(
        code=wanted.code.strip(),
        price=wanted.price,
        title=title_of(wanted.choices),
        weight_g=wanted.weight_g,
        choices=wanted.choices,
        is_sellable=wanted.is_sellable,
    )


async def _let_go(uow: UnitOfWork, skus: Sequence[_Present]) -> None:
    """Delete what nothing speaks of; withdraw the rest. The foreign keys know who still speaks of a SKU."""
    for sku in skus:
        try:
            async with uow.part():
                await uow.run(
                    "delete from skus where merchant_id = %(merchant_id)s and id = %(id)s", id=sku.id
                )
        except psycopg.errors.ForeignKeyViolation:
            await uow.run(
                """
                update skus set is_sellable = false, withdrawn_at = %(now)s, updated_at = %(now)s
                where merchant_id = %(merchant_id)s and id = %(id)s
                """,
                id=sku.id,
            )


async def _check_codes(uow: UnitOfWork, wanted: Sequence[WantedSku], matched: Sequence[UUID | None]) -> None:
    taken = await uow.all(
        str,
        """
        select code from skus
        where merchant_id = %(merchant_id)s and code = any(%(codes)s) and id <> all(%(own)s::uuid[]) limit 1
        """,
        codes=[sku.code.strip() for sku in wanted],
        own=[sku_id for sku_id in matched if sku_id],
    )
    if taken:
        raise CodeTaken(field="skus.code", sku_code=taken[0])


async def _rewrite(uow: UnitOfWork, wanted: Sequence[WantedSku], matched: Sequence[UUID | None]) -> None:
    """Codes in two goes, because two SKUs may be exchanging theirs."""
    rows = [
        (sku_id, sku, position)
        for position, (sku, sku_id) in enumerate(zip(wanted, matched, strict=True))
        if sku_id is not None
    ]
    await uow.run(
        """
        update skus k set code = t.fresh
        from unnest(%(ids)s::uuid[], %(codes)s::text[], %(fresh)s::text[]) as t (id, code, fresh)
        where k.merchant_id = %(merchant_id)s and k.id = t.id and k.code <> t.code
        """,
        ids=[sku_id for sku_id, *_ in rows],
        codes=[sku.code.strip() for _, sku, _ in rows],
        fresh=[f"~{ids.new().hex}" for _ in rows],
    )
    await uow.run(
        """
        update skus k
        set code = t.code, choices = t.choices,
            title = case when t.choices = '{}' and k.choices = '{}' then k.title else t.title end,
            weight_g = t.weight_g, is_sellable = t.is_sellable, position = t.position, withdrawn_at = null, updated_at = %(now)s
        from jsonb_to_recordset(%(rows)s::jsonb) as t (
            id uuid, code text, title text, choices text[], weight_g int, is_sellable boolean, position int)
        where k.merchant_id = %(merchant_id)s and k.id = t.id
        """,
        rows=msgspec.json.encode(
            [
                {
                    "id": sku_id,
                    "code": sku.code.strip(),
                    "title": title_of(sku.choices),
                    "choices": sku.choices,
                    "weight_g": sku.weight_g,
                    "is_sellable": sku.is_sellable,
                    "position": position,
                }
                for sku_id, sku, position in rows
            ]
        ).decode(),
    )


async def _note(
    uow: UnitOfWork, product_id: UUID, head: _Head, matrix: Matrix, present: Sequence[_Present]
) -> None:
    await audit.note(
        uow,
        "catalog.set_matrix",
        subject_kind="product",
        subject=product_id,
        name=head.title,
        before={
            "options": msgspec.to_builtins(head.options),
            "codes": [sku.code for sku in present if not sku.is_withdrawn],
        },
        after={
            "options": msgspec.to_builtins(matrix.options),
            "codes": [sku.code.strip() for sku in matrix.skus],
        },
    )
