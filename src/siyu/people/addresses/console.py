"""A customer's addresses on the console: masked for whoever has no business with them."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from siyu import web
from siyu.kernel.permissions import Permission
from siyu.people.addresses import queries
from siyu.people.addresses.rules import for_actor
from siyu.runtime.edge import ByActor, InUow, OfMerchant


@get(
    "/console/{slug:str}/customers/{customer_id:uuid}/addresses",
    opt={"permission": Permission.CUSTOMERS_READ},
)
async def of_customer(
    request: Request[Any, Any, Any],
    customer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """A fragment for the customer's page."""
    known = await queries.of_customer(uow, customer_id)
    return web.page(
        request,
        "addresses/console_of_customer.html",
        merchant=merchant,
        addresses=[(one, for_actor(one.address, actor)) for one in known],
        is_masked=not actor.may(Permission.CUSTOMERS_PRIVATE),
    )


routes = [of_customer]
