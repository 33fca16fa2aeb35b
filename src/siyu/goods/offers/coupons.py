"""Claiming coupons: one's share of what is there, never more, however many come at once.

Who claims is locked first, then the template's counter: a person's clicks wait for each other, and the last coupon
goes to one person. Nothing else waits for either.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.goods.offers import engine_words
from siyu.goods.offers.model import Audience, Coupon, CouponAmount, HeldCoupon, Offer, Traits
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.runtime.db import UnitOfWork

# A browser makes as many guests as it likes, and each person may have so many.
GUEST = "请先登录 / please sign in first"
CODE_LENGTH = 12  # of 32 characters each: 60 bits, so that a guess among a million codes hits once in 10¹²
LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\u3000": None})


class CouponNotClaimable(DomainError):
    """The coupon cannot be claimed now, or not by this person; `why` says the reason. Nothing was claimed."""

    code = "coupons.not_claimable"
    status = 409
    zh = "现在不能领取这张优惠券：{why}。"
    en = "This coupon cannot be claimed: {why}."


class CouponsGone(DomainError):
    """Every coupon there ever was has been given out."""

    code = "coupons.gone"
    status = 409
    zh = "优惠券已经领完了。"
    en = "All of these coupons have been claimed."


class CouponLimitReached(DomainError):
    """The person has had as many as one person may."""

    code = "coupons.limit_reached"
    status = 409
    zh = "你已经领过了，每人限领 {most} 张。"
    en = "You have claimed it already: {most} for each person."


class CouponCodeUnknown(DomainError):
    """No coupon can be had for this code."""

    code = "coupons.code_unknown"
    status = 422
    zh = "兑换码不正确或已失效，请核对后再试。"
    en = "This code is not right or no longer valid; please check it."


class CouponCodeTaken(DomainError):
    """Somebody else has had this code's coupon."""

    code = "coupons.code_taken"
    status = 409
    zh = "这个兑换码已经被领取。"
    en = "This code has been claimed already."


class Template(msgspec.Struct, frozen=True):
    """A coupon's offer as issuing sees it; `issued` counts all that were ever issued, each keeps its `version`."""

    id: UUID
    name: str
    rule: Coupon
    audience: Audience
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    issued: int
    version: int = 1


class _Claimant(msgspec.Struct, frozen=True):
    state: str
    level: str
    is_guest: bool


class _Known(msgspec.Struct, frozen=True):
    """What the customer has had of the template: how many claims, and the coupon of this very claim."""

    claims: int
    is_new: bool
    same: HeldCoupon | None


async def template(uow: UnitOfWork, offer_id: UUID) -> Template:
    """A coupon template. Raises NotFound, also for an offer of another kind."""
    found = await uow.maybe(
        Template,
        """
        select o.id, o.name, o.rule, o.audience, o.state, o.starts_at, o.ends_at, coalesce(c.issued, 0) as issued,
               o.version
        from offers o left join coupon_counters c on c.merchant_id = o.merchant_id and c.offer_id = o.id
        where o.merchant_id = %(merchant_id)s and o.id = %(id)s and o.kind = 'coupon'
        """,
        id=offer_id,
    )
    if found is None:
        raise NotFound("优惠券 / coupon")
    return found


def not_now(one: Template, now: datetime) -> str:
    """Why none is given out at `now`, "中文 / english"; empty when one is. Drafts and paused ones are not open."""
    if one.state == "draft" or (one.starts_at is not None and now < one.starts_at):
        return engine_words.NOT_YET
    if one.state == "paused":
        return "暂停领取 / it is paused"
    is_over = one.state == "ended" or (one.ends_at is not None and now >= one.ends_at)
    return engine_words.OVER if is_over or validity(one, now) is None else ""


def validity(one: Template, now: datetime) -> tuple[datetime, datetime] | None:
    """From when until when a coupon got at `now` can be used; None when it could never be."""
    rule = one.rule
    since = max(now, rule.since) if rule.since else now
    until = since + timedelta(days=rule.days) if rule.days else rule.until or one.ends_at
    if rule.days and rule.until:
        until = min(since + timedelta(days=rule.days), rule.until)
    return (since, until) if until is not None and until > since else None


def not_for(audience: Audience, *, level: str, is_new: bool) -> str:
    """Why the coupon is not for such a person; where they buy is looked at when they use it."""
    of_person = Audience(levels=audience.levels, newcomers=audience.newcomers)
    asked = Offer(UUID(int=0), "", Coupon(benefit=CouponAmount(0)), audience=of_person)
    return engine_words.not_for(asked, Traits(None, level=level, is_new=is_new))


async def claim(uow: UnitOfWork, offer_id: UUID, customer_id: UUID, *, key: UUID | None = None) -> HeldCoupon:
    """Claim one coupon. A second arrival of the same `key` gives the same coupon.

    Raises NotFound, CouponNotClaimable, CouponLimitReached and CouponsGone.
    """
    coupon_id = ids.derived("coupons.claim", offer_id, customer_id, key) if key else ids.new()
    claimant = await _lock_customer(uow, customer_id)
    one = await template(uow, offer_id)
    known = await _known(uow, offer_id, customer_id, coupon_id)
    if known.same is not None:
        return known.same
    if not one.rule.is_public:
        raise CouponNotClaimable(why="它不公开领取 / it is not given out in public")
    valid = _open(one, claimant, known, uow.now)
    found = await uow.maybe(
        HeldCoupon,
        """
        with counted as (
            insert into coupon_counters as c (merchant_id, offer_id, issued)
            values (%(merchant_id)s, %(offer)s, 1)
            on conflict (merchant_id, offer_id) do update set issued = c.issued + 1
            where %(total)s::integer is null or c.issued < %(total)s
            returning c.offer_id
        )
        insert into coupons (merchant_id, id, offer_id, customer_id, source, state, valid_from, valid_until,
                             created_at, updated_at, offer_version)
        select %(merchant_id)s, %(id)s, offer_id, %(customer)s, 'claim', 'issued', %(since)s, %(until)s, %(now)s,
               %(now)s, %(version)s
        from counted
        returning id, offer_id, customer_id, valid_from, valid_until
        """,
        id=coupon_id,
        offer=offer_id,
        customer=customer_id,
        total=one.rule.total,
        version=one.version,
        since=valid[0],
        until=valid[1],
    )
    if found is None:
        raise CouponsGone
    return found


def _open(one: Template, claimant: _Claimant, known: _Known, now: datetime) -> tuple[datetime, datetime]:
    """When the coupon will be valid. Raises what stands in the way of this claim."""
    why = GUEST if claimant.is_guest else ""
    why = why or not_now(one, now) or not_for(one.audience, level=claimant.level, is_new=known.is_new)
    valid = validity(one, now)
    if why or valid is None:
        raise CouponNotClaimable(why=why or engine_words.OVER)
    if known.claims >= one.rule.claims_max:
        raise CouponLimitReached(most=one.rule.claims_max)
    return valid


async def _lock_customer(uow: UnitOfWork, customer_id: UUID) -> _Claimant:
    found = await uow.maybe(
        _Claimant,
        """
        select c.state, c.level,
               exists (select from guests g where g.merchant_id = c.merchant_id and g.customer_id = c.id)
               and not exists (select from identities i where i.merchant_id = c.merchant_id and i.customer_id = c.id)
                   as is_guest
        from customers c
        where c.merchant_id = %(merchant_id)s and c.id = %(id)s and c.state = 'active' for no key update of c
        """,
        id=customer_id,
    )
    if found is None:
        raise NotFound("顾客 / customer")
    return found


async def _known(uow: UnitOfWork, offer_id: UUID, customer_id: UUID, coupon_id: UUID) -> _Known:
    return await uow.one(
        _Known,
        """
        select
            (select count(*) from coupons
             where merchant_id = %(merchant_id)s and offer_id = %(offer)s and customer_id = %(customer)s
               and source in ('claim', 'code')) as claims,
            not exists (select from orders where merchant_id = %(merchant_id)s and customer_id = %(customer)s
                                             and paid_at is not null) as is_new,
            (select json_build_object('id', id, 'offer_id', offer_id, 'customer_id', customer_id,
                                      'valid_from', valid_from, 'valid_until', valid_until)
             from coupons
             where merchant_id = %(merchant_id)s and id = %(id)s and customer_id = %(customer)s) as same
        """,
        offer=offer_id,
        customer=customer_id,
        id=coupon_id,
    )


class _Coded(msgspec.Struct, frozen=True):
    id: UUID
    offer_id: UUID
    customer_id: UUID | None
    state: str
    valid_from: datetime | None
    valid_until: datetime | None


async def claim_code(uow: UnitOfWork, code: str, customer_id: UUID) -> HeldCoupon:
    """Claim the coupon of a code; spaces, hyphens and small letters do not matter. Who has it already gets it again.

    Its callers count the tries (`runtime.limits`). Raises Invalid, CouponCodeUnknown, CouponCodeTaken,
    CouponLimitReached and CouponNotClaimable.
    """
    plain = read_code(code)
    claimant = await _lock_customer(uow, customer_id)
    coded = await uow.maybe(
        _Coded,
        """
        select id, offer_id, customer_id, state, valid_from, valid_until from coupons
        where merchant_id = %(merchant_id)s and code = %(code)s
        """,
        code=plain,
    )
    if coded is None or coded.state == "void":
        raise CouponCodeUnknown(field="code")
    if coded.customer_id is not None:
        if coded.customer_id != customer_id or coded.valid_from is None or coded.valid_until is None:
            raise CouponCodeTaken(field="code")
        return HeldCoupon(coded.id, coded.offer_id, customer_id, coded.valid_from, coded.valid_until)
    one = await template(uow, coded.offer_id)
    valid = _open(one, claimant, await _known(uow, one.id, customer_id, coded.id), uow.now)
    found = await uow.maybe(
        HeldCoupon,
        """
        update coupons set customer_id = %(customer)s, valid_from = %(since)s, valid_until = %(until)s,
               updated_at = %(now)s, offer_version = coalesce(offer_version, %(version)s)
        where merchant_id = %(merchant_id)s and id = %(id)s and customer_id is null and state = 'issued'
        returning id, offer_id, customer_id, valid_from, valid_until
        """,
        id=coded.id,
        customer=customer_id,
        version=one.version,
        since=valid[0],
        until=valid[1],
    )
    if found is None:
        raise CouponCodeTaken(field="code")
    return found


def read_code(text: str) -> str:
    """A code as it is stored, from what somebody typed. Raises Invalid and CouponCodeUnknown."""
    plain = text.strip().upper().translate(LOOKALIKES)
    if not plain:
        raise Invalid(field="code", zh="请填写兑换码。", en="Write the code.")
    if len(plain) != CODE_LENGTH or any(character not in ids.SAFE_ALPHABET for character in plain):
        raise CouponCodeUnknown(field="code")
    return plain


def shown_code(code: str) -> str:
    """A code in groups of four, as it is printed."""
    return "-".join([code[at : at + 4] for at in range(0, len(code), 4)])
