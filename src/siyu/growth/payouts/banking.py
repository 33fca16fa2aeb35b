"""Payouts to bank cards: a file for the bank, and what the bank says about each row. Nothing is sent by us."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.growth import promoters
from siyu.growth.payouts import books, finishing
from siyu.growth.payouts.model import Payout, WrongState
from siyu.growth.payouts.queries import find, listing, locked, of_number
from siyu.kernel.errors import DomainError, Invalid
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

FILE_ROWS_MAX = 200
WHY = "银行代付文件"
REFERENCE_LENGTH_MAX = 60


class BankRow(msgspec.Struct, frozen=True):
    """A row of the file for the bank, unsealed; `net` in fen."""

    number: str
    real_name: str
    bank_account: str
    bank_name: str
    net: int


class Result(msgspec.Struct, frozen=True):
    """What the bank says about a payout: paid with a reference, or not and why."""

    number: str
    is_paid: bool
    word: str


async def bank_file(uow: UnitOfWork, *, secret: str) -> list[BankRow]:
    """Everything approved for bank cards, handed to the bank from now on (`manual`), and what is with it already.

    Taking the file again names the same rows, never others for the same money.
    """
    await uow.run(
        """
        select 1 from payouts where merchant_id = %(merchant_id)s and method = 'bank' and state = 'approved'
        order by id for no key update
        """
    )
    waiting = [row for row in await listing(uow, states=("approved",), limit=1000) if row.method == "bank"]
    for payout in waiting[:FILE_ROWS_MAX]:
        await uow.run(
            """
            update payouts set state = 'manual', submitted_at = %(now)s, attempts = attempts + 1
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=payout.id,
        )
        await books.step(uow, payout.id, "manual")
    rows = []
    for payout in await listing(uow, states=("manual",), limit=FILE_ROWS_MAX):
        if payout.method == "bank":
            opened = await promoters.identity_open(uow, payout.promoter_id, secret=secret, why=WHY)
            rows.append(
                BankRow(payout.number, opened.real_name, opened.bank_account, opened.bank_name, payout.net)
            )
    return rows


async def take_results(uow: UnitOfWork, results: Sequence[Result]) -> tuple[int, list[tuple[str, str]]]:
    """What the bank's answer says, row by row; (how many took effect, the others with the reason). Twice is once."""
    done, refused = 0, []
    for result in results:
        try:
            async with uow.part():
                payout_id = await of_number(uow, result.number)
                if payout_id is None:
                    refused.append((result.number, "not_found"))
                else:
                    await mark(uow, payout_id, is_paid=result.is_paid, word=result.word)
                    done += 1
        except DomainError as problem:
            refused.append((result.number, problem.code))
    return done, refused


async def mark(uow: UnitOfWork, payout_id: UUID, *, is_paid: bool, word: str) -> Payout:
    """The bank paid, with this reference, or did not, for this reason. The same again changes nothing.

    Raises Invalid, WrongState for what is not with the bank, and NotFound.
    """
    word = word.strip()
    if not 1 <= len(word) <= REFERENCE_LENGTH_MAX:
        raise Invalid(
            field="word", zh="请填写银行流水号或失败原因。", en="Give the bank's reference or its reason."
        )
    payout = await locked(uow, payout_id)
    if payout.state == ("paid" if is_paid else "failed"):
        return payout
    if payout.state != "manual":
        raise WrongState
    if is_paid:
        await books.pay(uow, payout)
        await uow.run(
            """
            update payouts set state = 'paid', finished_at = %(now)s, reference = %(word)s
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=payout_id,
            word=word,
        )
        await books.step(uow, payout_id, "paid", word)
    else:
        await finishing.returned(uow, payout, "failed", "bank", word)
    await audit.note(
        uow, "payouts.mark", subject_kind="payout", subject=payout_id, name=payout.number,
        before={"state": "manual"},
        after={"state": "paid" if is_paid else "failed", "net_amount": payout.net}, reason=word,
    )  # fmt: skip
    return await find(uow, payout_id)


def read_results(text: str) -> list[Result]:
    """The bank's answer as lines `number,paid|failed,reference or reason`; commas or tabs. Raises Invalid naming the line."""
    results = []
    for number, line in enumerate(text.strip().splitlines(), start=1):
        cells = [cell.strip() for cell in line.replace("\t", ",").split(",", 2)]
        if len(cells) != 3 or cells[1] not in ("paid", "failed", "成功", "失败"):
            raise Invalid(
                field="results",
                zh=f"第 {number} 行看不懂：应为“单号,成功或失败,流水号或原因”。",
                en=f"Line {number} is not `number,paid or failed,reference or reason`.",
            )
        results.append(Result(cells[0], cells[1] in ("paid", "成功"), cells[2]))
    if len(results) > FILE_ROWS_MAX:
        raise Invalid(field="results", zh="一次最多 200 行。", en="At most 200 lines at once.")
    return results
