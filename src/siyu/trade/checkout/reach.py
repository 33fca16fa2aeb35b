"""How the goods can reach the buyer: stores to fetch them from, and stores that send a courier."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from siyu.goods import inventory
from siyu.goods.catalog import SkuPrice
from siyu.kernel.errors import DomainError
from siyu.people.addresses import Address
from siyu.place import stores
from siyu.runtime.db import UnitOfWork
from siyu.trade import delivery, orders
from siyu.trade.checkout.model import Courier, Pickup
from siyu.trade.checkout.rules import pieces_of

FAR = 10**9  # stores that do not say where they are come last


async def pickups(
    uow: UnitOfWork,
    lines: tuple[orders.WantedLine, ...],
    prices: Mapping[UUID, SkuPrice],
    *,
    wish: UUID | None,
    near: Address | None,
) -> list[Pickup]:
    """Every open store with what it is short of: complete ones first, the wished one before the nearer ones."""
    need = pieces_of(lines, prices)
    free = {(one.location_id, one.sku_id): one.available for one in await inventory.levels(uow, list(need))}
    there = uow.now.astimezone(ZoneInfo(uow.merchant.timezone))
    found = [
        Pickup(
            store,
            stores.pickup(store.hours, there),
            near.metres_from(store.latitude, store.longitude) if near else None,
            _short(store.id, lines, prices, free),
        )
        for store in await stores.every(uow)
        if store.is_open
    ]
    return sorted(
        found,
        key=lambda one: (bool(one.short), one.store.id != wish, FAR if one.metres is None else one.metres),
    )


def _short(
    store_id: UUID,
    lines: Iterable[orders.WantedLine],
    prices: Mapping[UUID, SkuPrice],
    free: Mapping[tuple[UUID, UUID], int],
) -> tuple[tuple[str, int], ...]:
    """The lines the store has too little for, with how many units it could give."""
    found: list[tuple[str, int]] = []
    for line in lines:
        units = [
            free.get((store_id, sku_id), 0) * line.quantity // quantity
            for sku_id, quantity in pieces_of([line], prices).items()
        ]
        if units and min(units) < line.quantity:
            found.append((prices[line.sku_id].title, max(0, min(units))))
    return tuple(found)


async def couriers(
    uow: UnitOfWork,
    lines: tuple[orders.WantedLine, ...],
    prices: Mapping[UUID, SkuPrice],
    address: Address | None,
    language: str,
) -> list[Courier]:
    """Every store that delivers itself: those that reach the address first, the nearest of them first."""
    need = pieces_of(lines, prices)
    free = {(one.location_id, one.sku_id): one.available for one in await inventory.levels(uow, list(need))}
    there = ZoneInfo(uow.merchant.timezone)
    found: list[Courier] = []
    for local, slots in await delivery.locals_for(uow):
        short = _short(local.store_id, lines, prices, free)
        days = tuple(
            (day[0].starts_at, tuple(day))
            for _, day in (
                (key, list(rest)) for key, rest in groupby(slots, lambda s: _day(s.starts_at, there))
            )
        )
        fee, metres, problem = _reach(local, address, language)
        if short and not problem:
            problem = _lacks(short[0], language)
        found.append(Courier(local, days, fee, metres, problem))
    return sorted(found, key=lambda one: (bool(one.problem), FAR if one.metres is None else one.metres))


def _day(moment: datetime, there: ZoneInfo) -> object:
    return moment.astimezone(there).date()


def _lacks(short: tuple[str, int], language: str) -> str:
    title, left = short
    return f"缺货：{title}（剩 {left} 件）" if language.startswith("zh") else f"Only {left} left of {title}"


def _reach(
    local: delivery.Local, address: Address | None, language: str
) -> tuple[int | None, int | None, str]:
    """(fee, metres, problem) of a courier to this address; nothing is known without one."""
    if address is None:
        return None, None, ""
    try:
        return (*delivery.fee_to(local, address), "")
    except DomainError as refusal:
        return None, address.metres_from(local.latitude, local.longitude), refusal.sentence(language)
