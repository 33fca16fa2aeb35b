"""JSON: promoters, and becoming one."""

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from siyu.growth import distribution, promoters
from siyu.growth.distribution import PromoterReport
from siyu.growth.promoters import Application, Apply, Promoter
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow

TAGS = ["Distribution 分销"]


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Become a promoter. Free, without a purchase; `agrees` to the agreement in force."""

    name: str
    agrees: bool
    kind: str = "koc"
    reason: str = ""
    community_size: int | None = None


@get("/api/v1/{slug:str}/promoters", opt={"permission": Permission.COMMISSION_READ}, tags=TAGS)
async def list_promoters(uow: InUow) -> list[PromoterReport]:
    """Promoters with their sales and earnings."""
    return await distribution.promoters(uow)


@post("/api/v1/{slug:str}/me/promoter", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def join(data: JSONBody[Join], uow: InUow, actor: ByActor) -> Promoter | Application:
    """The signed-in customer becomes a promoter with a door of their own, or an applicant where the merchant reviews."""
    if not data.agrees:
        raise Invalid(field="agrees", zh="请先阅读并同意推广协议。", en="Please accept the agreement first.")
    version = (await promoters.agreement(uow)).version
    asked = Apply(ids.new(), data.kind, data.name, version, data.reason, data.community_size)
    answered = await promoters.apply(uow, actor.customer_id, asked)
    return await promoters.maybe_of_customer(uow, actor.customer_id) or answered


routes = [list_promoters, join]
