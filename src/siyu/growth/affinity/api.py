"""JSON: who fits a product, what fits a promoter, and tasks."""

from uuid import UUID

import msgspec
from litestar import get, put
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.affinity import assigning, queries
from siyu.growth.affinity.model import Assignment, Match
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow

TAGS = ["KOC"]
READ = {"permission": Permission.COMMISSION_READ}


class NewAssignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask a promoter to speak about a product within `days` (1 to 90)."""

    promoter_id: UUID
    product_id: UUID
    days: int = 7
    words: str = ""


@get("/api/v1/{slug:str}/products/{product_id:uuid}/kocs", opt=READ, tags=TAGS)
async def of_product(uow: InUow, product_id: FromPath[UUID], limit: FromQuery[int] = 20) -> list[Match]:
    """Promoters that fit a product, best first, with reasons. Scores are permilles; no price or rate is in them."""
    await catalog.product(uow, product_id)
    return await queries.for_product(uow, product_id, limit)


@get("/api/v1/{slug:str}/promoters/{promoter_id:uuid}/products", opt=READ, tags=TAGS)
async def of_promoter(uow: InUow, promoter_id: FromPath[UUID], limit: FromQuery[int] = 20) -> list[Match]:
    """Products that fit a promoter, best first, with reasons."""
    await promoters.find(uow, promoter_id)
    return await queries.for_promoter(uow, promoter_id, limit)


@put(
    "/api/v1/{slug:str}/koc-assignments/{assignment_id:uuid}",
    opt={"permission": Permission.PROMOTERS_WRITE},
    tags=TAGS,
)
async def assign(uow: InUow, assignment_id: FromPath[UUID], data: JSONBody[NewAssignment]) -> Assignment:
    """A task under an id of the asker's choosing: sent twice it is one. It pays nothing."""
    await catalog.product(uow, data.product_id)
    return await assigning.assign(
        uow, assignment_id, data.promoter_id, data.product_id, days=data.days, words=data.words
    )


routes = [of_product, of_promoter, assign]
