"""The edge of the house: who asks, of which merchant, and the unit of work a request runs in.

Every route below `/{frame}/{slug:str}` is checked before anything else happens: the merchant is found by its slug,
the actor by a cookie or bearer token, and the permission the route declares is required. A route that declares
neither `opt={"permission": …}` nor `opt={"public": True}` is closed.
"""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers.base import BaseRouteHandler

from siyu.kernel.errors import NotAllowed, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime import sessions
from siyu.runtime.actors import VISITOR, Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings

VISITOR_COOKIE = "siyu_visitor"
VISITOR_DAYS = 400  # the most a browser keeps
YEAR_SECONDS = VISITOR_DAYS * 86_400


class Services(msgspec.Struct, frozen=True):
    """What one process has: kept in `app.state.services`."""

    settings: Settings
    database: Database
    directory: Directory


def cookie_of(kind: str, slug: str) -> str:
    """Name of the cookie that signs `customer` or `staff` in at one merchant."""
    return f"siyu_{kind}_{slug}"


def services(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    return connection.app.state.services


async def permitted(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Find merchant and actor, and require the route's permission. Raises NotFound, NotSignedIn, NotAllowed."""
    slug = connection.path_params.get("slug")
    actor = VISITOR
    if isinstance(slug, str):
        merchant = await services(connection).directory.find(slug)
        actor = await _actor(connection, merchant, handler.opt.get("permission"))
        connection.scope["state"]["merchant"] = merchant
    connection.scope["state"]["actor"] = actor
    needed = handler.opt.get("permission")
    if isinstance(needed, Permission):
        actor.require(needed)
    elif isinstance(needed, tuple):  # any of these will do; the handler narrows what each may see
        if not any(actor.may(permission) for permission in needed):
            actor.require(needed[0])
    elif not handler.opt.get("public"):
        raise NotAllowed(permission="none is declared")


async def _actor(
    connection: ASGIConnection[Any, Any, Any, Any],
    merchant: Merchant,
    needed: Permission | tuple[Permission, ...] | None,
) -> Actor:
    database = services(connection).database
    frame = connection.scope["path"].split("/", 2)[1]
    if frame == "api":
        # Read from the raw headers: parsing all of them costs more than finding the session.
        found = [value for name, value in connection.scope["headers"] if name == b"authorization"]
        if not found:
            return VISITOR
        scheme, _, token = found[-1].decode("latin-1").partition(" ")
        return (
            await sessions.actor_of(database, merchant, token)
            if scheme.lower() == "bearer" and token
            else VISITOR
        )
    signed_in: list[Actor] = []
    kinds = {"console": ("staff",), "desk": ("staff", "customer")}.get(frame, ("customer",))
    for kind in kinds:
        token = connection.cookies.get(cookie_of(kind, merchant.slug))
        if token:
            actor = await sessions.actor_of(database, merchant, token)
            if actor.kind == kind:
                signed_in.append(actor)
    # One browser may be signed in as a guide and as a customer: whoever may do this is the one who asks.
    wanted = needed if isinstance(needed, tuple) else (needed,) if needed else ()
    able = [actor for actor in signed_in if any(actor.may(permission) for permission in wanted)]
    return next(iter(able or signed_in), VISITOR)


def provide_merchant(request: Request[Any, Any, Any]) -> Merchant:
    merchant = request.scope["state"].get("merchant")
    if merchant is None:
        raise NotFound(what="店铺 / shop")
    return merchant


def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    return request.scope["state"].get("actor", VISITOR)


def provide_database(request: Request[Any, Any, Any]) -> Database:
    return services(request).database


def provide_settings(request: Request[Any, Any, Any]) -> Settings:
    return services(request).settings


async def provide_uow(request: Request[Any, Any, Any]) -> AsyncGenerator[UnitOfWork]:
    """The request's unit of work: committed before the response leaves, rolled back on any refusal."""
    async with services(request).database.begin(provide_merchant(request), provide_actor(request)) as uow:
        yield uow


def visitor_of(request: Request[Any, Any, Any]) -> UUID:
    """The anonymous visitor behind this browser; a new one gets a cookie with the response."""
    state = request.scope["state"]
    if "visitor" not in state:
        try:
            state["visitor"] = UUID(request.cookies[VISITOR_COOKIE])
        except (KeyError, ValueError):
            state["visitor"] = state["new_visitor"] = uuid4()
    return state["visitor"]


def remember_visitor(request: Request[Any, Any, Any], response: Response[Any]) -> None:
    """Give a new visitor their cookie; every page that asks `visitor_of` calls this on its response."""
    visitor = request.scope["state"].get("new_visitor")
    if visitor is not None:
        response.set_cookie(
            VISITOR_COOKIE, str(visitor), max_age=YEAR_SECONDS, httponly=True, samesite="lax", path="/",
            secure=is_secure(request),
        )  # fmt: skip


def is_secure(request: Request[Any, Any, Any]) -> bool:
    """Whether people reach us over TLS, so that cookies may demand it."""
    return services(request).settings.base_url.startswith("https://")


def sign_in_cookie(
    request: Request[Any, Any, Any], response: Response[Any], kind: str, session: sessions.Session
) -> None:
    """Put a session into the browser, out of reach of scripts."""
    merchant = provide_merchant(request)
    response.set_cookie(
        cookie_of(kind, merchant.slug),
        session.token,
        max_age=services(request).settings.session_days * 86_400,
        httponly=True,
        samesite="lax",
        path="/",
        secure=is_secure(request),
    )


def sign_out_cookie(request: Request[Any, Any, Any], response: Response[Any], kind: str) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(cookie_of(kind, provide_merchant(request).slug), path="/")


# How a handler asks for these, by parameter name: `uow: InUow, merchant: OfMerchant, actor: ByActor`.
InUow = NamedDependency[UnitOfWork]
OfMerchant = NamedDependency[Merchant]
ByActor = NamedDependency[Actor]
OnDatabase = NamedDependency[Database]
WithSettings = NamedDependency[Settings]

DEPENDENCIES = {
    "merchant": Provide(provide_merchant, sync_to_thread=False),
    "actor": Provide(provide_actor, sync_to_thread=False),
    "database": Provide(provide_database, sync_to_thread=False),
    "settings": Provide(provide_settings, sync_to_thread=False),
    "uow": Provide(provide_uow),
}
