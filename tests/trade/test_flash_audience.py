"""Whom a flash sale is for."""

from uuid import UUID

import pytest

from factories import a_customer, paid
from siyu.runtime.db import Database, Merchant
from trade.flash_shop import (
    Sale,
    a_sale,
    counts,
    tried,
)


@pytest.fixture
async def sale(database: Database, merchant: Merchant) -> Sale:
    return await a_sale(database, merchant)


async def somebody(sale: Sale) -> UUID:
    return await a_customer(sale.database, sale.merchant)


async def test_a_newcomers_sale_is_not_for_old_customers(sale: Sale) -> None:
    async with sale.database.begin(sale.merchant) as uow:
        await uow.run(
            "update offers set audience = '{\"newcomers\": true}' where merchant_id = %(merchant_id)s and id = %(id)s",
            id=sale.offer_id,
        )
    old = await somebody(sale)
    await paid(sale.database, sale.shop, old, apples=1)

    assert await tried(sale, old) == "NotForYou"
    assert await tried(sale, await somebody(sale)) == "order"
    assert await counts(sale) == (10, 1, 0)
