"""A merchant with a promoter who has earned something, and a sandbox that sends money and calls back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
from litestar import Litestar, Request, post

from factories import Shop, a_customer, a_shop, paid
from siyu.connect import sandbox, wxpay
from siyu.growth import distribution, payouts, promoters
from siyu.kernel import clock, ids
from siyu.kernel.permissions import STAFF
from siyu.money import ledger
from siyu.place import doors
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.settings import Settings
from siyu.trade import orders
from siyu.trade import payments as trade_payments

SECRET = "x" * 32
IDENTITY = promoters.IdentityForm("王小鱼", "11010519491231002X", is_consented=True)


def staff(name: str = "财务小李") -> Actor:
    return Actor(kind="staff", id=ids.new(), permissions=STAFF, name=name)


class World(msgspec.Struct, frozen=True):
    """Everything a payout test needs."""

    database: Database
    shop: Shop
    promoter: promoters.Promoter
    gateway: wxpay.Gateway
    http: httpx.AsyncClient

    @property
    def merchant(self) -> Merchant:
        return self.shop.merchant

    @property
    def channel(self) -> payouts.Channel:
        return payouts.Channel(self.gateway, f"http://127.0.0.1:8000/cb/{self.merchant.slug}", SECRET)

    async def control(self, path: str, **body: object) -> dict:
        answer = await self.http.post(f"/sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def earns(self, apples: int = 10) -> orders.PlacedOrder:
        """A friend buys through the promoter and keeps the goods: a tenth of it is payable."""
        friend = await a_customer(self.database, self.merchant)
        async with self.database.begin(self.merchant) as uow:
            (door,) = await doors.of_promoter(uow, self.promoter.id)
            await doors.scan(uow, door.code, ids.new(), friend)
        order = await paid(self.database, self.shop, friend, apples=apples)
        async with self.database.begin(self.merchant) as uow:
            await orders.hand_over(uow, [order.id])
            await orders.confirm_received(uow, [order.id])
        await self.work()
        clock.move_to(clock.offset() + timedelta(days=40))
        await self.work()
        return order

    async def returns(self, order: orders.PlacedOrder, units: int) -> None:
        """The friend gives units back after all."""
        async with self.database.begin(self.merchant) as uow:
            await trade_payments.request_refund(
                uow, trade_payments.RequestRefund(ids.new(), order.id, ((1, units),), "退货")
            )
        await self.work()

    async def work(self) -> None:
        for consumer in distribution.CONSUMERS:
            while await digest(self.database, self.merchant, consumer):
                pass
        for sweep in distribution.SWEEPS:
            if sweep.name == "distribution.mature":
                await sweep.run(self.database, self.merchant)

    async def asks(self, key: UUID | None = None, **wanted: object) -> payouts.Payout:
        async with self.database.begin(self.merchant) as uow:
            return await payouts.request(uow, self.promoter.id, payouts.Requested(key or ids.new(), **wanted))

    async def approves(self, payout: payouts.Payout, who: Actor | None = None) -> payouts.Payout:
        async with self.database.begin(self.merchant, who or staff()) as uow:
            return await payouts.approve(uow, payout.id)

    async def sends(self) -> int:
        return await payouts.send_due(self.database, self.merchant, self.channel)

    async def later(self, **span: int) -> None:
        clock.move_to(clock.offset() + timedelta(**span))

    async def takes(self, payout: payouts.Payout, **how: object) -> None:
        """The person confirms on their phone."""
        await self.control("transfers", out_bill_no=payout.number, **how)

    async def calls_back(self, *, newest_first: bool = False) -> int:
        order = "newest_first" if newest_first else "oldest_first"
        return (await self.control("callbacks/release", order=order))["count"]

    async def now(self, payout: payouts.Payout) -> payouts.Payout:
        async with self.database.begin(self.merchant) as uow:
            return await payouts.find(uow, payout.id)

    async def books(self) -> dict[str, int]:
        """Balances by what they are, after checking that ledger and commission lines say the same."""
        owed = distribution.account_code(self.promoter.id)
        async with self.database.begin(self.merchant) as uow:
            assert (await ledger.trial_balance(uow)).is_sound
            lines = await distribution.open_lines(uow, self.promoter.id, lock=False)
            accounts = {row.code: row for row in await ledger.accounts(uow)}
        account = accounts.get(owed)
        free = account.balance - account.debits_pending if account else 0
        assert free == sum(line.open for line in lines), "the ledger and the open lines say the same"
        clearing = accounts.get("payout_clearing")
        assert clearing is None or clearing.balance == 0, "what is posted into clearing leaves it at once"
        overpaid = accounts.get("payout_overpaid")
        return {
            "free": free,
            "held": clearing.pending if clearing else 0,
            "tax": accounts["tax_payable"].balance if "tax_payable" in accounts else 0,
            "overpaid": overpaid.balance if overpaid else 0,
        }

    async def at_gateway(self) -> int:
        """Fen that people have really got, by the gateway's own book."""
        async with self.database.begin(self.merchant) as uow:
            known = await payouts.of_promoter(uow, self.promoter.id)
        total = 0
        for payout in known:
            answer = await self.http.get(f"/sandbox/transfers/{payout.number}")
            if answer.status_code == 200 and answer.json()["state"] == "SUCCESS":
                total += answer.json()["amount"]
        return total


@asynccontextmanager
async def a_world(
    database: Database, merchant: Merchant, folder: Path, *, stock: int = 2_000, rate_bps: int = 1_000
) -> AsyncIterator[World]:
    """A promoter with a verified name at a fresh merchant. Callbacks are held until they are asked for."""
    settings = Settings(wxpay_url="http://127.0.0.1:8001", **sandbox.ensure_keys(folder))
    house: list[World] = []

    @post("/cb/{slug:str}", status_code=204)
    async def heard(request: Request) -> None:
        await payouts.receive_notice(
            database, merchant, house[0].gateway, dict(request.headers), await request.body()
        )

    shop_app = Litestar([heard], openapi_config=None, logging_config=None)
    to_shop = httpx.AsyncClient(transport=httpx.ASGITransport(shop_app))
    app = sandbox.create(folder, base_url="http://127.0.0.1:8001", http=to_shop)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8001")
    gateway = wxpay.Gateway(wxpay.credentials_from(settings), http=http)
    shop = await a_shop(database, merchant, stock=stock)
    customer = await a_customer(database, merchant)
    async with database.begin(merchant) as uow:
        await distribution.add_plan(uow, name="常规佣金", rate_bps=rate_bps)
        promoter = await promoters.enrol(uow, customer, kind="koc", name="小鱼")
        await promoters.submit_identity(uow, promoter.id, IDENTITY, secret=SECRET)
    async with database.begin(merchant, staff()) as uow:
        await promoters.verify_identity(uow, promoter.id)
    async with to_shop, http:
        world = World(database, shop, promoter, gateway, http)
        house.append(world)
        await world.control("reset")
        await world.control("flags", hold_callbacks=True, is_any_openid_accepted=True)
        yield world
        app.state["world"].store.close()
