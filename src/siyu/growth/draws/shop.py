"""Draws in the shop: the list, the odds before anything else, drawing, and the proof for everybody."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from siyu import web
from siyu.growth.draws import drawing, queries, words
from siyu.growth.draws.forms import percent_text
from siyu.growth.draws.model import PLACES, Draw
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.people import points
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant

PUBLIC = {"public": True}
SHOPPER = {"permission": Permission.SHOPPER}
LOG_STEP = 5_000


def state_of(draw: Draw, uow: UnitOfWork) -> str:
    """The key of words.STATES."""
    if draw.state == "draft":
        return "draft"
    if draw.rules.ends_at <= uow.now or draw.state == "ended":
        return "over"
    return "running" if drawing.is_running(draw, uow.now) else "published"


def percent(places: int) -> str:
    """Places of a million as a percentage with all its digits: 12,500 is 1.25 %."""
    return f"{percent_text(places)} %"


@get("/shop/{slug:str}/draws", opt=PUBLIC, include_in_schema=False)
async def draw_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Published draws, the newest first."""
    found = [draw for draw in await queries.listing(uow) if draw.state != "draft"]
    return web.page(
        request,
        "draws/shop_list.html",
        merchant=merchant,
        draws=[(draw, state_of(draw, uow)) for draw in found],
        words=words,
    )


@get("/shop/{slug:str}/draws/{draw_id:uuid}", opt=PUBLIC, include_in_schema=False)
async def draw_page(
    request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """One draw: the odds and the rules, and whoever is signed in may draw."""
    draw = await queries.shown(uow, draw_id)
    customer_id = actor.customer_id if actor.kind == "customer" else None
    given = await queries.given(uow, draw_id)
    return web.page(
        request,
        "draws/shop_draw.html",
        merchant=merchant,
        draw=draw,
        state=state_of(draw, uow),
        left={prize.no: prize.number - given.get(prize.no, 0) for prize in draw.rules.prizes},
        nothing=PLACES - sum(prize.odds for prize in draw.rules.prizes),
        chances=await queries.chances(uow, draw_id, customer_id) if customer_id else None,
        told=await points.statement(uow, customer_id) if customer_id else None,
        mine=await queries.mine(uow, draw_id, customer_id) if customer_id else [],
        version=(await queries.versions(uow, draw_id))[-1],
        percent=percent,
        words=words,
    )


@post("/shop/{slug:str}/draws/{draw_id:uuid}/draw", opt=SHOPPER, include_in_schema=False, status_code=200)
async def draw(
    request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Draw once; a second tap on the same page shows the same result."""
    asked = str((await request.form()).get("idempotency_key", ""))
    try:
        key = UUID(asked)
    except ValueError:
        key = ids.new()
    result = await drawing.take_part(uow, draw_id, actor.customer_id, key)
    found = await queries.find(uow, draw_id)
    prize = next((each for each in found.rules.prizes if each.no == result.prize_no), None)
    return web.page(
        request, "draws/shop_result.html", merchant=merchant, draw=found, result=result, prize=prize
    )


@get("/shop/{slug:str}/draws/{draw_id:uuid}/proof", opt=PUBLIC, include_in_schema=False)
async def proof(
    request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """Everything that anybody needs to do the draw again."""
    found = await queries.shown(uow, draw_id)
    seed = await queries.seed_of(uow, draw_id)
    return web.page(
        request,
        "draws/shop_proof.html",
        merchant=merchant,
        draw=found,
        versions=await queries.versions(uow, draw_id),
        seed=seed.hex() if seed else "",
    )


@get("/shop/{slug:str}/draws/{draw_id:uuid}/log", opt=PUBLIC, include_in_schema=False)
async def log(request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow) -> Response[Any]:
    """Every serial as CSV, without any person. Heads are the same in every language, for programs."""
    found = await queries.shown(uow, draw_id)

    async def rows() -> AsyncIterator[list[Any]]:
        after = 0
        while step := await queries.log(uow, draw_id, after=after, limit=LOG_STEP):
            for line in step:
                yield [line.serial, line.rolled, line.hit_no or "", line.prize_no or "", line.at]
            after = step[-1].serial

    return await web.sheet(
        request, f"draw-{found.id}", ["serial", "place", "hit", "prize", "at"], rows(), "csv"
    )


routes = [draw_list, draw_page, draw, proof, log]
