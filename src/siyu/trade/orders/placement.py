"""Placing orders. All that wait are placed together: one unit of work, two round trips, one statement a step.

Only stock that is known by its price – what a supplier sends, the components of a bundle – takes a third trip. One
transaction per order measured 0.28 of pgbench's minimal transaction over HTTP where batches measured 0.74; see
docs/decisions.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods import catalog, inventory, offers, pricing
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, IdempotencyConflict
from siyu.people import customers
from siyu.place import doors, stores
from siyu.runtime import counters
from siyu.runtime.batch import Batcher
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows
from siyu.trade import delivery
from siyu.trade.orders import claiming
from siyu.trade.orders.claims import ClaimTerms
from siyu.trade.orders.drafting import (
    Asked,
    Draft,
    Known,
    draft,
    early_asks,
    gift_prices,
    group_of,
    not_locked_yet,
    with_terms,
)
from siyu.trade.orders.model import PlacedOrder, PlaceOrder
from siyu.trade.orders.rules import check, input_hash, merged
from siyu.trade.orders.writing import write

ACTION = "orders.place"
NO_SOURCES = inventory.Sources("nearest", split=False, priority=(), locations=())
Answers = dict[int, PlacedOrder | Exception]


class _KeyRow(msgspec.Struct, frozen=True):
    actor: UUID
    key: str
    hash: str
    result: UUID


class _Key(msgspec.Struct, frozen=True):
    actor_id: UUID
    key: str
    input_hash: bytes
    result_id: UUID


async def place(
    database: Database, merchant: Merchant, order: PlaceOrder, *, pay_minutes: int
) -> PlacedOrder:
    """Place an order; its stock is kept for `pay_minutes`.

    Raises EmptyOrder, Invalid, NotForSale, PriceRose (409 with the new quote), NotEnoughStock, and
    IdempotencyConflict when the key was used for something else. A second submit returns the first order.
    """
    asked = _asked(order, 0, pay_minutes)  # refused before it costs a number
    claiming.gate(merchant, order)
    (number,) = await counters.take(database, merchant, "orders", 1)
    return await _placements.ask(
        database, merchant, msgspec.structs.replace(asked, number=order_number(number))
    )


def _asked(order: PlaceOrder, number: int, pay_minutes: int) -> Asked:
    check(order)
    lines = merged(order.lines)
    return Asked(order, lines, order_number(number), pay_minutes, input_hash(order, lines))


def order_number(number: int) -> str:
    """Twelve digits: short enough to read out, long enough for a hundred million orders a merchant."""
    return f"{100_000_000_000 + number}"


async def place_many(
    uow: UnitOfWork, orders: Sequence[PlaceOrder], numbers: Sequence[int], *, pay_minutes: int
) -> list[PlacedOrder | Exception]:
    """Place several orders in this unit of work; each answer is the order or the refusal it got."""
    return await _place(uow, [_asked(o, n, pay_minutes) for o, n in zip(orders, numbers, strict=True)])


async def _place(uow: UnitOfWork, asked: Sequence[Asked]) -> list[PlacedOrder | Exception]:
    """One round trip for everything there is to know, one for everything there is to write and the commit."""
    answers: Answers = {}
    order_ids = [ids.new() for _ in asked]
    fresh, terms = await _take_claims(uow, asked, order_ids, answers)
    buyers = [asked[i].order.customer_id for i in terms]
    room = await offers.room(uow, [one.rule_id for one in terms.values()], buyers, lock=True)
    known = msgspec.structs.replace(await _learn(uow, asked, order_ids, fresh), room=room)
    drafts = _drafts(uow, asked, order_ids, known, terms, answers)
    await _find_stock(uow, drafts, known, answers)
    drafts = {i: one for i, one in drafts.items() if i not in answers}
    refused = [i for i in known.fresh if i in answers]
    await claiming.give_back(uow, [(asked[i].order, order_ids[i]) for i in refused if i in terms])
    placed = await write(uow, list(drafts.values()), known.came)
    answers |= dict(zip(drafts, placed, strict=True))
    await _free_keys(uow, [asked[i].order for i in refused])
    await _replay(uow, asked, answers)
    return [answers[i] for i in range(len(asked))]


async def _take_claims(
    uow: UnitOfWork, asked: Sequence[Asked], order_ids: Sequence[UUID], answers: Answers
) -> tuple[list[int] | None, dict[int, ClaimTerms]]:
    """Which orders are new, and the terms of those with a claim. Costs nothing where no order has one.

    A claim is taken before stock is looked at, because it may be what frees the pieces.
    """
    if all(one.order.claim is None for one in asked):
        return None, {}
    fresh = await _claim_keys(uow, asked, order_ids)
    told = await claiming.take(uow, {i: (asked[i].order, asked[i].lines, order_ids[i]) for i in fresh})
    terms: dict[int, ClaimTerms] = {}
    for i, answer in told.items():
        if isinstance(answer, DomainError):
            answers[i] = answer
        else:
            terms[i] = answer
    return fresh, terms


async def _learn(
    uow: UnitOfWork, asked: Sequence[Asked], order_ids: Sequence[UUID], fresh: list[int] | None
) -> Known:
    """Everything that can be known before the prices are, in one round trip. Stock is locked on the way."""
    sku_ids = list({line.sku_id for one in asked for line in one.lines})
    buyers = list({one.order.customer_id for one in asked})
    at_stores = [
        inventory.Pieces(one.order.store_id, line.sku_id, line.quantity)
        for one in asked
        if one.order.store_id is not None and one.order.delivery != "express"
        for line in one.lines
    ]
    sent = list({line.sku_id for one in asked if one.order.delivery == "express" for line in one.lines})
    async with uow.together():
        new, prices, levels, came, (buyer_levels, rules, shelf), around = await asyncio.gather(
            _claim_keys(uow, asked, order_ids) if fresh is None else _known_already(fresh),
            catalog.prices(uow, sku_ids),
            inventory.lock(uow, at_stores, skus=sent),
            doors.attributions(uow, buyers),
            asyncio.gather(
                customers.levels_of(uow, buyers),
                pricing.load(uow, sku_ids, buyers),
                offers.load(uow, buyers, sku_ids, lock=True),
            ),
            asyncio.gather(
                _sources(uow, asked),
                stores.counters(uow, [s for one in asked if (s := one.order.store_id) is not None]),
                delivery.load(uow, early_asks(asked)),
            ),
        )
    sources, open_now, tariffs = around
    prices = {**prices, **await gift_prices(uow, shelf, prices)} if shelf.offers else prices
    return Known(
        new, prices, levels, came, buyer_levels, pricing.parted(rules), sources, frozenset(open_now), tariffs, shelf,
        offers.Left(shelf),
    )  # fmt: skip


async def _known_already(fresh: list[int]) -> list[int]:
    return fresh


async def _sources(uow: UnitOfWork, asked: Sequence[Asked]) -> inventory.Sources:
    if any(one.order.delivery == "express" for one in asked):
        return await inventory.sources(uow)
    return NO_SOURCES


def _drafts(
    uow: UnitOfWork,
    asked: Sequence[Asked],
    order_ids: Sequence[UUID],
    known: Known,
    terms: dict[int, ClaimTerms],
    answers: Answers,
) -> dict[int, Draft]:
    """Priced in the order in which they came, because the next order finds less of a budget; freight and all."""
    drafts: dict[int, Draft] = {}
    for i in known.fresh:
        if i in answers:
            continue
        try:
            one = draft(asked[i], order_ids[i], known, terms.get(i), uow.merchant.currency, uow.now)
            with_terms(one, known.tariffs, uow.now)
        except DomainError as refusal:
            answers[i] = refusal
            continue
        known.left.take(asked[i].order.customer_id, one.uses)
        if one.terms is not None:
            known.room.take(asked[i].order.customer_id, one.uses[0])
        drafts[i] = one
    return drafts


async def _find_stock(uow: UnitOfWork, drafts: dict[int, Draft], known: Known, answers: Answers) -> None:
    """Lock what could not be known before, then share out; refusals go to `answers`.

    Claims go first: the pieces freed for them in this unit of work must not go to an ordinary order beside them.
    """
    in_order = sorted(drafts, key=lambda i: drafts[i].terms is None)
    groups = [group_of(drafts[i], known) for i in in_order]
    missing = [
        piece for i, group in zip(in_order, groups, strict=True) for piece in not_locked_yet(drafts[i], group)
    ]
    levels = known.levels | await inventory.lock(uow, missing)
    places, taken = inventory.share_out(levels, groups)
    for i, place in zip(in_order, places, strict=True):
        if isinstance(place, DomainError):
            answers[i] = place
        else:
            drafts[i].places = place
    await inventory.promise(uow, taken)


async def _claim_keys(uow: UnitOfWork, asked: Sequence[Asked], order_ids: Sequence[UUID]) -> list[int]:
    """Write the keys first: the unique key decides who of two equal submits places the order."""
    first: dict[tuple[UUID, str], int] = {}
    for i, one in enumerate(asked):
        first.setdefault((one.order.customer_id, one.order.key), i)
    ranks = sorted(first.values(), key=lambda i: (asked[i].order.customer_id, asked[i].order.key))
    claimed = await uow.all(
        UUID,
        """
        insert into idempotency_keys (merchant_id, actor_id, key, action, input_hash, result_id, at)
        select %(merchant_id)s, t.actor, t.key, %(action)s, decode(t.hash, 'hex'), t.result, %(now)s
        from json_to_recordset(%(rows)s::json) as t (actor uuid, key text, hash text, result uuid)
        on conflict (merchant_id, actor_id, key) do nothing
        returning result_id
        """,
        action=ACTION,
        rows=json_rows(
            _KeyRow(asked[i].order.customer_id, asked[i].order.key, asked[i].input_hash.hex(), order_ids[i])
            for i in ranks
        ),
    )
    mine = set(claimed)
    return [i for i in first.values() if order_ids[i] in mine]


async def _free_keys(uow: UnitOfWork, orders: Sequence[PlaceOrder]) -> None:
    """A refused order leaves its key free: the buyer may try again with the same one."""
    if not orders:
        return
    await uow.send(
        """
        delete from idempotency_keys k using unnest(%(actors)s::uuid[], %(keys)s::text[]) as t (actor, key)
        where k.merchant_id = %(merchant_id)s and k.actor_id = t.actor and k.key = t.key
        """,
        actors=[order.customer_id for order in orders],
        keys=[order.key for order in orders],
    )


async def _replay(uow: UnitOfWork, asked: Sequence[Asked], answers: Answers) -> None:
    """Answer the second submits with what the first one got."""
    again = [i for i in range(len(asked)) if i not in answers]
    if not again:
        return
    keys = await uow.all(
        _Key,
        """
        select k.actor_id, k.key, k.input_hash, k.result_id from idempotency_keys k
        join unnest(%(actors)s::uuid[], %(keys)s::text[]) as t (actor, key) on k.actor_id = t.actor and k.key = t.key
        where k.merchant_id = %(merchant_id)s and k.action = %(action)s
        """,
        actors=[asked[i].order.customer_id for i in again],
        keys=[asked[i].order.key for i in again],
        action=ACTION,
    )
    known = {(key.actor_id, key.key): key for key in keys}
    placed = await uow.all(
        PlacedOrder,
        """
        select id, number, total, currency, pay_by, true as is_replay from orders
        where merchant_id = %(merchant_id)s and id = any(%(ids)s)
        """,
        ids=[key.result_id for key in keys],
    )
    by_id = {order.id: order for order in placed}
    for i in again:
        order = asked[i].order
        key = known.get((order.customer_id, order.key))
        if key is None:
            answers[i] = _answer_of_twin(asked, order, answers)
        elif bytes(key.input_hash) != asked[i].input_hash:
            answers[i] = IdempotencyConflict(field="key")
        else:
            answers[i] = by_id[key.result_id]


def _answer_of_twin(asked: Sequence[Asked], order: PlaceOrder, answers: Answers) -> PlacedOrder | Exception:
    """The first submit of this key, in this very batch, was refused: so is its twin. Else the key is another's."""
    for i, one in enumerate(asked):
        if i in answers and (one.order.customer_id, one.order.key) == (order.customer_id, order.key):
            return answers[i]
    return IdempotencyConflict(field="key")


_placements: Batcher[Asked, PlacedOrder] = Batcher(_place, size_max=64)
