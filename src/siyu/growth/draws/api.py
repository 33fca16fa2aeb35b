"""JSON: draws for everybody, drawing for shoppers, drafting and publishing for staff."""

from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.growth.draws import drawing, publishing, queries
from siyu.growth.draws.model import Chances, Draw, Result, Rules, Version
from siyu.growth.draws.queries import LogLine
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import Page
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow

TAGS = ["Draws 抽奖"]
PUBLIC = {"public": True}
READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}


class Shown(msgspec.Struct, frozen=True):
    """A published draw with every version; `seed` is hex, empty before the end."""

    draw: Draw
    versions: list[Version]
    seed: str


class MyDraw(msgspec.Struct, frozen=True):
    """The shopper's chances and results."""

    chances: Chances
    results: list[Result]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the caller's: the same one again gets the same result."""

    id: UUID


class Frozen(msgspec.Struct, frozen=True):
    """SHA-256 of the published words."""

    hash: str


class Amendment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules as they are to be, and why."""

    rules: Rules
    reason: str


def _zoned(rules: Rules) -> Rules:
    if rules.starts_at.tzinfo is None or rules.ends_at.tzinfo is None:
        raise Invalid(field="starts_at", zh="时间需带时区。", en="Times have a zone.")
    return rules


@get("/api/v1/{slug:str}/published-draws", opt=PUBLIC, tags=TAGS)
async def published(uow: InUow) -> list[Draw]:
    """Published draws with their odds, the newest first."""
    return [draw for draw in await queries.listing(uow) if draw.state != "draft"]


@get("/api/v1/{slug:str}/me/draws/{draw_id:uuid}", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def mine(draw_id: FromPath[UUID], uow: InUow, actor: ByActor) -> MyDraw:
    """How often I may still draw, and what I drew, the newest first."""
    await queries.shown(uow, draw_id)
    chances = await queries.chances(uow, draw_id, actor.customer_id)
    return MyDraw(chances, await queries.mine(uow, draw_id, actor.customer_id))


@get("/api/v1/{slug:str}/draws/{draw_id:uuid}", opt=PUBLIC, tags=TAGS)
async def shown(draw_id: FromPath[UUID], uow: InUow) -> Shown:
    """A published draw: rules, hashes, and after the end the seed."""
    draw = await queries.shown(uow, draw_id)
    seed = await queries.seed_of(uow, draw_id)
    return Shown(draw, await queries.versions(uow, draw_id), seed.hex() if seed else "")


@get("/api/v1/{slug:str}/draws/{draw_id:uuid}/log", opt=PUBLIC, tags=TAGS)
async def log(draw_id: FromPath[UUID], uow: InUow, after: FromQuery[int] = 0) -> list[LogLine]:
    """The public log after a serial, at most 5,000 lines; no person is in it."""
    await queries.shown(uow, draw_id)
    return await queries.log(uow, draw_id, after=max(0, after))


@post(
    "/api/v1/{slug:str}/draws/{draw_id:uuid}/results",
    opt={"permission": Permission.SHOPPER},
    status_code=200,
    tags=TAGS,
)
async def take_part(draw_id: FromPath[UUID], data: JSONBody[Asked], uow: InUow, actor: ByActor) -> Result:
    """Draw once, with a ticket or for points."""
    return await drawing.take_part(uow, draw_id, actor.customer_id, data.id)


@get("/api/v1/{slug:str}/draws", opt=READ, tags=TAGS)
async def listing(uow: InUow) -> list[Draw]:
    """All draws, drafts too."""
    return await queries.listing(uow)


@put("/api/v1/{slug:str}/draws/{draw_id:uuid}", opt=WRITE, tags=TAGS)
async def save(draw_id: FromPath[UUID], data: JSONBody[Rules], uow: InUow) -> Draw:
    """Make a draft under an id of your own, or change it."""
    await publishing.save(uow, draw_id, _zoned(data))
    return await queries.find(uow, draw_id)


@post("/api/v1/{slug:str}/draws/{draw_id:uuid}/publish", opt=WRITE, status_code=200, tags=TAGS)
async def publish(draw_id: FromPath[UUID], uow: InUow) -> Frozen:
    """Freeze a draft and show it to everybody."""
    return Frozen(await publishing.publish(uow, draw_id))


@post("/api/v1/{slug:str}/draws/{draw_id:uuid}/amend", opt=WRITE, status_code=200, tags=TAGS)
async def amend(draw_id: FromPath[UUID], data: JSONBody[Amendment], uow: InUow) -> Frozen:
    """Change a published draw in favour of those who take part; holds from the next ticket on."""
    return Frozen(await publishing.amend(uow, draw_id, _zoned(data.rules), data.reason))


@get("/api/v1/{slug:str}/draws/{draw_id:uuid}/winners", opt=READ, tags=TAGS)
async def winners(draw_id: FromPath[UUID], uow: InUow, after: FromQuery[int] = 0) -> Page[Result]:
    """Who won what, by serial."""
    await queries.find(uow, draw_id)
    return await queries.results(uow, draw_id, winners=True, after=max(0, after), limit=200)


routes = [published, mine, shown, log, take_part, listing, save, publish, amend, winners]
