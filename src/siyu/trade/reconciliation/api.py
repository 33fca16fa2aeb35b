"""JSON: bills by day, and the differences between them and our books."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.kernel.paging import bounded
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase
from siyu.trade.reconciliation import queries, resolving
from siyu.trade.reconciliation.model import Day, Difference, How

TAGS = ["Reconciliation 对账"]


class Resolve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`query` asks the gateway, `book` moves the difference to an account of its own, `ignore` leaves it."""

    how: How
    note: str = ""


@get("/api/v1/{slug:str}/reconciliation/days", opt={"permission": Permission.LEDGER_READ}, tags=TAGS)
async def list_days(uow: InUow, since: FromQuery[date]) -> list[Day]:
    """Every gateway's bill since a day, newest first; days as the gateways count them, in China."""
    return await queries.days(uow, since)


@get("/api/v1/{slug:str}/reconciliation/differences", opt={"permission": Permission.LEDGER_READ}, tags=TAGS)
async def list_differences(
    uow: InUow, which: FromQuery[Literal["open", "resolved"]] = "open", limit: FromQuery[int] = 100
) -> list[Difference]:
    """Differences that are open or resolved, the oldest first."""
    return await queries.differences(uow, state=which, limit=bounded(limit))


@post(
    "/api/v1/{slug:str}/reconciliation/differences/{difference_id:uuid}/resolve",
    opt={"permission": Permission.PAYMENTS_WRITE},
    tags=TAGS,
    status_code=200,
)
async def resolve(
    request: Request[Any, Any, Any],
    difference_id: FromPath[UUID],
    data: JSONBody[Resolve],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
) -> Difference:
    """Settle a difference. One that was settled before is returned as it is."""
    lines = request.app.state.gateways
    return await resolving.resolve(database, merchant, lines, difference_id, data.how, data.note, actor=actor)


routes = [list_days, list_differences, resolve]
