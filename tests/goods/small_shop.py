"""A store and two products, for tests that need no orders."""

from uuid import UUID

import msgspec

from siyu.goods import catalog
from siyu.place import stores
from siyu.runtime.db import Database, Merchant


class SmallShop(msgspec.Struct, frozen=True):
    """Apples at 12.90 and milk at 6.80."""

    merchant: Merchant
    store_id: UUID
    apple: UUID
    milk: UUID


async def a_small_shop(database: Database, merchant: Merchant) -> SmallShop:
    async with database.begin(merchant) as uow:
        store = await stores.add(uow, stores.NewStore(code="S1", name="一店", address="一路 1 号"))
        categories = await catalog.add_categories(uow, [("水果", "fruit"), ("乳品", "milk")])
        skus = await catalog.add_products(
            uow,
            [
                catalog.NewProduct(
                    category="水果", title="红富士苹果", skus=(catalog.NewSku("APPLE", 1_290),)
                ),
                catalog.NewProduct(category="乳品", title="鲜牛奶", skus=(catalog.NewSku("MILK", 680),)),
            ],
            categories,
        )
    return SmallShop(merchant, store.id, skus["APPLE"], skus["MILK"])
