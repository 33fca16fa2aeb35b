"""The cart that answers "why did this customer pay 83.20?"."""

from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.goods.offers.console_words import FUNDERS
from siyu.goods.offers.forms import uuid_in
from siyu.goods.offers.simulating import Cart, Simulated, Wish, simulate
from siyu.kernel.errors import DomainError
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

FOUND_MAX = 8
PIECES = "n-"


@get("/console/{slug:str}/offers/simulate", opt={"permission": Permission.OFFERS_READ})
async def simulator(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    q: FromQuery[str] = "",
    customer: FromQuery[str] = "",
    level: FromQuery[str] = "",
    newcomer: FromQuery[str] = "",
) -> Response[str]:
    """A cart of fields `n-<sku>`, for a customer (id or nickname) or for traits, now."""
    words = q.strip()[:60]
    found = (await catalog.cards(uow, search=words, limit=FOUND_MAX)).items if words else ()
    products = await catalog.cards_of(uow, [card.id for card in found]) if found else []
    pieces = _pieces(request)
    prices = await catalog.prices(uow, list(pieces)) if pieces else {}
    language = web.language_of(request)
    answer: Simulated | None = None
    refusal = ""
    buyers = await _buyers(uow, customer.strip()) if customer.strip() else []
    if customer.strip() and len(buyers) != 1:
        refusal = web.translate(language, web.mark("没有这位顾客，或有几位同名，请填写顾客编号。"))
    elif pieces:
        wishes = tuple(Wish(sku, quantity) for sku, quantity in pieces.items())
        cart = Cart(wishes, next(iter(buyers), None), level.strip(), is_new=newcomer == "1")
        try:
            answer = await simulate(uow, cart)
        except DomainError as problem:
            refusal = problem.sentence(language)
    return web.page(
        request,
        "offers/console_simulate.html",
        merchant=merchant,
        q=words,
        customer=customer.strip()[:60],
        level=level.strip()[:40],
        newcomer=newcomer == "1",
        products=products,
        pieces=pieces,
        prices=prices,
        answer=answer,
        refusal=refusal,
        funders=FUNDERS,
        half=partial(web.half, language),
    )


def _pieces(request: Request[Any, Any, Any]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for name, text in request.query_params.items():
        sku = uuid_in(name.removeprefix(PIECES)) if name.startswith(PIECES) else None
        if sku is not None and text.isascii() and text.isdecimal() and 0 < int(text[:4]) < 1_000:
            found[sku] = int(text[:4])
    return found


async def _buyers(uow: UnitOfWork, text: str) -> list[UUID]:
    return await uow.all(
        UUID,
        """
        select id from customers
        where merchant_id = %(merchant_id)s and (nickname = %(text)s or id::text = %(text)s) limit 2
        """,
        text=text,
    )


routes = [simulator]
