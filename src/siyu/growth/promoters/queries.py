"""Reading promoters."""

from collections.abc import Collection
from uuid import UUID

from siyu.growth.promoters.model import Change, NotAPromoter, Promoter
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import bounded
from siyu.runtime.db import UnitOfWork


async def maybe_of_customer(uow: UnitOfWork, customer_id: UUID) -> Promoter | None:
    """The promoter this customer is, if any; also a paused or dismissed one, whose earnings stay theirs."""
    return await uow.maybe(
        Promoter,
        """
        select id, customer_id, kind, name, state, agreement_version, joined_at, level, trained_at from promoters
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s
        """,
        customer=customer_id,
    )


async def of_customer(uow: UnitOfWork, customer_id: UUID) -> Promoter:
    """The promoter this customer is, in whatever state. Raises NotAPromoter."""
    found = await maybe_of_customer(uow, customer_id)
    if found is None:
        raise NotAPromoter
    return found


async def find(uow: UnitOfWork, promoter_id: UUID) -> Promoter:
    """Raises NotFound."""
    found = await uow.maybe(
        Promoter,
        """
        select id, customer_id, kind, name, state, agreement_version, joined_at, level, trained_at from promoters
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=promoter_id,
    )
    if found is None:
        raise NotFound(what="推广员 / promoter")
    return found


async def active(uow: UnitOfWork, promoter_ids: Collection[UUID]) -> dict[UUID, Promoter]:
    """Those of these promoters who may earn now, by id."""
    found = await uow.all(
        Promoter,
        """
        select id, customer_id, kind, name, state, agreement_version, joined_at, level, trained_at from promoters
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and state = 'active'
        """,
        ids=list(promoter_ids),
    )
    return {promoter.id: promoter for promoter in found}


async def every(uow: UnitOfWork, *, kind: str = "", state: str = "", level: str = "") -> list[Promoter]:
    """Promoters of a kind, state and level ('' does not narrow), the newest first."""
    return await uow.all(
        Promoter,
        """
        select id, customer_id, kind, name, state, agreement_version, joined_at, level, trained_at from promoters
        where merchant_id = %(merchant_id)s and %(kind)s in ('', kind) and %(state)s in ('', state)
          and %(level)s in ('', level)
        order by joined_at desc, id
        """,
        kind=kind,
        state=state,
        level=level,
    )


async def changes_of(uow: UnitOfWork, promoter_id: UUID, limit: int = 50) -> list[Change]:
    """What changed about a promoter's state and level, newest first."""
    return await uow.all(
        Change,
        """
        select what, before, after, reason, by_name, at from promoter_changes
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
        order by at desc, id desc limit %(limit)s
        """,
        promoter=promoter_id,
        limit=bounded(limit),
    )


async def levels(uow: UnitOfWork) -> list[str]:
    """Every level that a promoter has now."""
    return await uow.all(
        str, "select distinct level from promoters where merchant_id = %(merchant_id)s order by level"
    )
