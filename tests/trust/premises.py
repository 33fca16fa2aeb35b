"""A merchant with something in every table, the people who act for it, and the whole application around it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import httpx
import msgspec
import psycopg
from litestar import Litestar

from architecture.app_routes import offered
from factories import Shop, a_customer, a_shop, paid, placed
from siyu import app as application
from siyu.connect import sandbox, sms, wechat, wxpay
from siyu.goods import catalog
from siyu.growth import distribution, promoters
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES, STAFF
from siyu.people import customers, merchants, staff
from siyu.place import doors
from siyu.runtime import limits, sessions
from siyu.runtime.db import Database, Merchant
from siyu.runtime.edge import Services
from siyu.runtime.migrate import PLATFORM_TABLES
from siyu.runtime.tenancy import Directory
from siyu.runtime.worker import digest
from siyu.settings import Settings
from siyu.trade import orders, payments
from trust.furnished_affinity import matched
from trust.furnished_attribution import bound
from trust.furnished_commission import commissioned
from trust.furnished_goods import stocked
from trust.furnished_groups import grouped
from trust.furnished_item_codes import coded
from trust.furnished_money import reconciled
from trust.furnished_offers import promoted
from trust.furnished_oversight import overseen
from trust.furnished_payouts import paid_out
from trust.furnished_people import peopled
from trust.furnished_prices import priced
from trust.furnished_promoters import recruited
from trust.furnished_sending import sent_out
from trust.furnished_suppliers import supplied

SANDBOX_URL = "http://127.0.0.1:8001"


@dataclass(frozen=True)
class Premises:
    """A merchant, ids of what it has by the names that paths and bodies use, and tokens of who acts for it."""

    merchant: Merchant
    shop: Shop
    mark: str
    ids: dict[str, str]
    owner: str
    key: str
    shopper: str

    @property
    def secrets(self) -> set[str]:
        """What nobody else may ever read: names and ids."""
        return {
            self.mark,
            *(value for name, value in self.ids.items() if name not in {"code_of_account", "key"}),
        }


@asynccontextmanager
async def alive(app: Litestar) -> AsyncIterator[None]:
    """The application's lifespan in one task: a fixture's two halves may run in different ones."""
    started, stopping = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await stopping.wait()

    task = asyncio.create_task(live())
    await started.wait()
    try:
        yield
    finally:
        stopping.set()
        await task


@asynccontextmanager
async def whole_house(database: Database, settings: Settings) -> AsyncIterator[Litestar]:
    """The application with every route that any room offers, and the sandbox behind it."""
    folder = settings.folder("trust_sandbox")
    url = SANDBOX_URL
    settings = msgspec.structs.replace(
        settings, sandbox=True, wechat_api_url=url, wechat_open_url=url, wxpay_url=url, sms_url=url,
        **sandbox.ensure_keys(folder),
    )  # fmt: skip
    apps: list[Litestar] = []

    async def to_shop(scope, receive, send) -> None:
        await apps[0](scope, receive, send)

    callbacks = httpx.AsyncClient(transport=httpx.ASGITransport(to_shop))
    other_side = sandbox.create(folder, base_url=url, http=callbacks)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(other_side), base_url=url)
    house = application.House(
        services=Services(settings, database, Directory(database)),
        gateway=wxpay.Gateway(wxpay.credentials_from(settings), http=http),
        wechat=wechat.from_settings(settings, http=http),
        sms=sms.from_settings(settings, http=http),
        database_url=database.url,
    )
    known = set(map(id, application.ROUTES))
    apps.append(
        application.create_app(house, [room.handler for room in offered() if id(room.handler) not in known])
    )
    async with callbacks, http, alive(other_side):
        yield apps[0]


async def premises_of(database: Database, settings: Settings, mark: str) -> Premises:
    """A fresh merchant that has everything."""
    slug = f"m{ids.new().hex[-20:]}"
    merchant = await merchants.create(database.url, slug=slug, name=f"{mark}店")
    return await furnished(database, settings, merchant, mark)


async def furnished(database: Database, settings: Settings, merchant: Merchant, mark: str) -> Premises:
    """Everything a merchant can have, at least one row of each, with `mark` in every name."""
    shop = await a_shop(database, merchant)
    openid = f"o{ids.new().hex[:27]}"
    sandbox.add_person(settings.folder("trust_sandbox"), openid=openid, nickname=f"{mark}小满")
    buyer, friend = await a_customer(database, merchant, openid), await a_customer(database, merchant)
    async with database.begin(merchant) as uow:
        await customers.bind(uow, buyer, "phone", f"138{ids.new().int % 10**8:08d}")
        await customers.record_consent(uow, buyer, "marketing", is_given=True, channel="shop")
        plan = await distribution.add_plan(uow, name=f"{mark}方案", rate_bps=1_000)
        promoter = await promoters.enrol(uow, friend, kind="koc", name=f"{mark}小鱼")
        (door,) = await doors.of_promoter(uow, promoter.id)
        await doors.add_cost(uow, door.id, date(2026, 1, 2), 1_000)
        await doors.scan(uow, door.code, ids.new(), buyer)
        person = await staff.add(
            uow, login="boss", name=f"{mark}老板", role="owner", password="a long password"
        )
        spare = await staff.add(
            uow, login="hand", name=f"{mark}店员", role="guide", password="a long password"
        )
        await catalog.set_price(uow, shop.milk, 690)
        await catalog.set_price(uow, shop.milk, shop.milk_price)
        await _mark_names(uow, mark)
    done = await paid(database, shop, buyer, apples=2, milk=1)
    waiting = await paid(database, shop, buyer, apples=3)
    unpaid = await placed(database, shop, buyer, apples=1)
    async with database.begin(merchant) as uow:
        await orders.hand_over(uow, [done.id])
        refund = payments.RequestRefund(ids.new(), done.id, ((1, 1),), "磕碰")
        await payments.request_refund(uow, refund)
        await payments.open_payments(uow, [unpaid.id])
        code = (await orders.find(uow, waiting.id)).pickup_code
    while await digest(database, merchant, distribution.CONSUMERS[0]):
        pass
    facts = await _odd_rows(database, merchant, shop, settings)
    facts |= await priced(database, merchant, shop, mark)
    facts |= await stocked(database, settings, merchant, shop, mark)
    facts |= await peopled(database, merchant, shop, buyer, mark)
    facts |= await sent_out(database, merchant, shop, buyer, mark, {**facts, "courier_id": spare})
    facts |= await reconciled(database, merchant, shop, buyer, mark)
    facts |= await supplied(database, merchant, shop, buyer, mark)
    facts |= await grouped(database, merchant, shop, buyer, mark)
    facts |= await promoted(database, merchant, shop, buyer, friend, waiting.id, mark)
    facts |= await commissioned(database, merchant, promoter.id, waiting.id, mark)
    facts |= await bound(database, merchant, promoter.id, buyer, waiting.id, mark)
    facts |= await recruited(database, merchant, shop, promoter.id, buyer, mark)
    facts |= await coded(database, merchant, await _product_of(database, merchant, shop.apple), buyer, mark)
    facts |= await matched(database, merchant, shop, promoter.id, buyer, mark)
    facts |= await paid_out(database, merchant, promoter.id, mark)
    facts |= await overseen(database, merchant, promoter.id, mark)
    tokens = await _tokens(database, merchant, person, buyer, mark)
    async with database.begin(merchant) as uow:
        product = (await catalog.prices(uow, [shop.apple]))[shop.apple].product_id
        category = await uow.one(
            UUID,
            "select category_id from products where merchant_id = %(merchant_id)s and id = %(id)s",
            id=product,
        )
    named = {
        "store_id": shop.store_id, "sku_id": shop.apple, "milk_id": shop.milk, "product_id": product, "category_id": category,
        "customer_id": buyer, "promoter_id": promoter.id, "plan_id": plan.id, "door_id": door.id,
        "door_code": door.code, "order_id": waiting.id, "unpaid_order_id": unpaid.id, "done_order_id": done.id,
        "pickup_code": code, "staff_id": spare, "refund_id": refund.id,
        "code_of_account": f"promoter:{promoter.id}", **facts, "key_id": tokens[3],
    }  # fmt: skip
    return Premises(merchant, shop, mark, {k: str(v) for k, v in named.items()}, *tokens[:3])


async def _product_of(database: Database, merchant: Merchant, sku_id: UUID) -> UUID:
    async with database.begin(merchant) as uow:
        return (await catalog.prices(uow, [sku_id]))[sku_id].product_id


async def _mark_names(uow, mark: str) -> None:
    """The factories name everything alike; a leak must be recognised as one."""
    for statement in (
        "update products set title = %(mark)s || title where merchant_id = %(merchant_id)s",
        "update categories set name = %(mark)s || name where merchant_id = %(merchant_id)s",
        "update stores set name = %(mark)s || name, address = %(mark)s where merchant_id = %(merchant_id)s",
        "update customers set nickname = %(mark)s || nickname where merchant_id = %(merchant_id)s",
        "update doors set name = %(mark)s || name where merchant_id = %(merchant_id)s",
    ):
        await uow.run(statement, mark=mark)


async def _odd_rows(
    database: Database, merchant: Merchant, shop: Shop, settings: Settings
) -> dict[str, object]:
    """Rows that only trouble or an import would make."""
    await limits.take(database, merchant, "test", "somebody", most=9, seconds=3_600)
    await customers.issue_code(database, merchant, f"137{ids.new().int % 10**8:08d}", secret=settings.secret)
    run_id = ids.new()
    async with database.begin(merchant) as uow:
        await uow.run(
            "insert into carts (merchant_id, owner_id, sku_id, quantity, updated_at) "
            "values (%(merchant_id)s, %(owner)s, %(sku)s, 2, %(now)s)",
            owner=ids.new(), sku=shop.milk,
        )  # fmt: skip
        await uow.run(
            "insert into import_runs (merchant_id, id, source, source_hash, mapping, state, started_at, finished_at) "
            "values (%(merchant_id)s, %(id)s, 'old.csv', %(hash)s, '{}', 'done', %(now)s, %(now)s)",
            id=run_id, hash=run_id.bytes,
        )  # fmt: skip
        await uow.run(
            "insert into gateway_notices (merchant_id, id, kind, body, outcome, received_at) "
            "values (%(merchant_id)s, %(id)s, 'TRANSACTION.SUCCESS', '{}', 'paid', %(now)s)",
            id=ids.new().hex,
        )  # fmt: skip
        event = await uow.one(
            UUID, "select id from events where merchant_id = %(merchant_id)s order by tx, id limit 1"
        )
        await uow.run(
            "insert into dead_letters (merchant_id, consumer, event_id, error, failed_at) "
            "values (%(merchant_id)s, 'distribution', %(event)s, 'test', %(now)s)",
            event=event,
        )  # fmt: skip
    return {"run_id": run_id, "event_id": event, "upload_id": ids.new()}


async def _tokens(
    database: Database, merchant: Merchant, person: UUID, buyer: UUID, mark: str
) -> tuple[str, str, str, UUID]:
    """Tokens of the owner, an API key that may do everything, and a shopper; and the id of another key."""
    async with database.begin(merchant) as uow:
        owner = await sessions.sign_in(
            uow, kind="staff", subject_id=person, name=f"{mark}老板", permissions=ROLES["owner"], days=1
        )
        shopper = await sessions.sign_in(
            uow, kind="customer", subject_id=buyer, name=f"{mark}小满", permissions=ROLES["shopper"], days=1
        )
        key, spare = [await sessions.make_key(uow, f"{mark}接口", STAFF) for _ in range(2)]
    return owner.token, key.secret, shopper.token, spare.id


async def tables_of(owner: psycopg.AsyncConnection) -> list[str]:
    """Every table whose rows have a merchant."""
    found = await owner.execute(
        "select tablename from pg_tables where schemaname = 'public' order by tablename"
    )
    return [name for (name,) in await found.fetchall() if name not in PLATFORM_TABLES]


async def fingerprints(
    owner: psycopg.AsyncConnection, tables: list[str], merchant: Merchant
) -> dict[str, str]:
    """Count and checksum of all rows of a merchant, by table; read as the owner, who sees everything."""
    union = " union all ".join(
        f"select '{table}', count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') "
        f"from {table} t where merchant_id = '{merchant.id}'"
        for table in tables
    )
    return dict(await (await owner.execute(union.encode())).fetchall())
