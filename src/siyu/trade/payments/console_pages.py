"""The payments page of the console: the inbox of notices, silent attempts, stuck refunds, proofs of transfers, ways to pay."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase
from siyu.trade import orders
from siyu.trade.payments import (
    asking,
    balance,
    notices,
    offering,
    offline,
    queries,
    returning,
    watching,
    words,
)
from siyu.trade.payments.api import lines_of

READ = {"permission": Permission.LEDGER_READ}
WRITE = {"permission": Permission.PAYMENTS_WRITE}
REFUND = {"permission": Permission.ORDERS_REFUND}
TABS = (
    ("inbox", web.mark("通知收件箱")),
    ("silent", web.mark("未付款查询")),
    ("aside", web.mark("迟到与重复")),
    ("refunds", web.mark("待处理退款")),
    ("proofs", web.mark("转账凭证")),
    ("options", web.mark("付款方式")),
)
PAGE_SIZE = 50


@get("/console/{slug:str}/payments", opt=READ)
async def payments_page(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    tab: FromQuery[str] = "inbox",
    outcome: FromQuery[str] = "",
    about: FromQuery[str] = "",
    before: FromQuery[datetime | None] = None,
) -> Response[str]:
    """One tab of the payments page."""
    tab = tab if tab in dict(TABS) else "inbox"
    context: dict[str, Any] = {}
    if tab == "inbox":
        context["page"] = await notices.inbox(
            uow, outcome=outcome or None, about=about.strip() or None, before=before, limit=PAGE_SIZE
        )
    elif tab == "silent":
        context["silent"] = await watching.silent(uow)
    elif tab == "aside":
        context["aside"] = await watching.set_aside(uow)
    elif tab == "refunds":
        context["refunds"] = await queries.abnormal_refunds(uow)
    elif tab == "proofs":
        context["proofs"] = await offline.proofs(uow, state="waiting")
    else:
        context["options"] = await offering.options_of(uow)
    return web.page(
        request,
        "payments/console_payments.html",
        merchant=merchant,
        tab=tab,
        tabs=TABS,
        counts=await watching.counts(uow),
        gateways=sorted(lines_of(request)),
        methods=tuple(offering.WORKS_IN),
        outcome=outcome,
        about=about,
        now=uow.now,
        words=words,
        **context,
    )


@post("/console/{slug:str}/payments/notices/{notice_id:str}/again", opt=WRITE, status_code=200)
async def notice_again(
    request: Request[Any, Any, Any],
    notice_id: FromPath[str],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Take a notice in once more. What it did before is not done twice."""
    outcome = await notices.take_in_again(database, merchant, notice_id, actor=actor)
    word = web.translate(web.language_of(request), words.OUTCOMES[str(outcome)][0])
    return web.done(
        request, f"/console/{merchant.slug}/payments", web.mark("已重新处理：{outcome}"), outcome=word
    )


@post("/console/{slug:str}/payments/orders/{order_id:uuid}/ask", opt=WRITE, status_code=200)
async def ask_now(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Ask the gateways about one order at once."""
    async with database.begin(merchant, actor) as uow:
        await orders.find(uow, order_id)
    outcome = await asking.check_now(database, merchant, lines_of(request), order_id)
    word = web.translate(web.language_of(request), words.OUTCOMES[str(outcome)][0])
    return web.done(
        request,
        f"/console/{merchant.slug}/payments?tab=silent",
        web.mark("查询结果：{outcome}"),
        outcome=word,
    )


@post("/console/{slug:str}/refunds/{refund_id:uuid}/retry", opt=REFUND, status_code=200)
async def retry_refund(
    request: Request[Any, Any, Any], refund_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Send an abnormal refund to its gateway again."""
    await returning.retry_refund(uow, refund_id)
    return web.done(request, f"/console/{merchant.slug}/payments?tab=refunds", web.mark("退款已重新提交"))


@post("/console/{slug:str}/refunds/{refund_id:uuid}/by-hand", opt=REFUND, status_code=200)
async def refund_by_hand(
    request: Request[Any, Any, Any], refund_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The money was sent back outside the gateway."""
    form = await request.form()
    await returning.refund_by_hand(uow, refund_id, str(form.get("reference", "")))
    return web.done(request, f"/console/{merchant.slug}/payments?tab=refunds", web.mark("已登记手工退款"))


@get("/console/{slug:str}/payments/proofs/{proof_id:uuid}/picture", opt=WRITE)
async def proof_picture(proof_id: FromPath[UUID], uow: InUow) -> Response[bytes]:
    """The picture of a proof: for staff only, and kept by no cache."""
    return Response(
        await offline.picture_of(uow, proof_id),
        media_type="image/webp",
        headers={"cache-control": "private, no-store", "x-content-type-options": "nosniff"},
    )


def _amount(text: str, field: str = "amount") -> int:
    """Minor units of a typed amount. Raises Invalid at the field."""
    try:
        return money.parse(text)
    except ValueError:
        raise Invalid(
            field=field, zh="请填写金额，例如 12.50。", en="Enter an amount such as 12.50."
        ) from None


@post("/console/{slug:str}/payments/proofs/{proof_id:uuid}/accept", opt=WRITE, status_code=200)
async def accept_proof(
    request: Request[Any, Any, Any], proof_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The money is on the bank account."""
    form = await request.form()
    outcome = await offline.accept_proof(uow, proof_id, _amount(str(form.get("amount", ""))))
    word = web.translate(web.language_of(request), words.OUTCOMES[str(outcome)][0])
    return web.done(
        request,
        f"/console/{merchant.slug}/payments?tab=proofs",
        web.mark("转账已确认：{outcome}"),
        outcome=word,
    )


@post("/console/{slug:str}/payments/proofs/{proof_id:uuid}/reject", opt=WRITE, status_code=200)
async def reject_proof(
    request: Request[Any, Any, Any], proof_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """No such money arrived; the buyer reads why."""
    form = await request.form()
    await offline.reject_proof(uow, proof_id, str(form.get("reason", "")))
    return web.done(
        request, f"/console/{merchant.slug}/payments?tab=proofs", web.mark("已驳回，顾客会看到原因")
    )


@post(
    "/console/{slug:str}/payments/options",
    opt={"permission": Permission.SETTINGS_WRITE},
    status_code=200,
)
async def set_options(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Which ways to pay are offered, and the account for transfers."""
    form = await request.form()
    on = set(form.getall("method", []))
    await offering.set_options(
        uow,
        offering.Options(
            switched_off=tuple(m for m in offering.WORKS_IN if m not in on and m != "offline"),
            is_offline_on="offline" in on,
            bank=str(form.get("bank", "")),
            account_name=str(form.get("account_name", "")),
            account_number=str(form.get("account_number", "")),
        ),
    )
    return web.done(request, f"/console/{merchant.slug}/payments?tab=options", web.mark("付款方式已保存"))


@get(
    "/console/{slug:str}/customers/{customer_id:uuid}/balance", opt={"permission": Permission.CUSTOMERS_READ}
)
async def customer_balance(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the customer's page: the balance, its movements, and the form that changes it."""
    await customers.find(uow, customer_id)
    return web.page(
        request,
        "payments/console_balance.html",
        merchant=merchant,
        customer_id=customer_id,
        balance=await balance.balance_of(uow, customer_id),
        entries=await balance.balance_entries(uow, customer_id, 20),
        account=balance.balance_account(customer_id),
        words=balance.ENTRY_WORDS,
    )


@post(
    "/console/{slug:str}/customers/{customer_id:uuid}/balance",
    opt={"permission": Permission.BALANCE_WRITE},
    status_code=200,
)
async def change_balance(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Add or take. The id was made with the form, so a second tap changes once."""
    form = await request.form()
    try:
        change_id = UUID(str(form.get("change_id", "")))
    except ValueError:
        raise Invalid(
            field="amount", zh="表单已失效，请刷新后重试。", en="Please reload the page and try again."
        ) from None
    amount = _amount(str(form.get("amount", "")))
    signed = -amount if form.get("direction") == "take" else amount
    left = await balance.change_balance(uow, change_id, customer_id, signed, str(form.get("reason", "")))
    return web.done(
        request,
        f"/console/{merchant.slug}/customers/{customer_id}",
        web.mark("余额已更新，现有 {amount}"),
        amount=web.amount(left, merchant.currency),
    )


routes = [
    payments_page,
    notice_again,
    ask_now,
    retry_refund,
    refund_by_hand,
    proof_picture,
    accept_proof,
    reject_proof,
    set_options,
    customer_balance,
    change_balance,
]
