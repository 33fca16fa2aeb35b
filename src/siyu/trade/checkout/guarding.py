"""Keeping programs and impatient hands out: a field nobody sees, a page's age, and limits counted in the database."""

import hmac
from typing import Any

from litestar import Request

from siyu.kernel import clock
from siyu.runtime import limits
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.runtime.edge import visitor_of
from siyu.settings import Settings
from siyu.trade.checkout.model import CheckoutForm, NotAPerson

HOUR = 3_600
PAGE_SECONDS_MAX = 2 * 86_400  # a tab left open over a weekend may still buy
CLIENTS_TIMES = 10  # people behind one address: an office, a carrier's gateway


def stamp(settings: Settings, merchant: Merchant) -> str:
    """When the page was made, signed, so that nobody can make up an older one."""
    second = str(int(clock.now().timestamp()))
    return f"{second}.{_signature(settings, merchant, second)}"


def _signature(settings: Settings, merchant: Merchant, second: str) -> str:
    return hmac.digest(settings.secret.encode(), f"checkout:{merchant.id}:{second}".encode(), "sha256").hex()[
        :32
    ]


def check_person(settings: Settings, merchant: Merchant, form: CheckoutForm) -> None:
    """Raises NotAPerson for a form that a program sent, or whose page is too old."""
    second, _, signature = form.shown.partition(".")
    is_ours = hmac.compare_digest(signature.encode(), _signature(settings, merchant, second).encode())
    age = int(clock.now().timestamp()) - int(second) if is_ours and second.isdecimal() else -1
    if form.website or not settings.guest_form_seconds <= age <= PAGE_SECONDS_MAX:
        raise NotAPerson(field="shown")


def client_of(request: Request[Any, Any, Any], settings: Settings) -> str:
    """The address a request came from. Only what our own proxies say of it is believed."""
    if settings.proxies:
        told = [
            part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()
        ]
        if len(told) >= settings.proxies:
            return told[-settings.proxies][:64]
    return request.client.host if request.client else ""


async def limit_placing(
    request: Request[Any, Any, Any], database: Database, merchant: Merchant, actor: Actor, settings: Settings
) -> None:
    """Count a try to place an order. Raises TooManyRequests with the seconds to wait."""
    if actor.kind == "customer":
        await limits.take(
            database,
            merchant,
            "checkout.customer",
            str(actor.id),
            most=settings.orders_per_hour,
            seconds=HOUR,
        )
        return
    visitor, client = str(visitor_of(request)), client_of(request, settings)
    most = settings.guests_per_hour
    await limits.take(database, merchant, "checkout.visitor", visitor, most=most, seconds=HOUR)
    await limits.take(database, merchant, "checkout.client", client, most=most * CLIENTS_TIMES, seconds=HOUR)


async def limit_lookup(
    request: Request[Any, Any, Any], database: Database, merchant: Merchant, phone: str, settings: Settings
) -> None:
    """Count a try to find an order. Raises TooManyRequests: order numbers are short, so guessing has to be slow."""
    for what, who in (("lookup.phone", phone), ("lookup.client", client_of(request, settings))):
        await limits.take(database, merchant, what, who, most=settings.lookups_per_hour, seconds=HOUR)
