"""Act three: paying over the wire. Forged callbacks change nothing, the true one has one effect however often it comes."""

from typing import Literal
from uuid import UUID

import msgspec

from siyu.connect import wxpay
from siyu.demo.proof.entering import Shopper
from siyu.demo.proof.stage import Stage, until
from siyu.demo.proof.transcript import Transcript
from siyu.demo.proof.wire import Api, read, said
from siyu.money import ledger
from siyu.trade import orders, payments

GATEWAY = "gateway:wxpay"
PAYMENT_EVENT = "TRANSACTION.SUCCESS"
# One thing wrong in each; `wrong_amount` alone is signed by the gateway itself.
FORGERIES = (
    "forged_signature",
    "tampered_body",
    "stale",
    "signature_probe",
    "unknown_serial",
    "other_api_v3_key",
    "other_merchant",
    "wrong_amount",
)


class Attack(msgspec.Struct, frozen=True):
    """How the shop answered one callback."""

    variant: str
    status: int


class Callback(msgspec.Struct, frozen=True):
    event_type: str
    state: str
    attempts: int
    last_status: int


class RefundThere(msgspec.Struct, frozen=True):
    refund: int
    status: str


class OrderThere(msgspec.Struct, frozen=True):
    """The order as the sandbox knows it; amounts in fen."""

    trade_state: str
    total: int
    refunds: list[RefundThere]
    callbacks: list[Callback]

    @property
    def told(self) -> list[tuple[str, int]]:
        """What became of each notice of the payment: its state, and how the shop answered."""
        return [(one.state, one.last_status) for one in self.callbacks if one.event_type == PAYMENT_EVENT]


async def order_state(api: Api, order_id: UUID) -> str:
    return (await api.get(f"/orders/{order_id}", orders.Order)).state


async def balance(staff: Api, code: str) -> int:
    """What an account stands at, in fen."""
    accounts = await staff.get("/ledger/accounts", list[ledger.Account])
    return next((account.balance for account in accounts if account.code == code), 0)


async def begin(stage: Stage, shopper: Shopper, order_id: UUID) -> wxpay.ClientParameters:
    """What the shop's page hands to WeChat."""
    await shopper.browser.get(f"/shop/{stage.slug}/pay/{order_id}")
    begun = await shopper.browser.post(f"/shop/{stage.slug}/pay/{order_id}/begin", {}, "application/json")
    return read(begun, wxpay.ClientParameters)


async def trade_number(staff: Api, order_id: UUID) -> str:
    """The shop's number of this payment at the gateway."""
    return (await staff.get(f"/orders/{order_id}/payment", payments.Payment)).out_trade_no


async def pay_at_gateway(
    stage: Stage,
    number: str,
    *,
    callback: Literal["normal", "drop", "duplicate"] = "normal",
    is_late: bool = False,
) -> None:
    """The money moves at the gateway; `callback` is the fate of its notice."""
    wanted = {"out_trade_no": number, "callback": callback, "is_late": is_late}
    await stage.told("/sandbox/pay", wanted, OrderThere)


async def there(stage: Stage, number: str) -> OrderThere:
    return read(await (await stage.gateway()).get(f"/sandbox/orders/{number}"), OrderThere)


async def pay(
    stage: Stage, told: Transcript, staff: Api, shopper: Shopper, order: orders.PlacedOrder
) -> None:
    """Begin, be attacked, pay at the cashier, be told again."""
    told.heading("付款", "paying")
    before = await balance(staff, GATEWAY)
    parameters = await begin(stage, shopper, order.id)
    number = await trade_number(staff, order.id)
    told.expect(
        "微信支付下单（JSAPI）", "prepaid at WeChat Pay (JSAPI)", (await there(stage, number)).total, order.total,
        f"{number} · {order.total} fen",
    )  # fmt: skip
    await _refuse_forgeries(stage, told, staff, order, number, before)
    await _at_the_cashier(stage, told, parameters)
    state = await until(lambda: order_state(staff, order.id), lambda state: state != "unpaid")
    known = await until(lambda: there(stage, number), lambda known: known.told == [("delivered", 204)])
    told.expect(
        "签名通知送达，订单已付款",
        "the signed notice arrives and the order is paid",
        (state, known.trade_state, known.told),
        ("paid", "SUCCESS", [("delivered", 204)]),
        f"{state} · 204 · {known.total} fen",
    )
    again = await stage.told(
        "/sandbox/callbacks/forge", {"out_trade_no": number, "variant": "replay"}, list[Attack]
    )
    now = await balance(staff, GATEWAY)
    told.expect(
        "重放同一通知：应答成功，只入账一次",
        "the same notice replayed: accepted, booked once",
        ([attack.status for attack in again], now - before),
        ([204], order.total),
        f"204 · {GATEWAY} +{now - before} fen",
    )


async def _refuse_forgeries(
    stage: Stage, told: Transcript, staff: Api, order: orders.PlacedOrder, number: str, before: int
) -> None:
    """Every hostile notice about the unpaid order is refused, and nothing moves."""
    answers = []
    for variant in FORGERIES:
        wanted = {"out_trade_no": number, "variant": variant}
        answers += await stage.told("/sandbox/callbacks/forge", wanted, list[Attack])
    accepted = [one.variant for one in answers if not 400 <= one.status < 500]
    told.expect(
        "伪造、篡改、过期、错额的通知全部拒绝",
        "forged, tampered, stale, wrong-amount: all refused",
        (accepted, len(answers), await order_state(staff, order.id), await balance(staff, GATEWAY)),
        ([], len(FORGERIES), "unpaid", before),
        " · ".join(f"{one.variant} {one.status}" for one in answers),
    )


async def _at_the_cashier(stage: Stage, told: Transcript, parameters: wxpay.ClientParameters) -> None:
    """What happens on the phone: the cashier checks the shop's signature and asks the shopper."""
    fields = msgspec.to_builtins(parameters)
    gateway = await stage.gateway()
    stolen = await gateway.get("/cashier", params={**fields, "package": "prepay_id=wx00000000000000"})
    shown = await gateway.get("/cashier", params=fields)
    decided = await gateway.post("/cashier/pay", data={**fields, "action": "pay"})
    told.expect(
        "在沙箱手机的收银台付款（改过的参数打不开）",
        "paid at the phone's cashier; altered parameters do not open it",
        (stolen.status_code, shown.status_code, said(decided)),
        (400, 200, "200"),
    )
