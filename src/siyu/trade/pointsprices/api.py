"""JSON: goods for points and money. Ordering is an ordinary order with the claim `{"kind": "points", "id": offer}`."""

from litestar import get

from siyu.runtime.edge import InUow
from siyu.trade.pointsprices import shelf
from siyu.trade.pointsprices.model import Goods


@get("/api/v1/{slug:str}/points-goods", opt={"public": True}, tags=["Points 积分"])
async def points_goods(uow: InUow) -> list[Goods]:
    """Everything that is to be had for points now; `price` is the part in money, in minor units of one unit."""
    return await shelf.goods(uow)


routes = [points_goods]
