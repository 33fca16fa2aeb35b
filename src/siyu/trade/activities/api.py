"""JSON: everything that is on, for a mini program's home and product pages."""

from typing import Any
from uuid import UUID

from litestar import Request, get
from litestar.params import FromQuery

from siyu.goods import offers
from siyu.runtime.edge import InUow
from siyu.trade import bargains
from siyu.trade.activities.gathering import gathered

TAGS = ["Activities 活动"]
SHOWN_MAX = 200


@get("/api/v1/{slug:str}/activities", opt={"public": True}, tags=TAGS)
async def activities(
    request: Request[Any, Any, Any], uow: InUow, product_id: FromQuery[UUID | None] = None
) -> list[offers.Entry]:
    """Flash sales, group buys, bargains, presales and goods for points that run or begin within two days.

    Amounts are minor units of one unit, times UTC. What WeChat does not allow is left out when WeChat asks.
    """
    found = await gathered(uow, None if product_id is None else [product_id])
    agent = request.headers.get("user-agent", "")
    return [one for one in found if one.kind != "bargain" or not bargains.is_wechat(agent)][:SHOWN_MAX]


routes = [activities]
