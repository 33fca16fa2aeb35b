"""Writing notices: in sets, once about each thing."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.people.notices.model import Facts, Notice
from siyu.people.notices.words import KINDS
from siyu.runtime.db import UnitOfWork, json_rows


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    customer_id: UUID
    kind: str
    subject_id: UUID
    facts: Facts


async def tell(uow: UnitOfWork, notices: Sequence[Notice]) -> int:
    """Tell customers; returns how many notices are new. Who was told before of the same thing hears nothing more.

    Nothing is told to customers who have left.
    """
    assert all(one.kind in KINDS for one in notices), "every kind has its words"
    if not notices:
        return 0
    return await uow.run(
        """
        insert into notices (merchant_id, id, customer_id, kind, subject_id, facts, at)
        select %(merchant_id)s, t.id, t.customer_id, t.kind, t.subject_id, t.facts, %(now)s
        from json_to_recordset(%(rows)s::json) as t (id uuid, customer_id uuid, kind text, subject_id uuid, facts jsonb)
        join customers c on c.merchant_id = %(merchant_id)s and c.id = t.customer_id and c.state = 'active'
        order by t.customer_id, t.kind, t.subject_id
        on conflict (merchant_id, customer_id, kind, subject_id) do nothing
        """,
        rows=json_rows(
            _Row(ids.new(), one.customer_id, one.kind, one.subject_id, one.facts) for one in notices
        ),
    )


async def mark_read(uow: UnitOfWork, customer_id: UUID, notice_ids: Sequence[UUID] | None = None) -> int:
    """The customer has seen these of their notices, or all; returns how many were new to them."""
    return await uow.run(
        """
        update notices set read_at = %(now)s
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and read_at is null
          and (%(ids)s::uuid[] is null or id = any(%(ids)s::uuid[]))
        """,
        customer=customer_id,
        ids=None if notice_ids is None else list(notice_ids),
    )
