"""Customers on the console: the list, and who one of them is."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.people.customers import queries, words
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CUSTOMERS_READ}


@get("/console/{slug:str}/customers", opt=READ)
async def customer_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    q: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Response[str]:
    """Customers, newest first. A whole phone number finds its owner without being shown."""
    found = await queries.listing(uow, search=q, after=after_moment(after))
    here = f"/console/{merchant.slug}/customers"
    kept = {"q": q.strip()} if q.strip() else {}
    return web.page(
        request,
        "customers/console_list.html",
        merchant=merchant,
        customers=found.items,
        q=q.strip(),
        words=words,
        first_href=f"{here}?{urlencode(kept)}" if after else None,
        next_href=f"{here}?{urlencode({**kept, 'after': found.next})}" if found.next else None,
    )


@get("/console/{slug:str}/customers/{customer_id:uuid}", opt=READ)
async def customer_page(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """Who somebody is and what they agreed to; orders and doors come as fragments of their rooms."""
    return web.page(
        request,
        "customers/console_customer.html",
        merchant=merchant,
        customer=await queries.find(uow, customer_id),
        identities=await queries.identities_of(uow, customer_id),
        consents=await queries.consents_of(uow, customer_id),
        words=words,
    )


routes = [customer_list, customer_page]
