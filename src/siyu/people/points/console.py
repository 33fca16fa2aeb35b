"""Points on the console: the rule, what is owed, every movement, and a customer's."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.people.points import moving, queries, ruling, words
from siyu.people.points.model import Rule
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.POINTS_WRITE}
DIGITS_MAX = 9
HEAD = ("时间", "顾客", "事由", "积分", "余额", "欠分", "说明", "操作人")


def _text(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _count(form: FormMultiDict, name: str) -> int:
    """A whole number from a form. Raises Invalid at the field."""
    text = _text(form, name)
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= DIGITS_MAX):
        raise Invalid(field=name, zh="请填写整数。", en="Write a whole number.")
    return int(text)


@get("/console/{slug:str}/points", opt=READ)
async def overview(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    reason: FromQuery[str] = "",
    after: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Any:
    """The rule, the liability and all movements, newest first."""
    wanted = reason if reason in words.REASONS else None
    if export:
        return await _export(request, uow, wanted, export)
    here = f"/console/{merchant.slug}/points"
    narrowed = {"reason": reason} if wanted else {}
    page = await queries.movements(uow, reason=wanted, after=after_moment(after))
    return web.page(
        request,
        "points/console_points.html",
        merchant=merchant,
        rule=await ruling.rule(uow),
        liability=await queries.liability(uow),
        endings=await queries.endings_of_all(uow),
        movements=page.items,
        reason=wanted or "",
        words=words,
        half=partial(web.half, web.language_of(request)),
        next_href=f"{here}?{urlencode({**narrowed, 'after': page.next})}" if page.next else None,
        first_href=f"{here}?{urlencode(narrowed)}" if after else None,
    )


async def _export(request: Request[Any, Any, Any], uow: UnitOfWork, reason: str | None, kind: str) -> Any:
    language = web.language_of(request)
    say = partial(web.translate, language)

    async def rows() -> AsyncIterator[list[Any]]:
        each = web.every_page(
            lambda cursor: queries.movements(uow, reason=reason, after=after_moment(cursor), limit=200)
        )
        async for one in each:
            yield [
                one.at, one.nickname, say(words.REASONS[one.reason]), one.points, one.balance, one.debt, web.half(language, one.note),
                one.actor_name,
            ]  # fmt: skip

    return await web.sheet(request, say(web.mark("积分明细")), [say(word) for word in HEAD], rows(), kind)


@post("/console/{slug:str}/points/rule", opt=WRITE, status_code=200)
async def set_rule(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Change what orders bring from now on."""
    form = await request.form()
    keeps = _text(form, "keep_years")
    await ruling.set_rule(
        uow,
        Rule(
            is_on=form.get("is_on") == "1",
            per_yuan=_count(form, "per_yuan"),
            keep_years=None if keeps == "ever" else _count(form, "keep_years"),
        ),
    )
    return web.done(
        request, f"/console/{merchant.slug}/points", web.mark("积分规则已保存，之后付款的订单按新规则")
    )


@get("/console/{slug:str}/customers/{customer_id:uuid}/points", opt={"permission": Permission.CUSTOMERS_READ})
async def of_customer(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the customer's page: what they have, and the way to give some."""
    await customers.find(uow, customer_id)
    page = await queries.movements(uow, customer_id=customer_id, limit=8)
    return web.page(
        request,
        "points/console_of_customer.html",
        merchant=merchant,
        customer_id=customer_id,
        told=await queries.statement(uow, customer_id),
        movements=page.items,
        words=words,
        half=partial(web.half, web.language_of(request)),
    )


@post("/console/{slug:str}/customers/{customer_id:uuid}/points", opt=WRITE, status_code=200)
async def grant(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Give a customer points, or take some that are there, with a reason."""
    form = await request.form()
    try:
        grant_id = UUID(_text(form, "idempotency_key"))
    except ValueError:
        grant_id = ids.new()
    await customers.find(uow, customer_id)
    await moving.grant(uow, grant_id, customer_id, _count(form, "points"), _text(form, "reason"))
    return web.done(request, f"/console/{merchant.slug}/customers/{customer_id}", web.mark("积分已调整"))


routes = [overview, set_rule, of_customer, grant]
