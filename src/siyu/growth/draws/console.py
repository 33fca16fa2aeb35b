"""Draws on the console: drafting with the odds added up, publishing, adding to them, and who won."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.growth.draws import forms, publishing, queries, words
from siyu.growth.draws.model import PLACES, Draw
from siyu.growth.draws.rules import PRIZES_MAX, TOP_VALUE_MAX
from siyu.growth.draws.shop import percent, state_of
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}
HEAD = ("序号", "时间", "顾客", "奖品", "价值")
ROWS_SHOWN = 6


class CouponChoice(msgspec.Struct, frozen=True):
    """A coupon that may be a prize."""

    id: UUID
    name: str


async def _coupons(uow: UnitOfWork) -> list[CouponChoice]:
    return await uow.all(
        CouponChoice,
        """
        select id, name from offers
        where merchant_id = %(merchant_id)s and kind = 'coupon' and state = 'active' order by name, id limit 200
        """,
    )


@get("/console/{slug:str}/draws", opt=READ)
async def draw_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """All draws, the newest first."""
    found = await queries.listing(uow)
    return web.page(
        request,
        "draws/console_list.html",
        merchant=merchant,
        draws=[(draw, state_of(draw, uow)) for draw in found],
        words=words,
    )


@get("/console/{slug:str}/draws/new", opt=WRITE)
async def new_draw(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """An empty form."""
    return await _form_page(request, uow, merchant, None)


async def _form_page(
    request: Request[Any, Any, Any], uow: UnitOfWork, merchant: Any, draw: Draw | None
) -> Any:
    rules = draw.rules if draw else None
    count = len(rules.prizes) if rules else 0
    return web.page(
        request,
        "draws/console_form.html",
        merchant=merchant,
        draw=draw,
        rules=rules,
        draw_id=draw.id if draw else ids.new(),
        rows=range(1, min(PRIZES_MAX, max(ROWS_SHOWN, count + 2)) + 1),
        coupons=await _coupons(uow),
        zone=ZoneInfo(merchant.timezone),
        percent_text=forms.percent_text,
        top=TOP_VALUE_MAX,
    )


@post("/console/{slug:str}/draws/check", opt=WRITE, status_code=200)
async def check(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """A fragment while typing: what the odds come to so far, and what is left for no prize."""
    form = await request.form()
    total, wrong = 0, []
    for row in range(1, PRIZES_MAX + 1):
        said = forms.text(form, f"prize_{row}_odds")
        if not said:
            continue
        try:
            total += forms.odds(said, f"prize_{row}_odds")
        except Invalid:
            wrong.append(row)
    return web.page(
        request,
        "draws/console_odds.html",
        merchant=merchant,
        total=total,
        rest=PLACES - total,
        wrong=wrong,
        percent=percent,
    )


@post("/console/{slug:str}/draws/{draw_id:uuid}", opt=WRITE, status_code=200)
async def save(
    request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Keep the draft."""
    await publishing.save(uow, draw_id, forms.rules_in(await request.form(), merchant))
    return web.done(
        request, f"/console/{merchant.slug}/draws/{draw_id}", web.mark("草稿已保存，公示前请核对")
    )


@get("/console/{slug:str}/draws/{draw_id:uuid}", opt=READ)
async def draw_page(
    *,
    request: Request[Any, Any, Any],
    draw_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    after: FromQuery[int] = 0,
    export: FromQuery[str] = "",
) -> Any:
    """One draw: what is published, what it came to so far beside what was to be expected, and who won."""
    draw = await queries.find(uow, draw_id)
    if export:
        return await _export(request, uow, draw, export)
    given, hits = await queries.given(uow, draw_id), await queries.hits(uow, draw_id)
    winners = await queries.results(uow, draw_id, winners=True, after=max(0, after))
    here = f"/console/{merchant.slug}/draws/{draw_id}"
    return web.page(
        request,
        "draws/console_draw.html",
        merchant=merchant,
        draw=draw,
        state=state_of(draw, uow),
        versions=await queries.versions(uow, draw_id),
        problems=[
            problem.sentence(web.language_of(request)) for problem in await publishing.check(uow, draw.rules)
        ]
        if draw.state == "draft"
        else [],
        figures=[
            (prize, hits.get(prize.no, 0), _expected(draw, prize.odds), given.get(prize.no, 0))
            for prize in draw.rules.prizes
        ],
        winners=winners.items,
        next_href=f"{here}?after={winners.next}" if winners.next else None,
        first_href=here if after else None,
        coupons={each.id: each.name for each in await _coupons(uow)},
        zone=ZoneInfo(merchant.timezone),
        percent=percent,
        percent_text=forms.percent_text,
        words=words,
    )


def _expected(draw: Draw, odds: int) -> str:
    """How many of the tickets drawn so far would win, with one digit: by the odds of today."""
    tenths = (draw.drawn * odds * 10 + PLACES // 2) // PLACES
    return f"{tenths // 10:,}.{tenths % 10}"


async def _export(request: Request[Any, Any, Any], uow: UnitOfWork, draw: Draw, kind: str) -> Any:
    """The list of winners, which is kept with the draw (规范促销行为暂行规定 art. 16)."""
    say = partial(web.translate, web.language_of(request))
    prizes = {prize.no: prize for prize in draw.rules.prizes}

    async def rows() -> AsyncIterator[list[Any]]:
        each = web.every_page(
            lambda cursor: queries.results(uow, draw.id, winners=True, after=int(cursor or 0), limit=200)
        )
        async for one in each:
            prize = prizes[one.prize_no or 0]
            yield [
                one.serial,
                one.at,
                f"{one.nickname} {one.customer_id}",
                prize.name,
                web.Amount(prize.value),
            ]

    return await web.sheet(request, draw.name, [say(word) for word in HEAD], rows(), kind)


@get("/console/{slug:str}/draws/{draw_id:uuid}/edit", opt=WRITE)
async def edit(
    request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The form of a draft."""
    draw = await queries.find(uow, draw_id)
    if draw.state != "draft":
        raise Invalid(
            field="name", zh="已公示的抽奖不能再改草稿。", en="A published draw is no draft any more."
        )
    return await _form_page(request, uow, merchant, draw)


@post("/console/{slug:str}/draws/{draw_id:uuid}/publish", opt=WRITE, status_code=200)
async def publish(
    request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Freeze the rules and show them to everybody."""
    await publishing.publish(uow, draw_id)
    return web.done(
        request, f"/console/{merchant.slug}/draws/{draw_id}", web.mark("已公示，规则和种子摘要已冻结")
    )


@post("/console/{slug:str}/draws/{draw_id:uuid}/amend", opt=WRITE, status_code=200)
async def amend(
    request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Change a published draw in favour of those who take part."""
    form = await request.form()
    draw = await queries.find(uow, draw_id)
    await publishing.amend(
        uow, draw_id, forms.amended(draw.rules, form, merchant), forms.text(form, "reason")
    )
    return web.done(
        request, f"/console/{merchant.slug}/draws/{draw_id}", web.mark("新版本已公示，从下一张起有效")
    )


@post("/console/{slug:str}/draws/{draw_id:uuid}/remove", opt=WRITE, status_code=200)
async def remove(
    request: Request[Any, Any, Any], draw_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Throw a draft away."""
    await publishing.remove(uow, draw_id)
    return web.done(request, f"/console/{merchant.slug}/draws", web.mark("草稿已删除"))


routes = [draw_list, new_draw, check, save, draw_page, edit, publish, amend, remove]
