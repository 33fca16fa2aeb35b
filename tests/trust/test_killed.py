"""kill -9 at ten points of the loop: what was acknowledged is there, what was not can be asked again, nothing twice.

The process that is killed holds web server, worker and sandbox; PostgreSQL outlives it, as it does in production.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from siyu.kernel import ids
from trust.standing import STOCK, Standing, standing_shop
from trust.wire import until

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

TWO_APPLES = 2 * 1_290


@pytest.fixture(scope="module")
async def standing() -> AsyncIterator[Standing]:
    # Not pytest's folder: as root the embedded server runs as another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="siyu-crash-"))
    folder.chmod(0o755)
    async with standing_shop(folder) as standing:
        yield standing
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
async def _sound_afterwards(standing: Standing) -> AsyncIterator[None]:
    """Whatever a test did, the shop stands again at its end and every proof holds."""
    if standing.process is None:
        await standing.start()
    yield
    if standing.process is None:
        await standing.start()
    await standing.settles()


async def orders_with_key(standing: Standing, key: str) -> int:
    return await standing.number_of(
        """
        select count(*) from orders o join idempotency_keys k on k.merchant_id = o.merchant_id and k.result_id = o.id
        where o.merchant_id = %(merchant_id)s and k.key = %(key)s
        """,
        key=key,
    )


async def received(standing: Standing, order_id: UUID) -> int:
    """How much money the ledger says came in for an order."""
    return await standing.number_of(
        """
        select coalesce(sum(amount), 0)::bigint from transfers
        where merchant_id = %(merchant_id)s and subject_id = %(order)s and reason = 'payment'
        """,
        order=order_id,
    )


async def test_while_an_order_is_being_placed(standing: Standing) -> None:
    key = ids.new().hex
    await standing.killed_during(standing.place(key), after=0.004)

    await standing.start()
    again = await standing.place(key)

    assert again.status_code == 201
    assert await orders_with_key(standing, key) == 1


async def test_right_after_an_order_was_acknowledged(standing: Standing) -> None:
    key = ids.new().hex
    answer = await standing.place(key)
    standing.kill()

    await standing.start()
    order = await standing.order(answer.json()["id"])
    again = await standing.place(key)

    assert (order["state"], order["total"]) == ("unpaid", TWO_APPLES)
    assert (again.json()["id"], again.json()["is_replay"]) == (order["id"], True)


async def test_while_the_gateway_is_asked_for_a_payment(standing: Standing) -> None:
    order_id = await standing.placed()
    await standing.killed_during(standing.begin(order_id), after=0.01)

    await standing.start()
    assert (await standing.begin(order_id)).status_code == 200
    assert (await standing.pay(order_id)).status_code == 200
    await standing.becomes(order_id, "paid")

    assert await received(standing, order_id) == TWO_APPLES


async def test_between_the_payment_and_its_notice(standing: Standing) -> None:
    order_id = await standing.placed()
    await standing.begin(order_id)
    await standing.pay(order_id, callback="delay", delay_seconds=0.5)
    standing.kill()

    await standing.start()
    await standing.becomes(order_id, "paid")

    assert await received(standing, order_id) == TWO_APPLES


async def test_while_the_notice_is_being_taken_in(standing: Standing) -> None:
    order_id = await standing.placed()
    await standing.begin(order_id)
    await standing.killed_during(standing.pay(order_id, callback="duplicate"), after=0.015)

    await standing.start()
    await standing.pay(order_id)  # refused when the gateway has the money already
    await standing.becomes(order_id, "paid")

    assert await received(standing, order_id) == TWO_APPLES


async def test_after_the_payment_and_before_the_worker_has_read_of_it(standing: Standing) -> None:
    standing.kill()
    await standing.start(work=False)
    order_id = await standing.paid()
    assert (await standing.proofs())["facts waiting"] > 0
    standing.kill()

    await standing.start()
    await standing.settles()

    assert await commission(standing, order_id) == ("pending", TWO_APPLES // 10)


async def commission(standing: Standing, order_id: UUID) -> tuple[str, int]:
    """State and what is left of an order's commission."""
    async with standing.database.begin(standing.shop.merchant) as uow:
        state = await uow.one(
            str,
            "select state from commissions where merchant_id = %(merchant_id)s and order_id = %(order)s",
            order=order_id,
        )
        left = await uow.one(
            int,
            """
            select sum(amount - reversed_amount)::bigint from commissions
            where merchant_id = %(merchant_id)s and order_id = %(order)s
            """,
            order=order_id,
        )
    return state, left


async def on_hand(standing: Standing) -> int:
    return await standing.number_of(
        "select on_hand from stock where merchant_id = %(merchant_id)s and sku_id = %(sku)s",
        sku=standing.shop.apple,
    )


async def test_while_goods_are_handed_over(standing: Standing) -> None:
    order_id = await standing.paid()
    code, before = (await standing.order(order_id))["pickup_code"], await on_hand(standing)
    await standing.killed_during(standing.hand_over(order_id, code), after=0.006)

    await standing.start()
    again = await standing.hand_over(order_id, code)

    # Either it had happened, and the used code is refused, or it happens now.
    assert again.status_code in {200, 404, 409}
    assert (await standing.order(order_id))["state"] == "picked_up"
    assert await on_hand(standing) == before - 2


async def test_while_a_refund_is_sent_to_the_gateway(standing: Standing) -> None:
    order_id, refund_id = await standing.paid(), ids.new()
    assert (await standing.refund(order_id, refund_id, 1)).status_code == 201

    async def is_sent() -> bool:
        return bool(
            await standing.number_of(
                "select attempts from refunds where merchant_id = %(merchant_id)s and id = %(id)s",
                id=refund_id,
            )
        )

    await until(is_sent)  # claimed by the sweep, and not yet answered or just answered
    standing.kill()

    await standing.start()
    assert (await standing.refund(order_id, refund_id, 1)).status_code == 201  # the same one, not another

    async def is_done() -> bool:
        (found,) = (await standing.call("GET", f"/orders/{order_id}/refunds", as_key=True)).json()
        return (found["state"], found["amount"]) == ("done", 1_290)

    await until(is_done, 40)
    assert await refunded_by_gateway(standing, order_id) == [1_290]
    assert await standing.balance("refunds_due") == (0, 0)


async def refunded_by_gateway(standing: Standing, order_id: UUID) -> list[int]:
    """What the other side of the wire has given back for an order."""
    payment = (await standing.call("GET", f"/orders/{order_id}/payment", as_key=True)).json()
    said = (await standing.gateway.get(f"/sandbox/orders/{payment['out_trade_no']}")).json()
    return [refund["refund"] for refund in said["refunds"] if refund["status"] == "SUCCESS"]


async def test_while_commission_becomes_payable(standing: Standing) -> None:
    account = f"promoter:{standing.promoter_id}"
    order_id = await standing.paid()
    await standing.hand_over(order_id, (await standing.order(order_id))["pickup_code"])
    await standing.settles()
    posted, _ = await standing.balance(account)
    # Nobody waits for a week here: the law's own check goes from this one database, as only its owner could do.
    async with await psycopg.AsyncConnection.connect(standing.database.url, autocommit=True) as owner:
        await owner.execute("alter table commissions drop constraint commissions_return")
    async with standing.database.begin(standing.shop.merchant) as uow:
        await uow.run("update commissions set hold_days = 0 where merchant_id = %(merchant_id)s")
    assert (await standing.call("POST", f"/orders/{order_id}/receive")).status_code == 200
    standing.kill()

    for seconds in (0.0, 0.15):  # and again soon after it stands: somewhere in its first sweeps
        await standing.start()
        await asyncio.sleep(seconds)
        standing.kill()
    await standing.start()

    async def is_payable() -> bool:
        return await commission(standing, order_id) == ("payable", TWO_APPLES // 10)

    await until(is_payable, 20)
    assert (await standing.balance(account))[0] == posted + TWO_APPLES // 10


async def test_while_sixty_four_orders_are_placed_at_once(standing: Standing) -> None:
    keys = [ids.new().hex for _ in range(64)]
    answers = await standing.killed_during(*(standing.place(key, 1) for key in keys))
    acknowledged = {
        key: answer.json()["id"]
        for key, answer in zip(keys, answers, strict=True)
        if isinstance(answer, httpx.Response) and answer.status_code == 201
    }

    await standing.start()
    repeated = {key: (await standing.place(key, 1)).json() for key in keys}

    assert {key: repeated[key]["id"] for key in acknowledged} == acknowledged
    assert len({order["id"] for order in repeated.values()}) == 64
    assert len({order["number"] for order in repeated.values()}) == 64
    assert [await orders_with_key(standing, key) for key in keys] == [1] * 64


async def test_after_all_that_every_sum_is_exact(standing: Standing) -> None:
    """The books, the gateway and the shelf agree to the fen and to the piece."""
    paid = await standing.number_of(
        "select coalesce(sum(total), 0)::bigint from orders where merchant_id = %(merchant_id)s and paid_at is not null"
    )
    refunded = await standing.number_of(
        "select coalesce(sum(refunded), 0)::bigint from orders where merchant_id = %(merchant_id)s"
    )
    gone = await standing.number_of(
        "select coalesce(-sum(quantity), 0)::bigint from stock_moves "
        "where merchant_id = %(merchant_id)s and reason = 'handed_over'"
    )

    assert await standing.balance("sales") == (paid - refunded, 0)
    assert await standing.balance("gateway:wxpay") == (paid - refunded, 0)
    assert await standing.balance("unclaimed") == (0, 0)
    assert await on_hand(standing) == STOCK - gone
