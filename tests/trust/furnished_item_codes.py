"""What item codes keep: at least one row of each table."""

from uuid import UUID

from siyu.growth import itemcodes
from siyu.growth.itemcodes import printing
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant

FAR = itemcodes.Place(399, 1_164)


async def coded(
    database: Database, merchant: Merchant, product_id: UUID, buyer: UUID, mark: str
) -> dict[str, object]:
    """A batch with a dealer's range, a file that was taken, a code redeemed, and an alert."""
    made = {name: ids.new() for name in ("item_batch_id", "item_range_id", "item_dealer_id")}
    async with database.begin(merchant) as uow:
        new = itemcodes.NewBatch(
            f"{mark}秋茶", 1_000_000, product_id, reward=itemcodes.Reward("points", points=3)
        )
        batch = await itemcodes.create(uow, made["item_batch_id"], new)
        dealer = itemcodes.NewDealer(f"{mark}经销商", 31_298_000, 120_585_000, 50)
        await itemcodes.add_dealer(uow, made["item_dealer_id"], dealer)
        await itemcodes.activate(uow, made["item_range_id"], batch.id, 0, 9, made["item_dealer_id"])
        await itemcodes.activate(uow, ids.new(), batch.id, 20, 29)
        key = await itemcodes.key_of(uow, batch.id)
        paper = printing.paper(batch, key, "outer", 0, 9, "")
        await printing.note_delivery(uow, paper, "csv", printing.sha256(paper))
        keys = itemcodes.keys(key, batch.number, "inner", batch.quantity)
        await itemcodes.redeem(uow, itemcodes.code_of(keys, 1), buyer)
    code = itemcodes.code_of(keys, 2)
    await itemcodes.scan(database, merchant, code, visitor_id=ids.new(), customer_id=buyer, place=FAR)
    async with database.begin(merchant) as uow:
        (alert,) = await itemcodes.alerts(uow)
    return {**made, "item_code": code, "alert_id": alert.id}
