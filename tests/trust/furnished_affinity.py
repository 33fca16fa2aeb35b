"""What KOC matching keeps: a calculation with its matches, a candidate, a task, a sample."""

from uuid import UUID

from factories import Shop
from siyu.growth import affinity
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant


async def matched(
    database: Database, merchant: Merchant, shop: Shop, promoter_id: UUID, buyer: UUID, mark: str
) -> dict[str, object]:
    """The promoter is matched and has a task; the buyer is a candidate with a sample."""
    await affinity.compute(database, merchant)
    assignment_id, sample_id = ids.new(), ids.new()
    async with database.begin(merchant) as uow:
        product = await uow.one(
            UUID,
            "select product_id from skus where merchant_id = %(merchant_id)s and id = %(sku)s",
            sku=shop.apple,
        )
        await affinity.assign(uow, assignment_id, promoter_id, product, words=f"{mark}说说口感")
        await uow.run(
            """
            insert into koc_states (merchant_id, customer_id, state, note, changed_at, created_at)
            values (%(merchant_id)s, %(customer)s, 'candidate', %(mark)s, %(now)s, %(now)s) on conflict do nothing
            """,
            customer=buyer,
            mark=mark,
        )
        await affinity.move(uow, buyer, "invited", f"{mark}邀请")
        await affinity.request(uow, sample_id, buyer, product)
    return {"assignment_id": assignment_id, "sample_id": sample_id}
