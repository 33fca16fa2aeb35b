"""What is on at the demo merchant's when the story ends: thresholds, coupons, a flash sale, groups, a bargain, a presale.

They begin with the last minutes, because the ninety days before were told at everybody's prices.
"""

from datetime import timedelta
from uuid import UUID

from siyu.demo.catalogue import CATEGORIES
from siyu.demo.mall.ground import Ground
from siyu.goods import catalog, offers
from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork

FLASH = {"HS030101": (1990, 40), "HS020402": (990, 60), "HS040601": (2780, 30)}  # price in fen, pieces
TOMORROW = {"HS010401": (1390, 30), "HS020102": (2980, 20)}
GROUPS = {"HS020102": (3380, 3), "HS030802-2": (1680, 2)}  # price in fen, people
BARGAIN = ("HS040701", 6590, 4590, 8)  # from, down to, in so many helps
PRESALE = ("HS060401", 11900, 2000, 3000)  # price, deposit, what it is worth


async def begin(ground: Ground) -> None:
    """Publish everything, as an operator would."""
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        marked = await _marked(uow, ground)
        (pantry,) = [each.id for each in await catalog.categories(uow) if each.name == CATEGORIES[1].name]
        for form in (*_of_carts(pantry), *_of_activities(uow, ground, marked)):
            offer_id = ids.derived("demo.offer", form.name)
            await offers.save(uow, offer_id, form)
            await offers.activate(uow, offer_id)


async def _marked(uow: UnitOfWork, ground: Ground) -> dict[str, int]:
    prices = await catalog.prices(uow, list(ground.house.skus.values()))
    return {code: prices[sku].price for code, sku in ground.house.skus.items()}


def _of_carts(pantry: UUID) -> list[offers.OfferForm]:
    def coupon(name: str, benefit: offers.Benefit, after_payment: int | None = None) -> offers.OfferForm:
        rule = offers.Coupon(benefit, days=14, is_public=True, total=5_000, after_payment=after_payment)
        return offers.OfferForm(name, rule)

    half = offers.Reached(29_900, 4_000), offers.Reached(49_900, 8_000)
    return [
        offers.OfferForm(
            "囤货满减", offers.AmountOff(half), offers.Scope(category_ids=(pantry,)), budget=2_000_000
        ),
        coupon("新客见面礼", offers.CouponAmount(800, 5_900)),
        coupon("周末九折券", offers.CouponPercent(1_000, 2_000, 9_900)),
        coupon("运费券", offers.CouponFreight(800, 3_900)),
        coupon("回头客谢礼", offers.CouponAmount(500, 3_900), after_payment=9_900),
    ]


def _of_activities(uow: UnitOfWork, ground: Ground, marked: dict[str, int]) -> list[offers.OfferForm]:
    """Prices are below the marked ones, whatever the catalogue says by then."""
    skus, now = ground.house.skus, uow.now

    def below(code: str, price: int) -> int:
        return min(price, marked[code] * 9 // 10)

    def flash(goods: dict[str, tuple[int, int]]) -> offers.Flash:
        place: UUID = ground.house.warehouse
        return offers.Flash(
            tuple(
                offers.FlashItem(skus[code], below(code, price), pieces, place)
                for code, (price, pieces) in goods.items()
            )
        )

    group = [
        offers.OfferForm(f"{size} 人拼团", offers.GroupBuy({skus[code]: below(code, price)}, size=size))
        for code, (price, size) in GROUPS.items()
    ]
    code, start, floor, helps = BARGAIN
    start = min(start, marked[code])
    bargain = offers.Bargain(skus[code], start, min(floor, start * 7 // 10), helps)
    code, price, deposit, worth = PRESALE
    price = below(code, price)
    presale = offers.Presale(
        {skus[code]: price}, min(deposit, price // 5), worth, now + timedelta(days=3), now + timedelta(days=5),
        now + timedelta(days=7),
    )  # fmt: skip
    return [
        offers.OfferForm("今日秒杀", flash(FLASH), starts_at=now, ends_at=now + timedelta(hours=10)),
        offers.OfferForm(
            "明日秒杀",
            flash(TOMORROW),
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=1, hours=4),
        ),
        *group,
        offers.OfferForm("好友砍价", bargain, ends_at=now + timedelta(days=14)),
        offers.OfferForm("新品预售", presale, starts_at=now, ends_at=now + timedelta(days=3)),
    ]
