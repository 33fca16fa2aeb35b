"""What is to be had for points and money now."""

from collections.abc import Sequence
from uuid import UUID

from siyu.goods import catalog, offers
from siyu.runtime.db import UnitOfWork
from siyu.trade.pointsprices.model import KIND, Goods
from siyu.trade.pointsprices.taking import deals


async def goods(uow: UnitOfWork, product_ids: Sequence[UUID] | None = None) -> list[Goods]:
    """Every SKU on sale that a live offer has a price in points for; of these products, or all."""
    live = await deals(uow)
    prices = await catalog.prices(uow, list({sku for deal in live for sku in deal.rule.prices}))
    wanted = None if product_ids is None else set(product_ids)
    return [
        Goods(
            deal.id, deal.name, price.product_id, sku_id, price.title, price.sku_title, price.picture, count,
            min(cash, price.price), price.price, deal.ends_at,
        )
        for deal in live
        for sku_id, (count, cash) in deal.rule.prices.items()
        if (price := prices.get(sku_id)) is not None
        and price.is_sellable
        and (wanted is None or price.product_id in wanted)
        and (deal.uses_max is None or deal.uses < deal.uses_max)
    ]  # fmt: skip


async def entries(uow: UnitOfWork, product_ids: Sequence[UUID] | None) -> list[offers.Entry]:
    """The live offers for points as product pages and the shop's home show them."""
    slug = uow.merchant.slug
    return [
        offers.Entry(
            offer_id=one.offer_id,
            kind=KIND,
            title=one.offer_name,
            product_id=one.product_id,
            sku_id=one.sku_id,
            price=one.price,
            marked=one.marked,
            href=f"/shop/{slug}/points",
            ends_at=one.ends_at,
            note=f"{one.points} 积分 + 现金 / {one.points} points and money",
        )
        for one in await goods(uow, product_ids)
    ]
