"""JSON: the rules of attribution."""

from litestar import get, put
from litestar.params import JSONBody

from siyu.kernel.permissions import Permission
from siyu.place.attribution import policies
from siyu.place.attribution.model import Policy
from siyu.runtime.edge import InUow

TAGS = ["Attribution 归因"]


@get("/api/v1/{slug:str}/attribution-policy", opt={"permission": Permission.COMMISSION_READ}, tags=TAGS)
async def get_policy(uow: InUow) -> Policy:
    """By which rules an order placed now goes to a promoter."""
    return await policies.policy(uow)


@put("/api/v1/{slug:str}/attribution-policy", opt={"permission": Permission.COMMISSION_WRITE}, tags=TAGS)
async def set_policy(data: JSONBody[Policy], uow: InUow) -> Policy:
    """Rules for orders placed from now on."""
    return await policies.set_policy(uow, data)


routes = [get_policy, set_policy]
