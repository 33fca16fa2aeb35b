"""Coupon templates and customers for the tests of coupons."""

from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.goods.offers import Coupon, CouponAmount
from siyu.kernel import clock, ids
from siyu.runtime.db import Database, Merchant

TEN_OFF = CouponAmount(off=1_000, least=5_000)


async def a_template(database: Database, merchant: Merchant, *, state: str = "active", **said) -> UUID:
    """A template: ten off from fifty, thirty days, claimed in public. `rule`'s fields and columns by name."""
    columns = {
        "audience": said.pop("audience", None),
        "scope": said.pop("scope", None),
        "starts_at": said.pop("starts_at", None),
        "ends_at": said.pop("ends_at", None),
        "name": said.pop("name", "满五十减十"),
    }
    rule = msgspec.structs.replace(Coupon(benefit=TEN_OFF, days=30, is_public=True), **said)
    offer_id = ids.new()
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, scope, audience, state, starts_at, ends_at, created_at,
                                updated_at)
            values (%(merchant_id)s, %(id)s, %(name)s, 'coupon', %(rule)s::jsonb, %(scope)s::jsonb, %(audience)s::jsonb,
                    %(state)s, %(starts_at)s, %(ends_at)s, %(now)s, %(now)s)
            """,
            id=offer_id,
            name=columns["name"],
            rule=_json(rule),
            scope=_json(columns["scope"]),
            audience=_json(columns["audience"]),
            state=state,
            starts_at=columns["starts_at"],
            ends_at=columns["ends_at"],
        )
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s)", id=offer_id
        )
    return offer_id


def _json(said) -> str:
    return "{}" if said is None else msgspec.json.encode(said).decode()


async def people(database: Database, merchant: Merchant, count: int, *, level: str = "") -> list[UUID]:
    """So many customers, in the order of their ids."""
    made = sorted(ids.new() for _ in range(count))
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            insert into customers (merchant_id, id, nickname, level, joined_at, updated_at)
            select %(merchant_id)s, t.id, '小满', %(level)s, %(now)s, %(now)s from unnest(%(ids)s::uuid[]) as t (id)
            """,
            ids=made,
            level=level,
        )
    return made


class Row(msgspec.Struct, frozen=True):
    customer_id: UUID | None
    source: str
    state: str


async def rows(database: Database, merchant: Merchant, offer_id: UUID) -> list[Row]:
    """Every coupon of a template."""
    async with database.begin(merchant) as uow:
        return await uow.all(
            Row,
            """
            select customer_id, source, state from coupons where merchant_id = %(merchant_id)s and offer_id = %(offer)s
            order by created_at, id
            """,
            offer=offer_id,
        )


async def issued(database: Database, merchant: Merchant, offer_id: UUID) -> int:
    """What the template's counter says."""
    async with database.begin(merchant) as uow:
        return await uow.one(
            int,
            """
            select coalesce((select issued from coupon_counters
                             where merchant_id = %(merchant_id)s and offer_id = %(offer)s), 0)
            """,
            offer=offer_id,
        )


def later(**span: float) -> None:
    """Move the clock on from real time."""
    clock.move_to(timedelta(**span))
