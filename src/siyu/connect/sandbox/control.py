"""The control API: what a tester does that no shopper and no gateway would. This machine only, JSON only."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath
from msgspec import Meta

from siyu.connect.sandbox import carrying, deliveries, hostile, orders, persons, statement, transfers
from siyu.connect.sandbox.access import json_body, only_here, refusal_answer
from siyu.connect.sandbox.store import BillFault, Delivery, Flags, Order, Person, Refund, Text
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import rfc3339, world_of

AnyRequest = Request[Any, Any, Any]


class Pay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`payer` is an openid, for orders that anybody may pay (H5, Native).

    `is_late` pays an order that was closed: the bank had moved the money when the close arrived.
    """

    out_trade_no: str
    payer: str = ""
    callback: Literal["normal", "drop", "duplicate", "delay"] = "normal"
    delay_seconds: Annotated[float, Meta(ge=0)] = 0.0
    is_late: bool = False


class Take(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person takes a transfer (`SUCCESS`), or it ends otherwise; the callback travels as told."""

    out_bill_no: str
    state: Literal["SUCCESS", "FAIL", "CANCELLED"] = "SUCCESS"
    fail_reason: str = ""
    callback: Literal["normal", "drop", "duplicate", "delay"] = "normal"
    delay_seconds: Annotated[float, Meta(ge=0)] = 0.0


class TransferState(msgspec.Struct, frozen=True):
    """A transfer at the gateway; `amount` in fen, `name` as it was decrypted."""

    out_bill_no: str
    openid: str
    amount: int
    name: str
    job: str
    work: str
    package: str
    state: str
    fail_reason: str


class Forge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`variant` is one of `hostile.VARIANTS`, or `every`."""

    out_trade_no: str
    variant: str = "every"


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order: Literal["oldest_first", "newest_first"] = "oldest_first"


class Released(msgspec.Struct, frozen=True):
    count: int


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lie in the trade bill of a day: `number` (an order's or a refund's) is left out, costs `amount` fen, or is
    a payment of `amount` that never happened. The fund bill keeps to the truth.
    """

    gateway: Literal["wxpay", "alipay"]
    day: str
    kind: Literal["missing", "extra", "amount"]
    number: Annotated[str, Meta(min_length=1, max_length=64)]
    amount: Annotated[int, Meta(ge=0)] = 0


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nickname: Annotated[str, Meta(min_length=1, max_length=32)]
    phone: str = ""
    openid: str = ""
    unionid: str = ""
    seed: str = ""


class RefundState(msgspec.Struct, frozen=True):
    out_refund_no: str
    refund_id: str
    refund: int
    status: str


class DeliveryState(msgspec.Struct, frozen=True):
    id: str
    event_type: str
    state: str
    attempts: int
    last_status: int


class OrderState(msgspec.Struct, frozen=True):
    """An order, its refunds and its callbacks; amounts in fen."""

    out_trade_no: str
    transaction_id: str
    trade_state: str
    total: int
    openid: str
    notify_url: str
    success_time: str
    refunds: list[RefundState]
    callbacks: list[DeliveryState]


class TextState(msgspec.Struct, frozen=True):
    phone: str
    code: str
    template: str
    parameters: str
    biz_id: str
    sent_at: str


class Done(msgspec.Struct, frozen=True):
    ok: bool = True


@post("/pay", status_code=200)
async def pay(request: AnyRequest) -> OrderState:
    """Pay an order as its shopper would, with a chosen fate for the callback."""
    world, wanted = world_of(request), await json_body(request, Pay)
    plan = deliveries.travelling(wanted.callback, wanted.delay_seconds)
    orders.pay(world, wanted.out_trade_no, plan, payer=wanted.payer, is_late=wanted.is_late)
    return _state(request, wanted.out_trade_no)


@post("/transfers", status_code=200)
async def take_transfer(request: AnyRequest) -> TransferState:
    """End a transfer as its person or the gateway would."""
    world, wanted = world_of(request), await json_body(request, Take)
    travel = deliveries.travelling(wanted.callback, wanted.delay_seconds)
    transfers.finish(world, wanted.out_bill_no, wanted.state, travel, fail_reason=wanted.fail_reason)
    return _transfer(request, wanted.out_bill_no)


@get("/transfers/{out_bill_no:str}")
async def transfer_state(request: AnyRequest, out_bill_no: FromPath[str]) -> TransferState:
    return _transfer(request, out_bill_no)


def _transfer(request: AnyRequest, out_bill_no: str) -> TransferState:
    return msgspec.convert(
        transfers.existing(world_of(request), out_bill_no), TransferState, from_attributes=True
    )


@post("/callbacks/forge", status_code=200)
async def forge(request: AnyRequest) -> list[hostile.Attack]:
    """Send hostile callbacks to the order's notify_url, one after the other."""
    world, wanted = world_of(request), await json_body(request, Forge)
    variants = hostile.VARIANTS if wanted.variant == "every" else (wanted.variant,)
    return [await hostile.attack(world, wanted.out_trade_no, variant) for variant in variants]


@post("/callbacks/release", status_code=200)
async def release(request: AnyRequest) -> Released:
    """Carry what was held (flag `hold_callbacks`) or still waits, in this order, one after the other."""
    world, wanted = world_of(request), await json_body(request, Release)
    count = await carrying.release(world, is_newest_first=wanted.order == "newest_first")
    return Released(count)


@post("/bills/differences", status_code=200)
async def plant_difference(request: AnyRequest) -> Done:
    """Let the trade bill of a day differ from what happened."""
    world, wanted = world_of(request), await json_body(request, Difference)
    fault = BillFault(None, wanted.gateway, wanted.day, wanted.kind, wanted.number, wanted.amount)
    statement.plant(world, fault)
    return Done()


@get("/orders/{out_trade_no:str}")
async def order_state(request: AnyRequest, out_trade_no: FromPath[str]) -> OrderState:
    return _state(request, out_trade_no)


@get("/sms")
async def inbox(request: AnyRequest) -> list[TextState]:
    """The last twenty texts to `?phone=`, the newest first."""
    phone = request.query_params.get("phone", "")
    rows = world_of(request).store.rows(Text, "WHERE phone = ? ORDER BY sent_at DESC LIMIT 20", phone)
    return [
        TextState(row.phone, row.code, row.template, row.parameters, row.biz_id, rfc3339(row.sent_at))
        for row in rows
    ]


@get("/flags")
async def read_flags(request: AnyRequest) -> Flags:
    return world_of(request).flags


@post("/flags", status_code=200)
async def set_flags(request: AnyRequest) -> Flags:
    """Change the flags that are given and keep the others. Flags that nobody knows are refused."""
    store = world_of(request).store
    given = await json_body(request, dict[str, Any])
    try:
        flags = msgspec.convert({**msgspec.to_builtins(store.flags()), **given}, Flags)
    except msgspec.ValidationError as error:
        raise Refusal(400, "PARAM_ERROR", str(error)) from error
    store.set_flags(flags)
    world_of(request).planned.set()
    return flags


@post("/persons", status_code=201)
async def new_person(request: AnyRequest) -> Person:
    """Put a person on the phone. With a `seed` the ids are the same every time."""
    wanted = await json_body(request, NewPerson)
    return persons.save(
        world_of(request).store,
        openid=wanted.openid,
        unionid=wanted.unionid,
        nickname=wanted.nickname,
        phone=wanted.phone,
        seed=wanted.seed,
    )


@post("/reset", status_code=200)
async def reset(request: AnyRequest) -> Done:
    """Forget everything but the keys."""
    world_of(request).store.forget_everything()
    return Done()


def _state(request: AnyRequest, out_trade_no: str) -> OrderState:
    world = world_of(request)
    order: Order = orders.existing(world, out_trade_no)
    refunds = world.store.rows(Refund, "WHERE out_trade_no = ? ORDER BY created_at", out_trade_no)
    sent = world.store.rows(
        Delivery, "WHERE gateway = 'wxpay' AND out_trade_no = ? ORDER BY id", out_trade_no
    )
    return OrderState(
        out_trade_no=order.out_trade_no,
        transaction_id=order.transaction_id,
        trade_state=order.state,
        total=order.total,
        openid=order.openid,
        notify_url=order.notify_url,
        success_time=rfc3339(order.paid_at) if order.paid_at is not None else "",
        refunds=[RefundState(row.out_refund_no, row.refund_id, row.refund, row.status) for row in refunds],
        callbacks=[
            DeliveryState(row.event_id, row.event_type, row.state, row.attempts, row.last_status)
            for row in sent
        ],
    )


router = Router(
    path="/sandbox",
    guards=[only_here],
    exception_handlers={Refusal: refusal_answer},
    route_handlers=[
        pay,
        take_transfer,
        transfer_state,
        forge,
        release,
        plant_difference,
        order_state,
        inbox,
        read_flags,
        set_flags,
        new_person,
        reset,
    ],
)
