"""Doing one thing to many orders: a job goes through them one by one and says which could not be done."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError
from siyu.runtime import audit, jobs
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade.orders.actions import confirm_received
from siyu.trade.orders.changing import add_note
from siyu.trade.orders.model import WrongState
from siyu.trade.orders.queries import find

ORDERS_MAX = 5_000
CANCELLED_PER_STEP = 5  # each may ask a gateway, which takes tenths of a second

# What is done with each order; only these have routes.
NOTE, CANCEL, RECEIVE = "orders.note", "orders.cancel", "orders.receive"


class Chosen(msgspec.Struct, frozen=True):
    """The orders (id and number) and, for a note, its text."""

    orders: tuple[tuple[UUID, str], ...]
    text: str = ""


async def start(uow: UnitOfWork, kind: str, chosen: Chosen, job_id: UUID) -> UUID:
    """Begin to do `kind` to the chosen orders; the id of the job. Who did it to how many is written down."""
    titles = {
        NOTE: ("批量添加备注", "Add a note to orders"),
        CANCEL: ("批量取消未付款订单", "Cancel unpaid orders"),
        RECEIVE: ("批量确认收货", "Mark orders as received"),
    }
    zh, en = titles[kind]
    await audit.note(
        uow,
        "orders.bulk",
        subject_kind="list",
        name=zh,
        after={"rows": len(chosen.orders)},
        reason=chosen.text,
    )
    return await jobs.start(
        uow, kind, chosen, title_zh=zh, title_en=en, total=len(chosen.orders), job_id=job_id
    )


def _number(order: tuple[UUID, str]) -> str:
    return order[1]


async def _note(uow: UnitOfWork, chosen: Chosen, position: int | None) -> jobs.Step:
    async def one(uow: UnitOfWork, order: tuple[UUID, str]) -> None:
        await find(uow, order[0])  # within the scope of whoever asked
        await add_note(uow, order[0], chosen.text)

    return await jobs.each(uow, chosen.orders, position, one, subject=_number)


async def _receive(uow: UnitOfWork, chosen: Chosen, position: int | None) -> jobs.Step:
    async def one(uow: UnitOfWork, order: tuple[UUID, str]) -> None:
        await find(uow, order[0])
        await confirm_received(uow, [order[0]])

    return await jobs.each(uow, chosen.orders, position, one, subject=_number)


def cancelling(cancel: Callable[[Database, Merchant, UUID], Awaitable[None]]) -> jobs.Kind:
    """The kind that cancels. `cancel` asks the gateways and closes one order; a second time it is refused."""

    async def outside(database: Database, merchant: Merchant, chosen: Chosen, position: int | None) -> None:
        begin = position or 0
        for order_id, _ in chosen.orders[begin : begin + CANCELLED_PER_STEP]:
            # The step says by the order's state what came of it.
            with suppress(DomainError):
                await cancel(database, merchant, order_id)

    async def step(uow: UnitOfWork, chosen: Chosen, position: int | None) -> jobs.Step:
        async def one(uow: UnitOfWork, order: tuple[UUID, str]) -> None:
            found = await find(uow, order[0])
            if found.state != "closed":
                raise WrongState(found.state)

        return await jobs.each(uow, chosen.orders, position, one, subject=_number, size=CANCELLED_PER_STEP)

    return jobs.Kind(CANCEL, Chosen, step, outside)


JOBS = [jobs.Kind(NOTE, Chosen, _note), jobs.Kind(RECEIVE, Chosen, _receive)]
