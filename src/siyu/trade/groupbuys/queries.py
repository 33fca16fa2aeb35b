"""Reading groups for pages: who is in them, what they buy, which can be joined."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import catalog, offers
from siyu.goods.offers import GroupBuy
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork, uuid_array
from siyu.trade.groupbuys import reading
from siyu.trade.groupbuys.model import TAKEN, Group, Seat

SHOWN_MAX = 20
MINE_MAX = 50


class Goods(msgspec.Struct, frozen=True):
    """What is bought in a group. `price` is that of a member, `marked` what it costs alone."""

    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    picture: str
    price: int
    marked: int
    is_sellable: bool


class Member(msgspec.Struct, frozen=True):
    """Somebody in a group as strangers see them: a real person, by the first character of their name."""

    name: str
    state: str
    is_leader: bool
    is_me: bool
    order_id: UUID
    at: datetime


class Shown(msgspec.Struct, frozen=True):
    """A group with its real members and its goods. `mine` is the reader's own seat, the latest."""

    group: Group
    members: tuple[Member, ...]
    goods: tuple[Goods, ...]
    mine: Seat | None = None

    @property
    def free(self) -> int:
        """Seats nobody sits on."""
        return max(0, self.group.capacity - self.group.held - self.group.paid)

    @property
    def first(self) -> Goods | None:
        return self.goods[0] if self.goods else None


class Running(msgspec.Struct, frozen=True):
    """An offer of group buying that a shopper may look at."""

    id: UUID
    name: str
    rule: GroupBuy
    is_live: bool
    starts_at: datetime | None
    ends_at: datetime | None


def masked_name(name: str) -> str:
    """小满 becomes 小**; what is masked already, like a phone, stays. Somebody without a name stays without one."""
    name = name.strip()
    return name if not name or "*" in name else f"{name[0]}**"


async def find(uow: UnitOfWork, group_id: UUID, customer_id: UUID | None) -> Shown:
    """A group as this reader may see it. Raises NotFound; before its opener has paid only they may see it."""
    found = await reading.groups(uow, [group_id])
    if not found:
        raise NotFound(what="拼团 / group")
    (shown,) = await _shown(uow, found, customer_id)
    if shown.group.opened_at is None and shown.mine is None:
        raise NotFound(what="拼团 / group")
    return shown


async def to_join(uow: UnitOfWork, offer_id: UUID, customer_id: UUID | None) -> list[Shown]:
    """Groups of an offer with a free seat, those with the most seats taken first."""
    ids = [one.group_id for one in await reading.choices(uow, offer_id, limit=SHOWN_MAX)]
    shown = {one.group.id: one for one in await _shown(uow, await reading.groups(uow, ids), customer_id)}
    return [shown[group_id] for group_id in ids if group_id in shown]


class _Gathering(msgspec.Struct, frozen=True):
    offer_id: UUID
    people: int


async def gathering(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many people have paid for a place in a group of these offers that waits for others; none is not there."""
    found = await uow.all(
        _Gathering,
        """
        select g.offer_id, count(distinct s.customer_id)::int as people
        from group_buys g
        join group_seats s on s.merchant_id = g.merchant_id and s.group_id = g.id and s.state = 'paid'
        where g.merchant_id = %(merchant_id)s and g.offer_id = any(%(ids)s::uuid[]) and g.state in ('open', 'full')
          and g.opened_at is not null and g.expires_at > %(now)s
        group by g.offer_id
        """,
        ids=uuid_array(offer_ids),
    )
    return {one.offer_id: one.people for one in found}


async def of_customer(uow: UnitOfWork, customer_id: UUID) -> list[Shown]:
    """The groups somebody opened or joined, newest first."""
    ids = await uow.all(
        UUID,
        """
        select group_id from group_seats
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s
        group by group_id order by max(created_at) desc, group_id limit %(limit)s
        """,
        customer=customer_id,
        limit=MINE_MAX,
    )
    shown = {one.group.id: one for one in await _shown(uow, await reading.groups(uow, ids), customer_id)}
    return [shown[group_id] for group_id in ids]


async def of_order(uow: UnitOfWork, order_id: UUID, customer_id: UUID | None) -> Shown | None:
    """The group an order's seat is in now, if it has one."""
    group_id = await uow.maybe(
        UUID,
        "select group_id from group_seats where merchant_id = %(merchant_id)s and order_id = %(order)s",
        order=order_id,
    )
    return await find(uow, group_id, customer_id) if group_id is not None else None


class _Named(msgspec.Struct, frozen=True):
    order_id: UUID
    nickname: str


async def _shown(uow: UnitOfWork, groups: Sequence[Group], customer_id: UUID | None) -> list[Shown]:
    if not groups:
        return []
    seats: dict[UUID, list[Seat]] = {group.id: [] for group in groups}
    for seat in await reading.seats(uow, seats.keys()):
        seats[seat.group_id].append(seat)
    named = await uow.all(
        _Named,
        """
        select s.order_id, c.nickname from group_seats s
        join customers c on c.merchant_id = s.merchant_id and c.id = s.customer_id
        where s.merchant_id = %(merchant_id)s and s.group_id = any(%(ids)s::uuid[])
        """,
        ids=uuid_array(seats),
    )
    names = {one.order_id: masked_name(one.nickname) for one in named}
    goods = await goods_of(uow, [group.terms for group in groups])
    return [
        Shown(
            group,
            tuple(_members(group, seats[group.id], names, customer_id)),
            tuple(one for one in goods[i] if one.is_sellable) or tuple(goods[i]),
            _own(seats[group.id], customer_id),
        )
        for i, group in enumerate(groups)
    ]


def _own(seats: Sequence[Seat], customer_id: UUID | None) -> Seat | None:
    mine = [seat for seat in seats if seat.customer_id == customer_id]
    return next((seat for seat in mine if seat.state in TAKEN), mine[-1] if mine else None)


def _members(
    group: Group, seats: Sequence[Seat], names: dict[UUID, str], customer_id: UUID | None
) -> Iterable[Member]:
    """Those with a paid seat or, once the group is over, all whose money was in it; the leader first."""
    counted = {"paid", "withdrawn", "refunding", "refunded"} if not group.is_alive else {"paid"}
    there = [seat for seat in seats if seat.state in counted and seat.paid_at is not None]
    for seat in sorted(there, key=lambda s: (s.customer_id != group.leader_id, s.paid_at, s.order_id)):
        yield Member(
            names.get(seat.order_id, ""),
            seat.state,
            seat.customer_id == group.leader_id,
            seat.customer_id == customer_id,
            seat.order_id,
            seat.paid_at or seat.created_at,
        )


async def goods_of(uow: UnitOfWork, terms: Sequence[GroupBuy]) -> list[list[Goods]]:
    """The goods of each of these terms with what they cost alone, cheapest first."""
    prices = await catalog.prices(uow, list({sku for one in terms for sku in one.prices}))
    return [
        sorted(
            (
                Goods(
                    sku_id, p.product_id, p.title, p.sku_title, p.picture, min(price, p.price), p.price, p.is_sellable
                )
                for sku_id, price in one.prices.items()
                if (p := prices.get(sku_id)) is not None
            ),
            key=lambda goods: (goods.price, goods.sku_id),
        )
        for one in terms
    ]  # fmt: skip


async def offer(uow: UnitOfWork, offer_id: UUID) -> Running:
    """An offer of group buying. Raises NotFound, also while it is a draft."""
    found = await uow.maybe(
        Running,
        """
        select id, name, rule,
               state = 'active' and coalesce(starts_at <= %(now)s, true) and coalesce(ends_at > %(now)s, true)
                   as is_live, starts_at, ends_at
        from offers
        where merchant_id = %(merchant_id)s and id = %(id)s and kind = 'group' and state <> 'draft'
        """,
        id=offer_id,
    )
    if found is None:
        raise NotFound(what="拼团活动 / group buy")
    return found


class _EntryRow(msgspec.Struct, frozen=True):
    offer_id: UUID
    name: str
    product_id: UUID
    sku_id: UUID
    price: int
    marked: int
    size: int
    starts_at: datetime | None
    ends_at: datetime | None
    missing: int | None


async def entries(uow: UnitOfWork, product_ids: Sequence[UUID] | None) -> list[offers.Entry]:
    """Live group buys of these products (None: of all), one for each offer and product at its lowest price."""
    rows = await uow.all(
        _EntryRow,
        """
        select distinct on (s.product_id, o.id) o.id as offer_id, o.name, s.product_id, s.id as sku_id,
               least((o.rule -> 'prices' ->> k.sku)::bigint, s.price) as price, s.price as marked,
               (o.rule ->> 'size')::int as size, o.starts_at, o.ends_at,
               (select min(greatest(g.size - g.paid, 1))::int from group_buys g
                where g.merchant_id = o.merchant_id and g.offer_id = o.id and g.state = 'open'
                  and g.opened_at is not null and g.expires_at > %(now)s + interval '1 minute') as missing
        from offers o
        cross join lateral jsonb_object_keys(o.rule -> 'prices') as k (sku)
        join skus s on s.merchant_id = o.merchant_id and s.id = k.sku::uuid and s.is_sellable
        join products p on p.merchant_id = s.merchant_id and p.id = s.product_id and p.is_on_shelf
        where o.merchant_id = %(merchant_id)s and o.kind = 'group' and o.state = 'active'
          and coalesce(o.starts_at <= %(now)s, true) and coalesce(o.ends_at > %(now)s, true)
          and (%(products)s::uuid[] is null or s.product_id = any(%(products)s::uuid[]))
        order by s.product_id, o.id, price, s.id
        """,
        products=uuid_array(product_ids) if product_ids is not None else None,
    )
    return [
        offers.Entry(
            offer_id=row.offer_id,
            kind="group",
            title=row.name,
            product_id=row.product_id,
            sku_id=row.sku_id,
            price=row.price,
            marked=row.marked,
            href=f"/shop/{uow.merchant.slug}/group-offers/{row.offer_id}",
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            note=_note(row),
        )
        for row in rows
    ]


def _note(row: _EntryRow) -> str:
    if row.missing is not None:
        return f"有团还差 {row.missing} 人 / a group is {row.missing} short"
    return f"{row.size} 人成团 / groups of {row.size}"
