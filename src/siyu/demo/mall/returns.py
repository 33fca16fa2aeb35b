"""After-sales in each of their states, as buyers and staff of the story say them."""

from contextlib import AbstractAsyncContextManager

from siyu.demo.mall.ground import Ground
from siyu.demo.mall.parcels import EARLY
from siyu.demo.pictures import Drawing, draw
from siyu.goods import media
from siyu.kernel.permissions import ROLES
from siyu.runtime.actors import Actor
from siyu.runtime.db import UnitOfWork
from siyu.trade import aftersales

Asked = tuple[str, str, tuple[tuple[int, int], ...], str]

# By the scene of the order: what is asked, why, the lines, and the buyer's words.
ASKED: dict[str, Asked] = {
    "given-back": ("return", "no_reason", ((2, 1),), "多买了一提，未拆封"),
    "coming-back": ("return", "no_reason", ((1, 1),), "家里长辈不喝绿茶，没有打开"),
    "back-again": ("return", "not_as_described", ((1, 2),), "页面写 4 层，手感偏薄，请核对"),
    "disputed": ("refund_only", "quality", ((1, 1),), "用了两次，手上有点红"),
    "exchanged": ("exchange", "damaged", ((1, 1),), "外包装被压破，有一包漏了口"),
}
BROKEN: Asked = ("refund_only", "damaged", ((1, 1),), "饼干碎了一半，箱角有压痕，见图")


async def _open(ground: Ground, key: str, asked: Asked, pictures: tuple[str, ...] = ()) -> None:
    kind, reason, lines, words = asked
    bought = ground.bought[key]
    case_id = ground.cases[key] = ground.new_id("case", bought.id)
    wish = aftersales.OpenCase(case_id, bought.id, kind, reason, lines, words, pictures)
    async with ground.database.begin(ground.merchant, _buyer(ground, key)) as uow:
        await aftersales.open_case(uow, wish, customer_id=bought.customer_id)


async def ask(ground: Ground) -> None:
    for key, asked in ASKED.items():
        await _open(ground, key, asked)


async def answer(ground: Ground) -> None:
    """Four are agreed to, one is refused."""
    warehouse = ground.house.warehouse
    async with _staff(ground) as uow:
        for key in ("given-back", "coming-back", "back-again", "exchanged"):
            await aftersales.agree(
                uow, ground.cases[key], location_id=warehouse, words="请寄回越城中心仓，附订单号"
            )
        await aftersales.refuse(
            uow, ground.cases["disputed"], "no_evidence", "请补充照片或就医凭证，暂无法判断与商品有关。"
        )


async def send_back(ground: Ground) -> None:
    """Two parcels come back; the refused buyer wants somebody else to look."""
    for key, number in (("given-back", "SF1610000004018"), ("back-again", "SF1610000004055")):
        buyer = ground.bought[key].customer_id
        async with ground.database.begin(ground.merchant, _buyer(ground, key)) as uow:
            await aftersales.send_back(uow, ground.cases[key], "sf", number, customer_id=buyer)
    disputed = ground.bought["disputed"].customer_id
    async with ground.database.begin(ground.merchant, _buyer(ground, "disputed")) as uow:
        await aftersales.dispute(
            uow,
            ground.cases["disputed"],
            "已停用后好转，产品成分表没有提示，请负责人再看一下。",
            customer_id=disputed,
        )


async def take_in(ground: Ground) -> None:
    """One of the parcels is opened and found whole: the money goes back, and the case is done."""
    async with _staff(ground) as uow:
        await aftersales.check_in(uow, ground.cases["given-back"], restock=True, words="完好，已入库")
    await ground.give_back("given-back")
    async with ground.database.begin(ground.merchant) as uow:
        await aftersales.finish_refunded(uow)


async def ask_with_picture(ground: Ground) -> None:
    """Today's, which nobody has answered."""
    drawn = draw(Drawing("carton_box", "#ece6dd", "#b98a54", "#e9d6bd", "#7a4a2a", "wheat")).large
    buyer = _buyer(ground, "broken")
    picture = await media.keep(ground.database, ground.merchant, buyer, ground.settings, drawn, "pictures")
    await _open(ground, "broken", BROKEN, (picture.key,))


def _buyer(ground: Ground, key: str) -> Actor:
    """Whoever bought it: the case's history shows who said what."""
    guest, _ = EARLY[key]
    return Actor("customer", ground.bought[key].customer_id, ROLES["shopper"], guest.name)


def _staff(ground: Ground) -> AbstractAsyncContextManager[UnitOfWork]:
    return ground.database.begin(ground.merchant, ground.worker("operator", "operator"))
