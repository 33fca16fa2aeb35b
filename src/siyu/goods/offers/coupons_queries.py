"""What people see of coupons: the centre, what they hold, and the console's list."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.offers import coupons
from siyu.goods.offers.coupons import Template
from siyu.goods.offers.model import Audience, Coupon, Scope
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork, uuid_array

CENTRE_MAX = 60


class CentreCoupon(msgspec.Struct, frozen=True):
    """A template as a shopper meets it. `mine` counts the shopper's claims."""

    id: UUID
    name: str
    rule: Coupon
    scope: Scope
    audience: Audience
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    issued: int
    mine: int
    level: str
    is_new: bool

    @property
    def _template(self) -> Template:
        return Template(
            self.id,
            self.name,
            self.rule,
            self.audience,
            self.state,
            self.starts_at,
            self.ends_at,
            self.issued,
        )

    def standing(self, now: datetime, *, is_known: bool) -> tuple[str, str]:
        """`claim`, `claimed`, `gone`, `not_yet` or `not_for`, and why not. Of a stranger nothing is known."""
        if self.mine >= self.rule.claims_max:
            return "claimed", ""
        if self.rule.total is not None and self.issued >= self.rule.total:
            return "gone", ""
        if coupons.not_now(self._template, now):
            return "not_yet", ""
        why = coupons.not_for(self.audience, level=self.level, is_new=self.is_new) if is_known else ""
        return ("not_for", why) if why else ("claim", "")


async def centre(
    uow: UnitOfWork, customer_id: UUID | None, *, offer_id: UUID | None = None
) -> list[CentreCoupon]:
    """What is given out in public, now or soon, newest first; one of them when named."""
    return await uow.all(
        CentreCoupon,
        """
        select o.id, o.name, o.rule, o.scope, o.audience, o.state, o.starts_at, o.ends_at,
               coalesce(c.issued, 0) as issued,
               (select count(*) from coupons k
                where k.merchant_id = %(merchant_id)s and k.offer_id = o.id and k.customer_id = %(customer)s::uuid
                  and k.source in ('claim', 'code')) as mine,
               coalesce((select u.level from customers u
                         where u.merchant_id = %(merchant_id)s and u.id = %(customer)s::uuid), '') as level,
               not exists (select from orders r where r.merchant_id = %(merchant_id)s
                              and r.customer_id = %(customer)s::uuid and r.paid_at is not null) as is_new
        from offers o left join coupon_counters c on c.merchant_id = o.merchant_id and c.offer_id = o.id
        where o.merchant_id = %(merchant_id)s and o.kind = 'coupon' and o.state = 'active'
          and o.rule -> 'is_public' = 'true' and (o.ends_at is null or o.ends_at > %(now)s)
          and (o.rule ->> 'until' is null or (o.rule ->> 'until')::timestamptz > %(now)s)
          and (%(offer)s::uuid is null or o.id = %(offer)s)
        order by o.priority desc, o.id desc limit %(limit)s
        """,
        customer=customer_id,
        offer=offer_id,
        limit=CENTRE_MAX,
    )


class MyCoupon(msgspec.Struct, frozen=True):
    """A coupon its holder sees, with the terms of its template."""

    id: UUID
    offer_id: UUID
    name: str
    rule: Coupon
    scope: Scope
    state: str
    offer_state: str
    source: str
    valid_from: datetime
    valid_until: datetime
    order_id: UUID | None
    reminded_at: datetime | None
    updated_at: datetime


TABS = ("usable", "used", "expired")


async def mine(
    uow: UnitOfWork,
    customer_id: UUID,
    tab: str,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 30,
) -> Page[MyCoupon]:
    """What somebody holds: usable ones by their end, soonest first; the others by their last change, latest first."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    params = {"customer": customer_id, "at": at, "last_id": last_id, "limit": limit + 1, "tab": tab}
    if tab == "usable":
        found = await uow.all(MyCoupon, _MINE + _USABLE, **params)
    else:
        found = await uow.all(MyCoupon, _MINE + _PAST, **params)
    last = found[limit - 1] if len(found) > limit else None
    if last is None:
        return Page(items=found, next=None)
    moment = last.valid_until if tab == "usable" else last.updated_at
    return Page(items=found[:limit], next=f"{moment.isoformat()}~{last.id}")


_MINE = """
    select k.id, k.offer_id, coalesce(v.name, o.name) as name, coalesce(v.rule, o.rule) as rule,
           coalesce(v.scope, o.scope) as scope, k.state, o.state as offer_state, k.source, k.valid_from,
           k.valid_until, k.order_id, k.reminded_at, k.updated_at
    from coupons k join offers o on o.merchant_id = k.merchant_id and o.id = k.offer_id
    left join offer_versions v on v.merchant_id = k.merchant_id and v.offer_id = k.offer_id
                              and v.version = k.offer_version
    where k.merchant_id = %(merchant_id)s and k.customer_id = %(customer)s
"""
_USABLE = """
      and k.state in ('issued', 'locked') and k.valid_until > %(now)s
      and (%(at)s::timestamptz is null or (k.valid_until, k.id) > (%(at)s, %(last_id)s::uuid))
    order by k.valid_until, k.id limit %(limit)s
"""
_PAST = """
      and case when %(tab)s = 'used' then k.state = 'used'
               else k.state in ('expired', 'void') or (k.state in ('issued', 'locked') and k.valid_until <= %(now)s) end
      and (%(at)s::timestamptz is null or (k.updated_at, k.id) < (%(at)s, %(last_id)s::uuid))
    order by k.updated_at desc, k.id desc limit %(limit)s
"""


class Held(msgspec.Struct, frozen=True):
    """How many somebody can use, and how many of them end within two days."""

    usable: int
    ending: int


async def held(uow: UnitOfWork, customer_id: UUID) -> Held:
    return await uow.one(
        Held,
        """
        select count(*) as usable, count(*) filter (where reminded_at is not null) as ending from coupons
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and state = 'issued'
          and valid_until > %(now)s
        """,
        customer=customer_id,
    )


class ListedCoupon(msgspec.Struct, frozen=True):
    """A coupon in the console's list."""

    id: UUID
    customer_id: UUID | None
    nickname: str
    code: str | None
    source: str
    state: str
    valid_from: datetime | None
    valid_until: datetime | None
    order_id: UUID | None
    created_at: datetime


async def listing(
    uow: UnitOfWork,
    offer_id: UUID,
    *,
    state: str | None = None,
    search: str = "",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page[ListedCoupon]:
    """A template's coupons, newest first. `search` is a whole code or the beginning of a nickname."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    text = search.strip()
    found = await uow.all(
        ListedCoupon,
        """
        select k.id, k.customer_id, coalesce(c.nickname, '') as nickname, k.code, k.source, k.state, k.valid_from,
               k.valid_until, k.order_id, k.created_at
        from coupons k left join customers c on c.merchant_id = k.merchant_id and c.id = k.customer_id
        where k.merchant_id = %(merchant_id)s and k.offer_id = %(offer)s
          and (%(state)s::text is null or k.state = %(state)s)
          and (%(text)s = '' or k.code = %(code)s or c.nickname ^@ %(text)s)
          and (%(at)s::timestamptz is null or (k.created_at, k.id) < (%(at)s, %(last_id)s::uuid))
        order by k.created_at desc, k.id desc limit %(limit)s
        """,
        offer=offer_id,
        state=state,
        text=text,
        code=text.upper().translate(coupons.LOOKALIKES),
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.created_at.isoformat()}~{last.id}" if last else None)


async def products_of(uow: UnitOfWork, sku_ids: Sequence[UUID]) -> list[UUID]:
    """The products of these SKUs."""
    return await uow.all(
        UUID,
        """
        select distinct product_id from skus where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[])
        order by product_id
        """,
        ids=uuid_array(sku_ids),
    )
