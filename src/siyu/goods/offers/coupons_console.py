"""A template's coupons on the console: how far they came, what they brought, giving out, the list."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from siyu import web
from siyu.goods.offers import (
    coupon_packs,
    coupons,
    coupons_issue,
    coupons_life,
    coupons_queries,
    coupons_report,
    coupons_words,
)
from siyu.goods.offers.coupons_issue import Chosen
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}
HERE = "/console/{slug:str}/offers/{offer_id:uuid}/coupons"
DIGITS_MAX = 7
CODE_HEAD = (web.mark("兑换码"), web.mark("状态"), web.mark("已领取"))


def _here(merchant: Merchant, offer_id: UUID) -> str:
    return f"/console/{merchant.slug}/offers/{offer_id}/coupons"


@get(HERE, opt=READ, include_in_schema=False)
async def page(
    *,
    request: Request[Any, Any, Any],
    offer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    coupon_state: Annotated[str, QueryParameter(name="state")] = "",
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[str]:
    """The funnel, the sales, the runs and the list. Raises NotFound."""
    one = await coupons.template(uow, offer_id)
    wanted = coupon_state if coupon_state in coupons_words.STATES else None
    narrowed = {name: value for name, value in (("state", wanted), ("q", q.strip())) if value}
    found = await coupons_queries.listing(
        uow, offer_id, state=wanted, search=q, after=after_moment(after), limit=30
    )
    (funnel,) = await coupons_report.funnels(uow, [offer_id])
    here = _here(merchant, offer_id)
    return web.page(
        request,
        "offers/coupon_console.html",
        merchant=merchant,
        one=one,
        funnel=funnel,
        sales=await coupons_report.sales(uow, offer_id, since=await _since(uow, offer_id), until=uow.now),
        runs=await coupons_issue.batches(uow, offer_id, limit=10),
        levels=await _levels(uow),
        why_closed=coupons.not_now(one, uow.now),
        found=found.items,
        state=wanted or "",
        q=q.strip(),
        words=coupons_words,
        shown_code=coupons.shown_code,
        half=partial(web.half, web.language_of(request)),
        new_key=ids.new,
        next_href=f"{here}?{urlencode({**narrowed, 'after': found.next})}" if found.next else None,
        first_href=f"{here}?{urlencode(narrowed)}" if after else None,
    )


async def _since(uow: UnitOfWork, offer_id: UUID) -> datetime:
    """When a template came into being: orders before it say nothing about it."""
    return await uow.one(
        datetime,
        "select coalesce(starts_at, created_at) from offers where merchant_id = %(merchant_id)s and id = %(id)s",
        id=offer_id,
    )


async def _levels(uow: UnitOfWork) -> list[str]:
    """Levels that customers have."""
    return await uow.all(
        str,
        """
        select distinct level from customers
        where merchant_id = %(merchant_id)s and level <> '' order by level limit 50
        """,
    )


def _text(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _id(form: FormMultiDict, name: str) -> UUID:
    try:
        return UUID(_text(form, name))
    except ValueError:
        raise Invalid(
            field=name, zh="页面已过期，请刷新后再试。", en="This page is too old; load it again."
        ) from None


@post(HERE + "/issue", opt=WRITE, status_code=200, include_in_schema=False)
async def issue(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Give one to everybody, to levels, to newcomers or to chosen customers; many are given in the background."""
    form = await request.form()
    batch_id = _id(form, "key")
    run = await coupons_issue.issue(uow, offer_id, await _chosen(uow, form), batch_id=batch_id)
    if run.issued < run.wanted:
        return _to_job(request, merchant, batch_id)
    return web.done(request, _here(merchant, offer_id), web.mark("已发放 {n} 张优惠券"), n=run.issued)


async def _chosen(uow: UnitOfWork, form: FormMultiDict) -> Chosen:
    """Raises Invalid at the field."""
    to = _text(form, "to")
    if to == "all":
        return Chosen()
    if to == "newcomers":
        return Chosen(newcomers=True)
    if to == "levels":
        levels = tuple(sorted({one for one in form.getall("levels", []) if isinstance(one, str) and one}))
        if not levels:
            raise Invalid(field="levels", zh="请选择会员等级。", en="Choose a level.")
        return Chosen(levels=levels)
    if to != "some":
        raise Invalid(field="to", zh="请选择发给谁。", en="Choose whom to give it to.")
    return Chosen(customer_ids=await _named(uow, _text(form, "customers")))


async def _named(uow: UnitOfWork, text: str) -> tuple[UUID, ...]:
    """Customers by phone number or id, one a line. Raises Invalid naming the first that is not known."""
    named = list(dict.fromkeys(text.replace(",", "\n").replace("，", "\n").split()))
    if not named:
        raise Invalid(
            field="customers", zh="请填写手机号或顾客编号。", en="Write phone numbers or customer ids."
        )
    if len(named) > coupons_issue.CHOSEN_MAX:
        raise Invalid(
            field="customers", zh="一次最多选 2,000 位顾客。", en="At most 2,000 customers at a time."
        )
    rows = await uow.all(
        list,
        """
        select json_build_array(t.said, coalesce(c.id, i.customer_id))
        from unnest(%(named)s::text[]) as t (said)
        left join customers c on c.merchant_id = %(merchant_id)s and c.id::text = lower(t.said)
        left join identities i on i.merchant_id = %(merchant_id)s and i.kind = 'phone' and i.value = t.said
        """,
        named=named,
    )
    missing = next((said for said, found in rows if found is None), None)
    if missing is not None:
        raise Invalid(
            field="customers", zh=f"没有找到顾客“{missing[:40]}”。", en=f"No customer is “{missing[:40]}”."
        )
    return tuple(sorted({UUID(found) for _, found in rows}))


@post(HERE + "/pack", opt=WRITE, status_code=200, include_in_schema=False)
async def pack(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Have a pack of codes made in the background."""
    form = await request.form()
    digits = _text(form, "codes").replace(",", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= DIGITS_MAX):
        raise Invalid(field="codes", zh="请填写整数。", en="Write a whole number.")
    batch_id = _id(form, "key")
    await coupon_packs.make_pack(uow, offer_id, int(digits), batch_id=batch_id)
    return _to_job(request, merchant, batch_id)


def _to_job(request: Request[Any, Any, Any], merchant: Merchant, batch_id: UUID) -> Response[Any]:
    path = f"/console/{merchant.slug}/jobs/{batch_id}"
    if web.wants_fragment(request):
        return Response("", headers={"hx-redirect": path})
    return Redirect(path, status_code=303)


@get(HERE + "/packs/{batch_id:uuid}", opt=WRITE, include_in_schema=False)
async def download(
    request: Request[Any, Any, Any],
    *,
    offer_id: FromPath[UUID],
    batch_id: FromPath[UUID],
    uow: InUow,
) -> Response[Any]:
    """The codes of a pack as CSV, streamed. Whoever has a code has its coupon, so this needs the right to issue."""
    await coupons.template(uow, offer_id)
    say = partial(web.translate, web.language_of(request))

    async def rows() -> AsyncIterator[list[Any]]:
        async for code in coupon_packs.codes_of(uow, batch_id):
            yield [coupons.shown_code(code.code), say(coupons_words.STATES[code.state]), code.is_claimed]

    name = f"{say(web.mark('兑换码'))}-{str(batch_id)[-6:]}"
    return await web.sheet(
        request, name, [say(word) for word in CODE_HEAD], rows(), "csv", most=coupon_packs.PACK_MAX
    )


@post(HERE + "/{coupon_id:uuid}/void", opt=WRITE, status_code=200, include_in_schema=False)
async def void(
    request: Request[Any, Any, Any],
    *,
    offer_id: FromPath[UUID],
    coupon_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Make one coupon void."""
    await coupons_life.void(uow, coupon_id)
    return web.done(request, _here(merchant, offer_id), web.mark("这张优惠券已作废"))


@post(HERE + "/runs/{batch_id:uuid}/void", opt=WRITE, status_code=200, include_in_schema=False)
async def void_run(
    request: Request[Any, Any, Any],
    *,
    offer_id: FromPath[UUID],
    batch_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Make void what a run issued and nobody has used."""
    count = await coupons_life.void_batch(uow, batch_id)
    return web.done(request, _here(merchant, offer_id), web.mark("已作废 {n} 张未使用的优惠券"), n=count)


routes = [page, issue, pack, download, void, void_run]
