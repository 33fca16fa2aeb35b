"""kill -9 while a sheet is being shipped: it is finished after the restart, and nothing has left twice."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from factories import a_customer
from siyu.goods import inventory
from siyu.money import ledger
from siyu.runtime import jobs
from siyu.runtime.actors import SYSTEM
from siyu.trade import fulfilment, orders
from siyu.trade.fulfilment import sheets
from trust.furnished_sending import bought, offer_everything
from trust.standing import STOCK, Standing, standing_shop
from trust.wire import until

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

BOXES = 130  # four steps of a sheet
DEATHS = 3


@pytest.fixture
async def standing() -> AsyncIterator[Standing]:
    # Not pytest's folder: as root the embedded server runs as another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="siyu-crash-"))
    folder.chmod(0o755)
    async with standing_shop(folder) as standing:
        yield standing
    shutil.rmtree(folder, ignore_errors=True)


async def progress(standing: Standing, job_id: UUID) -> jobs.Job:
    async with standing.database.begin(standing.shop.merchant) as uow:
        return await jobs.find(uow, job_id)


async def waiting_orders(standing: Standing) -> list[orders.PlacedOrder]:
    """Paid orders of one buyer, two apples each, to be sent by parcel."""
    shop, database = standing.shop, standing.database
    async with database.begin(shop.merchant) as uow:
        await offer_everything(uow, shop, "断电")
    buyer = await a_customer(database, shop.merchant)
    return [await bought(database, shop, buyer, "断电", shop.apple, "express", 2) for _ in range(BOXES)]


async def test_a_sheet_survives_its_workers(standing: Standing) -> None:
    standing.kill()
    found = await waiting_orders(standing)
    boxes = tuple(
        sheets.Box(i + 2, order.number, "顺丰速运", f"SF{10**12 + i}") for i, order in enumerate(found)
    )
    async with standing.database.begin(standing.shop.merchant, SYSTEM) as uow:
        job_id = await jobs.start(
            uow, sheets.KIND, sheets.Sheet(boxes), title_zh="发货", title_en="Ship", total=BOXES
        )
    seen = [0]

    async def goes_on() -> bool:
        return (await progress(standing, job_id)).done > seen[-1]

    for _ in range(DEATHS):
        await standing.start()
        await until(goes_on, 30)
        standing.kill()
        seen.append((await progress(standing, job_id)).done)

    async def is_over() -> bool:
        return (await progress(standing, job_id)).state == "done"

    await standing.start()
    await until(is_over, 60)
    await standing.settles()

    job = await progress(standing, job_id)
    assert (job.done, job.failed, job.total) == (BOXES, 0, BOXES)
    assert any(0 < done < BOXES for done in seen), f"it died in the middle of the sheet: {seen}"
    await nothing_left_twice(standing, found)


async def nothing_left_twice(standing: Standing, found: list[orders.PlacedOrder]) -> None:
    shop = standing.shop
    async with standing.database.begin(shop.merchant) as uow:
        for order in found:
            (parcel,) = await fulfilment.parcels_of(uow, order.id)
            assert [(line.line_no, line.quantity) for line in parcel.lines] == [(1, 2)]
            assert (await orders.find(uow, order.id)).state == "shipped"
        (level,) = await inventory.levels(uow, [shop.apple], shop.store_id)
        assert (level.on_hand, level.reserved) == (STOCK - 2 * BOXES, 0)
        assert await orders.stock_promised_wrongly(uow) == []
        assert await inventory.differences(uow) == []
        assert (await ledger.trial_balance(uow)).is_sound
