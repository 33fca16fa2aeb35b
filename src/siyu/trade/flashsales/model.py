"""Structs and refusals of flash sales. Amounts are minor units of one unit, times UTC."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.goods.offers import Audience, Flash
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Merchant

KIND = "flash"
WARM_UP = timedelta(minutes=5)  # so long before the start the pieces are put aside


class Session(msgspec.Struct, frozen=True):
    """The offer behind a flash sale. `state` is the offer's: draft, active, paused or ended."""

    id: UUID
    name: str
    version: int
    state: str
    rule: Flash
    starts_at: datetime | None
    ends_at: datetime | None
    audience: Audience = Audience()

    def phase(self, now: datetime) -> str:
        """draft, paused, ahead (not started), on, or over."""
        if self.state in {"draft", "paused"} and not (self.ends_at is not None and self.ends_at <= now):
            return self.state
        if self.state in {"draft", "paused", "ended"} or (self.ends_at is not None and self.ends_at <= now):
            return "over"
        return "ahead" if self.starts_at is not None and self.starts_at > now else "on"


class Item(msgspec.Struct, frozen=True):
    """What is put aside of one SKU for a session. `quota` is what there really is for it, `taken` of that in orders
    that are not closed, `sold` of that paid. While `returned_at` is None, quota - taken pieces lie aside in stock.
    """

    offer_id: UUID
    sku_id: UUID
    location_id: UUID
    position: int
    price: int
    wanted: int
    quota: int
    taken: int
    sold: int
    refused: int
    per_person: int
    version: int
    carved_at: datetime
    returned_at: datetime | None
    location_name: str = ""
    ships: bool = True

    @property
    def left(self) -> int:
        return self.quota - self.taken

    @property
    def unpaid(self) -> int:
        """Pieces in orders that wait for their money: they may still come back."""
        return self.taken - self.sold


def moment_words(merchant: Merchant, at: datetime) -> str:
    """When, in the merchant's zone, for a sentence in either language."""
    there = at.astimezone(ZoneInfo(merchant.timezone))
    return f"{there.month} 月 {there.day} 日 {there:%H:%M} / {there:%Y-%m-%d %H:%M}"


class NotStarted(DomainError):
    """The session begins later, by the server's clock. Nothing was taken."""

    code = "flash.not_started"
    status = 409
    zh = "秒杀还没有开始，{at}开抢。"
    en = "The flash sale has not started yet; it begins at {at}."

    def __init__(self, merchant: Merchant, starts_at: datetime) -> None:
        super().__init__(field="claim", at=moment_words(merchant, starts_at), starts_at=starts_at.isoformat())


class Over(DomainError):
    """The session has ended, or was ended. Nothing was taken."""

    code = "flash.over"
    status = 409
    zh = "本场秒杀已经结束。"
    en = "This flash sale is over."


class Paused(DomainError):
    """The merchant has stopped the session for now. Nothing was taken."""

    code = "flash.paused"
    status = 409
    zh = "本场秒杀已暂停，请稍后再来看看。"
    en = "This flash sale is paused; please come back later."


class Preparing(DomainError):
    """The session should run, and its pieces have not been put aside yet. Nothing was taken."""

    code = "flash.preparing"
    status = 409
    zh = "本场秒杀正在备货，请过几秒再试。"
    en = "This flash sale is being prepared; please try again in a few seconds."


class NotInSession(DomainError):
    """The order names a SKU that is not part of the session. Nothing was taken."""

    code = "flash.not_in_session"
    status = 422
    zh = "有商品不在这场秒杀里，请分开下单。"
    en = "Something in the order is not part of this flash sale; please order it separately."


class NotForYou(DomainError):
    """The session is for other people (new customers, a level, a channel). Nothing was taken."""

    code = "flash.not_for_you"
    status = 403
    zh = "本场秒杀只面向指定的顾客。"
    en = "This flash sale is for other customers."


class SoldOut(DomainError):
    """Nothing is left of an item. `unpaid` pieces are in orders that wait for their money and may still come back."""

    code = "flash.sold_out"
    status = 409
    zh = "已抢光{hope}。"
    en = "Sold out{hope}."

    def __init__(self, sku_id: UUID, unpaid: int) -> None:
        zh = f"；还有 {unpaid} 件在等付款，到时没付的会重新放出"
        en = f"; {unpaid} more await payment and come back if they are not paid in time"
        super().__init__(
            field="lines", sku_id=str(sku_id), unpaid=unpaid, hope=f"{zh} / {en}" if unpaid else ""
        )


class NotSoMany(DomainError):
    """Fewer pieces are left than were asked for. Nothing was taken."""

    code = "flash.not_so_many"
    status = 409
    zh = "只剩 {left} 件了。"
    en = "Only {left} left."


class LimitReached(DomainError):
    """More than one person may have of an item in this session. Nothing was taken."""

    code = "flash.limit_reached"
    status = 409
    zh = "每人限购 {limit} 件，您已有 {had} 件。"
    en = "{limit} per person; you have {had}."


class ElsewhereOnly(DomainError):
    """The session's pieces lie at another place than the one the buyer chose. Nothing was taken."""

    code = "flash.elsewhere_only"
    status = 409
    zh = "这场秒杀的货在“{place}”，请换成{ways}。"
    en = "The pieces of this sale lie at {place}; please choose {ways}."

    def __init__(self, place: str, *, ships: bool) -> None:
        ways = (
            "快递，或到这家门店自提 / a parcel, or pick up there"
            if ships
            else "到这家门店自提 / to pick up there"
        )
        super().__init__(field="store_id", place=place, ways=ways)
