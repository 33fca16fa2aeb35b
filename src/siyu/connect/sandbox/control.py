"""The control API: what a tester does that no shopper and no gateway would. This machine only, JSON only."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath
from msgspec import Meta

from siyu.connect import calls
from siyu.connect.sandbox import deliveries, hostile, orders, persons
from siyu.connect.sandbox.store import Delivery, Flags, Order, Person, Refund, Text
from siyu.connect.sandbox.wire import Problem, Refusal
from siyu.connect.sandbox.world import rfc3339, world_of

AnyRequest = Request[Any, Any, Any]


class Pay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`is_late` pays an order that was closed: the bank had moved the money when the close arrived."""

    out_trade_no: str
    callback: Literal["normal", "drop", "duplicate", "delay"] = "normal"
    delay_seconds: Annotated[float, Meta(ge=0)] = 0.0
    is_late: bool = False


class Forge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`variant` is one of `hostile.VARIANTS`, or `every`."""

    out_trade_no: str
    variant: str = "every"


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


def only_here(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Refuse everybody but this machine: whoever may control the gateway may print money."""
    client = connection.client
    is_forwarded = "x-forwarded-for" in connection.headers or "forwarded" in connection.headers
    if is_forwarded or client is None or not calls.is_loopback(client.host):
        raise PermissionDeniedException("the control API answers this machine only")


async def _body(request: AnyRequest, kind: type[Any]) -> Any:
    # A web page of a stranger can post to this machine, but not with this content type.
    if request.content_type[0] != "application/json":
        raise Refusal(415, "NOT_JSON", "Content-Type: application/json")
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.MsgspecError as error:
        raise Refusal(400, "PARAM_ERROR", str(error)) from error


@post("/pay", status_code=200)
async def pay(request: AnyRequest) -> OrderState:
    """Pay an order as its shopper would, with a chosen fate for the callback."""
    world, wanted = world_of(request), await _body(request, Pay)
    copies = {"normal": 1, "delay": 1, "drop": 0, "duplicate": 2}[wanted.callback]
    delay = wanted.delay_seconds if wanted.callback == "delay" else 0.0
    orders.pay(world, wanted.out_trade_no, deliveries.Plan(copies, delay), is_late=wanted.is_late)
    return _state(request, wanted.out_trade_no)


@post("/callbacks/forge", status_code=200)
async def forge(request: AnyRequest) -> list[hostile.Attack]:
    """Send hostile callbacks to the order's notify_url, one after the other."""
    world, wanted = world_of(request), await _body(request, Forge)
    variants = hostile.VARIANTS if wanted.variant == "every" else (wanted.variant,)
    return [await hostile.attack(world, wanted.out_trade_no, variant) for variant in variants]


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
    given = await _body(request, dict[str, Any])
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
    wanted = await _body(request, NewPerson)
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
    sent = world.store.rows(Delivery, "WHERE out_trade_no = ? ORDER BY id", out_trade_no)
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


def _refused(_request: AnyRequest, refusal: Refusal) -> Response[Problem]:
    return Response(Problem(refusal.code, refusal.message), status_code=refusal.status)


router = Router(
    path="/sandbox",
    guards=[only_here],
    exception_handlers={Refusal: _refused},
    route_handlers=[pay, forge, order_state, inbox, read_flags, set_flags, new_person, reset],
)
