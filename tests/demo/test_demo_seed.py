"""The seed writes through the real actions: money, stock and commission agree; cut off, it begins again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import httpx
import msgspec
import psycopg
import pytest

from siyu.connect import sandbox, wxpay
from siyu.demo.catalogue import CATEGORIES, sorting
from siyu.demo.places import PASSWORD
from siyu.demo.removal import remove
from siyu.demo.seed import DemoMerchant, seed
from siyu.goods import inventory
from siyu.growth import distribution, promoters
from siyu.kernel import clock, ids
from siyu.money import ledger
from siyu.people import customers, staff
from siyu.place import doors, stores
from siyu.runtime.db import Database, Merchant
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings
from siyu.trade import orders, payments

SANDBOX_URL = "http://127.0.0.1:8001"
NOTIFY_URL = "http://127.0.0.1:8000/cb/heshun/wxpay"
DAYS, CUSTOMERS = 50, 300  # long enough for commission to ripen and for the shopper's three orders


class CutOff(Exception):
    """Stands for the plug being pulled."""


@pytest.fixture(scope="module")
async def demo(database: Database, database_url: str, settings: Settings) -> DemoMerchant:
    """The demo merchant, made by a second start after a first one was cut off."""

    def cut(passed: int, whole: int) -> None:
        if passed == 12:
            raise CutOff(f"{passed} of {whole}")

    with pytest.raises(CutOff):
        await seed(database, database_url, settings, days=DAYS, customers=CUSTOMERS, on_day=cut)
    assert clock.offset() == timedelta(0)
    half = await merchant_of(database)
    async with database.begin(half) as uow:
        assert await uow.one(int, "select count(*) from orders where merchant_id = %(merchant_id)s") > 0
        assert all(member.role != "owner" for member in await staff.every(uow))
    made = await seed(database, database_url, settings, days=DAYS, customers=CUSTOMERS)
    assert made.is_new
    assert made.merchant_id != half.id
    return made


async def merchant_of(database: Database) -> Merchant:
    (found,) = [m for m in await Directory(database).all() if m.slug == "heshun"]
    return found


async def test_a_half_made_merchant_leaves_no_row_behind(demo: DemoMerchant, database_url: str):
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = await connection.execute("select count(*) from merchants where slug = 'heshun'")
        assert await cursor.fetchone() == (1,)
        for table in ("orders", "touches", "transfers", "events", "stock_moves", "customers"):
            cursor = await connection.execute(
                psycopg.sql.SQL(
                    "select count(*) from {} t where not exists (select from merchants m where m.id = t.merchant_id)"
                ).format(psycopg.sql.Identifier(table))
            )
            assert await cursor.fetchone() == (0,), table


async def test_a_second_start_changes_nothing(
    demo: DemoMerchant, database: Database, database_url: str, settings: Settings
):
    async with database.begin(await merchant_of(database)) as uow:
        before = await figures(uow)
    again = await seed(database, database_url, settings, days=DAYS, customers=CUSTOMERS)
    assert again == msgspec.structs.replace(demo, is_new=False)
    async with database.begin(await merchant_of(database)) as uow:
        assert await figures(uow) == before


async def figures(uow) -> list[int]:
    return [
        await uow.one(int, "select count(*) from orders where merchant_id = %(merchant_id)s"),
        await uow.one(int, "select count(*) from events where merchant_id = %(merchant_id)s"),
        await uow.one(int, "select count(*) from transfers where merchant_id = %(merchant_id)s"),
        await uow.one(int, "select count(*) from staff where merchant_id = %(merchant_id)s"),
    ]


async def test_money_balances_and_every_paid_order_has_its_payment(demo: DemoMerchant, database: Database):
    async with database.begin(await merchant_of(database)) as uow:
        accounts = {account.code: account for account in await ledger.accounts(uow)}
        sums = await uow.all(
            Sums,
            """
            select (select sum(total) from orders where merchant_id = %(merchant_id)s and paid_at is not null) as sold,
                   (select sum(amount) from payments where merchant_id = %(merchant_id)s and state = 'paid') as paid,
                   (select sum(refunded) from orders where merchant_id = %(merchant_id)s) as returned,
                   (select sum(amount) from refunds where merchant_id = %(merchant_id)s and state = 'done') as refunds,
                   (select sum(debits_posted - credits_posted) from accounts where merchant_id = %(merchant_id)s) as gap,
                   (select sum(debits_pending - credits_pending) from accounts
                    where merchant_id = %(merchant_id)s) as gap_pending
            """,
        )
        ways = await uow.all(
            Way,
            """
            select p.method, sum(p.amount)::bigint as paid, coalesce(sum(r.back), 0)::bigint as back
            from payments p
            left join (
                select payment_id, sum(amount) as back from refunds
                where merchant_id = %(merchant_id)s and state = 'done' group by payment_id
            ) r on r.payment_id = p.id
            where p.merchant_id = %(merchant_id)s and p.state = 'paid' group by p.method
            """,
        )
    (found,) = sums
    assert found.sold == found.paid > 0
    assert found.returned == found.refunds > 0
    assert (found.gap, found.gap_pending) == (0, 0)
    assert {way.method for way in ways} == {"wxpay_jsapi", "wxpay_h5", "alipay_wap", "balance", "offline"}
    for gateway, methods in (("wxpay", ("wxpay_jsapi", "wxpay_h5")), ("alipay", ("alipay_wap",))):
        held = sum(way.paid - way.back for way in ways if way.method in methods)
        assert accounts[f"gateway:{gateway}"].balance == held > 0
    assert accounts["sales"].balance == found.paid - found.refunds


class Way(msgspec.Struct, frozen=True):
    method: str
    paid: int
    back: int


class Sums(msgspec.Struct, frozen=True):
    sold: int
    paid: int
    returned: int
    refunds: int
    gap: int
    gap_pending: int


async def test_stock_equals_its_moves_and_promises_equal_open_orders(demo: DemoMerchant, database: Database):
    async with database.begin(await merchant_of(database)) as uow:
        assert await inventory.differences(uow) == []
        assert await orders.stock_promised_wrongly(uow) == []


async def test_commission_is_in_every_state_and_nobody_earns_from_the_own_purchase(
    demo: DemoMerchant, database: Database
):
    async with database.begin(await merchant_of(database)) as uow:
        states = await uow.all(
            str, "select distinct state from commissions where merchant_id = %(merchant_id)s order by state"
        )
        own = await uow.one(
            int,
            """
            select count(*) from commissions c
            join orders o on o.merchant_id = c.merchant_id and o.id = c.order_id
            join promoters p on p.merchant_id = c.merchant_id and p.id = c.promoter_id
            where c.merchant_id = %(merchant_id)s and o.customer_id = p.customer_id
            """,
        )
        waiting = await uow.one(int, "select count(*) from dead_letters where merchant_id = %(merchant_id)s")
        promoters = await distribution.promoters(uow)
    assert states == ["payable", "pending", "reversed"]
    assert own == 0
    assert waiting == 0
    assert {promoter.name for promoter in promoters} >= {"念念好物", "镜湖团长王姐"}


async def test_the_story_is_written_at_its_own_times(demo: DemoMerchant, database: Database):
    async with database.begin(await merchant_of(database)) as uow:
        wrong = await uow.one(
            int,
            """
            select count(*) from orders
            where merchant_id = %(merchant_id)s
              and (placed_at > %(now)s or paid_at < placed_at or picked_up_at < paid_at or received_at < picked_up_at)
            """,
        )
        days = await uow.one(
            int, "select count(distinct placed_at::date) from orders where merchant_id = %(merchant_id)s"
        )
        late = await uow.one(
            int,
            """
            select count(*) from orders
            where merchant_id = %(merchant_id)s and state = 'unpaid' and pay_by < %(now)s - interval '1 day'
            """,
        )
    assert wrong == 0
    assert days >= 40
    assert late == 0


async def test_everybody_can_sign_in(demo: DemoMerchant, database: Database):
    merchant = await merchant_of(database)
    assert {login.role for login in demo.logins} == {"owner", "operator", "finance", "guide", "custom"}
    for login in (*demo.logins[:4], demo.logins[-1]):
        session = await staff.sign_in(database, merchant, login.login, PASSWORD, days=1)
        assert session
    async with database.begin(merchant) as uow:
        for person in (demo.shopper, demo.koc):
            signed = await customers.sign_in_as(
                uow, [("wechat_openid", person.openid)], nickname="", first_door_id=None, channel="shop"
            )
            assert not signed.is_new
            assert signed.nickname == person.nickname
            by_phone = await customers.sign_in_as(
                uow, [("phone", person.phone)], nickname="", first_door_id=None, channel="shop"
            )
            assert by_phone.customer_id == signed.customer_id


async def test_the_shopper_has_something_to_fetch_and_the_koc_has_earned(
    demo: DemoMerchant, database: Database
):
    async with database.begin(await merchant_of(database)) as uow:
        shopper = await uow.one(UUID, WHO, openid=demo.shopper.openid)
        mine = await orders.of_customer(uow, shopper)
        assert sorted(card.state for card in mine) == ["paid", "paid", "paid", "received", "received"]
        koc = await uow.one(UUID, WHO, openid=demo.koc.openid)
        promoter = await promoters.of_customer(uow, koc)
        (door,) = await doors.of_promoter(uow, promoter.id)
        earned = await distribution.earnings(uow, promoter.id)
    assert (door.code, door.kind) == ("VOICE2", "koc")
    assert earned.pending > 0
    assert earned.payable > 0


async def test_the_house_is_furnished(demo: DemoMerchant, database: Database, settings: Settings):
    async with database.begin(await merchant_of(database)) as uow:
        assert len(await stores.every(uow)) == 5
        assert len({door.kind for door in await doors.every(uow)}) == 10
        keys = await uow.all(str, "select picture from products where merchant_id = %(merchant_id)s")
    folder = settings.folder("media", demo.slug)
    assert len(keys) == sum(len(category.products) for category in (*CATEGORIES, sorting.NOVELTIES))
    assert all((folder / key).stat().st_size > 1_000 for key in keys)
    assert all((folder / key.replace(".webp", ".s.webp")).stat().st_size > 500 for key in keys)
    written = msgspec.json.decode((settings.folder("demo") / "seeded.json").read_bytes(), type=DemoMerchant)
    assert written.merchant_id == demo.merchant_id


@asynccontextmanager
async def gateway_of(settings: Settings) -> AsyncIterator[wxpay.Gateway]:
    """Our client of WeChat Pay, and on the other side of the wire the sandbox that the seed has filled."""
    folder = settings.folder("sandbox")
    keyed = msgspec.structs.replace(settings, wxpay_url=SANDBOX_URL, **sandbox.ensure_keys(folder))
    nobody = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    world = sandbox.create(folder, base_url=SANDBOX_URL, http=nobody)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world), base_url=SANDBOX_URL) as http:
        yield wxpay.Gateway(wxpay.credentials_from(keyed), http=http)
    await nobody.aclose()


async def test_an_order_of_the_past_is_refunded_through_the_real_sweep(
    demo: DemoMerchant, database: Database, settings: Settings
):
    merchant = await merchant_of(database)
    async with database.begin(merchant) as uow:
        shopper = await uow.one(UUID, WHO, openid=demo.shopper.openid)
        bought = next(card for card in await orders.of_customer(uow, shopper) if card.state == "received")
        (first, *_) = (await orders.find(uow, bought.id)).lines
        asked = payments.RequestRefund(ids.new(), bought.id, ((1, 1),), "包装破损")
        refund = await payments.request_refund(uow, asked)
        paid = await payments.of_order(uow, bought.id)
    assert (refund.state, refund.amount) == ("requested", first.unit_price)
    async with gateway_of(settings) as gateway:
        assert await payments.send_refunds(database, merchant, gateway, NOTIFY_URL) == 1
        clock.move_to(timedelta(seconds=20))
        assert await payments.send_refunds(database, merchant, gateway, NOTIFY_URL) == 1
        known = await gateway.query(paid.out_trade_no)
    async with database.begin(merchant) as uow:
        (done,) = await payments.refunds_of_order(uow, bought.id)
    assert (done.id, done.state, done.last_error) == (refund.id, "done", None)
    assert (known.trade_state, known.total, known.openid) == ("REFUND", bought.total, demo.shopper.openid)


async def test_the_gateway_remembers_what_went_back_before(
    demo: DemoMerchant, database: Database, settings: Settings
):
    merchant = await merchant_of(database)
    async with database.begin(merchant) as uow:
        given_back = await uow.one(
            UUID,
            """
            select id from orders
            where merchant_id = %(merchant_id)s and refunded > 0 and refunded < total order by number limit 1
            """,
        )
        order = await orders.find(uow, given_back)
        paid = await payments.of_order(uow, given_back)
    async with gateway_of(settings) as gateway:
        with pytest.raises(wxpay.GatewayRefused):
            await gateway.refund(
                out_trade_no=paid.out_trade_no,
                out_refund_no="toomuch1",
                refund=order.total - order.refunded + 1,
                total=order.total,
                reason="多退",
                notify_url=NOTIFY_URL,
            )
        accepted = await gateway.refund(
            out_trade_no=paid.out_trade_no,
            out_refund_no="therest1",
            refund=order.total - order.refunded,
            total=order.total,
            reason="其余",
            notify_url=NOTIFY_URL,
        )
    assert (accepted.status, accepted.refund) == ("PROCESSING", order.total - order.refunded)


async def test_removing_one_merchant_leaves_the_others(new_shop, database: Database, database_url: str):
    gone, kept = await new_shop(), await new_shop()
    for merchant in (gone, kept):
        async with database.begin(merchant) as uow:
            await stores.add(uow, stores.NewStore(code="A", name="一号店", address="路 1 号"))
    await remove(database_url, gone.id)
    async with database.begin(kept) as uow:
        assert [store.code for store in await stores.every(uow)] == ["A"]
    async with database.begin(gone) as uow:
        assert await stores.every(uow) == []


WHO = """
    select customer_id from identities
    where merchant_id = %(merchant_id)s and kind = 'wechat_openid' and value = %(openid)s
"""
