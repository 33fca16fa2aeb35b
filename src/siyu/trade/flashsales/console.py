"""Flash sales on the console: the sessions, writing one down, and one as it runs."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.goods import catalog, inventory, offers
from siyu.goods.offers import Flash, FlashItem
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.flashsales import carving, forms, queries, reading, words

READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}
ROWS = 50
PICKED_MAX = 8


class Place(msgspec.Struct, frozen=True):
    """Where pieces of a SKU lie, and how many of them a session may have."""

    id: UUID
    name: str
    free: int


class Row(msgspec.Struct, frozen=True):
    """A row of the form. `reference` is the lowest price dealt within seven days, in minor units."""

    sku: catalog.SkuPrice
    item: FlashItem | None
    places: tuple[Place, ...]
    reference: int | None


@get("/console/{slug:str}/flash", opt=READ)
async def session_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, after: FromQuery[UUID | None] = None
) -> Response[str]:
    """All sessions, newest first, with what became of their quotas."""
    found = await queries.listing(uow, after=after, limit=ROWS + 1)
    here = f"/console/{merchant.slug}/flash"
    return web.page(
        request,
        "flashsales/console_list.html",
        merchant=merchant,
        sessions=found[:ROWS],
        now=uow.now,
        words=words,
        first_href=here if after else None,
        next_href=f"{here}?after={found[ROWS - 1].id}" if len(found) > ROWS else None,
    )


@get("/console/{slug:str}/flash/new", opt=WRITE)
async def new_session(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """An empty form for a session."""
    return await _form_page(request, uow, merchant, ids.new(), None)


@get("/console/{slug:str}/flash/{offer_id:uuid}/edit", opt=WRITE)
async def edit_session(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The form of a session that is there."""
    return await _form_page(request, uow, merchant, offer_id, await _flash(uow, offer_id))


async def _flash(uow: UnitOfWork, offer_id: UUID) -> offers.OfferRow:
    offer = await offers.find(uow, offer_id)
    if not isinstance(offer.rule, Flash):
        raise NotFound(what="秒杀场次 / flash sale")
    return offer


async def _form_page(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    merchant: OfMerchant,
    offer_id: UUID,
    offer: offers.OfferRow | None,
) -> Response[str]:
    items = offer.rule.items if offer is not None and isinstance(offer.rule, Flash) else ()
    return web.page(
        request,
        "flashsales/console_form.html",
        merchant=merchant,
        offer_id=offer_id,
        offer=offer,
        rows=await _rows(uow, [item.sku_id for item in items], items, offer_id),
        zone=ZoneInfo(merchant.timezone),
    )


async def _rows(
    uow: UnitOfWork, sku_ids: Iterable[UUID], items: Iterable[FlashItem] = (), offer_id: UUID | None = None
) -> list[Row]:
    """Rows of the form for these SKUs; those that are no plain goods have no pieces and are left out."""
    wanted = list(dict.fromkeys(sku_ids))
    prices = await catalog.prices(uow, wanted)
    named = {item.sku_id: item for item in items}
    dealt = await catalog.reference_prices(uow, wanted) if wanted else {}
    places = await _places(uow, wanted, offer_id)
    return [
        Row(
            prices[sku],
            named.get(sku),
            tuple(places.get(sku, ())),
            dealt[sku].price if sku in dealt else None,
        )
        for sku in wanted
        if sku in prices and prices[sku].kind not in {"virtual", "bundle"}
    ]


async def _places(uow: UnitOfWork, sku_ids: list[UUID], offer_id: UUID | None) -> dict[UUID, list[Place]]:
    """Where pieces of these SKUs lie, most first; those the session itself has aside count as free."""
    names = {place.id: place.name for place in await inventory.locations(uow) if place.kind != "supplier"}
    own: dict[tuple[UUID, UUID], int] = {}
    for item in await reading.items(uow, [offer_id]) if offer_id is not None else []:
        own[item.location_id, item.sku_id] = item.taken + (item.left if item.returned_at is None else 0)
    found: dict[UUID, list[Place]] = {}
    for level in await inventory.levels(uow, sku_ids):
        if level.location_id in names:
            free = level.available + own.get((level.location_id, level.sku_id), 0)
            place = Place(level.location_id, names[level.location_id], free)
            found.setdefault(level.sku_id, []).append(place)
    return {sku: sorted(places, key=lambda place: -place.free) for sku, places in found.items()}


@get("/console/{slug:str}/flash/pick", opt=WRITE)
async def pick(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, q: FromQuery[str] = ""
) -> Response[str]:
    """A fragment: SKUs that words find, to be put into the session."""
    q = q.strip()[:60]
    found = await queries.skus_called(uow, q, limit=PICKED_MAX) if q else []
    return web.page(
        request,
        "flashsales/console_pick.html",
        merchant=merchant,
        q=q,
        rows=await _rows(uow, found),
    )


@get("/console/{slug:str}/flash/row", opt=WRITE)
async def row(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, sku: FromQuery[UUID]
) -> Response[str]:
    """A fragment: the row of one SKU for the form."""
    return web.page(request, "flashsales/console_row.html", merchant=merchant, rows=await _rows(uow, [sku]))


@post("/console/{slug:str}/flash/{offer_id:uuid}", opt=WRITE, status_code=200)
async def save(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Write a session down. What is not there cannot be promised: a quota is at most the free pieces."""
    form = forms.offer_form(await request.form(), merchant)
    assert isinstance(form.rule, Flash), "the form makes nothing else"
    known = {one.id for one in await reading.sessions(uow, [offer_id])}
    if known:
        form = _kept(form, await _flash(uow, offer_id))
    await _check_quotas(uow, offer_id, form.rule)
    await offers.save(uow, offer_id, form)
    return web.done(request, f"/console/{merchant.slug}/flash/{offer_id}", web.mark("秒杀场次已保存"))


def _kept(form: offers.OfferForm, offer: offers.OfferRow) -> offers.OfferForm:
    """What this form does not ask for stays as it was."""
    return msgspec.structs.replace(
        offer.form(), name=form.name, rule=form.rule, starts_at=form.starts_at, ends_at=form.ends_at
    )


async def _check_quotas(uow: UnitOfWork, offer_id: UUID, rule: object) -> None:
    """Raises Invalid naming the first item of which fewer pieces are free than the session wants."""
    assert isinstance(rule, Flash), "a flash sale"
    rows = {
        row.sku.sku_id: row for row in await _rows(uow, [item.sku_id for item in rule.items], (), offer_id)
    }
    for item in rule.items:
        found = rows.get(item.sku_id)
        if found is None:
            raise Invalid(
                field="sku",
                zh="卡券和组合商品不能参加秒杀。",
                en="Codes and bundles cannot be in a flash sale.",
            )
        place = next((one for one in found.places if one.id == item.location_id), None)
        if place is None or place.free < item.quota:
            free = place.free if place else 0
            raise Invalid(
                field="quota",
                zh=f"“{found.sku.title}”在这里只有 {free} 件可用，配额不能更多。",
                en=f"Only {free} pieces of {found.sku.title} are free there; the quota cannot be more.",
            )


@get("/console/{slug:str}/flash/{offer_id:uuid}", opt=READ)
async def session_page(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One session: when, what, and how it goes."""
    return await _live(request, uow, merchant, offer_id, "flashsales/console_session.html")


@get("/console/{slug:str}/flash/{offer_id:uuid}/live", opt=READ)
async def live(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment: quota, held, paid, left and refused of each item now."""
    return await _live(request, uow, merchant, offer_id, "flashsales/console_live.html")


async def _live(
    request: Request[Any, Any, Any], uow: UnitOfWork, merchant: OfMerchant, offer_id: UUID, template: str
) -> Response[str]:
    shown = await queries.find(uow, offer_id, for_buyers=False)
    return web.page(request, template, merchant=merchant, shown=shown, words=words)


@post("/console/{slug:str}/flash/{offer_id:uuid}/activate", opt=WRITE, status_code=200)
async def activate(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Publish a session, or go on with a paused one; when it is time its pieces are put aside at once."""
    offer = await _flash(uow, offer_id)
    if offer.state == "draft":
        await _check_quotas(uow, offer_id, offer.rule)
    active = await offers.activate(uow, offer_id)
    if active.starts_at is None or active.starts_at <= uow.now + carving.WARM_UP:
        await carving.carve_session(uow, offer_id)
    return web.done(request, f"/console/{merchant.slug}/flash/{offer_id}", web.mark("秒杀场次已发布"))


@post("/console/{slug:str}/flash/{offer_id:uuid}/pause", opt=WRITE, status_code=200)
async def pause(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Stop for now: what nobody has taken is free stock. Orders that are placed keep their pieces."""
    await _flash(uow, offer_id)
    await offers.pause(uow, offer_id)
    await carving.return_session(uow, offer_id)
    return web.done(
        request, f"/console/{merchant.slug}/flash/{offer_id}", web.mark("已暂停，没抢的件数已放回库存")
    )


@post("/console/{slug:str}/flash/{offer_id:uuid}/end", opt=WRITE, status_code=200)
async def end(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """End it for good: what nobody has taken is free stock."""
    await _flash(uow, offer_id)
    await offers.end(uow, offer_id)
    await carving.return_session(uow, offer_id)
    return web.done(
        request, f"/console/{merchant.slug}/flash/{offer_id}", web.mark("已结束，没抢的件数已放回库存")
    )


@post("/console/{slug:str}/flash/{offer_id:uuid}/clone", opt=WRITE, status_code=200)
async def clone(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The same session again as a draft without times."""
    form = await request.form()
    try:
        new_id = UUID(str(form.get("idempotency_key", "")))
    except ValueError:
        new_id = ids.new()
    await _flash(uow, offer_id)
    await offers.clone(uow, offer_id, new_id)
    return web.done(request, f"/console/{merchant.slug}/flash/{new_id}/edit", web.mark("已复制，请填写时间"))


@post("/console/{slug:str}/flash/{offer_id:uuid}/top-up", opt=WRITE, status_code=200)
async def top_up(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Stock has come since: put aside what was missing of the quota."""
    await _flash(uow, offer_id)
    await carving.carve_session(uow, offer_id)
    return web.done(request, f"/console/{merchant.slug}/flash/{offer_id}", web.mark("已按现在的库存补足"))


routes = [
    session_list, new_session, pick, row, edit_session, save, session_page, live, activate, pause, end, clone, top_up,
]  # fmt: skip
