"""Opening stores and other locations, and changing them."""

import re
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.earth import MILLIONTHS
from siyu.kernel.errors import Invalid, NotFound
from siyu.people import addresses
from siyu.place.stores.model import OWN_KINDS, NewStore, Store, StoreChange
from siyu.place.stores.queries import find, locations
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

CODE = re.compile(r"[0-9A-Za-z-]{1,20}")
COUNTY_DIGITS = 6
LENGTHS = (
    ("name", 1, 40, "名称", "A name"),
    ("address", 1, 120, "地址", "An address"),
    ("phone", 0, 30, "电话", "A phone number"),
    ("hours", 0, 60, "营业时间", "Opening hours"),
)


async def add(uow: UnitOfWork, store: NewStore) -> Store:
    """Open a location, or return the one that already has this code."""
    await uow.run(
        """
        insert into stores (merchant_id, id, code, name, address, phone, hours, latitude, longitude, kind, region_code,
                            ships, created_at)
        values (%(merchant_id)s, %(id)s, %(code)s, %(name)s, %(address)s, %(phone)s, %(hours)s, %(latitude)s,
                %(longitude)s, %(kind)s, %(region_code)s, %(ships)s, %(now)s)
        on conflict (merchant_id, code) do nothing
        """,
        id=ids.new(),
        **msgspec.structs.asdict(store),
    )
    return next(found for found in await locations(uow) if found.code == store.code)


async def edit(uow: UnitOfWork, store_id: UUID, change: StoreChange) -> Store:
    """Change a location of one's own; what it was is noted. Raises Invalid naming the field, and NotFound.

    A supplier's location is changed where suppliers are.
    """
    check(change)
    before = await find(uow, store_id)
    touched = await uow.run(
        """
        update stores
        set name = %(name)s, address = %(address)s, phone = %(phone)s, hours = %(hours)s, latitude = %(latitude)s,
            longitude = %(longitude)s, kind = %(kind)s, region_code = %(region_code)s, ships = %(ships)s,
            is_open = %(is_open)s
        where merchant_id = %(merchant_id)s and id = %(id)s and kind <> 'supplier'
        """,
        id=store_id,
        **msgspec.structs.asdict(change),
    )
    if not touched:
        raise NotFound(what="门店 / store")
    after = msgspec.structs.asdict(change)
    told = msgspec.structs.asdict(before)
    changed = [name for name, value in after.items() if told[name] != value]
    if changed:
        await audit.note(
            uow,
            "stores.edit",
            subject_kind="store",
            subject=store_id,
            name=before.name,
            before={name: told[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    return await find(uow, store_id)


def check(store: NewStore | StoreChange) -> None:
    """Raises Invalid naming the field."""
    for field, least, most, zh, en in LENGTHS:
        if not least <= len(getattr(store, field)) <= most:
            raise Invalid(
                field=field,
                zh=f"{zh}需为 {least} 到 {most} 个字。",
                en=f"{en} has {least} to {most} characters.",
            )
    if isinstance(store, NewStore) and not CODE.fullmatch(store.code):
        raise Invalid(
            field="code",
            zh="编号用 1 到 20 个字母、数字或横线。",
            en="A code has 1 to 20 letters, digits or hyphens.",
        )
    if store.kind not in OWN_KINDS:
        raise Invalid(field="kind", zh="请选择地点类型。", en="Choose a kind of location.")
    code = store.region_code
    if code and (len(code) != COUNTY_DIGITS or addresses.names_of(code) is None):
        raise Invalid(
            field="region_code",
            zh="没有这个 6 位区划代码。",
            en="There is no county with this six-digit code.",
        )
    if abs(store.latitude) > 90 * MILLIONTHS or abs(store.longitude) > 180 * MILLIONTHS:
        raise Invalid(field="place", zh="坐标超出范围。", en="The coordinates are out of range.")


def region_of(address: str) -> str:
    """The county that an address in words names, as a code; empty when none is recognised."""
    code = addresses.recognise(address).region_code[:COUNTY_DIGITS]
    return code if len(code) == COUNTY_DIGITS else ""
