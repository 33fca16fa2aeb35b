"""The first day of the demo merchant: stores, staff, goods with their pictures, doors and commission plans."""

from pathlib import Path
from uuid import UUID

import msgspec

from siyu.demo import pictures
from siyu.demo.catalogue import CATEGORIES, Item, Product, items
from siyu.demo.places import ENTRIES, MERCHANT_SLUG, SHOPS, WORKERS, Entry
from siyu.goods import catalog
from siyu.growth import distribution
from siyu.kernel import ids
from siyu.people import staff
from siyu.place import doors, stores
from siyu.runtime.db import UnitOfWork
from siyu.settings import Settings

# The demo prints its password on purpose; it opens nothing but made-up data.
PASSWORD = "heshun-demo"  # noqa: S105
OWNER_ROLE = "owner"

# Basis points of what the buyer pays, by shelf; the rest of the shop follows the general plan.
GENERAL_RATE = 500
RATES = {"skin": ("护肤加佣", 1000), "makeup": ("彩妆加佣", 1200), "produce": ("生鲜", 300)}


class House(msgspec.Struct, frozen=True):
    """Ids of what stands now, by the keys of the plan; `doors` grows when promoters join."""

    stores: dict[str, UUID]
    skus: dict[str, UUID]
    prices: dict[str, int]
    doors: dict[str, UUID]


async def open_house(uow: UnitOfWork) -> House:
    """Write everything that stands still. The owner's sign-in is left for the end: it marks the demo as complete."""
    store_ids = {shop.code: (await stores.add(uow, _new_store(shop.code))).id for shop in SHOPS}
    staff_ids = await hire(uow, store_ids, owner=False)
    sku_ids = await _fill_shelves(uow)
    standing = [entry for entry in ENTRIES if not entry.promoter]
    opened = await doors.open_doors(uow, [_new_door(entry, store_ids, staff_ids) for entry in standing])
    return House(
        stores=store_ids,
        skus=sku_ids,
        prices={item.code: item.choice.price for item in items()},
        doors={entry.key: door.id for entry, door in zip(standing, opened, strict=True)},
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


async def _fill_shelves(uow: UnitOfWork) -> dict[str, UUID]:
    faces = {product.key: product for category in CATEGORIES for product in category.products}
    categories = await catalog.add_categories(
        uow, [(category.name, picture_key(faces[category.face])) for category in CATEGORIES]
    )
    by_product: dict[str, list[Item]] = {}
    for item in items():
        by_product.setdefault(item.product.key, []).append(item)
    sku_ids = await catalog.add_products(
        uow, [_new_product(group, place) for place, group in enumerate(by_product.values())], categories
    )
    await distribution.add_plan(uow, name="全场推荐", rate_bps=GENERAL_RATE)
    for category in CATEGORIES:
        if category.key in RATES:
            name, rate = RATES[category.key]
            await distribution.add_plan(uow, name=name, rate_bps=rate, category_id=categories[category.name])
    return sku_ids


def _new_product(group: list[Item], position: int) -> catalog.NewProduct:
    product, category = group[0].product, group[0].category
    return catalog.NewProduct(
        category=category.name,
        title=product.title,
        subtitle=product.subtitle,
        description=product.description,
        picture=picture_key(product),
        unit=product.unit,
        position=position,
        skus=tuple(
            catalog.NewSku(code=item.code, price=item.choice.price, title=item.choice.title) for item in group
        ),
    )


def picture_key(product: Product) -> str:
    """Where the large picture lies below the merchant's media folder."""
    return f"products/{product.key}.webp"


def hang_pictures(settings: Settings) -> int:
    """Draw the pictures that are not there yet; return how many were drawn.

    Each file appears under its name only when it is whole, so a crash leaves no half picture.
    """
    folder = settings.folder("media", MERCHANT_SLUG, "products")
    drawn = 0
    for category in CATEGORIES:
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
