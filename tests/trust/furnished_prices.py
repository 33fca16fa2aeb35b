"""What pricing, search and product sheets keep: at least one row of each."""

from factories import Shop
from siyu.goods import pricing
from siyu.goods.catalog import reference_price, search_index, searching, sheets_keeping
from siyu.kernel import ids
from siyu.runtime import spreadsheets
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest


async def priced(database: Database, merchant: Merchant, shop: Shop, mark: str) -> dict[str, object]:
    """A list with a price, synonyms, a sheet and the deals of what was paid; ids by the names that paths use."""
    list_id, sheet_id = ids.new(), ids.new()
    async with database.begin(merchant) as uow:
        await pricing.save(uow, list_id, pricing.ListForm(f"{mark}价目", level=f"{mark}金卡"))
        await pricing.set_items(uow, list_id, [pricing.NewItem(shop.apple, 1, 1_000)])
        await searching.save_synonyms(uow, ids.new(), [f"{mark}苹果", f"{mark}蛇果"])
        table = spreadsheets.read_text(f"商品编码,商品名称,分类,售价\n{mark}-1,{mark}梨,水果,3\n")
        await sheets_keeping.keep(uow, sheet_id, f"{mark}.csv", table)
        while await search_index.reindex(uow):
            pass
    while await digest(database, merchant, reference_price.CONSUMERS[0]):
        pass
    return {"list_id": list_id, "sheet_id": sheet_id}
