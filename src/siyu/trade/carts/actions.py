"""Putting things into a cart and taking them out. `owner_id` is a customer, or `rules.visitors_cart(visitor)`."""

from collections.abc import Sequence
from uuid import UUID

from siyu.goods import catalog
from siyu.runtime.db import UnitOfWork
from siyu.trade.carts.model import CartFull, NotInCart, NotSold
from siyu.trade.carts.rules import LINES_MAX, QUANTITY_MAX, checked


async def add(uow: UnitOfWork, owner_id: UUID, sku_id: UUID, quantity: int = 1) -> int:
    """Put more pieces of a SKU into the cart and choose it; return how many pieces of it are there now.

    More than QUANTITY_MAX stays QUANTITY_MAX. Raises NotSold, CartFull and Invalid.
    """
    checked(quantity)
    prices = await catalog.prices(uow, [sku_id])
    if sku_id not in prices or not prices[sku_id].is_sellable:
        raise NotSold(field="sku")
    there = await uow.maybe(
        int,
        """
        insert into carts as c (merchant_id, owner_id, sku_id, quantity, is_chosen, updated_at)
        select %(merchant_id)s, %(owner)s, %(sku)s, %(quantity)s, true, %(now)s
        where exists (select from carts where merchant_id = %(merchant_id)s and owner_id = %(owner)s
                      and sku_id = %(sku)s)
           or (select count(*) from carts where merchant_id = %(merchant_id)s and owner_id = %(owner)s) < %(most)s
        on conflict (merchant_id, owner_id, sku_id) do update
            set quantity = least(%(quantity_max)s, c.quantity + excluded.quantity), is_chosen = true,
                updated_at = excluded.updated_at
        returning quantity
        """,
        owner=owner_id,
        sku=sku_id,
        quantity=quantity,
        most=LINES_MAX,
        quantity_max=QUANTITY_MAX,
    )
    if there is None:
        raise CartFull(most=LINES_MAX)
    return there


async def set_quantity(uow: UnitOfWork, owner_id: UUID, sku_id: UUID, quantity: int) -> None:
    """Want exactly so many pieces of a line. Raises Invalid and NotInCart."""
    touched = await uow.run(
        """
        update carts set quantity = %(quantity)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and owner_id = %(owner)s and sku_id = %(sku)s
        """,
        owner=owner_id,
        sku=sku_id,
        quantity=checked(quantity),
    )
    if not touched:
        raise NotInCart


async def remove(uow: UnitOfWork, owner_id: UUID, sku_ids: Sequence[UUID]) -> int:
    """Take lines out, for instance because they were ordered. Returns how many were there."""
    return await uow.run(
        """
        delete from carts
        where merchant_id = %(merchant_id)s and owner_id = %(owner)s and sku_id = any(%(skus)s)
        """,
        owner=owner_id,
        skus=list(sku_ids),
    )


async def choose(uow: UnitOfWork, owner_id: UUID, sku_id: UUID, *, is_chosen: bool) -> None:
    """Make a line part of the next order, or leave it for later. Raises NotInCart."""
    touched = await uow.run(
        """
        update carts set is_chosen = %(is_chosen)s
        where merchant_id = %(merchant_id)s and owner_id = %(owner)s and sku_id = %(sku)s
        """,
        owner=owner_id,
        sku=sku_id,
        is_chosen=is_chosen,
    )
    if not touched:
        raise NotInCart


async def choose_all(uow: UnitOfWork, owner_id: UUID, *, is_chosen: bool) -> None:
    """Choose every line, or none."""
    await uow.run(
        """
        update carts set is_chosen = %(is_chosen)s
        where merchant_id = %(merchant_id)s and owner_id = %(owner)s
        """,
        owner=owner_id,
        is_chosen=is_chosen,
    )


async def merge(uow: UnitOfWork, visitor_id: UUID, customer_id: UUID) -> int:
    """The visitor turned out to be this customer: their cart joins the customer's. Returns how many lines moved.

    Quantities of the same SKU are added up. Asking again moves nothing.
    """
    return await uow.run(
        """
        with moved as (
            delete from carts where merchant_id = %(merchant_id)s and owner_id = %(visitor)s
            returning sku_id, quantity, is_chosen, updated_at
        )
        insert into carts as c (merchant_id, owner_id, sku_id, quantity, is_chosen, updated_at)
        select %(merchant_id)s, %(customer)s, sku_id, quantity, is_chosen, updated_at from moved
        on conflict (merchant_id, owner_id, sku_id) do update
            set quantity = least(%(quantity_max)s, c.quantity + excluded.quantity),
                is_chosen = c.is_chosen or excluded.is_chosen,
                updated_at = greatest(c.updated_at, excluded.updated_at)
        """,
        visitor=visitor_id,
        customer=customer_id,
        quantity_max=QUANTITY_MAX,
    )
