"""The search field of the console's header (⌘K): orders, customers, products and pages, from one line of text."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade.orders import searching, words
from siyu.trade.orders.searching import Wanted
from siyu.web import navigation

SHOWN = 5
TEXT_LENGTH_MAX = 60


class Hit(msgspec.Struct, frozen=True):
    """Something found: where it is, what it is called, and a word about it."""

    href: str
    title: str
    note: str
    icon: str


def _pages(merchant: Merchant, text: str, permissions: frozenset[Permission], language: str) -> list[Hit]:
    """Pages of the console whose name contains the text, in the reader's language or in Chinese."""
    root = f"/console/{merchant.slug}"
    entries = [
        (entry, web.translate(language, entry.label), web.translate(language, group.label))
        for group in navigation.console_groups(merchant.slug, root, permissions)
        for entry in group.entries
    ]
    return [
        Hit(entry.href, word, group, entry.icon)
        for entry, word, group in entries
        if text.lower() in word.lower() or text in entry.label
    ][:SHOWN]


async def _orders(uow: UnitOfWork, root: str, text: str, language: str) -> list[Hit]:
    found = await searching.search(uow, Wanted(text=text), limit=SHOWN, titles=False)
    return [
        Hit(
            f"{root}/orders/{order.id}",
            order.number,
            f"{order.customer_name or ''} {web.amount(order.total, order.currency)} "
            f"{web.translate(language, words.state_word(order.state, order.delivery, order.has_deposit)[0])}".strip(),
            "order",
        )
        for order in found.items
    ]


async def _customers(uow: UnitOfWork, root: str, text: str) -> list[Hit]:
    ids: list[UUID] = (await customers.known_as(uow, text, SHOWN))[:SHOWN]
    people = [await customers.find(uow, one) for one in ids]
    return [
        Hit(f"{root}/customers/{person.id}", person.nickname or "·", person.reference or "", "user")
        for person in people
    ]


async def _products(uow: UnitOfWork, root: str, text: str) -> list[Hit]:
    found = await catalog.cards(uow, search=text, limit=SHOWN, on_shelf_only=False)
    return [Hit(f"{root}/products/{product.id}", product.title, "", "box") for product in found.items]


@get("/console/{slug:str}/find", opt={"permission": Permission.STAFF_SELF})
async def find_anything(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    q: FromQuery[str] = "",
) -> Response[str]:
    """What the text may mean, as far as one may see it; a fragment below the field, or a page of its own."""
    text, language, root = q.strip()[:TEXT_LENGTH_MAX], web.language_of(request), f"/console/{merchant.slug}"
    groups: list[tuple[str, list[Hit]]] = []
    if text:
        groups.append((web.mark("页面"), _pages(merchant, text, actor.permissions, language)))
        if actor.may(Permission.ORDERS_READ):
            groups.append((web.mark("订单"), await _orders(uow, root, text, language)))
        if actor.may(Permission.CUSTOMERS_READ) and actor.scope is None:
            groups.append((web.mark("顾客"), await _customers(uow, root, text)))
        if actor.may(Permission.CATALOG_READ):
            groups.append((web.mark("商品"), await _products(uow, root, text)))
    is_below = request.headers.get("hx-target") == "found"
    return web.page(
        request,
        "orders/console_found.html" if is_below else "orders/console_find.html",
        merchant=merchant,
        q=text,
        groups=[(word, hits) for word, hits in groups if hits],
    )


routes = [find_anything]
