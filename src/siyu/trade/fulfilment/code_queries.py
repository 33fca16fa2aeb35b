"""Reading codes and their terms, and setting the terms. Owns table code_terms with codes.py's redemption_codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade.fulfilment.code_model import DEFAULT_ON_EXPIRY, Code, Terms


async def find_code(uow: UnitOfWork, code_id: UUID) -> Code:
    """Raises NotFound."""
    (found,) = await _codes(uow, code_id=code_id) or [None]
    if found is None:
        raise NotFound(what="核销码 / code")
    return found


async def code_under(uow: UnitOfWork, code: str) -> Code | None:
    """The code that reads like this."""
    (found,) = await _codes(uow, code=code) or [None]
    return found


async def codes_of(uow: UnitOfWork, order_id: UUID) -> list[Code]:
    """The codes of an order, line by line."""
    return await _codes(uow, order_id=order_id)


async def _codes(
    uow: UnitOfWork, *, order_id: UUID | None = None, code_id: UUID | None = None, code: str | None = None
) -> list[Code]:
    return await uow.all(
        Code,
        """
        select c.id, c.order_id, o.number as order_number, o.customer_id, c.line_no, c.unit, l.title, l.sku_title,
               l.picture, c.code, c.state, c.on_expiry, c.issued_at, c.valid_until, c.redeemed_at, c.redeemed_by_name,
               c.store_id, s.name as store_name, c.ended_at, c.note
        from redemption_codes c
        join orders o on o.merchant_id = c.merchant_id and o.id = c.order_id
        join order_lines l on l.merchant_id = c.merchant_id and l.order_id = c.order_id and l.line_no = c.line_no
        left join stores s on s.merchant_id = c.merchant_id and s.id = c.store_id
        where c.merchant_id = %(merchant_id)s and (%(order)s::uuid is null or c.order_id = %(order)s)
          and (%(id)s::uuid is null or c.id = %(id)s) and (%(code)s::text is null or c.code = %(code)s)
        order by c.line_no, c.unit
        """,
        order=order_id,
        id=code_id,
        code=code,
    )


async def redeemed(
    uow: UnitOfWork,
    *,
    location_ids: Sequence[UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page[Code]:
    """Codes that were used, the latest first; at these stores or at all. The cursor is (redeemed_at, id)."""
    limit = bounded(limit)
    redeemed_at, last_id = after or (None, None)
    found = await uow.all(
        Code,
        """
        select c.id, c.order_id, o.number as order_number, o.customer_id, c.line_no, c.unit, l.title, l.sku_title,
               l.picture, c.code, c.state, c.on_expiry, c.issued_at, c.valid_until, c.redeemed_at, c.redeemed_by_name,
               c.store_id, s.name as store_name, c.ended_at, c.note
        from redemption_codes c
        join orders o on o.merchant_id = c.merchant_id and o.id = c.order_id
        join order_lines l on l.merchant_id = c.merchant_id and l.order_id = c.order_id and l.line_no = c.line_no
        left join stores s on s.merchant_id = c.merchant_id and s.id = c.store_id
        where c.merchant_id = %(merchant_id)s and c.state = 'redeemed'
          and (%(places)s::uuid[] is null or c.store_id = any(%(places)s))
          and (%(after)s::timestamptz is null or (c.redeemed_at, c.id) < (%(after)s, %(last_id)s::uuid))
        order by c.redeemed_at desc, c.id desc limit %(limit)s
        """,
        places=list(location_ids) if location_ids is not None else None,
        after=redeemed_at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    cursor = f"{last.redeemed_at.isoformat()}~{last.id}" if last and last.redeemed_at else None
    return Page(items=found[:limit], next=cursor)


async def terms(uow: UnitOfWork, limit: int = 200) -> list[Terms]:
    """The terms of every virtual product; those nobody set are the default's."""
    return await uow.all(
        Terms,
        """
        select p.id as product_id, p.title, p.valid_days,
               coalesce(t.on_expiry, %(on_expiry)s) as on_expiry
        from products p left join code_terms t on t.merchant_id = p.merchant_id and t.product_id = p.id
        where p.merchant_id = %(merchant_id)s and p.kind = 'virtual' order by p.position, p.id limit %(limit)s
        """,
        on_expiry=DEFAULT_ON_EXPIRY,
        limit=limit,
    )


async def set_terms(uow: UnitOfWork, product_id: UUID, *, on_expiry: str) -> None:
    """Codes issued from now on follow these terms; those that were issued keep theirs. Raises Invalid and NotFound."""
    if on_expiry not in {"refund", "keep"}:
        raise Invalid(field="on_expiry", zh="请选择过期后的处理方式。", en="Choose what happens on expiry.")
    before = {one.product_id: one for one in await terms(uow)}.get(product_id)
    if before is None:
        raise NotFound(what="虚拟商品 / virtual product")
    await uow.run(
        """
        insert into code_terms (merchant_id, product_id, on_expiry, updated_at)
        values (%(merchant_id)s, %(product)s, %(on_expiry)s, %(now)s)
        on conflict (merchant_id, product_id) do update
        set on_expiry = excluded.on_expiry, updated_at = excluded.updated_at
        """,
        product=product_id,
        on_expiry=on_expiry,
    )
    await audit.note(
        uow,
        "fulfilment.set_code_terms",
        subject_kind="product",
        subject=product_id,
        name=before.title,
        before={"on_expiry": before.on_expiry},
        after={"on_expiry": on_expiry},
    )
