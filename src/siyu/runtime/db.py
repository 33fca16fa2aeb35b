"""The database: one unit of work is one transaction of one merchant. Only this file commits.

`Database.begin()` opens a transaction as the plain role `siyu_app` with the merchant set, so that row-level
security shows this merchant's rows and no others. SQL is written beside the function that needs it; rows come
back as frozen structs.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any, LiteralString, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import psycopg
from psycopg.generators import send
from psycopg.rows import AsyncRowFactory, tuple_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.runtime.actors import SYSTEM, Actor

T = TypeVar("T")
log = logging.getLogger(__name__)

APP_ROLE = "siyu_app"
TRIES_MAX = 3  # a fourth try of a deadlocked transaction has never helped; it only holds others up
RETRYABLE = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

set_json_dumps(msgspec.json.encode)
set_json_loads(msgspec.json.decode)


class Merchant(msgspec.Struct, frozen=True):
    """Whose rows these are. `currency` is ISO 4217, `timezone` an IANA name."""

    id: UUID
    slug: str
    name: str
    currency: str
    timezone: str
    licence_no: str = ""


class UnitOfWork:
    """One transaction for one merchant and one actor. Every query knows %(merchant_id)s and %(now)s."""

    __slots__ = ("_facts", "_pipeline", "_trip", "actor", "connection", "merchant", "now")

    def __init__(
        self,
        connection: psycopg.AsyncConnection,
        merchant: Merchant,
        actor: Actor,
        pipeline: psycopg.AsyncPipeline | None,
    ) -> None:
        self.connection = connection
        self._pipeline = pipeline
        self.merchant = merchant
        self.actor = actor
        self.now: datetime = clock.now()
        self._facts: list[_FactRow] = []
        self._trip: _RoundTrip | None = None

    @property
    def merchant_id(self) -> UUID:
        return self.merchant.id

    def _known(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        return {"merchant_id": self.merchant.id, "now": self.now, **facts}

    async def all(self, kind: type[T], query: LiteralString, /, **params: Any) -> list[T]:
        """Every row as `kind` (a struct, or a plain type for one column)."""
        cursor = self.connection.cursor(row_factory=rows_of(kind))
        await cursor.execute(query, self._known(params))
        if self._trip is not None:
            await self._trip.made()
        return await cursor.fetchall()

    async def maybe(self, kind: type[T], query: LiteralString, /, **params: Any) -> T | None:
        """The only row, or None."""
        found = await self.all(kind, query, **params)
        assert len(found) <= 1, "the query promised at most one row"
        return found[0] if found else None

    async def one(self, kind: type[T], query: LiteralString, /, **params: Any) -> T:
        """The only row."""
        found = await self.all(kind, query, **params)
        assert len(found) == 1, f"the query promised exactly one row, got {len(found)}"
        return found[0]

    async def run(self, query: LiteralString, /, **params: Any) -> int:
        """Execute; return how many rows were touched."""
        cursor = await self.connection.execute(query, self._known(params))
        if self._trip is not None:
            await self._trip.made()
        elif self._pipeline is not None:
            await _sync(self.connection, self._pipeline)
        return cursor.rowcount

    async def send(self, query: LiteralString, /, **params: Any) -> None:
        """Execute without waiting for the answer; if it fails, so does the next wait, at the latest the commit."""
        await self.connection.execute(query, self._known(params))

    @asynccontextmanager
    async def together(self) -> AsyncGenerator[None]:
        """Statements awaited side by side in this block (asyncio.gather) share one round trip.

        They run in the order in which they were started. On a busy loop a round trip costs far more than its
        network time, because the answer queues behind everything else that is ready.
        """
        assert self._pipeline is not None, "only a pipelined unit of work has round trips to share"
        self._trip = _RoundTrip(self.connection, self._pipeline)
        try:
            yield
        finally:
            self._trip = None

    @asynccontextmanager
    async def part(self) -> AsyncGenerator[None]:
        """A part that may be refused alone: what it wrote and told is undone, the rest of the unit goes on."""
        told = len(self._facts)
        await self.connection.execute("savepoint part")
        try:
            yield
            await self.connection.execute("release savepoint part")
            await self._settled()
        except Exception:
            del self._facts[told:]
            await self._settled()  # an error inside a pipeline holds it up until it is synchronised
            await self.connection.execute("rollback to savepoint part")
            raise

    async def _settled(self) -> None:
        if self._pipeline is not None:
            await self._pipeline.sync()

    async def run_many(self, query: LiteralString, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute once per row, pipelined."""
        async with self.connection.cursor() as cursor:
            await cursor.executemany(query, [self._known(row) for row in rows])

    def publish(self, fact: msgspec.Struct) -> UUID:
        """Tell the house that something happened. Written with this transaction, or not at all."""
        fact_id = ids.new()
        kind = type(fact).__struct_config__.tag
        assert isinstance(kind, str), "a fact is a tagged struct from siyu.events"
        self._facts.append(_FactRow(fact_id, kind, fact))
        return fact_id

    async def write_facts(self) -> None:
        """One insert for all facts of this unit of work, whatever the number of listeners."""
        if not self._facts:
            return
        await self.send(
            """
            insert into events (merchant_id, id, kind, at, data)
            select %(merchant_id)s, t.id, t.kind, %(now)s, t.data
            from json_to_recordset(%(rows)s::json) as t (id uuid, kind text, data jsonb)
            """,
            rows=json_rows(self._facts),
        )
        self._facts.clear()


class _RoundTrip:
    """One journey to the server for all statements that are ready to go."""

    def __init__(self, connection: psycopg.AsyncConnection, pipeline: psycopg.AsyncPipeline) -> None:
        self.connection = connection
        self.pipeline = pipeline
        self._journey: asyncio.Future[None] | None = None

    async def made(self) -> None:
        if self._journey is None:
            self._journey = asyncio.ensure_future(self._travel())
        await self._journey

    async def _travel(self) -> None:
        await asyncio.sleep(0)  # the statements beside this one are still being queued
        self._journey = None
        await _sync(self.connection, self.pipeline)


async def _sync(connection: psycopg.AsyncConnection, pipeline: psycopg.AsyncPipeline) -> None:
    """Send all that was queued and wait for the answers.

    Everything is sent first: psycopg 3.3 by itself would wait for the answer to a statement of some hundred
    kilobytes of which the socket has not yet taken the last part, and so for ever.
    """
    async with connection.lock:
        await connection.wait(send(connection.pgconn))
    await pipeline.sync()


class _FactRow(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    data: msgspec.Struct


def json_rows(rows: Iterable[msgspec.Struct]) -> str:
    """Rows for `json_to_recordset`: on hot paths this costs the driver a tenth of an array per column."""
    return msgspec.json.encode(list(rows)).decode()


def uuid_array(values: Iterable[UUID]) -> str:
    """Ids for `%(ids)s::uuid[]`: as text they cost the driver a fifth of a list it has to look at one by one."""
    return "{" + ",".join([value.hex for value in values]) + "}"


def rows_of(kind: type[T]) -> AsyncRowFactory[T]:
    """A psycopg row factory that builds `kind` from columns in the order of its fields, or by name."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):

        def scalar(_: psycopg.AsyncCursor[Any]) -> Callable[[Sequence[Any]], Any]:
            return lambda values: values[0]

        return scalar

    fields = kind.__struct_fields__
    nested = _nested(kind)

    def struct(cursor: psycopg.AsyncCursor[Any]) -> Callable[[Sequence[Any]], Any]:
        names = tuple(column.name for column in cursor.description or ())
        if nested:
            inner = [(i, nested[name]) for i, name in enumerate(names) if name in nested]
            if names == fields[: len(names)]:
                return lambda values: kind(*_converted(values, inner))
            return lambda values: kind(**dict(zip(names, _converted(values, inner), strict=True)))
        if names == fields[: len(names)]:
            return lambda values: kind(*values)
        return lambda values: kind(**dict(zip(names, values, strict=True)))

    return struct


@cache
def _nested(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Fields that hold structs themselves: their column is JSON, which the driver hands over as plain data."""
    return {name: hint for name, hint in get_type_hints(kind).items() if _holds_struct(hint)}


def _holds_struct(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return True
    return any(_holds_struct(inner) for inner in get_args(hint))


def _converted(values: Sequence[Any], inner: Sequence[tuple[int, Any]]) -> list[Any]:
    told = list(values)
    for i, hint in inner:
        # Most JSON columns are mostly empty lists: not worth a conversion each.
        told[i] = () if told[i] == [] and get_origin(hint) is tuple else msgspec.convert(told[i], hint)
    return told


class UnknownReference(DomainError):
    """Something named in the input does not exist at this merchant. Nothing was written."""

    code = "unknown_reference"
    status = 422
    zh = "内容里提到的对象不存在，未做任何改动。"
    en = "Something the input refers to does not exist; nothing was changed."


class AlreadyThere(DomainError):
    """The same thing has been written before, under a key that is used once."""

    code = "already_there"
    status = 409
    zh = "已经有一个同样的了，未做任何改动。"
    en = "The same thing is already there; nothing was changed."


class CannotBeStored(DomainError):
    """A value that no column takes: too large, or text with characters that are none. Nothing was written."""

    code = "cannot_be_stored"
    status = 422
    zh = "内容里有无法保存的值，未做任何改动。"
    en = "The input has a value that cannot be stored; nothing was changed."


def refusal_of(error: psycopg.Error) -> DomainError | None:
    """What an error of the database means to the caller, by SQLSTATE; None when the fault is ours."""
    match error:
        case psycopg.errors.ForeignKeyViolation():
            return UnknownReference()
        case psycopg.errors.UniqueViolation():
            return AlreadyThere()
        case psycopg.DataError() | psycopg.errors.CheckViolation():
            return CannotBeStored()
    return None


class Database:
    """A pool of connections that already are the plain role."""

    def __init__(self, url: str, connections_max: int = 8) -> None:
        self.url = url
        self.pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=connections_max,
            open=False,
            configure=_become_app,
            kwargs={"autocommit": True, "row_factory": tuple_row},
            timeout=10,
        )

    async def open(self) -> None:
        await self.pool.open(wait=True)

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def begin(
        self, merchant: Merchant, actor: Actor = SYSTEM, *, pipelined: bool = True
    ) -> AsyncGenerator[UnitOfWork]:
        """A unit of work: committed when the block ends, rolled back when it raises.

        It is pipelined: opening it costs no round trip of its own, and neither do statements nobody waits for.
        COPY is the one thing that needs an unpipelined one.
        """
        async with self.pool.connection() as connection:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    pipeline = await stack.enter_async_context(connection.pipeline()) if pipelined else None
                    await _open(connection, merchant.id)
                    uow = UnitOfWork(connection, merchant, actor, pipeline)
                    yield uow
                    await uow.write_facts()
                    await connection.execute("commit")
            except BaseException:
                await _roll_back(connection)
                raise

    @asynccontextmanager
    async def platform(self) -> AsyncGenerator[psycopg.AsyncConnection]:
        """A transaction without a merchant: sees only the platform's tables (merchants, clock)."""
        async with self.pool.connection() as connection:
            await connection.execute("begin")
            try:
                yield connection
                await connection.execute("commit")
            except BaseException:
                await _roll_back(connection)
                raise

    async def attempt(
        self, merchant: Merchant, work: Callable[[UnitOfWork], Awaitable[T]], actor: Actor = SYSTEM
    ) -> T:
        """Do `work` in a unit of work; after a deadlock or serialization failure do all of it again."""
        for attempt in range(1, TRIES_MAX + 1):
            try:
                async with self.begin(merchant, actor) as uow:
                    return await work(uow)
            except RETRYABLE:
                if attempt == TRIES_MAX:
                    raise
                await asyncio.sleep(0.01 * attempt)
        raise AssertionError("the loop returns or raises")


async def _become_app(connection: psycopg.AsyncConnection) -> None:
    await connection.execute(f"set role {APP_ROLE}")  # pyright: ignore - a constant of this file


async def _open(connection: psycopg.AsyncConnection, merchant_id: UUID) -> None:
    """Begin as this merchant. SET LOCAL, because Citus does not pass set_config() on; it takes no parameters."""
    await connection.execute("begin")
    await connection.execute(f"set local siyu.merchant_id = '{merchant_id}'".encode(), prepare=False)


async def _roll_back(connection: psycopg.AsyncConnection) -> None:
    if not connection.closed:
        try:
            await connection.execute("rollback")
        except psycopg.Error:
            # The pool throws a broken connection away; the server rolls back by itself.
            await connection.close()
