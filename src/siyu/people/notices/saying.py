"""A notice in the words of its reader."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu import web
from siyu.kernel import money
from siyu.people.notices.model import Told
from siyu.people.notices.words import KINDS, Kind
from siyu.runtime.db import Merchant

GONE = Kind(web.mark("消息"), "", "notices", "chat")


class Said(msgspec.Struct, frozen=True):
    """A notice ready to be read. `href` is the address in the shop it leads to."""

    id: UUID
    kind: str
    title: str
    text: str
    href: str
    icon: str
    at: datetime
    is_new: bool


def said(told: Told, merchant: Merchant, language: str) -> Said:
    """The notice in `language`, its amounts and times as people write them in the merchant's zone."""
    kind = KINDS.get(told.kind, GONE)
    facts = {name: _written(name, value, merchant, language) for name, value in told.facts.items()}
    return Said(
        told.id,
        told.kind,
        web.translate(language, kind.title),
        web.translate(language, kind.text, **facts),
        f"/shop/{merchant.slug}/" + kind.href.format(id=told.facts.get("id", "")),
        kind.icon,
        told.at,
        told.read_at is None,
    )


def _written(name: str, value: str | int, merchant: Merchant, language: str) -> str:
    if name == "amount" and isinstance(value, int):
        return f"{money.symbol(merchant.currency)}{money.plain(value, merchant.currency)}"
    if name == "until" and isinstance(value, str):
        there = datetime.fromisoformat(value).astimezone(ZoneInfo(merchant.timezone))
        return web.half(language, f" {there.month} 月 {there.day} 日 {there:%H:%M} / {there:%Y-%m-%d %H:%M}")
    return web.half(language, str(value))
