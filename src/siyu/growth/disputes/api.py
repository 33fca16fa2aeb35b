"""JSON: why an order went to whom it went, and disputes about it. Deciding needs a person and has no API."""

from uuid import UUID

from litestar import get
from litestar.params import FromPath

from siyu.growth.disputes import queries
from siyu.growth.disputes.model import Dispute
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.place.attribution import Explanation
from siyu.runtime.edge import InUow

READ = {"permission": Permission.COMMISSION_READ}
TAGS = ["Attribution 归因"]


@get("/api/v1/{slug:str}/orders/{order_id:uuid}/attribution", opt=READ, tags=TAGS)
async def order_attribution(order_id: FromPath[UUID], uow: InUow) -> Explanation:
    """Everybody an order could have gone to, and why it did or did not. Raises NotFound."""
    why = await queries.why(uow, order_id)
    if why is None:
        raise NotFound(what="归因 / attribution")
    return why.explanation


@get("/api/v1/{slug:str}/disputes", opt=READ, tags=TAGS)
async def list_disputes(uow: InUow) -> list[Dispute]:
    """Open disputes first, then decided ones."""
    return await queries.queue(uow, None)


routes = [order_attribution, list_disputes]
