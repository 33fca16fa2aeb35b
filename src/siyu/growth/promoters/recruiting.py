"""Joining as a promoter: it is free and pays nothing (禁止传销条例 art. 7)."""

from typing import Literal
from uuid import UUID

from siyu.growth.promoters.model import Promoter
from siyu.growth.promoters.queries import of_customer
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.place import doors
from siyu.runtime.db import UnitOfWork

AGREEMENT_VERSION = "2026-11"

Kind = Literal["koc", "leader", "guide", "anchor"]


async def enrol(
    uow: UnitOfWork, customer_id: UUID, *, kind: Kind, name: str, door_code: str = ""
) -> Promoter:
    """Make a customer a promoter and open their own door; somebody who is one already stays as they are."""
    if not 1 <= len(name.strip()) <= 40:
        raise Invalid(field="name", zh="名字需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    promoter_id = ids.new()
    written = await uow.run(
        """
        insert into promoters (merchant_id, id, customer_id, kind, name, state, agreement_version, joined_at)
        values (%(merchant_id)s, %(id)s, %(customer)s, %(kind)s, %(name)s, 'active', %(version)s, %(now)s)
        on conflict (merchant_id, customer_id) do nothing
        """,
        id=promoter_id,
        customer=customer_id,
        kind=kind,
        name=name.strip(),
        version=AGREEMENT_VERSION,
    )
    if written:
        door_kind: Literal["koc", "leader", "guide", "live"] = "live" if kind == "anchor" else kind
        await doors.open_door(
            uow,
            doors.NewDoor(
                name=name.strip(),
                kind=door_kind,
                space="social",
                ownership="owned",
                promoter_id=promoter_id,
                code=door_code,
            ),
        )
    return await of_customer(uow, customer_id)
