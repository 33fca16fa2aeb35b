"""What payments and reconciliation keep: at least one row of each."""

from datetime import UTC, date, datetime
from uuid import UUID

from factories import Shop, placed
from siyu.connect import gateways
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant
from siyu.trade import payments, reconciliation
from trust.furnished_goods import picture

BILL_DAY = date(2026, 1, 5)


async def reconciled(
    database: Database, merchant: Merchant, shop: Shop, buyer: UUID, mark: str
) -> dict[str, object]:
    """A proof that waits, a notice taken in again, and a day whose bill differs; ids by the names that paths use."""
    options = payments.Options(
        is_offline_on=True, bank=f"{mark}银行", account_name=mark, account_number="6225"
    )
    proof_id, transferred = ids.new(), await placed(database, shop, buyer, milk=1)
    async with database.begin(merchant) as uow:
        await payments.set_options(uow, options)
        await payments.submit_proof(
            uow, proof_id, transferred.id, buyer,
            picture=payments.readable_proof(picture()), payer_name=f"{mark}王芳",
        )  # fmt: skip
        notice_id = await uow.one(
            str, "select id from gateway_notices where merchant_id = %(merchant_id)s limit 1"
        )
    await payments.take_in_again(database, merchant, notice_id)
    async with database.begin(merchant) as uow:
        number = payments.trade_number(uow.merchant_id, ids.new())
        unknown = gateways.BillRow(
            "payment",
            number,
            f"t{number}"[:32],
            "",
            "",
            1_234,
            6,
            datetime(2026, 1, 5, 4, tzinfo=UTC),
            "SUCCESS",
        )
        await reconciliation.take_in(uow, gateways.Bill("wxpay", BILL_DAY, (unknown,)))
        (difference,) = await reconciliation.differences(uow)
    return {
        "proof_id": proof_id, "transferred_order_id": transferred.id, "notice_id": notice_id,
        "difference_id": difference.id,
    }  # fmt: skip
