"""Starting a bargain and helping with one. Each is safe to ask twice, and from many phones at once."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from siyu.goods import catalog
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.bargains import queries
from siyu.trade.bargains.model import (
    AtFloor,
    Bargain,
    Helped,
    HelpedEnough,
    NeedsIdentity,
    NotForYou,
    NotStartable,
    Offered,
    Ordered,
    Over,
    OwnBargain,
    SoldOut,
)
from siyu.trade.bargains.rules import HELPS_PER_DAY, price_after


async def start(uow: UnitOfWork, offer_id: UUID, customer_id: UUID) -> Bargain:
    """Start a bargain; who has one running in this offer gets that one.

    Raises NotFound, NeedsIdentity, NotStartable, NotForYou, SoldOut.
    """
    offer = await queries.find_offer(uow, offer_id)
    await _end_own(uow, offer_id, customer_id)
    if running := await _running(uow, offer_id, customer_id):
        return running
    await _check_start(uow, offer, customer_id)
    rule = offer.rule
    ends_at = uow.now + timedelta(hours=rule.hours)
    await uow.run(
        """
        insert into bargains (merchant_id, id, offer_id, customer_id, sku_id, version, start, floor, needed, price,
                              ends_at, started_at)
        values (%(merchant_id)s, %(id)s, %(offer)s, %(customer)s, %(sku)s, %(version)s, %(start)s, %(floor)s,
                %(needed)s, %(start)s, %(ends)s, %(now)s)
        on conflict (merchant_id, offer_id, customer_id) where state = 'running' do nothing
        """,
        id=ids.new(),
        offer=offer.id,
        customer=customer_id,
        sku=rule.sku_id,
        version=offer.version,
        start=rule.start,
        floor=rule.floor,
        needed=rule.helps,
        ends=ends_at if offer.ends_at is None else min(ends_at, offer.ends_at),
    )
    started = await _running(uow, offer_id, customer_id)
    assert started is not None, "it was written now, or by a twin of this request"
    return started


async def _end_own(uow: UnitOfWork, offer_id: UUID, customer_id: UUID) -> None:
    """What ran out of time makes room for the next one. One with an order that is being paid keeps its place."""
    await uow.run(
        """
        update bargains set state = 'over'
        where merchant_id = %(merchant_id)s and offer_id = %(offer)s and customer_id = %(customer)s
          and state = 'running' and ends_at <= %(now)s and order_id is null
        """,
        offer=offer_id,
        customer=customer_id,
    )


async def _running(uow: UnitOfWork, offer_id: UUID, customer_id: UUID) -> Bargain | None:
    for one in await queries.bargains(uow, offer_id=offer_id, customer_id=customer_id):
        if one.state == "running":
            return one
    return None


async def _check_start(uow: UnitOfWork, offer: Offered, customer_id: UUID) -> None:
    await _require_identity(uow, customer_id)
    price = (await catalog.prices(uow, [offer.rule.sku_id])).get(offer.rule.sku_id)
    if not offer.is_live(uow.now) or price is None or not price.is_sellable:
        raise NotStartable
    if await orders.not_for(uow, [offer.id], customer_id):
        raise NotForYou
    if offer.left == 0 or (offer.budget is not None and offer.given >= offer.budget):
        raise SoldOut
    if offer.per_person is not None:
        mine = await queries.bargains(uow, offer_id=offer.id, customer_id=customer_id)
        if sum(one.order_id is not None for one in mine) >= offer.per_person:
            raise SoldOut


async def _require_identity(uow: UnitOfWork, customer_id: UUID) -> None:
    """Guests have none, and a browser makes as many guests as it likes. Raises NeedsIdentity."""
    is_known = await uow.one(
        bool,
        """
        select exists (select from identities where merchant_id = %(merchant_id)s and customer_id = %(customer)s)
        """,
        customer=customer_id,
    )
    if not is_known:
        raise NeedsIdentity


async def give_help(uow: UnitOfWork, bargain_id: UUID, customer_id: UUID) -> Helped:
    """Help once with somebody else's bargain; helping again answers what the first help did.

    The helps of one bargain are taken one after the other, so that each has its place and its published amount. The
    helper gets nothing for it. Raises NotFound, OwnBargain, NeedsIdentity, Over, Ordered, AtFloor, HelpedEnough.
    """
    is_there = await uow.run(
        "select from bargains where merchant_id = %(merchant_id)s and id = %(id)s for update", id=bargain_id
    )
    if not is_there:
        raise NotFound(what="砍价 / bargain")
    bargain = await queries.find(uow, bargain_id)
    if (before := await _helped_before(uow, bargain, customer_id)) is not None:
        return before
    if bargain.customer_id == customer_id:
        raise OwnBargain
    await _require_identity(uow, customer_id)
    if not bargain.is_running(uow.now):
        raise Over
    if bargain.order_id is not None:
        raise Ordered
    if not bargain.missing:
        raise AtFloor
    await _count_today(uow, customer_id)
    amount, place = bargain.next_step, bargain.helped + 1
    price = price_after(bargain.start, bargain.floor, bargain.needed, place)
    await uow.send(
        """
        insert into bargain_helps (merchant_id, bargain_id, customer_id, place, amount, at)
        values (%(merchant_id)s, %(bargain)s, %(customer)s, %(place)s, %(amount)s, %(now)s)
        """,
        bargain=bargain_id,
        customer=customer_id,
        place=place,
        amount=amount,
    )
    await uow.run(
        """
        update bargains set helped = %(place)s, price = %(price)s
        where merchant_id = %(merchant_id)s and id = %(bargain)s
        """,
        bargain=bargain_id,
        place=place,
        price=price,
    )
    return Helped(place, amount, price)


async def _helped_before(uow: UnitOfWork, bargain: Bargain, customer_id: UUID) -> Helped | None:
    return await uow.maybe(
        Helped,
        """
        select place, amount, %(price)s::bigint as price, true as is_replay from bargain_helps
        where merchant_id = %(merchant_id)s and bargain_id = %(bargain)s and customer_id = %(customer)s
        """,
        bargain=bargain.id,
        customer=customer_id,
        price=bargain.price,
    )


async def _count_today(uow: UnitOfWork, customer_id: UUID) -> None:
    """One more help of this person on this day at the merchant's. Raises HelpedEnough."""
    counted = await uow.run(
        """
        insert into bargain_days (merchant_id, customer_id, day, helps)
        values (%(merchant_id)s, %(customer)s, %(day)s, 1)
        on conflict (merchant_id, customer_id, day) do update set helps = bargain_days.helps + 1
        where bargain_days.helps < %(most)s
        """,
        customer=customer_id,
        day=uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date(),
        most=HELPS_PER_DAY,
    )
    if not counted:
        raise HelpedEnough(most=HELPS_PER_DAY)
