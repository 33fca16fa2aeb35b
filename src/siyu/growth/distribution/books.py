"""Where commission stands in the ledger: what is owed to each promoter, and what it costs the merchant."""

from collections.abc import Collection
from uuid import UUID

from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork

EXPENSE = "commission_expense"
WRITE_OFFS = "commission_write_offs"


def hold_id(order_id: UUID, line_no: int, round_no: int = 0) -> UUID:
    """The transfer that holds the commission of a line; each round, after a dispute moved the sale, has its own."""
    return ids.derived("commission.hold", order_id, line_no, *([round_no] if round_no else []))


def account_code(promoter_id: UUID) -> str:
    """The ledger account of what is owed to a promoter."""
    return f"promoter:{promoter_id}"


async def accounts(uow: UnitOfWork, promoter_ids: Collection[UUID], *others: str) -> dict[str, UUID]:
    """Ids of these promoters' accounts, of the expense and of `others` (debit side), by code."""
    sides = {account_code(promoter_id): "credit" for promoter_id in promoter_ids}
    return await ledger.open_accounts(uow, {EXPENSE: "debit", **dict.fromkeys(others, "debit"), **sides})
