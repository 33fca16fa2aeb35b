"""收款 on the phone: what merchants send to a person, and the page on which they take it."""

from typing import Any

from litestar import Request, Response, Router, get, post

from siyu.connect.sandbox import deliveries, persons, screens, transfers
from siyu.connect.sandbox.store import Transfer
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World, world_of
from siyu.web import mark

AnyRequest = Request[Any, Any, Any]

SHOWN_MAX = 30
BUTTONS = {
    "take": deliveries.Plan(),
    "take_silently": deliveries.Plan(copies=0),
}


def received(world: World, openid: str) -> list[Transfer]:
    """What was sent to a person, or to everybody, the latest first."""
    transfers.settle_due(world)
    where = "WHERE ? = '' OR openid = ? ORDER BY updated_at DESC LIMIT ?"
    return world.store.rows(Transfer, where, openid, openid, SHOWN_MAX)


@get("/transfer")
async def transfer_page(request: AnyRequest) -> Response[Any]:
    """Who sends how much and what for, and taking it."""
    world = world_of(request)
    given = {name: request.query_params.get(name, "") for name in ("mchId", "appId", "package", "parent")}
    try:
        transfer = _checked(world, given)
    except Refusal as refusal:
        return _outcome(request, "fail", given["parent"], refusal.message, status_code=refusal.status)
    if transfer.state != "WAIT_USER_CONFIRM":
        return _outcome(request, "fail", given["parent"], transfers.STATE_WORDS[transfer.state])
    return screens.show(
        request,
        "transfer.html",
        transfer=transfer,
        person=persons.find(world.store, transfer.openid),
        given=given,
        merchant_id=world.keys.numbers.merchant_id,
    )


@post("/transfer/take", status_code=200)
async def take(request: AnyRequest) -> Response[Any]:
    """The person decided: `take`, `take_silently` (the merchant gets no callback) or `later`."""
    world = world_of(request)
    form = await request.form()
    given = {name: str(form.get(name, "")) for name in ("mchId", "appId", "package", "parent", "action")}
    try:
        transfer = _checked(world, given)
        if given["action"] == "later":
            return _outcome(request, "cancel", given["parent"], mark("没有收款"))
        transfers.finish(world, transfer.out_bill_no, "SUCCESS", _travelling(given["action"]))
    except Refusal as refusal:
        return _outcome(request, "fail", given["parent"], refusal.message, status_code=refusal.status)
    return _outcome(request, "ok", given["parent"], mark("已存入零钱"), total=transfer.amount)


def _travelling(button: str) -> deliveries.Plan:
    if button not in BUTTONS:
        raise Refusal(400, "PARAM_ERROR", mark("收款参数不正确"))
    return BUTTONS[button]


def _checked(world: World, given: dict[str, str]) -> Transfer:
    numbers = world.keys.numbers
    if (given["mchId"], given["appId"]) != (numbers.merchant_id, numbers.app_id):
        raise Refusal(400, "PARAM_ERROR", mark("收款参数不正确"))
    return transfers.of_package(world, given["package"])


def _outcome(
    request: AnyRequest, word: str, parent: str, text: str, *, status_code: int = 200, total: int = 0
) -> Response[Any]:
    return screens.show(
        request,
        "paid.html",
        status_code=status_code,
        outcome=word,
        parent=parent,
        text=text,
        total=total,
        next_url="",
        heading=mark("收款结果"),
    )


router = Router(path="/", route_handlers=[transfer_page, take])
