"""Reading what a merchant offers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade.delivery.model import FreightTemplate, Local, LocalRules, Settings, Slot
from siyu.trade.delivery.slots import slots
from siyu.trade.delivery.terms import DAYS_MAX


async def settings_of(uow: UnitOfWork) -> Settings:
    """Which ways the merchant offers; who never said anything offers pickup."""
    found = await uow.maybe(
        Settings, "select ways, ship_hours from delivery_settings where merchant_id = %(merchant_id)s"
    )
    return Settings(tuple(found.ways), found.ship_hours) if found else Settings()


async def templates(uow: UnitOfWork) -> list[FreightTemplate]:
    """All freight templates, the default first."""
    return await uow.all(
        FreightTemplate,
        """
        select id, name, pricing, groups, is_default from freight_templates
        where merchant_id = %(merchant_id)s order by is_default desc, name
        """,
    )


async def template(uow: UnitOfWork, template_id: UUID) -> FreightTemplate:
    """Raises NotFound."""
    found = next((one for one in await templates(uow) if one.id == template_id), None)
    if found is None:
        raise NotFound(what="运费模板 / freight template")
    return found


async def used_by(uow: UnitOfWork, template_id: UUID) -> int:
    """How many products name this template."""
    return await uow.one(
        int,
        """
        select count(*)::int from products
        where merchant_id = %(merchant_id)s and freight_template_id = %(id)s
        """,
        id=template_id,
    )


async def local_of(uow: UnitOfWork, store_id: UUID) -> Local | None:
    """A store's local delivery, on or off; None when it was never set up."""
    return next((one for one in await _locals(uow, [store_id], only_on=False)), None)


async def _locals(uow: UnitOfWork, store_ids: Sequence[UUID], *, only_on: bool) -> list[Local]:
    return await uow.all(
        Local,
        """
        select l.store_id, s.name as store_name, s.latitude, s.longitude, l.is_on, l.rules
        from local_delivery l join stores s on s.merchant_id = l.merchant_id and s.id = l.store_id
        where l.merchant_id = %(merchant_id)s and (not %(only_on)s or (l.is_on and s.is_open))
          and (cardinality(%(stores)s::uuid[]) = 0 or l.store_id = any(%(stores)s))
        order by s.code
        """,
        stores=list(store_ids),
        only_on=only_on,
    )


async def locals_for(uow: UnitOfWork) -> list[tuple[Local, list[Slot]]]:
    """Every store that delivers itself now, with the slots that can be chosen, full ones included."""
    found = await _locals(uow, [], only_on=True)
    if not found:
        return []
    taken = await uow.all(
        _Taken,
        """
        select store_id, starts_at, booked from delivery_slots
        where merchant_id = %(merchant_id)s and store_id = any(%(stores)s)
          and starts_at between %(now)s and %(until)s
        """,
        stores=[one.store_id for one in found],
        until=uow.now + timedelta(days=DAYS_MAX + 1),
    )
    by_store: dict[UUID, dict[datetime, int]] = {}
    for row in taken:
        by_store.setdefault(row.store_id, {})[row.starts_at] = row.booked
    return [
        (one, slots(one.rules, uow.merchant.timezone, by_store.get(one.store_id, {}), uow.now))
        for one in found
    ]


class _Taken(msgspec.Struct, frozen=True):
    store_id: UUID
    starts_at: datetime
    booked: int


NO_RULES = LocalRules(
    radius=5_000,
    tiers=(),
    minimum=0,
    openings=(),
    slot_minutes=60,
    capacity=10,
    cutoff_minutes=60,
    days_ahead=3,
)
