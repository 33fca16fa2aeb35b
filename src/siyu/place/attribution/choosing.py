"""What people say about a relation: the customer chooses or clears, staff assigns with a reason."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.kernel.errors import Invalid, NotFound
from siyu.place.attribution import relating
from siyu.place.attribution.model import ChangedLately, NotChoosable
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

CHANGE_DAYS = 30
REASON_MAX = 500


class _Choosable(msgspec.Struct, frozen=True):
    promoter_id: UUID
    customer_id: UUID


async def choose(uow: UnitOfWork, key: UUID, customer_id: UUID, door_code: str) -> None:
    """A customer binds themselves to the promoter of a door, whatever held before. The same key is the same choice.

    Raises ChangedLately within 30 days of the last choice, and NotChoosable.
    """
    await _lock(uow, customer_id)
    if await _is_said(uow, key, customer_id):
        return
    found = await uow.maybe(
        _Choosable,
        """
        select p.id as promoter_id, p.customer_id from doors d
        join promoters p on p.merchant_id = d.merchant_id and p.id = d.promoter_id and p.state = 'active'
        where d.merchant_id = %(merchant_id)s and d.code = %(code)s and d.is_open
        """,
        code=door_code.strip()[:16],
    )
    if found is None or found.customer_id == customer_id:
        raise NotChoosable(field="code")
    last = await uow.maybe(
        _Last,
        """
        select max(at) as at from relation_facts
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and kind = 'chosen' and at > %(since)s
        having max(at) is not null
        """,
        customer=customer_id,
        since=uow.now - timedelta(days=CHANGE_DAYS),
    )
    if last is not None:
        raise ChangedLately(field="code", day=(last.at + timedelta(days=CHANGE_DAYS)).date().isoformat())
    await _say(uow, key, customer_id, "chosen", found.promoter_id)


async def clear(uow: UnitOfWork, key: UUID, customer_id: UUID) -> None:
    """A customer is nobody's any more, at once and at any time. A link followed later binds anew."""
    await _lock(uow, customer_id)
    if await _is_said(uow, key, customer_id):
        return
    is_bound = await uow.maybe(
        int,
        "select 1 from relations where merchant_id = %(merchant_id)s and customer_id = %(customer)s",
        customer=customer_id,
    )
    if is_bound:
        await _say(uow, key, customer_id, "cleared", None)


async def assign(uow: UnitOfWork, key: UUID, customer_id: UUID, promoter_id: UUID, reason: str) -> None:
    """Staff gives a customer to a promoter, for a reason that is kept. Raises Invalid, NotFound and NotChoosable."""
    if not 1 <= len(reason.strip()) <= REASON_MAX:
        raise Invalid(
            field="reason", zh="请填写原因，不超过 500 字。", en="Give a reason of at most 500 characters."
        )
    await _lock(uow, customer_id)
    if await _is_said(uow, key, customer_id):
        return
    holder = await uow.maybe(
        _Choosable,
        """
        select id as promoter_id, customer_id from promoters
        where merchant_id = %(merchant_id)s and id = %(promoter)s and state = 'active'
        """,
        promoter=promoter_id,
    )
    if holder is None or holder.customer_id == customer_id:
        raise NotChoosable(field="promoter_id")
    before = await uow.maybe(
        UUID,
        "select promoter_id from relations where merchant_id = %(merchant_id)s and customer_id = %(customer)s",
        customer=customer_id,
    )
    await _say(uow, key, customer_id, "assigned", promoter_id, reason.strip())
    await audit.note(
        uow,
        "attribution.assign",
        subject_kind="customer",
        subject=customer_id,
        before={"promoter": str(before) if before else None},
        after={"promoter": str(promoter_id)},
        reason=reason,
    )


class _Last(msgspec.Struct, frozen=True):
    at: datetime


async def _lock(uow: UnitOfWork, customer_id: UUID) -> None:
    found = await uow.maybe(
        UUID,
        "select id from customers where merchant_id = %(merchant_id)s and id = %(customer)s for no key update",
        customer=customer_id,
    )
    if found is None:
        raise NotFound(what="顾客 / customer")


async def _is_said(uow: UnitOfWork, key: UUID, customer_id: UUID) -> bool:
    found = await uow.maybe(
        UUID,
        """
        select id from relation_facts
        where merchant_id = %(merchant_id)s and id = %(key)s and customer_id = %(customer)s
        """,
        key=key,
        customer=customer_id,
    )
    return found is not None


async def _say(
    uow: UnitOfWork, key: UUID, customer_id: UUID, kind: str, promoter_id: UUID | None, reason: str = ""
) -> None:
    await uow.run(
        """
        insert into relation_facts (merchant_id, id, customer_id, kind, promoter_id, by_name, reason, at)
        values (%(merchant_id)s, %(key)s, %(customer)s, %(kind)s, %(promoter)s, %(by)s, %(reason)s, %(now)s)
        """,
        key=key,
        customer=customer_id,
        kind=kind,
        promoter=promoter_id,
        by=uow.actor.name if uow.actor.kind == "staff" else "",
        reason=reason,
    )
    await relating.relate(uow, [customer_id])
