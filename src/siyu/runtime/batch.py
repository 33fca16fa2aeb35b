"""Requests that wait together are served together: one unit of work and one statement for all of them.

While one batch is in the database, the next requests gather; so under load the cost of a transaction is shared,
and alone a request waits for nobody. There is no timer and no added delay.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant, UnitOfWork

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)

WAITING_MAX = 5_000  # beyond this an honest refusal is better than a queue nobody sees the end of


class Overloaded(DomainError):
    """More requests are waiting than can be served in a reasonable time; nothing was done."""

    code = "busy"
    status = 503
    zh = "现在太忙了，请稍后再试。"
    en = "Too busy right now; please try again in a moment."


class Batcher(Generic[Asked, Answer]):
    """`work` answers many requests in one unit of work; an Exception in the answers is one caller's refusal."""

    def __init__(
        self,
        work: Callable[[UnitOfWork, Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]],
        *,
        size_max: int = 64,
        lanes: int = 1,
    ) -> None:
        self.work = work
        self.size_max = size_max
        self.lanes = lanes
        self._lanes: dict[UUID, _Lane[Asked, Answer]] = {}

    async def ask(self, database: Database, merchant: Merchant, asked: Asked) -> Answer:
        """Wait for a place in a batch and for its commit. Raises the refusal meant for this request."""
        lane = self._lanes.get(merchant.id)
        if lane is None or lane.database is not database:
            lane = self._lanes[merchant.id] = _Lane(self, database, merchant)
        return await lane.ask(asked)


class _Lane(Generic[Asked, Answer]):
    """The queue of one merchant: merchants never share a transaction."""

    def __init__(self, batcher: Batcher[Asked, Answer], database: Database, merchant: Merchant) -> None:
        self.batcher = batcher
        self.database = database
        self.merchant = merchant
        self.waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self.busy = 0
        self._tasks: set[asyncio.Task[None]] = set()  # referenced, so that none is collected while it works

    def ask(self, asked: Asked) -> asyncio.Future[Answer]:
        if len(self.waiting) >= WAITING_MAX:
            raise Overloaded
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.waiting.append((asked, future))
        if self.busy < self.batcher.lanes:
            self.busy += 1
            task = asyncio.create_task(self._serve())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return future

    async def _serve(self) -> None:
        try:
            while self.waiting:
                size = min(self.batcher.size_max, len(self.waiting))
                batch = [self.waiting.popleft() for _ in range(size)]
                await self._answer(batch)
        finally:
            # In the same step that saw the queue empty: whoever asks next starts a new task.
            self.busy -= 1

    async def _answer(self, batch: list[tuple[Asked, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self.database.attempt(
                self.merchant, lambda uow: self.batcher.work(uow, [asked for asked, _ in batch])
            )
        except Exception as problem:  # noqa: BLE001 - each caller must get an answer
            if len(batch) == 1:
                _settle(batch[0][1], problem)
                return
            # One bad request must not fail its neighbours: everything was rolled back, so ask one by one.
            log.warning("a batch of %d failed (%s); serving its requests singly", len(batch), problem)
            for single in batch:
                await self._answer([single])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)


def _settle(future: "asyncio.Future[Answer]", answer: "Answer | Exception") -> None:
    if future.done():  # the caller went away; what was committed stays
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
