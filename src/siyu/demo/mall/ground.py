"""Where the scenes of the mall are played: the merchant at its own time, and the ways to order, pay and give back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.connect import gateways
from siyu.demo import people
from siyu.demo.gateway_memory import GatewayMemory
from siyu.demo.mall.model import Bought, Guest
from siyu.demo.opening import House
from siyu.kernel import clock, ids
from siyu.kernel.permissions import ROLES
from siyu.people import addresses
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings
from siyu.trade import orders, payments


class Ground:
    """Remembers what was bought by the key of the scene, and the cases by the same key."""

    def __init__(
        self,
        database: Database,
        merchant: Merchant,
        settings: Settings,
        house: House,
        people_ids: dict[int, UUID],
        memory: GatewayMemory,
    ) -> None:
        self.database = database
        self.merchant = merchant
        self.settings = settings
        self.house = house
        self.people = people_ids
        self.memory = memory
        self.bought: dict[str, Bought] = {}
        self.cases: dict[str, UUID] = {}
        self._payments = 0

    def worker(self, login: str, role: str) -> Actor:
        """A member of staff, so that what they do bears their name."""
        name = {"operator": "顾清", "guide": "许佳", "finance": "程算"}[login]
        return Actor("staff", self.house.staff[login], ROLES[role], name)

    async def order(
        self,
        key: str,
        number: int,
        lines: Mapping[str, int],
        *,
        delivery: str = "express",
        store: str = "",
        slot: datetime | None = None,
        address: addresses.Address | None = None,
        remark: str = "",
        invoice: orders.InvoiceTitle | None = None,
    ) -> Bought:
        """Quote and place an order of this person, under the scene's key."""
        customer_id = self.people[number]
        wanted = tuple(
            orders.WantedLine(self.house.skus[code], quantity, accepts_no_return=True)
            for code, quantity in lines.items()
        )
        store_id = self.house.stores[store] if store else None
        async with self.database.begin(self.merchant) as uow:
            quote = await orders.quote(
                uow,
                orders.QuoteAsk(
                    wanted,
                    customer_id=customer_id,
                    delivery=delivery,
                    store_id=store_id,
                    address=address,
                    slot=slot,
                ),
            )
        placed = await orders.place(
            self.database,
            self.merchant,
            orders.PlaceOrder(
                customer_id=customer_id,
                store_id=store_id,
                lines=wanted,
                expected_total=quote.total,
                key=f"demo-mall-{key}",
                remark=remark,
                delivery=delivery,
                address=address,
                slot=slot,
                invoice=invoice,
            ),
            pay_minutes=self.settings.order_pay_minutes,
        )
        bought = Bought(placed.id, placed.number, placed.total, customer_id, people.openid(number))
        self.bought[key] = bought
        return bought

    async def from_home(
        self, key: str, guest: Guest, lines: Mapping[str, int], *, remark: str = ""
    ) -> Bought:
        """Order by parcel to where the guest lives."""
        address = guest.address(people.phone(guest.number))
        return await self.order(key, guest.number, lines, address=address, remark=remark)

    async def pay(self, key: str, method: str = "wxpay_jsapi") -> None:
        """The money arrives as the gateway of `method` would report it."""
        bought = self.bought[key]
        gateway = payments.GATEWAY_OF[method]
        self._payments += 1
        now = clock.now()
        prefix = "4200" if gateway == "wxpay" else ""
        async with self.database.begin(self.merchant) as uow:
            (trade_number,) = await payments.open_payments(uow, [bought.id], method)
            transaction = gateways.Transaction(
                out_trade_no=trade_number,
                transaction_id=f"{prefix}{now:%Y%m%d}2200{self._payments:012}",
                trade_state="SUCCESS",
                total=bought.total,
                currency=self.merchant.currency,
                openid=bought.openid,
                success_time=now,
                merchant_id=self.settings.wxpay_merchant_id
                if gateway == "wxpay"
                else self.settings.alipay_seller_id,
                app_id=self.settings.wechat_app_id if gateway == "wxpay" else self.settings.alipay_app_id,
                gateway=gateway,
            )
            (outcome,) = await payments.settle(uow, [transaction])
        assert outcome is payments.Outcome.PAID, f"a payment of the story is accepted, not {outcome}"
        self.memory.paid(transaction, f"{self.merchant.name} {bought.number}")
        self.bought[key] = msgspec.structs.replace(bought, trade_number=trade_number)

    async def give_back(self, key: str) -> None:
        """The gateway does the refunds that were asked of it for this order."""
        bought = self.bought[key]
        async with self.database.begin(self.merchant) as uow:
            waiting = [
                one
                for one in await payments.refunds_of_order(uow, bought.id)
                if one.state in {"requested", "processing"}
            ]
            for refund in waiting:
                self._payments += 1
                done = gateways.Refund(
                    out_refund_no=refund.out_refund_no,
                    refund_id=f"5030{uow.now:%Y%m%d}2200{self._payments:012}",
                    out_trade_no=bought.trade_number,
                    status="SUCCESS",
                    refund=refund.amount,
                    total=bought.total,
                    success_time=uow.now,
                )
                outcome = await payments.refund_finished(uow, done)
                assert outcome is payments.Outcome.REFUND_DONE, (
                    f"a refund of the story is done, not {outcome}"
                )
                self.memory.refunded(done, refund.reason)

    def skus(self, lines: Mapping[str, int]) -> Sequence[tuple[UUID, int]]:
        """SKU ids and pieces, by code."""
        return [(self.house.skus[code], quantity) for code, quantity in lines.items()]

    def new_id(self, purpose: str, *subjects: object) -> UUID:
        """The id of a command: the same for the same subject, so that a scene could be played twice."""
        return ids.derived(f"demo.{purpose}", self.merchant.id, *subjects)
