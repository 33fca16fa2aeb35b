"""Who buys in the mall of the last days, and what is remembered of it until the next scene."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.people import addresses


class Guest(msgspec.Struct, frozen=True):
    """Somebody who joined to order from home. `number` is in the demo's block of phones, above the plan's people."""

    number: int
    name: str
    region_code: str
    detail: str
    latitude: int = 0
    longitude: int = 0

    def address(self, phone: str) -> addresses.Address:
        return addresses.checked(
            addresses.Address(
                self.name, phone, self.region_code, (), self.detail,
                self.latitude, self.longitude,
            )
        )  # fmt: skip


WANG = Guest(9_001, "王海燕", "330602", "塔山街道柳桥新村 6 幢 302 室", 29_992_100, 120_579_800)
ZHAO = Guest(9_002, "赵一诺", "310115", "花木街道芳草路 88 弄 5 号 1201 室")
CHEN = Guest(9_003, "陈国强", "330106", "文新街道河畔人家 12 幢 1 单元 601 室")
LIU = Guest(9_004, "刘思源", "320505", "狮山街道枫桥路 300 号 2 幢 908 室")
SUN = Guest(9_005, "孙悦", "330602", "府山街道仓桥直街 120 号", 29_998_600, 120_575_300)
ZHOU = Guest(9_006, "周予安", "440305", "粤海街道学府路 9 号 7 栋 2204 室")
HE = Guest(9_007, "何知夏", "330603", "柯桥街道湖西路 55 号 3 幢 1502 室", 30_083_700, 120_492_100)
BISTRO = Guest(9_008, "望湖小馆", "330602", "北海街道望湖路 21 号后门收货", 30_006_300, 120_570_400)
GUESTS = (WANG, ZHAO, CHEN, LIU, SUN, ZHOU, HE, BISTRO)


class Bought(msgspec.Struct, frozen=True):
    """An order of the mall; `total` in fen. `trade_number` is ours at the gateway, once it was paid there."""

    id: UUID
    number: str
    total: int
    customer_id: UUID
    openid: str
    trade_number: str = ""


class Scene(msgspec.Struct, frozen=True):
    """Something that happens at an instant (UTC)."""

    at: datetime
    play: Callable[[], Awaitable[None]]
