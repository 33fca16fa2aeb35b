"""The buyer's side of after-sales: asking, sending back, withdrawing, disputing."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath
from litestar.response import Redirect

from siyu import web
from siyu.goods import media
from siyu.kernel.errors import DomainError, Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime import limits
from siyu.runtime.actors import Actor
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings
from siyu.trade import orders
from siyu.trade.aftersales import actions, opening, queries, rules, words
from siyu.trade.aftersales.model import OpenCase

SHOPPER = {"permission": Permission.SHOPPER}
LINE = "line-"  # fields of the form are line-1, line-2 …
PICTURES_PER_HOUR = 60  # each is decoded and written three times: nobody fills the disk with refused wishes
CLAIMABLE = frozenset({"paid", "shipped", "picked_up", "received"})


@get("/shop/{slug:str}/orders/{order_id:uuid}/cases", opt=SHOPPER)
async def cases_of_order(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """A fragment for the order's page: its after-sales, and the way to ask for one."""
    order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    found = await queries.listing(uow, order_id=order_id, customer_id=actor.customer_id)
    return web.page(
        request,
        "aftersales/shop_cases.html",
        merchant=merchant,
        order=order,
        cases=found.items,
        can_ask=order.state in CLAIMABLE and bool(await _left(uow, order)),
        words=words,
    )


async def _left(uow: UnitOfWork, order: orders.Order) -> dict[int, tuple[str, int]]:
    """For each line of which something can be claimed: whether it had left, and how many units."""
    claimed = await queries.claimed_units(uow, order.id)
    left: dict[int, tuple[str, int]] = {}
    for line in order.lines:
        gone = line.fulfilled_quantity - (line.refunded_quantity - line.cancelled_quantity)
        gone -= claimed.get((line.line_no, "left"), 0)
        waiting = line.waiting - claimed.get((line.line_no, "waiting"), 0)
        if line.fulfilled_quantity and gone > 0:
            left[line.line_no] = ("left", gone)
        elif not line.fulfilled_quantity and waiting > 0 and order.state == "paid":
            left[line.line_no] = ("waiting", waiting)
    return left


async def _form(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    merchant: Merchant,
    order: orders.Order,
    *,
    filled: FormMultiDict | None = None,
    problem: DomainError | None = None,
) -> Response[str]:
    """The form; after a refusal with the reason at its field and everything that was filled in."""
    left = await _left(uow, order)
    units = {which for which, _ in left.values()}
    return web.page(
        request,
        "aftersales/shop_ask.html",
        merchant=merchant,
        status_code=409 if problem else 200,
        order=order,
        left=left,
        line_field=LINE,
        reasons=[reason for reason in rules.REASONS if units & set(reason.units) and reason.is_for_buyers],
        kinds={kind: word for kind, word in words.KINDS.items() if "left" in units or kind == "refund_only"},
        had_left="left" in units,
        worth={
            line.line_no: [orders.worth_of(line, n + 1) for n in range(left[line.line_no][1])]
            for line in order.lines
            if line.line_no in left
        },
        filled=filled or {},
        problem=web.problem_of(request, problem) if problem else None,
        pictures_max=opening.PICTURES_MAX,
    )


@get("/shop/{slug:str}/orders/{order_id:uuid}/after-sale", opt=SHOPPER)
async def ask(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """The form to ask for a refund, return or exchange."""
    return await _form(
        request, uow, merchant, await orders.find(uow, order_id, customer_id=actor.customer_id)
    )


@post("/shop/{slug:str}/orders/{order_id:uuid}/after-sale", opt=SHOPPER, status_code=200)
async def open_case(
    *,
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Ask. A refusal shows the form again with the reason; nothing that was written is lost."""
    form = await request.form()
    try:
        wish = await _wish(form, order_id, database, merchant, actor, settings)
        async with database.begin(merchant, actor) as uow:
            case = await opening.open_case(uow, wish, customer_id=actor.customer_id)
    except DomainError as problem:
        if problem.status == 404:
            raise
        async with database.begin(merchant, actor) as uow:
            order = await orders.find(uow, order_id, customer_id=actor.customer_id)
            return await _form(request, uow, merchant, order, filled=form, problem=problem)
    return Redirect(f"/shop/{merchant.slug}/cases/{case.id}", status_code=303)


async def _wish(
    form: FormMultiDict,
    order_id: UUID,
    database: OnDatabase,
    merchant: Merchant,
    actor: Actor,
    settings: Settings,
) -> OpenCase:
    try:
        case_id = UUID(str(form.get("idempotency_key", "")))
        lines = tuple(
            (int(name.removeprefix(LINE)), int(str(value)))
            for name, value in form.items()
            if name.startswith(LINE) and str(value) not in {"", "0"}
        )
    except ValueError:
        raise Invalid(field="lines", zh="数量不正确。", en="The quantities are not valid.") from None
    async with database.begin(merchant, actor) as uow:
        await orders.find(uow, order_id, customer_id=actor.customer_id)
    files = [one for one in form.getall("pictures", []) if isinstance(one, UploadFile) and one.filename]
    keys: list[str] = []
    for file in files[: opening.PICTURES_MAX + 1]:
        await limits.take(
            database, merchant, "aftersales.pictures", str(actor.id), most=PICTURES_PER_HOUR, seconds=3_600
        )
        body = await file.read(media.BYTES_MAX + 1)
        keys.append((await media.keep(database, merchant, actor, settings, body, "pictures")).key)
    return OpenCase(
        id=case_id,
        order_id=order_id,
        kind=str(form.get("kind", "")),
        reason=str(form.get("reason", "")),
        lines=lines,
        words=str(form.get("words", "")),
        pictures=tuple(keys),
    )


@get("/shop/{slug:str}/cases/{case_id:uuid}", opt=SHOPPER)
async def case_page(
    request: Request[Any, Any, Any], case_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """One of my after-sales: where it stands, until when who has to act, and everything that was said."""
    case = await queries.find(uow, case_id, customer_id=actor.customer_id)
    return web.page(
        request,
        "aftersales/shop_case.html",
        merchant=merchant,
        case=case,
        reason=rules.BY_CODE[case.reason],
        words=words,
    )


@post("/shop/{slug:str}/cases/{case_id:uuid}/sent", opt=SHOPPER)
async def sent_back(
    request: Request[Any, Any, Any], case_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Redirect:
    """I have sent the goods back, or brought them."""
    form = await request.form()
    await actions.send_back(
        uow,
        case_id,
        str(form.get("carrier", "")),
        str(form.get("tracking", "")),
        customer_id=actor.customer_id,
    )
    return Redirect(f"/shop/{merchant.slug}/cases/{case_id}", status_code=303)


@post("/shop/{slug:str}/cases/{case_id:uuid}/withdraw", opt=SHOPPER)
async def withdraw(case_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor) -> Redirect:
    """I do not want it any more."""
    await actions.withdraw(uow, case_id, customer_id=actor.customer_id)
    return Redirect(f"/shop/{merchant.slug}/cases/{case_id}", status_code=303)


@post("/shop/{slug:str}/cases/{case_id:uuid}/dispute", opt=SHOPPER)
async def dispute(
    request: Request[Any, Any, Any], case_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Redirect:
    """I do not accept the refusal."""
    form = await request.form()
    await actions.dispute(uow, case_id, str(form.get("words", "")), customer_id=actor.customer_id)
    return Redirect(f"/shop/{merchant.slug}/cases/{case_id}", status_code=303)


routes = [cases_of_order, ask, open_case, case_page, sent_back, withdraw, dispute]
