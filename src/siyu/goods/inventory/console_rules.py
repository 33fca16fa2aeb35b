"""The rule by which orders are sent, on the console, with a preview of what it means for an address."""

import re
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.goods.inventory import fields, queries, ruling, words
from siyu.goods.inventory.model import NotEnoughStock
from siyu.goods.inventory.ruling import StockRules
from siyu.goods.inventory.sharing import Group, Need, share_out
from siyu.goods.inventory.sourcing import Source, Sources, metres_between, order_of, sources
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
POINT = re.compile(r"(-?\d{1,2})(?:\.(\d{1,6}))?\s*[,，]\s*(-?\d{1,3})(?:\.(\d{1,6}))?")


class Candidate(msgspec.Struct, frozen=True):
    """A location in the order in which it would be tried; `lines` are the goods that would leave from it."""

    name: str
    kind: str
    kilometres: int
    lines: tuple[str, ...]


@get("/console/{slug:str}/stock/rules", opt=READ)
async def rule_page(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """How orders to an address choose where they are sent from; when pieces are few and dates near."""
    rule = await ruling.rules(uow)
    places = [place for place in await queries.locations(uow) if place.kind != "supplier"]
    rank = {place_id: i for i, place_id in enumerate(rule.priority)}
    places.sort(key=lambda place: rank.get(place.id, len(rank)))
    return web.page(
        request,
        "inventory/console_rules.html",
        merchant=merchant,
        rule=rule,
        words=words,
        shipping=[place for place in places if place.ships and place.is_open],
        silent=[place for place in places if not (place.ships and place.is_open)],
    )


@post("/console/{slug:str}/stock/rules", opt=WRITE, status_code=200)
async def set_rule(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Change the rule. Locations come with their place in the order, `rank-<id>`."""
    form = await request.form()
    mode = fields.told(form, "mode")
    if mode not in ruling.MODES:
        raise Invalid(field="mode", zh="请选择发货规则。", en="Choose a rule.")
    await ruling.set_rules(
        uow,
        msgspec.convert(
            {
                "mode": mode,
                "split": bool(fields.told(form, "split")),
                "priority": _ranked(form),
                "near_days": fields.whole(fields.told(form, "near_days"), least=1, field="near_days"),
                "low_below": fields.whole(fields.told(form, "low_below"), least=1, field="low_below"),
            },
            StockRules,
        ),
    )
    return web.done(request, f"/console/{merchant.slug}/stock/rules", web.mark("发货规则已保存"))


def _ranked(form: FormMultiDict) -> list[UUID]:
    """The locations that got a place in the order, first to last."""
    ranks = {
        place: int(rank)
        for place, rank in fields.numbered(form, "rank-").items()
        if rank.isascii() and rank.isdecimal() and len(rank) < 5
    }
    return sorted(ranks, key=lambda place: ranks[place])


@get("/console/{slug:str}/stock/rules/preview", opt=READ)
async def preview(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    region: FromQuery[str] = "",
    place: FromQuery[str] = "",
    lines: FromQuery[str] = "",
) -> Response[str]:
    """A fragment: from where an order to this address would be sent, by the rule as it is saved."""
    code = region.strip()
    if code and not (code.isascii() and code.isdecimal() and len(code) in {2, 4, 6, 9}):
        raise Invalid(
            field="region", zh="区划代码是 2、4 或 6 位数字。", en="A region code has 2, 4 or 6 digits."
        )
    latitude, longitude = _point(place)
    known = await sources(uow)
    order = order_of(known, code, latitude, longitude)
    wanted = await fields.lines_of(uow, lines) if lines.strip() else ()
    sent, refusal = await _sent(uow, known, order, wanted)
    names = {one.id: one for one in await queries.locations(uow)}
    by_id: dict[UUID, Source] = {one.id: one for one in known.locations}
    candidates = [
        Candidate(
            names[place_id].name if place_id in names else "—",
            by_id[place_id].kind,
            metres_between(by_id[place_id], code, latitude, longitude) // 1_000,
            tuple(sent.get(place_id, ())),
        )
        for place_id in order
    ]
    return web.page(
        request,
        "inventory/console_preview.html",
        merchant=merchant,
        candidates=candidates,
        words=words,
        has_lines=bool(wanted),
        is_located=bool(code or latitude or longitude),
        refusal=refusal.sentence(web.language_of(request)) if refusal else "",
    )


async def _sent(
    uow: UnitOfWork, known: Sources, order: tuple[UUID, ...], wanted: tuple[tuple[UUID, int], ...]
) -> tuple[dict[UUID, list[str]], NotEnoughStock | None]:
    """The goods that would leave from each location, or the refusal. Nothing is reserved."""
    if not wanted:
        return {}, None
    skus = await catalog.prices(uow, [sku_id for sku_id, _ in wanted])
    needs = tuple(
        tuple(Need(part.sku_id, part.quantity * n) for part in skus[sku_id].components)
        or (() if skus[sku_id].kind == "virtual" else (Need(sku_id, n),))
        for sku_id, n in wanted
    )
    asked = [need.sku_id for line in needs for need in line]
    levels = {(one.location_id, one.sku_id): one for one in await queries.levels(uow, asked)}
    fixed = tuple(skus[sku_id].supply_location_id for sku_id, _ in wanted)
    (answer,), _ = share_out(levels, [Group(needs, order, known.split, fixed)])
    if isinstance(answer, NotEnoughStock):
        return {}, answer
    sent: dict[UUID, list[str]] = {}
    for place, (sku_id, n) in zip(answer, wanted, strict=True):
        if place is not None:
            sent.setdefault(place, []).append(f"{skus[sku_id].title} × {n}")
    return sent, None


def _point(text: str) -> tuple[int, int]:
    """`31.298,120.585` as millionths of a degree; 0, 0 for nothing. Raises Invalid."""
    if not text.strip():
        return 0, 0
    found = POINT.fullmatch(text.strip())
    if found is None:
        raise Invalid(
            field="place",
            zh="坐标写成“纬度,经度”，例如 31.298,120.585。",
            en="Write the coordinates as latitude,longitude, e.g. 31.298,120.585.",
        )
    return _millionths(found[1], found[2]), _millionths(found[3], found[4])


def _millionths(whole: str, part: str | None) -> int:
    size = abs(int(whole)) * 1_000_000 + int((part or "0").ljust(6, "0"))
    return -size if whole.startswith("-") else size


routes = [rule_page, set_rule, preview]
