"""JSON: what a merchant offers, its freight templates and its stores' own delivery."""

from datetime import date
from uuid import UUID

import msgspec
from litestar import delete, get, put
from litestar.params import FromPath, JSONBody

from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow
from siyu.trade.delivery import actions, queries
from siyu.trade.delivery.model import (
    FreightTemplate,
    Local,
    LocalRules,
    Opening,
    Pricing,
    RegionGroup,
    Settings,
    Slot,
    Tier,
)

TAGS = ["Delivery 配送"]
WRITE = {"permission": Permission.DELIVERY_WRITE}


class WantedTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A freight template. Exactly one group has no regions. Fees are minor units; units are pieces or grams."""

    name: str
    pricing: Pricing
    groups: tuple[RegionGroup, ...]
    is_default: bool = False


class WantedLocal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A store's own delivery. Metres, minor units and minutes; weekdays 1 (Monday) to 7."""

    is_on: bool
    radius: int
    tiers: tuple[Tier, ...]
    openings: tuple[Opening, ...]
    slot_minutes: int
    capacity: int
    minimum: int = 0
    cutoff_minutes: int = 60
    days_ahead: int = 3
    closed_days: tuple[date, ...] = ()
    districts: tuple[str, ...] = ()


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ways: tuple[str, ...]
    ship_hours: int = 48


class StoreSlots(msgspec.Struct, frozen=True):
    """A store that delivers itself now, and when a courier can come."""

    store_id: UUID
    store_name: str
    slots: list[Slot]


@get("/api/v1/{slug:str}/delivery/settings", opt={"public": True}, tags=TAGS)
async def read_settings(uow: InUow) -> Settings:
    """Which ways of delivery the shop offers."""
    return await queries.settings_of(uow)


@put("/api/v1/{slug:str}/delivery/settings", opt=WRITE, tags=TAGS)
async def set_settings(data: JSONBody[Offer], uow: InUow) -> Settings:
    """Say which ways are offered, and within how many hours parcels leave."""
    return await actions.offer(uow, data.ways, data.ship_hours)


@get("/api/v1/{slug:str}/delivery/templates", opt=WRITE, tags=TAGS)
async def list_templates(uow: InUow) -> list[FreightTemplate]:
    """Freight templates, the default first."""
    return await queries.templates(uow)


@put("/api/v1/{slug:str}/delivery/templates/{template_id:uuid}", opt=WRITE, tags=TAGS)
async def keep_template(
    template_id: FromPath[UUID], data: JSONBody[WantedTemplate], uow: InUow
) -> FreightTemplate:
    """Write a template under an id you make. The same again changes nothing."""
    return await actions.keep_template(
        uow, FreightTemplate(template_id, data.name, data.pricing, data.groups, data.is_default)
    )


@delete("/api/v1/{slug:str}/delivery/templates/{template_id:uuid}", opt=WRITE, tags=TAGS)
async def remove_template(template_id: FromPath[UUID], uow: InUow) -> None:
    """Remove a template that no product names."""
    await actions.remove_template(uow, template_id)


@put("/api/v1/{slug:str}/delivery/stores/{store_id:uuid}", opt=WRITE, tags=TAGS)
async def set_local(store_id: FromPath[UUID], data: JSONBody[WantedLocal], uow: InUow) -> Local | None:
    """Set up a store's own delivery."""
    said = msgspec.structs.asdict(data)
    is_on = said.pop("is_on")
    await actions.set_local(uow, store_id, LocalRules(**said), is_on=is_on)
    return await queries.local_of(uow, store_id)


@get("/api/v1/{slug:str}/delivery/slots", opt={"public": True}, tags=TAGS)
async def list_slots(uow: InUow) -> list[StoreSlots]:
    """The stores that deliver themselves, with the slots that can be chosen now; `left` 0 is full."""
    return [
        StoreSlots(local.store_id, local.store_name, found) for local, found in await queries.locals_for(uow)
    ]


routes = [
    read_settings,
    set_settings,
    list_templates,
    keep_template,
    remove_template,
    set_local,
    list_slots,
]
