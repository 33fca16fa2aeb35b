"""The control API for Alipay: what a tester does that no shopper and no gateway would."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta

from siyu.connect import alipay
from siyu.connect.sandbox import deliveries
from siyu.connect.sandbox.access import json_body, only_here, refusal_answer
from siyu.connect.sandbox.alipay import hostile, trades, wire
from siyu.connect.sandbox.alipay.rows import Refused, Trade
from siyu.connect.sandbox.store import Delivery
from siyu.connect.sandbox.wire import Problem, Refusal
from siyu.connect.sandbox.world import World, world_of

AnyRequest = Request[Any, Any, Any]


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is the page address that the merchant made; `payer` an openid of somebody on the phone."""

    url: str
    payer: str


class Pay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pay a page nobody opened yet (`url` and `payer`), or a trade that exists (`out_trade_no`)."""

    url: str = ""
    payer: str = ""
    out_trade_no: str = ""
    callback: Literal["normal", "drop", "duplicate", "delay"] = "normal"
    delay_seconds: Annotated[float, Meta(ge=0)] = 0.0


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    out_trade_no: str


class Forge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`variant` is one of `hostile.VARIANTS`, or `every`."""

    out_trade_no: str
    variant: str = "every"


class RefundState(msgspec.Struct, frozen=True):
    out_request_no: str
    amount: int


class NoticeState(msgspec.Struct, frozen=True):
    id: str
    event_type: str
    state: str
    attempts: int
    last_status: int


class TradeState(msgspec.Struct, frozen=True):
    """A trade, its refunds and its notices; amounts in fen."""

    out_trade_no: str
    trade_no: str
    trade_status: str
    total: int
    buyer: str
    notify_url: str
    refunds: list[RefundState]
    notices: list[NoticeState]


@post("/open", status_code=200)
async def open_page(request: AnyRequest) -> TradeState:
    """Sign in at a page as its shopper would; the trade exists from then on."""
    world, wanted = world_of(request), await json_body(request, Open)
    return _state(world, _opened(world, wanted.url, wanted.payer).out_trade_no)


@post("/pay", status_code=200)
async def pay(request: AnyRequest) -> TradeState:
    """Pay as the shopper would, with a chosen fate for the notice."""
    world, wanted = world_of(request), await json_body(request, Pay)
    number = wanted.out_trade_no or _opened(world, wanted.url, wanted.payer).out_trade_no
    trades.pay(world, number, deliveries.travelling(wanted.callback, wanted.delay_seconds))
    return _state(world, number)


@post("/finish", status_code=200)
async def finish(request: AnyRequest) -> TradeState:
    """Let a paid trade grow too old to be refunded."""
    world, wanted = world_of(request), await json_body(request, Named)
    trades.finish(world, trades.existing(world, wanted.out_trade_no))
    return _state(world, wanted.out_trade_no)


@post("/callbacks/forge", status_code=200)
async def forge(request: AnyRequest) -> list[hostile.Attack]:
    """Send hostile notices to the trade's notify_url, one after the other."""
    world, wanted = world_of(request), await json_body(request, Forge)
    variants = hostile.VARIANTS if wanted.variant == "every" else (wanted.variant,)
    return [await hostile.attack(world, wanted.out_trade_no, variant) for variant in variants]


@get("/trades/{out_trade_no:str}")
async def trade_state(request: AnyRequest, out_trade_no: FromPath[str]) -> TradeState:
    return _state(world_of(request), out_trade_no)


def _opened(world: World, url: str, payer: str) -> Trade:
    try:
        given = alipay.form_fields(urlsplit(url).query.encode())
    except alipay.NotSigned as error:
        raise Refusal(400, "PARAM_ERROR", error.reason) from error
    wire.check_signed(world, given)
    return trades.sign_in(world, given, payer)


def _state(world: World, out_trade_no: str) -> TradeState:
    trade = trades.existing(world, out_trade_no)
    sent = world.store.rows(
        Delivery, "WHERE gateway = 'alipay' AND out_trade_no = ? ORDER BY id", out_trade_no
    )
    return TradeState(
        out_trade_no=trade.out_trade_no,
        trade_no=trade.trade_no,
        trade_status=trade.status,
        total=trade.total,
        buyer=trade.buyer,
        notify_url=trade.notify_url,
        refunds=[
            RefundState(one.out_request_no, one.amount) for one in trades.refunds_of(world, out_trade_no)
        ],
        notices=[
            NoticeState(row.event_id, row.event_type, row.state, row.attempts, row.last_status)
            for row in sent
        ],
    )


def _refused(_request: AnyRequest, refusal: Refused) -> Response[Problem]:
    status = 404 if refusal.sub_code == "ACQ.TRADE_NOT_EXIST" else 400
    return Response(Problem(refusal.sub_code, refusal.sub_msg), status_code=status)


control_router = Router(
    path="/sandbox/alipay",
    guards=[only_here],
    exception_handlers={Refused: _refused, Refusal: refusal_answer},
    route_handlers=[open_page, pay, finish, forge, trade_state],
)
