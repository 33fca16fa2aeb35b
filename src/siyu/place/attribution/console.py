"""Attribution on the console: the merchant's rules with stories they decide, and whose customer somebody is."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, Invalid
from siyu.kernel.permissions import Permission
from siyu.place.attribution import choosing, explaining, policies, words
from siyu.place.attribution.model import Policy
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.COMMISSION_WRITE}
COUNTS = ("touch_days", "live_hours", "relation_days", "protection_days")


@get("/console/{slug:str}/attribution", opt=READ)
async def policy_page(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """The rules in plain words, stories they decide, and the versions of before."""
    policy = await policies.policy(uow)
    versions = await policies.history(uow)
    return web.page(
        request,
        "attribution/console_policy.html",
        merchant=merchant,
        policy=policy,
        stories=words.stories(policy),
        versions=versions[::-1],
        bounds={field: (least, most) for field, least, most in policies.BOUNDS},
        problem="",
    )


@post("/console/{slug:str}/attribution/preview", opt=READ, status_code=200)
async def preview(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The stories by the rules that are typed but not saved."""
    try:
        told, problem = words.stories(policies.checked(_policy_in(await request.form()))), ""
    except DomainError as refusal:
        told, problem = [], web.problem_of(request, refusal).detail
    return web.page(
        request, "attribution/console_stories.html", merchant=merchant, stories=told, problem=problem
    )


@post("/console/{slug:str}/attribution", opt=WRITE, status_code=200)
async def save_policy(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Rules for orders placed from now on."""
    await policies.set_policy(uow, _policy_in(await request.form()))
    return web.done(
        request,
        f"/console/{merchant.slug}/attribution",
        web.mark("归因规则已保存，只影响之后的订单"),
    )


def _policy_in(form: FormMultiDict) -> Policy:
    counts: dict[str, int] = {}
    for field in COUNTS:
        text = str(form.get(field, "")).strip()
        if not (text.isascii() and text.isdecimal() and len(text) < 4):
            raise Invalid(field=field, zh="请填写整数。", en="Enter a whole number.")
        counts[field] = int(text)
    return msgspec.structs.replace(Policy(guide_first=form.get("guide_first") == "1"), **counts)


@get("/console/{slug:str}/customers/{customer_id:uuid}/relation", opt=READ)
async def relation_of(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment of the customer's page: who may claim them, how that came about, and giving them to somebody."""
    return web.page(
        request,
        "attribution/console_relation.html",
        merchant=merchant,
        customer_id=customer_id,
        mine=await explaining.mine(uow, customer_id),
        changes=await explaining.changes_of(uow, customer_id),
        people=await explaining.choosable(uow),
        causes=words.CAUSES,
        kinds=words.PROMOTER_KINDS,
        now=uow.now,
    )


@post("/console/{slug:str}/customers/{customer_id:uuid}/relation", opt=WRITE, status_code=200)
async def assign(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Give a customer to a promoter, with a reason."""
    form = await request.form()
    promoter_id = _uuid(str(form.get("promoter_id", "")))
    if promoter_id is None:
        raise Invalid(field="promoter_id", zh="请选择推广员。", en="Choose a promoter.")
    key = _uuid(str(form.get("idempotency_key", ""))) or ids.new()
    await choosing.assign(uow, key, customer_id, promoter_id, str(form.get("reason", "")))
    return web.done(request, f"/console/{merchant.slug}/customers/{customer_id}", web.mark("专属关系已指定"))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


routes = [policy_page, preview, save_policy, relation_of, assign]
