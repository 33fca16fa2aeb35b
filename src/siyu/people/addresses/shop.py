"""A shopper's addresses: the list, the form, pasting, and choosing one for the order that waits."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.people.addresses import actions, queries
from siyu.people.addresses.fields import address_in, field_context, filled_from, said_in
from siyu.people.addresses.model import AddressForm
from siyu.runtime.db import Merchant
from siyu.runtime.edge import ByActor, InUow, OfMerchant

SHOPPER = {"permission": Permission.SHOPPER}
LABELS = (web.mark("家"), web.mark("公司"), web.mark("学校"))


class AddressFacts(msgspec.Struct, frozen=True):
    """What the form says besides the address itself."""

    id: UUID
    label: str = ""
    is_default: str = ""
    next: str = ""


@get("/shop/{slug:str}/addresses", opt=SHOPPER, include_in_schema=False)
async def address_list(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    next_page: FromQuery[str] = "",
) -> Response[str]:
    """My addresses."""
    return web.page(
        request,
        "addresses/shop_list.html",
        merchant=merchant,
        addresses=await queries.of_customer(uow, actor.customer_id),
        most=actions.ADDRESSES_MAX,
        next_page=customers.way_back(merchant.slug, next_page) if next_page else "",
    )


def _form_page(
    request: Request[Any, Any, Any],
    merchant: Merchant,
    facts: AddressFacts,
    form: AddressForm,
    *,
    is_new: bool,
    refusal: DomainError | None = None,
) -> Response[str]:
    said = web.problem_of(request, refusal).detail if refusal else ""
    errors = {refusal.field or "page": said} if refusal else {}
    return web.page(
        request,
        "addresses/shop_address.html",
        merchant=merchant,
        status_code=refusal.status if refusal else 200,
        facts=facts,
        labels=LABELS,
        is_new=is_new,
        errors=errors,
        **field_context(form, errors),
    )


@get("/shop/{slug:str}/addresses/new", opt=SHOPPER, include_in_schema=False)
async def new_address(
    request: Request[Any, Any, Any], merchant: OfMerchant, next_page: FromQuery[str] = ""
) -> Response[str]:
    """An empty form. Its id is made now, so that a second tap writes the same address."""
    facts = AddressFacts(ids.new(), next=next_page)
    return _form_page(request, merchant, facts, AddressForm(), is_new=True)


@get("/shop/{slug:str}/addresses/{address_id:uuid}", opt=SHOPPER, include_in_schema=False)
async def address_page(
    request: Request[Any, Any, Any],
    *,
    address_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    next_page: FromQuery[str] = "",
) -> Response[str]:
    """One of my addresses, to be changed."""
    known = await queries.find(uow, actor.customer_id, address_id)
    facts = AddressFacts(known.id, known.label, "1" if known.is_default else "", next_page)
    return _form_page(request, merchant, facts, AddressForm.of(known.address), is_new=False)


@post("/shop/{slug:str}/addresses", opt=SHOPPER, include_in_schema=False)
async def save_address(
    request: Request[Any, Any, Any],
    data: URLEncodedBody[AddressFacts],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Keep an address. A refusal shows the form again, with the reason at its field."""
    form = said_in(await request.form())
    known = {address.id for address in await queries.of_customer(uow, actor.customer_id)}
    try:
        await actions.keep(
            uow,
            actor.customer_id,
            data.id,
            address_in(form),
            label=data.label,
            is_default=bool(data.is_default),
        )
    except DomainError as refusal:
        return _form_page(request, merchant, data, form, is_new=data.id not in known, refusal=refusal)
    back = customers.way_back(merchant.slug, data.next) if data.next else f"/shop/{merchant.slug}/addresses"
    return Redirect(back, status_code=303)


@post("/shop/{slug:str}/addresses/{address_id:uuid}/default", opt=SHOPPER, include_in_schema=False)
async def choose_default(
    address_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Redirect:
    """Use this address when nothing is said."""
    await actions.make_default(uow, actor.customer_id, address_id)
    return Redirect(f"/shop/{merchant.slug}/addresses", status_code=303)


@post("/shop/{slug:str}/addresses/{address_id:uuid}/remove", opt=SHOPPER, include_in_schema=False)
async def remove_address(
    address_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Redirect:
    """Forget an address. Orders keep their copies."""
    await actions.remove(uow, actor.customer_id, address_id)
    return Redirect(f"/shop/{merchant.slug}/addresses", status_code=303)


@post("/shop/{slug:str}/addresses/recognise", opt={"public": True}, include_in_schema=False, status_code=200)
async def recognise_text(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The fields filled from pasted text, for the buyer to look over. Nothing is kept."""
    form = await request.form()
    filled = filled_from(str(form.get("pasted", "")), said_in(form))
    return web.page(request, "addresses/shop_filled.html", merchant=merchant, **field_context(filled, {}))


routes = [
    address_list,
    new_address,
    address_page,
    save_address,
    choose_default,
    remove_address,
    recognise_text,
]
