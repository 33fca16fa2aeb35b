"""The console's order list over five million orders against the same list over fifty thousand.

Pages are asked for as a browser does, rendering included: the first page, the next one, a state, a day, a number, a
nickname and words of a title. Orders are put in by the owner of the database, without their foreign keys being looked up.
"""

import shutil
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg

from figures import Figure, plain
from siyu.app import House, create_app, open_house
from siyu.goods import catalog
from siyu.kernel import clock
from siyu.kernel.permissions import ROLES
from siyu.people import merchants, staff
from siyu.place import stores
from siyu.runtime import embedded, sessions
from siyu.runtime.db import Merchant
from siyu.runtime.edge import cookie_of
from siyu.serve import with_sandbox
from siyu.settings import Settings

SMALL, LARGE = 50_000, 5_000_000
CUSTOMERS = 10_000
RATIO_MAX = 3.0
ROUNDS = 7
DAYS = 700  # over which the orders are spread: the large merchant sells a hundred times as much a day
PASSWORD = "measured-0"


async def order_list() -> list[Figure]:
    """The list of five million orders costs at most three times the one of fifty thousand."""
    folder = Path(tempfile.mkdtemp(prefix="siyu-bench-"))
    folder.chmod(0o755)
    settings = Settings(data_dir=str(folder))
    try:
        async with open_house(with_sandbox(settings)) as house:
            small = await _merchant_of(house, "small", SMALL)
            large = await _merchant_of(house, "large", LARGE)
            async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as owner:
                await owner.execute("vacuum analyze orders")
                await owner.execute("vacuum analyze order_lines")
                await owner.execute("analyze")
            took = await _compared(house, (small, large))
    finally:
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)
    in_small, in_large = took[small.slug], took[large.slug]
    ratio = statistics.fmean(in_large.values()) / statistics.fmean(in_small.values())
    return [
        Figure(
            name="growth.orders",
            value=round(statistics.fmean(in_large.values()), 2),
            unit="ms",
            limit=f"≤ {RATIO_MAX:g} × the list over {SMALL:,} orders, {len(in_large)} ways to ask",
            ratio=round(ratio, 3),
            goal=RATIO_MAX,
            holds=ratio <= RATIO_MAX,
        ),
        plain("growth.orders_small", statistics.fmean(in_small.values()), "ms"),
        plain(
            "growth.orders_worst",
            max(in_large[name] / in_small[name] for name in in_large),
            "× of the same question",
        ),
    ]


async def _compared(house: House, both: tuple[Merchant, Merchant]) -> dict[str, dict[str, float]]:
    """Median milliseconds of each page in both, taken in turn, so that a busy moment of the machine meets both."""
    took: dict[str, dict[str, list[float]]] = {merchant.slug: {} for merchant in both}
    transport = httpx.ASGITransport(app=create_app(house))
    async with httpx.AsyncClient(transport=transport, base_url=house.settings.base_url, timeout=60) as http:
        for merchant in both:
            await _sign_in(house, http, merchant)
        for round_number in range(ROUNDS + 1):
            for merchant in both:
                for name, query in _questions(merchant).items():
                    begin = time.perf_counter()
                    answer = await http.get(f"/console/{merchant.slug}/orders{query}")
                    spent = (time.perf_counter() - begin) * 1_000
                    assert answer.status_code == 200, f"{name}: {answer.status_code} {answer.text[:300]}"
                    if round_number:  # the first one warms both up
                        took[merchant.slug].setdefault(name, []).append(spent)
    return {
        slug: {name: statistics.median(times) for name, times in by_name.items()}
        for slug, by_name in took.items()
    }


def _questions(merchant: Merchant) -> dict[str, str]:
    day = (clock.now() - timedelta(days=30)).date()
    older = clock.now() - timedelta(days=200)
    number = "100000042000" if merchant.slug == "small" else "500000042000"
    return {
        "first page": "",
        "page of long ago": f"?after={older.isoformat().replace('+', '%2B')}~00000000-0000-0000-0000-000000000000",
        "to be sent": "?state=paid",
        "received": "?state=received",
        "a day": f"?since={day}&until={day}",
        "a number": f"?q={number}",
        "a nickname": "?q=%E9%A1%BE%E5%AE%A2+42",
        "above an amount": "?least=12.00",
    }


async def _sign_in(house: House, http: httpx.AsyncClient, merchant: Merchant) -> None:
    async with house.database.begin(merchant) as uow:
        owner = await staff.add(uow, login="owner", name="店长", password=PASSWORD, role="owner")
        session = await sessions.sign_in(
            uow, kind="staff", subject_id=owner, name="店长", permissions=ROLES["owner"], days=1
        )
    http.cookies.set(cookie_of("staff", merchant.slug), session.token)


async def _merchant_of(house: House, slug: str, count: int) -> Merchant:
    merchant = await merchants.create(house.database_url, slug=slug, name="测速店")
    async with house.database.begin(merchant) as uow:
        store = await stores.add(uow, stores.NewStore(code="S1", name="一店", address="一路 1 号"))
        categories = await catalog.add_categories(uow, [("全部", "grid")])
        skus = await catalog.add_products(
            uow,
            [catalog.NewProduct(category="全部", title="红富士苹果", skus=(catalog.NewSku("APPLE", 1_290),))],
            categories,
        )
        prices = await catalog.prices(uow, list(skus.values()))
    (price,) = prices.values()
    facts = {
        "merchant": merchant.id,
        "store": store.id,
        "sku": price.sku_id,
        "product": price.product_id,
        "count": count,
        "customers": CUSTOMERS,
        "first": 100_000_000_000 if count == SMALL else 500_000_000_000,
        "until": clock.now(),
        "seconds": DAYS * 86_400,
        "prefix": "01900000-0000-7000-8000-" if count == SMALL else "01910000-0000-7000-8000-",
    }
    async with await psycopg.AsyncConnection.connect(house.database_url) as owner:
        # Only the owner of the database may: no triggers, so no foreign keys are looked up one by one.
        await owner.execute("set session_replication_role = replica")
        await owner.execute("set synchronous_commit = off")
        for statement in (_CUSTOMERS, _ORDERS, _LINES):
            await owner.execute(statement, facts)
            await owner.commit()
    return merchant


_CUSTOMERS = """
insert into customers (merchant_id, id, nickname, joined_at, updated_at)
select %(merchant)s, ('01920000' || substr(%(prefix)s, 9) || lpad(to_hex(i), 12, '0'))::uuid, '顾客 ' || i, %(until)s, %(until)s
from generate_series(1, %(customers)s) i
"""
# The newest orders are paid or on their way, a few unpaid; the rest is history.
_ORDERS = """
insert into orders (merchant_id, id, number, customer_id, channel, state, store_id, currency, total, placed_at, pay_by,
                    paid_at, picked_up_at, received_at, updated_at, delivery)
select %(merchant)s, (%(prefix)s || lpad(to_hex(i), 12, '0'))::uuid, (%(first)s + i)::text,
       ('01920000' || substr(%(prefix)s, 9) || lpad(to_hex(1 + i %% %(customers)s), 12, '0'))::uuid, 'shop',
       case when i > %(count)s - 40 then 'unpaid' when i > %(count)s - 400 then 'paid' else 'received' end,
       %(store)s, 'CNY', 500 + i %% 1000, t.at, t.at + interval '30 minutes',
       case when i <= %(count)s - 40 then t.at end, case when i <= %(count)s - 400 then t.at end,
       case when i <= %(count)s - 400 then t.at end, t.at, 'pickup'
from generate_series(1, %(count)s) i
cross join lateral (select %(until)s - (%(count)s - i) * (%(seconds)s::float8 / %(count)s) * interval '1 second' as at) t
"""
_LINES = """
insert into order_lines (merchant_id, order_id, line_no, product_id, sku_id, title, quantity, unit_price, amount,
                         location_id, fulfilled_quantity)
select %(merchant)s, o.id, 1, %(product)s, %(sku)s, '红富士苹果', 1, o.total, o.total, %(store)s,
       case when o.state = 'received' then 1 else 0 end
from orders o where o.merchant_id = %(merchant)s
"""
