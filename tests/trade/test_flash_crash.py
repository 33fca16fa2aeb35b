"""kill -9 in the middle of a flash sale: who was answered has a piece, nobody else holds one, nothing is lost."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from factories import a_customer
from siyu.goods import inventory
from siyu.goods.offers import Flash, FlashItem
from siyu.kernel import clock, ids
from siyu.kernel.permissions import ROLES
from siyu.runtime import sessions
from siyu.trade import flashsales
from trade.flash_shop import PRICE, an_offer
from trust.standing import STOCK, Standing, standing_shop
from trust.wire import until

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

QUOTA = 40


@pytest.fixture(scope="module")
async def standing() -> AsyncIterator[Standing]:
    # Not pytest's folder: as root the embedded server runs as another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="siyu-flash-"))
    folder.chmod(0o755)
    async with standing_shop(folder) as standing:
        yield standing
    shutil.rmtree(folder, ignore_errors=True)


async def signed_in(standing: Standing, count: int) -> list[str]:
    """Tokens of so many shoppers."""
    tokens = []
    for _ in range(count):
        buyer = await a_customer(standing.database, standing.shop.merchant)
        async with standing.database.begin(standing.shop.merchant) as uow:
            session = await sessions.sign_in(
                uow, kind="customer", subject_id=buyer, name="小满", permissions=ROLES["shopper"], days=1
            )
        tokens.append(session.token)
    return tokens


def bought(standing: Standing, offer_id: UUID, token: str, key: str):
    """An order in the session over HTTP."""
    return standing.http.post(
        f"/api/v1/{standing.shop.merchant.slug}/orders",
        headers={"authorization": f"Bearer {token}", "idempotency-key": key},
        json={
            "store_id": str(standing.shop.store_id),
            "lines": [{"sku_id": str(standing.shop.apple), "quantity": 1}],
            "expected_total": PRICE,
            "claim": {"kind": "flash", "id": str(offer_id)},
        },
    )


async def is_sound(standing: Standing) -> inventory.Level:
    """The level of apples; every proof holds."""
    async with standing.database.begin(standing.shop.merchant) as uow:
        assert await flashsales.flash_proofs(uow) == []
        (level,) = await inventory.levels(uow, [standing.shop.apple])
    wrong = await standing.proofs()
    wrong.pop("facts waiting")  # of a process that is not running
    assert set(wrong.values()) == {0}
    return level


async def test_a_killed_session_goes_on_where_it_was(standing: Standing) -> None:
    shop = standing.shop
    rule = Flash((FlashItem(shop.apple, PRICE, QUOTA, shop.store_id),))
    offer_id = await an_offer(standing.database, shop.merchant, rule, clock.now() - timedelta(minutes=1))

    async def is_carved() -> bool:
        async with standing.database.begin(shop.merchant) as uow:
            (level,) = await inventory.levels(uow, [shop.apple])
        return level.carved == QUOTA

    await until(is_carved, 20)
    tokens = await signed_in(standing, 60)
    keys = [ids.new().hex for _ in tokens]
    wishes = [bought(standing, offer_id, token, key) for token, key in zip(tokens, keys, strict=True)]
    before = await standing.killed_during(*wishes, after=0.15)

    level = await is_sound(standing)
    assert (level.on_hand, level.carved + level.reserved) == (STOCK, QUOTA)

    await standing.start()
    after = await asyncio.gather(
        *(bought(standing, offer_id, token, key) for token, key in zip(tokens, keys, strict=True))
    )

    # Whoever had been told of an order is told of the same one; the rest of the quota goes to the others.
    for first, second in zip(before, after, strict=True):
        if isinstance(first, httpx.Response) and first.status_code == 201:
            assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
    assert sorted(answer.status_code for answer in after) == [201] * QUOTA + [409] * 20
    level = await is_sound(standing)
    assert (level.on_hand, level.carved, level.reserved) == (STOCK, 0, QUOTA)
