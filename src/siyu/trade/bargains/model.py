"""Structs and refusals of bargaining. Amounts are minor units of one unit of the SKU, times UTC."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.goods.offers import Audience
from siyu.goods.offers import Bargain as Rule
from siyu.kernel.errors import DomainError
from siyu.trade.bargains import rules

State = Literal["running", "bought", "over"]


class Offered(msgspec.Struct, frozen=True):
    """A bargain offer as people meet it. `left` is how many may still be bought, None without a limit."""

    id: UUID
    name: str
    rule: Rule
    audience: Audience
    version: int
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    uses_max: int | None
    per_person: int | None
    budget: int | None
    sold: int
    given: int

    def is_live(self, now: datetime) -> bool:
        """Whether a bargain may be started now."""
        begun = self.starts_at is None or self.starts_at <= now
        return self.state == "active" and begun and (self.ends_at is None or now < self.ends_at)

    @property
    def left(self) -> int | None:
        return None if self.uses_max is None else max(0, self.uses_max - self.sold)


class Bargain(msgspec.Struct, frozen=True):
    """What somebody started; `start`, `floor` and `needed` are the offer's at that moment. `order_id` is the order
    placed with it that is not closed.
    """

    id: UUID
    offer_id: UUID
    offer_name: str
    customer_id: UUID
    nickname: str
    sku_id: UUID
    version: int
    start: int
    floor: int
    needed: int
    helped: int
    price: int
    state: str
    order_id: UUID | None
    ends_at: datetime
    started_at: datetime
    bought_at: datetime | None

    def is_running(self, now: datetime) -> bool:
        return self.state == "running" and now < self.ends_at

    @property
    def missing(self) -> int:
        """How many more helps bring it to the floor."""
        return self.needed - self.helped

    @property
    def next_step(self) -> int:
        """By how much the next help lowers the price; 0 at the floor."""
        return rules.steps(self.start, self.floor, self.needed)[self.helped] if self.missing else 0


class Help(msgspec.Struct, frozen=True):
    """One person's help: the `place`-th, which lowered the price by `amount`. `nickname` is veiled."""

    place: int
    nickname: str
    amount: int
    at: datetime


class Helped(msgspec.Struct, frozen=True):
    """What a help did. `is_replay`: this person had helped before, nothing was done now."""

    place: int
    amount: int
    price: int
    is_replay: bool = False


class Numbers(msgspec.Struct, frozen=True):
    """What an offer brought: bargains started, helps given, orders that are paid and what they paid, new customers.

    A new customer is a helper who joined after the bargain they helped had been started.
    """

    offer_id: UUID
    started: int = 0
    helps: int = 0
    orders: int = 0
    sales: int = 0
    new_customers: int = 0


class NotStartable(DomainError):
    """The offer does not exist, has not begun, is paused, over, or its goods are off the shelf."""

    code = "bargains.not_startable"
    status = 409
    zh = "这个砍价活动现在不能发起。"
    en = "No bargain can be started in this offer now."


class NotForYou(DomainError):
    """The offer is for other people: another level, or who has never bought here."""

    code = "bargains.not_for_you"
    status = 409
    zh = "这个砍价活动只对指定的顾客开放。"
    en = "This bargain is for other customers."


class SoldOut(DomainError):
    """As many as the offer allows have been bought, by everyone or by this person."""

    code = "bargains.sold_out"
    status = 409
    zh = "这个砍价活动的名额已经用完。"
    en = "This bargain has been bought as often as it may be."


class Over(DomainError):
    """The bargain's time is over, or it was bought."""

    code = "bargains.over"
    status = 409
    zh = "这次砍价已经结束。"
    en = "This bargain is over."


class Ordered(DomainError):
    """An order was placed at this bargain's price and waits for its money; until then the price stands still."""

    code = "bargains.ordered"
    status = 409
    zh = "已经按当前价格下单，付款前不能再砍价或下单。"
    en = "An order was placed at the current price; the bargain stands still until it is paid or closed."


class OwnBargain(DomainError):
    code = "bargains.own"
    status = 409
    zh = "不能给自己砍价，请朋友来帮忙。"
    en = "Nobody helps with their own bargain; ask friends."


class AtFloor(DomainError):
    """As many have helped as were needed."""

    code = "bargains.at_floor"
    status = 409
    zh = "已经砍到底价，不需要再帮忙了。"
    en = "The price has reached its floor; no more help is needed."


class HelpedEnough(DomainError):
    """Somebody has helped as often today as anybody may."""

    code = "bargains.helped_enough"
    status = 429
    zh = "每人每天最多帮砍 {most} 次，请明天再来。"
    en = "Everybody may help {most} times a day; please come again tomorrow."


class NeedsIdentity(DomainError):
    """A guest is nobody in particular: helping and starting need somebody who signed in."""

    code = "bargains.needs_identity"
    status = 403
    zh = "请先登录，再发起砍价或帮忙。"
    en = "Please sign in before starting a bargain or helping."


class NotInWeChat(DomainError):
    """微信外部链接内容管理规范 does not allow 砍价 and 助力 in pages opened in WeChat."""

    code = "bargains.not_in_wechat"
    status = 403
    zh = "按微信平台规则，砍价不在微信里进行。可以按原价购买，或用手机浏览器打开本页。"
    en = "WeChat does not allow bargaining in its browser. Buy at the normal price, or open the page in another browser."


class NotYours(DomainError):
    """One unit of the bargain's SKU, by who started it: nothing else has its price."""

    code = "bargains.not_yours"
    status = 409
    zh = "砍价只能由发起人购买一件活动商品。"
    en = "A bargain is for one unit of its product, bought by who started it."
