"""JSON: stock, its moves and lots, arrivals and losses, transfers, stocktakes."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.goods import catalog
from siyu.goods.catalog import StockedSku
from siyu.goods.inventory import expiry, moving, queries, ruling, stocktakes, transfers
from siyu.goods.inventory.expiry import ListedLot
from siyu.goods.inventory.lots import checked
from siyu.goods.inventory.model import Level, LotName, Move, Pieces
from siyu.goods.inventory.queries import MoveFilter
from siyu.goods.inventory.ruling import StockRules
from siyu.goods.inventory.stocktakes import Count, Stocktake, StocktakeLine, WantedStocktake
from siyu.goods.inventory.transfers import Arrived, Transfer, TransferLine, WantedTransfer
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import Page
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow

TAGS = ["Stock 库存"]
READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
COUNT = {"permission": Permission.STOCK_COUNT}
ARRIVALS_MAX = 500


class Arrival(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pieces that arrived at a location, of `lot` if one is named; it may be sold until `expires_on`."""

    store_id: UUID
    sku_id: UUID
    quantity: int
    lot: str = ""
    expires_on: date | None = None


class Loss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pieces that are broken or past their date. The same `id` (made by the asker) is one loss."""

    store_id: UUID
    sku_id: UUID
    quantity: int
    id: UUID
    reason: Literal["damaged", "expired"] = "damaged"
    note: str = ""
    lot_id: UUID | None = None


class KeptBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many pieces of a SKU at a location are not sold."""

    store_id: UUID
    sku_id: UUID
    pieces: int


class NewTransfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A transfer to be drafted; the same `id` (made by the asker) is one transfer."""

    id: UUID
    from_id: UUID
    to_id: UUID
    lines: list["TransferPieces"]
    remark: str = ""


class TransferPieces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku_id: UUID
    quantity: int


class Arrivals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of pieces on their way; the same `id` (made by the asker) counts once."""

    id: UUID
    lines: list[Arrived]


class WholeTransfer(msgspec.Struct, frozen=True):
    """A transfer and what it carries."""

    head: Transfer
    lines: list[TransferLine]


class WholeStocktake(msgspec.Struct, frozen=True):
    """A stocktake and its sheet."""

    head: Stocktake
    lines: list[StocktakeLine]


@get("/api/v1/{slug:str}/stock", opt=READ, tags=TAGS)
async def list_stock(
    uow: InUow,
    store_id: FromQuery[UUID | None] = None,
    search: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
) -> list[StockedSku]:
    """Stock by store and SKU, scarcest first."""
    return await catalog.stocked_skus(uow, location_id=store_id, search=search, limit=limit)


@post("/api/v1/{slug:str}/stock/arrivals", opt=WRITE, tags=TAGS)
async def receive(
    data: JSONBody[list[Arrival]], uow: InUow, entry_id: FromQuery[UUID | None] = None
) -> list[Level]:
    """Goods arrive: stock rises, with a move that says so. All of the list or nothing.

    With `entry_id` (made by the asker) the same list sent twice arrives once.
    """
    if not 1 <= len(data) <= ARRIVALS_MAX:
        raise Invalid(field="", zh="每次 1 到 500 行。", en="Between 1 and 500 rows at a time.")
    for i, arrival in enumerate(data):
        if not 1 <= arrival.quantity <= 1_000_000:
            raise Invalid(
                field=f"[{i}].quantity", zh="数量需在 1 到 1000000 之间。", en="Between 1 and 1,000,000."
            )
        moving.mine(uow, arrival.store_id)
    known = await catalog.prices(uow, [arrival.sku_id for arrival in data])
    for i, arrival in enumerate(data):
        if arrival.sku_id not in known:
            raise Invalid(field=f"[{i}].sku_id", zh="没有这个商品规格。", en="There is no such SKU.")
    await moving.receive(
        uow,
        [Pieces(a.store_id, a.sku_id, a.quantity) for a in data],
        lot_names=[_lot(arrival, i) for i, arrival in enumerate(data)],
        entry_id=entry_id,
    )
    return await queries.levels(uow, [arrival.sku_id for arrival in data])


def _lot(arrival: Arrival, i: int) -> LotName | None:
    if not arrival.lot and not arrival.expires_on:
        return None
    return checked(LotName(arrival.lot, arrival.expires_on), field=f"[{i}].lot")


@post("/api/v1/{slug:str}/stock/losses", opt=WRITE, tags=TAGS)
async def lose(data: JSONBody[Loss], uow: InUow) -> list[Level]:
    """Pieces are written off. 409 `inventory.not_all_free` when they are promised to orders."""
    _within(data.quantity, least=1)
    await ruling.write_off(
        uow,
        Pieces(data.store_id, data.sku_id, data.quantity),
        reason=data.reason,
        note=data.note,
        lot_id=data.lot_id,
        entry_id=data.id,
    )
    return await queries.levels(uow, [data.sku_id], data.store_id)


def _within(quantity: int, *, least: int) -> None:
    if not least <= quantity <= 1_000_000:
        raise Invalid(
            field="quantity", zh=f"数量需在 {least} 到 1000000 之间。", en=f"Between {least} and 1,000,000."
        )


@put("/api/v1/{slug:str}/stock/safety", opt=WRITE, tags=TAGS)
async def keep_back(data: JSONBody[KeptBack], uow: InUow) -> list[Level]:
    """Keep pieces back from selling; promises already given hold."""
    await ruling.set_safety(uow, data.store_id, data.sku_id, data.pieces)
    return await queries.levels(uow, [data.sku_id], data.store_id)


@get("/api/v1/{slug:str}/stock/moves", opt=READ, tags=TAGS)
async def list_moves(
    *,
    uow: InUow,
    store_id: FromQuery[UUID | None] = None,
    sku_id: FromQuery[UUID | None] = None,
    reason: FromQuery[str] = "",
    subject_id: FromQuery[UUID | None] = None,
    since: FromQuery[datetime | None] = None,
    before: FromQuery[datetime | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[Move]:
    """Every change of on_hand, newest first."""
    wanted = MoveFilter(
        location_id=store_id, sku_id=sku_id, reason=reason, subject_id=subject_id, since=since, before=before
    )
    return await queries.moves(uow, wanted, after=after, limit=limit)


@get("/api/v1/{slug:str}/stock/lots", opt=READ, tags=TAGS)
async def list_lots(
    *,
    uow: InUow,
    store_id: FromQuery[UUID | None] = None,
    sku_id: FromQuery[UUID | None] = None,
    within_days: FromQuery[int | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[ListedLot]:
    """Lots with pieces, the soonest to expire first; `within_days` leaves out those that keep longer."""
    if within_days is not None and not 0 <= within_days <= 3_650:
        raise Invalid(field="within_days", zh="天数需在 0 到 3650 之间。", en="Between 0 and 3,650 days.")
    return await expiry.listed_lots(
        uow, within_days=within_days, location_id=store_id, sku_id=sku_id, after=after, limit=limit
    )


@get("/api/v1/{slug:str}/stock/rules", opt=READ, tags=TAGS)
async def read_rules(uow: InUow) -> StockRules:
    """From where orders are sent, and what is few or near its date."""
    return await ruling.rules(uow)


@put("/api/v1/{slug:str}/stock/rules", opt=WRITE, tags=TAGS)
async def change_rules(data: JSONBody[StockRules], uow: InUow) -> StockRules:
    """Change the rule."""
    await ruling.set_rules(uow, data)
    return await ruling.rules(uow)


@get("/api/v1/{slug:str}/stock/transfers", opt=READ, tags=TAGS)
async def list_transfers(
    *,
    uow: InUow,
    store_id: FromQuery[UUID | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[Transfer]:
    """Transfers, newest first."""
    return await transfers.transfers(uow, location_id=store_id, after=after, limit=limit)


@post("/api/v1/{slug:str}/stock/transfers", opt=WRITE, tags=TAGS)
async def draft_transfer(data: JSONBody[NewTransfer], uow: InUow) -> WholeTransfer:
    """Write a transfer down; nothing moves yet."""
    lines = tuple((line.sku_id, line.quantity) for line in data.lines)
    await transfers.draft(uow, WantedTransfer(data.id, data.from_id, data.to_id, lines, data.remark))
    return await _transfer(uow, data.id)


async def _transfer(uow: InUow, transfer_id: UUID) -> WholeTransfer:
    return WholeTransfer(
        await transfers.transfer(uow, transfer_id), await transfers.transfer_lines(uow, transfer_id)
    )


@get("/api/v1/{slug:str}/stock/transfers/{transfer_id:uuid}", opt=READ, tags=TAGS)
async def read_transfer(transfer_id: FromPath[UUID], uow: InUow) -> WholeTransfer:
    """One transfer."""
    return await _transfer(uow, transfer_id)


@post(
    "/api/v1/{slug:str}/stock/transfers/{transfer_id:uuid}/send",
    opt=WRITE,
    tags=TAGS,
    status_code=200,
)
async def send_transfer(transfer_id: FromPath[UUID], uow: InUow) -> WholeTransfer:
    """The pieces leave. 409 `inventory.not_all_free` names every SKU that is short."""
    await transfers.send(uow, transfer_id)
    return await _transfer(uow, transfer_id)


@post(
    "/api/v1/{slug:str}/stock/transfers/{transfer_id:uuid}/arrivals",
    opt=WRITE,
    tags=TAGS,
    status_code=200,
)
async def arrive(transfer_id: FromPath[UUID], data: JSONBody[Arrivals], uow: InUow) -> WholeTransfer:
    """Some or all of the pieces arrived, or are lost for a reason: broken, missing, expired, other."""
    await transfers.arrive(uow, transfer_id, data.id, data.lines)
    return await _transfer(uow, transfer_id)


@post(
    "/api/v1/{slug:str}/stock/transfers/{transfer_id:uuid}/cancel",
    opt=WRITE,
    tags=TAGS,
    status_code=200,
)
async def cancel_transfer(transfer_id: FromPath[UUID], uow: InUow) -> WholeTransfer:
    """Give it up; what is on its way goes back."""
    await transfers.cancel(uow, transfer_id)
    return await _transfer(uow, transfer_id)


@post("/api/v1/{slug:str}/stock/stocktakes", opt=WRITE, tags=TAGS)
async def begin_stocktake(data: JSONBody[WantedStocktake], uow: InUow) -> Stocktake:
    """Open a sheet for a location, or a category there."""
    return await stocktakes.begin(uow, data)


@get("/api/v1/{slug:str}/stock/stocktakes/{stocktake_id:uuid}", opt=WRITE, tags=TAGS)
async def read_stocktake(stocktake_id: FromPath[UUID], uow: InUow) -> WholeStocktake:
    """The sheet with counts and differences."""
    return WholeStocktake(
        await stocktakes.stocktake(uow, stocktake_id), await stocktakes.stocktake_lines(uow, stocktake_id)
    )


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A count. The same `id` (made by the asker) freezes stock once; without one every call counts."""

    sku_id: UUID
    counted: int
    id: UUID | None = None


@post(
    "/api/v1/{slug:str}/stock/stocktakes/{stocktake_id:uuid}/counts",
    opt=COUNT,
    tags=TAGS,
    status_code=200,
)
async def count(stocktake_id: FromPath[UUID], data: JSONBody[list[Counted]], uow: InUow) -> Stocktake:
    """Write counts down; on_hand is frozen for each at this instant."""
    await stocktakes.record(
        uow, stocktake_id, [Count(one.sku_id, one.counted, one.id or ids.new()) for one in data]
    )
    return await stocktakes.stocktake(uow, stocktake_id)


@post(
    "/api/v1/{slug:str}/stock/stocktakes/{stocktake_id:uuid}/post",
    opt=WRITE,
    tags=TAGS,
    status_code=200,
)
async def post_stocktake(stocktake_id: FromPath[UUID], uow: InUow) -> Stocktake:
    """The differences become moves. 409 `inventory.promised_counted_away` names what orders still need."""
    await stocktakes.post(uow, stocktake_id)
    return await stocktakes.stocktake(uow, stocktake_id)


routes = [
    list_stock,
    receive,
    lose,
    keep_back,
    list_moves,
    list_lots,
    read_rules,
    change_rules,
    list_transfers,
    draft_transfer,
    read_transfer,
    send_transfer,
    arrive,
    cancel_transfer,
    begin_stocktake,
    read_stocktake,
    count,
    post_stocktake,
]
