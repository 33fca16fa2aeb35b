"""What catalog, media and stock keep: at least one row of each."""

import io
from datetime import date
from uuid import UUID

from PIL import Image

from factories import Shop
from siyu.goods import catalog, inventory, media
from siyu.goods.inventory import stocktakes, transfers
from siyu.kernel import ids
from siyu.people.addresses import Address
from siyu.place import stores
from siyu.runtime.actors import SYSTEM
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.settings import Settings

TAG = "好吃"  # a word, not a name: every merchant may have it


def home(mark: str) -> Address:
    """Where the buyers of this merchant live."""
    return Address(f"{mark}小满", "13800000000", "310115", (), f"{mark}大道 100 号", 31_230_000, 121_500_000)


def picture(colour: str = "white") -> bytes:
    """A PNG as a phone would send it."""
    written = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(written, "PNG")
    return written.getvalue()


async def stocked(
    database: Database, settings: Settings, merchant: Merchant, shop: Shop, mark: str
) -> dict[str, object]:
    """Brands to pictures, and stock that travels, is counted and expires; ids by the names that paths use."""
    # One of each may be removed on a walk, and the other stays.
    kept, _ = [
        await media.keep(database, merchant, SYSTEM, settings, picture(colour)) for colour in ("white", "red")
    ]
    goods = await _sorted_goods(database, merchant, shop, mark)
    return {"picture_id": kept.id, **goods, **await _moved_stock(database, merchant, shop, mark)}


async def _sorted_goods(database: Database, merchant: Merchant, shop: Shop, mark: str) -> dict[str, object]:
    brand_id, category_id, tag = ids.new(), ids.new(), TAG
    async with database.begin(merchant) as uow:
        await catalog.save_brand(uow, brand_id, f"{mark}果园")
        for name in (tag, f"{mark}新品"):
            await catalog.save_tag(uow, name)
        category = await catalog.add_category(uow, category_id, f"{mark}礼品")
        box = catalog.NewProduct(
            category=category.name, title=f"{mark}礼盒", kind="bundle", brand_id=brand_id, tags=(tag,),
            skus=(catalog.NewSku(f"{mark}BOX", 1_800),),
        )  # fmt: skip
        card = catalog.NewProduct(
            category=category.name, title=f"{mark}提货券", kind="virtual",
            skus=(catalog.NewSku(f"{mark}CARD", 500),),
        )  # fmt: skip
        skus = await catalog.add_products(uow, [box, card], {category.name: category_id})
        parts = [catalog.Component(shop.apple, 1), catalog.Component(shop.milk, 1)]
        await catalog.set_bundle(uow, box.id, parts)
        for product in (box, card):
            for is_on_shelf in (False, True):
                await catalog.set_shelf(uow, product.id, is_on_shelf=is_on_shelf)
    return {
        "brand_id": brand_id,
        "gift_category_id": category_id,
        "box_product_id": box.id,
        "box_sku_id": skus[f"{mark}BOX"],
        "card_product_id": card.id,
        "card_sku_id": skus[f"{mark}CARD"],
    }


async def _moved_stock(database: Database, merchant: Merchant, shop: Shop, mark: str) -> dict[str, object]:
    async with database.begin(merchant) as uow:
        depot = (
            await stores.add(uow, stores.NewStore("W1", f"{mark}总仓", f"{mark}仓路", kind="warehouse"))
        ).id
        lot = inventory.LotName(f"{mark}批", date(2030, 1, 1))
        await inventory.receive(uow, [inventory.Pieces(depot, shop.milk, 20)], lot_names=[lot])
        await inventory.set_rules(uow, inventory.StockRules(mode="store_first", priority=(shop.store_id,)))
        sent = await _draft(uow, depot, shop)
        await transfers.send(uow, sent)
        await transfers.arrive(uow, sent, ids.new(), [transfers.Arrived(shop.milk, 1)])
        draft = await _draft(uow, depot, shop)
        sheet = await stocktakes.begin(uow, stocktakes.WantedStocktake(ids.new(), depot))
        await stocktakes.record(uow, sheet.id, [stocktakes.Count(shop.milk, 18, ids.new())])
        await inventory.prove(uow)
    return {"depot_id": depot, "transfer_id": draft, "sent_transfer_id": sent, "stocktake_id": sheet.id}


async def _draft(uow: UnitOfWork, depot: UUID, shop: Shop) -> UUID:
    wanted = transfers.WantedTransfer(ids.new(), depot, shop.store_id, ((shop.milk, 2),))
    return (await transfers.draft(uow, wanted)).id
