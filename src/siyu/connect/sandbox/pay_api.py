"""The routes of WeChat Pay v3 that the platform uses: order, query, close, refund, bills."""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from siyu.connect.sandbox import bills, cashiers, orders, refunds, transfers, wire
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World, world_of

AnyRequest = Request[Any, Any, Any]


class Prepaid(msgspec.Struct, frozen=True):
    prepay_id: str


class H5Prepaid(msgspec.Struct, frozen=True):
    h5_url: str


class NativePrepaid(msgspec.Struct, frozen=True):
    code_url: str


@post("/v3/pay/transactions/jsapi", status_code=200)
async def order_jsapi(request: AnyRequest) -> Response[bytes]:
    world = world_of(request)
    body = await wire.authenticated(world, request)
    return _applied(world, lambda: Prepaid(orders.place_jsapi(world, body)))


@post("/v3/pay/transactions/h5", status_code=200)
async def order_h5(request: AnyRequest) -> Response[bytes]:
    world = world_of(request)
    body = await wire.authenticated(world, request)
    return _applied(world, lambda: H5Prepaid(cashiers.h5_url(world, orders.place_h5(world, body))))


@post("/v3/pay/transactions/native", status_code=200)
async def order_native(request: AnyRequest) -> Response[bytes]:
    world = world_of(request)
    body = await wire.authenticated(world, request)
    return _applied(world, lambda: NativePrepaid(cashiers.code_url(orders.place_native(world, body))))


@get("/v3/pay/transactions/out-trade-no/{out_trade_no:str}")
async def query_order(request: AnyRequest, out_trade_no: FromPath[str]) -> Response[bytes]:
    world = world_of(request)
    await wire.authenticated(world, request)
    _check_mchid(world, request)
    return wire.answer(world, orders.described(world, orders.existing(world, out_trade_no)))


@post("/v3/pay/transactions/out-trade-no/{out_trade_no:str}/close", status_code=200)
async def close_order(request: AnyRequest, out_trade_no: FromPath[str]) -> Response[bytes]:
    world = world_of(request)
    body = await wire.authenticated(world, request)
    return _applied(world, lambda: orders.close(world, out_trade_no, body))


@post("/v3/refund/domestic/refunds", status_code=200)
async def refund_order(request: AnyRequest) -> Response[bytes]:
    world = world_of(request)
    body = await wire.authenticated(world, request)
    return _applied(world, lambda: refunds.start(world, body))


@get("/v3/refund/domestic/refunds/{out_refund_no:str}")
async def query_refund(request: AnyRequest, out_refund_no: FromPath[str]) -> Response[bytes]:
    world = world_of(request)
    await wire.authenticated(world, request)
    return wire.answer(world, refunds.found(world, out_refund_no))


@get("/v3/bill/tradebill")
async def trade_bill(request: AnyRequest) -> Response[bytes]:
    world = world_of(request)
    await wire.authenticated(world, request)
    return wire.answer(world, bills.trade_bill(world, dict(request.query_params)))


@get("/v3/bill/fundflowbill")
async def fund_flow_bill(request: AnyRequest) -> Response[bytes]:
    world = world_of(request)
    await wire.authenticated(world, request)
    return wire.answer(world, bills.fund_flow_bill(world, dict(request.query_params)))


@get("/v3/billdownload/file")
async def bill_file(request: AnyRequest) -> Response[bytes]:
    """The request is signed as any other; the file is not, as at the real gateway."""
    world = world_of(request)
    await wire.authenticated(world, request)
    content = bills.file(world, "wxpay", request.query_params.get("token", ""))
    return Response(content, media_type="application/octet-stream")


@post("/v3/fund-app/mch-transfer/transfer-bills", status_code=200)
async def send_transfer(request: AnyRequest) -> Response[bytes]:
    world = world_of(request)
    body = await wire.authenticated(world, request)
    serial = request.headers.get("wechatpay-serial", "")
    return _applied(world, lambda: transfers.start(world, body, serial))


@get("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no:str}")
async def query_transfer(request: AnyRequest, out_bill_no: FromPath[str]) -> Response[bytes]:
    world = world_of(request)
    await wire.authenticated(world, request)
    return wire.answer(world, transfers.found(world, out_bill_no))


@post("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no:str}/cancel", status_code=200)
async def cancel_transfer(request: AnyRequest, out_bill_no: FromPath[str]) -> Response[bytes]:
    world = world_of(request)
    body = await wire.authenticated(world, request)
    return _applied(world, lambda: transfers.cancel(world, out_bill_no, body))


def _applied(world: World, change: Callable[[], msgspec.Struct | None]) -> Response[bytes]:
    """Carry out a change and answer; or carry it out and say that nobody knows, when told to."""
    content = change()
    flags = world.flags
    if flags.system_errors_after_apply > 0:
        left = flags.system_errors_after_apply - 1
        world.store.set_flags(msgspec.structs.replace(flags, system_errors_after_apply=left))
        raise Refusal(500, "SYSTEM_ERROR", "系统异常，请用相同参数重新调用")
    return wire.answer(world, content)


def _check_mchid(world: World, request: AnyRequest) -> None:
    if request.query_params.get("mchid") != world.keys.numbers.merchant_id:
        raise Refusal(400, "PARAM_ERROR", "缺少参数 mchid 或与签名的商户号不一致", 268447843)


def _refused(request: AnyRequest, refusal: Refusal) -> Response[bytes]:
    return wire.refused(world_of(request), refusal)


router = Router(
    path="/",
    route_handlers=[
        order_jsapi,
        order_h5,
        order_native,
        query_order,
        close_order,
        refund_order,
        query_refund,
        trade_bill,
        fund_flow_bill,
        bill_file,
        send_transfer,
        query_transfer,
        cancel_transfer,
    ],
    exception_handlers={Refusal: _refused},
)
