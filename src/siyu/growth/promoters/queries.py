"""Reading promoters."""

from collections.abc import Collection
from uuid import UUID

from siyu.growth.promoters.model import NotAPromoter, Promoter
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork


async def of_customer(uow: UnitOfWork, customer_id: UUID) -> Promoter:
    """The promoter this customer is. Raises NotAPromoter."""
    found = await uow.maybe(
        Promoter,
        """
        select id, customer_id, kind, name, state, agreement_version, joined_at from promoters
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and state <> 'dismissed'
        """,
        customer=customer_id,
    )
    if found is None:
        raise NotAPromoter
    return found


async def find(uow: UnitOfWork, promoter_id: UUID) -> Promoter:
    """Raises NotFound."""
    found = await uow.maybe(
        Promoter,
        """
        select id, customer_id, kind, name, state, agreement_version, joined_at from promoters
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
        select id, customer_id, kind, name, state, agreement_version, joined_at from promoters
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and state = 'active'
        """,
        ids=list(promoter_ids),
    )
    return {promoter.id: promoter for promoter in found}


async def maybe_of_customer(uow: UnitOfWork, customer_id: UUID) -> Promoter | None:
    """The promoter this customer is, if any."""
    try:
        return await of_customer(uow, customer_id)
    except NotAPromoter:
        return None
