"""Who may use an activity's price, and how often: the limits, the budget and the audience of every kind alike.

The activities' rooms say what their prices are; what an offer gives away at all, and to whom, is counted here as it is
for price offers: in `offer_uses`, and in the counters that the last fen of a budget hangs on.
"""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods.offers import engine_words as words
from siyu.goods.offers.model import Audience, Traits, Use, Used
from siyu.goods.offers.shelf import midnight
from siyu.kernel.errors import DomainError
from siyu.runtime.db import UnitOfWork, uuid_array


class NotForBuyer(DomainError):
    """The offer is for other people, by what its audience asks. Nothing was taken."""

    code = "offers.not_for_buyer"
    status = 403
    zh = "这个活动{why}。"
    en = "This offer is {why}."


class UsedUp(DomainError):
    """What the offer may give away at all is given away. Nothing was taken."""

    code = "offers.used_up"
    status = 409
    zh = "来晚了，这个活动的{why}。"
    en = "Too late: of this offer {why}."


class UsedEnough(DomainError):
    """One person may use the offer so often, and this one has. Nothing was taken."""

    code = "offers.used_enough"
    status = 409
    zh = "{why}，您已经用完。"
    en = "The limit is {why}, and you have reached it."


class Limited(msgspec.Struct, frozen=True):
    """An activity that has any limit. Amounts are minor units; None: no limit."""

    id: UUID
    audience: Audience
    per_person: int | None
    per_person_day: int | None
    spent_left: int | None
    uses_left: int | None


class _Known(msgspec.Struct, frozen=True):
    used: tuple[Used, ...]
    newcomers: list[str]


class Room:
    """What is left of the activities of a batch while its orders are priced one after the other."""

    def __init__(
        self, limited: Sequence[Limited] = (), used: Sequence[Used] = (), newcomers: Sequence[str] = ()
    ) -> None:
        self._limited = {one.id: one for one in limited}
        self._used = {(one.customer_id, one.offer_id): (one.ever, one.today) for one in used}
        self._newcomers = {UUID(one) for one in newcomers}
        self._spent: dict[UUID, int] = defaultdict(int)
        self._uses: dict[UUID, int] = defaultdict(int)
        self._here: dict[tuple[UUID, UUID], int] = defaultdict(int)

    def use(
        self, offer_id: UUID, amount: int, traits: Traits, *, is_welcome: bool = False, is_look: bool = False
    ) -> Use:
        """The use that an order makes by giving `amount` minor units away; nothing is counted yet.

        Who `is_welcome` is not asked whom the offer is for: they were asked before, or somebody invited them. Of an
        unknown person only the offer's own limits are asked, and who only `is_look`ing may choose a store later.
        Raises NotForBuyer, UsedUp and UsedEnough.
        """
        one = self._limited.get(offer_id)
        if one is not None:
            if traits.customer_id is not None and not is_welcome:
                is_new = traits.customer_id in self._newcomers
                audience = _wherever(one.audience, traits) if is_look else one.audience
                why = words.outside(audience, msgspec.structs.replace(traits, is_new=is_new))
                if why:
                    raise NotForBuyer(field="claim", why=why)
            self._check_limits(one, amount, traits.customer_id)
        return Use(offer_id, amount)

    def _check_limits(self, one: Limited, amount: int, customer_id: UUID | None) -> None:
        if one.spent_left is not None and self._spent[one.id] + amount > one.spent_left:
            raise UsedUp(field="claim", why=words.BUDGET_GONE)
        if one.uses_left is not None and self._uses[one.id] >= one.uses_left:
            raise UsedUp(field="claim", why=words.USES_GONE)
        if customer_id is None:
            return
        ever, today = self._used.get((customer_id, one.id), (0, 0))
        here = self._here[customer_id, one.id]
        if one.per_person is not None and ever + here >= one.per_person:
            raise UsedEnough(field="claim", why=words.per_person(one.per_person))
        if one.per_person_day is not None and today + here >= one.per_person_day:
            raise UsedEnough(field="claim", why=words.per_day(one.per_person_day))

    def take(self, customer_id: UUID, use: Use) -> None:
        """Count a use, so that the next order of the batch finds less."""
        self._spent[use.offer_id] += use.amount
        self._uses[use.offer_id] += use.times
        self._here[customer_id, use.offer_id] += use.times


NO_ROOM = Room()


def _wherever(audience: Audience, traits: Traits) -> Audience:
    """The audience without its stores as long as none is chosen."""
    return audience if traits.store_id is not None else msgspec.structs.replace(audience, store_ids=())


async def room(
    uow: UnitOfWork, offer_ids: Sequence[UUID], customer_ids: Sequence[UUID], *, lock: bool = False
) -> Room:
    """What is left of these activities for these buyers. Those without any limit cost one look and are not locked.

    With `lock` their counters are locked in the order of their ids before it is read who has used what, so the last
    fen of a budget goes to one order, whichever process places it.
    """
    if not offer_ids:
        return NO_ROOM
    asked = uuid_array(sorted(set(offer_ids)))
    if lock:
        await uow.send(
            "select from offer_counters c join offers o on o.merchant_id = c.merchant_id and o.id = c.offer_id"
            + _LIMITED
            + " order by c.offer_id for update of c",
            offers=asked,
        )
    limited = await uow.all(
        Limited,
        """
        select o.id, o.audience, o.per_person, o.per_person_day,
               case when o.budget is not null then greatest(0, o.budget - c.spent) end as spent_left,
               case when o.uses_max is not null then greatest(0, o.uses_max - c.uses) end as uses_left
        from offer_counters c join offers o on o.merchant_id = c.merchant_id and o.id = c.offer_id
        """
        + _LIMITED,
        offers=asked,
    )
    if not limited or not customer_ids:
        return Room(limited)
    known = await uow.one(
        _Known,
        """
        select coalesce((
                select jsonb_agg(to_jsonb(t)) from (
                    select u.customer_id, u.offer_id, sum(u.times) as ever,
                           coalesce(sum(u.times) filter (where u.at >= %(midnight)s), 0) as today
                    from offer_uses u
                    where u.merchant_id = %(merchant_id)s and u.customer_id = any(%(customers)s::uuid[])
                      and u.offer_id = any(%(counted)s::uuid[]) and u.state <> 'returned'
                    group by u.customer_id, u.offer_id
                ) t), '[]') as used,
            coalesce((
                select jsonb_agg(t.id) from unnest(%(customers)s::uuid[]) as t (id)
                where %(by_newness)s and not exists (
                    select from orders r where r.merchant_id = %(merchant_id)s and r.customer_id = t.id
                                           and r.paid_at is not null)), '[]') as newcomers
        """,
        customers=uuid_array(customer_ids),
        counted=uuid_array(one.id for one in limited if one.per_person or one.per_person_day),
        by_newness=any(one.audience.newcomers for one in limited),
        midnight=midnight(uow.merchant, uow.now),
    )
    return Room(limited, known.used, known.newcomers)


_LIMITED = """
    where c.merchant_id = %(merchant_id)s and c.offer_id = any(%(offers)s::uuid[])
      and (o.budget is not null or o.uses_max is not null or o.per_person is not null
           or o.per_person_day is not null or o.audience <> '{}')
"""


class _Asked(msgspec.Struct, frozen=True):
    id: UUID
    audience: Audience
    level: str
    is_new: bool


async def reasons(uow: UnitOfWork, offer_ids: Sequence[UUID], traits: Traits) -> dict[UUID, str]:
    """Why each of these offers is not for this person: words "中文 / english"; those that are for them are missing.

    Level and newness are read here; of an unknown person nothing is said.
    """
    if traits.customer_id is None or not offer_ids:
        return {}
    found = await uow.all(
        _Asked,
        """
        select o.id, o.audience, c.level,
               not exists (select from orders r where r.merchant_id = o.merchant_id and r.customer_id = c.id
                                                  and r.paid_at is not null) as is_new
        from offers o join customers c on c.merchant_id = o.merchant_id and c.id = %(customer)s
        where o.merchant_id = %(merchant_id)s and o.id = any(%(offers)s::uuid[]) and o.audience <> '{}'
        """,
        customer=traits.customer_id,
        offers=uuid_array(offer_ids),
    )
    told = {
        one.id: words.outside(
            _wherever(one.audience, traits),
            msgspec.structs.replace(traits, level=one.level, is_new=one.is_new),
        )
        for one in found
    }
    return {offer_id: why for offer_id, why in told.items() if why}
