"""The first day of the demo merchant: stores, staff, goods with their pictures, and doors."""

from pathlib import Path
from uuid import UUID

import msgspec

from siyu.demo import catalogue, pictures
from siyu.demo.catalogue import CATEGORIES, items
from siyu.demo.places import ENTRIES, KEEPER, MERCHANT_SLUG, PASSWORD, SHOPS, WORKERS, Entry
from siyu.demo.premises import furnish
from siyu.demo.shelving import fill_shelves
from siyu.kernel import ids
from siyu.people import staff
from siyu.place import doors, stores
from siyu.runtime.db import UnitOfWork
from siyu.settings import Settings

OWNER_ROLE = "owner"


class House(msgspec.Struct, frozen=True):
    """Ids of what stands now, by the keys of the plan; `doors` grows when promoters join."""

    stores: dict[str, UUID]
    skus: dict[str, UUID]
    prices: dict[str, int]
    doors: dict[str, UUID]
    staff: dict[str, UUID]
    warehouse: UUID


async def open_house(uow: UnitOfWork) -> House:
    """Write everything that stands still. The owner's sign-in is left for the end: it marks the demo as complete."""
    store_ids = {shop.code: (await stores.add(uow, _new_store(shop.code))).id for shop in SHOPS}
    staff_ids = await hire(uow, store_ids, owner=False)
    premises = await furnish(uow, store_ids)
    sku_ids = await fill_shelves(uow, premises.freight)
    standing = [entry for entry in ENTRIES if not entry.promoter]
    opened = await doors.open_doors(uow, [_new_door(entry, store_ids, staff_ids) for entry in standing])
    return House(
        stores=store_ids,
        skus=sku_ids,
        prices={item.code: item.choice.price for item in items()},
        doors={entry.key: door.id for entry, door in zip(standing, opened, strict=True)},
        staff=staff_ids | {KEEPER.login: premises.keeper},
        warehouse=premises.warehouse,
    )


def _new_store(code: str) -> stores.NewStore:
    shop = next(shop for shop in SHOPS if shop.code == code)
    return stores.NewStore(
        code=shop.code,
        name=shop.name,
        address=shop.address,
        phone=shop.phone,
        hours=shop.hours,
        latitude=shop.latitude,
        longitude=shop.longitude,
        region_code=shop.region_code,
    )


async def hire(uow: UnitOfWork, store_ids: dict[str, UUID], *, owner: bool) -> dict[str, UUID]:
    """Give the owner, or everybody else, their sign-in; returns staff ids by login."""
    return {
        worker.login: await staff.add(
            uow,
            login=worker.login,
            name=worker.name,
            role=worker.role,
            password=PASSWORD,
            store_id=store_ids.get(worker.store),
        )
        for worker in WORKERS
        if (worker.role == OWNER_ROLE) is owner
    }


def _new_door(entry: Entry, store_ids: dict[str, UUID], staff_ids: dict[str, UUID]) -> doors.NewDoor:
    return doors.NewDoor(
        name=entry.name,
        kind=entry.kind,
        space=entry.space,
        ownership=entry.ownership,
        store_id=store_ids.get(entry.store),
        staff_id=staff_ids.get(entry.worker),
        code=door_code(entry.key),
    )


def door_code(key: str) -> str:
    """`shelf-yc-fresh` → `SHELFYCFRESH`: a code that can be typed, at most 16 characters."""
    return key.replace("-", "").upper()[:16]


def hang_pictures(settings: Settings) -> int:
    """Draw the pictures that are not there yet; return how many were drawn.

    Each file appears under its name only when it is whole, so a crash leaves no half picture.
    """
    folder = settings.folder("media", MERCHANT_SLUG, "products")
    drawn = 0
    for category in (*CATEGORIES, catalogue.sorting.NOVELTIES):
        for product in category.products:
            large, small = folder / f"{product.key}.webp", folder / f"{product.key}.s.webp"
            if large.exists() and small.exists():
                continue
            picture = pictures.draw(product.drawing)
            _write(small, picture.small)
            _write(large, picture.large)
            drawn += 1
    return drawn


def _write(path: Path, content: bytes) -> None:
    # A name of its own: a seed that was cut off may still be drawing in its thread while the next one draws.
    unfinished = path.with_suffix(f".{ids.new().hex}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
