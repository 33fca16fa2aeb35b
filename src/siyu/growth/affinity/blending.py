"""From what was read to what is kept: counts put into tables, scored, and told with their reasons."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.growth.affinity import rules, scoring
from siyu.growth.affinity.model import CategoryResult, Confidence, Profile, Reason
from siyu.growth.affinity.reading import WEEKS, Count, Read

KEPT = 30  # best promoters of a product and best products of a promoter
REASONS_SHOWN_MAX = 6
CATEGORIES_SHOWN = 5
CLOSER_FROM = 500  # permille: who is nearer than half of the others is told so


class KeptMatch(msgspec.Struct, frozen=True):
    """A row of affinity_matches."""

    product_id: UUID
    promoter_id: UUID
    score: int
    confidence: Confidence
    reasons: tuple[Reason, ...]


class Blend(msgspec.Struct, frozen=True):
    """What one calculation came to."""

    matches: list[KeptMatch]
    profiles: list[Profile]
    pairs: int


def blend(found: Read) -> Blend:
    """Learn from the baskets, score every promoter for every product, keep the best of both."""
    import numpy as np

    people = np.repeat(np.arange(len(found.baskets)), [len(basket) for basket in found.baskets])
    products = np.asarray([n for basket in found.baskets for n in basket], dtype=np.int64)
    weights = scoring.fit(people, products, len(found.products))
    facts = _facts(found)
    scored = scoring.score(facts, weights)
    own = facts.own.sum(axis=1)
    sold = facts.sold.sum(axis=1)
    matches = []
    for row, column in scoring.best(scored.score, KEPT):
        matches.append(
            KeptMatch(
                found.products[column].id,
                found.promoters[row].id,
                int(scored.score[row, column]),
                rules.confidence_of(int(own[row]), int(facts.size[row]), int(sold[row])),
                _reasons(facts, scored, row, column),
            )
        )
    return Blend(matches, _profiles(found, facts), len(products))


def _facts(found: Read) -> scoring.Facts:
    """Tables of counts: one row per promoter, one column per product."""
    import numpy as np

    row_of = {promoter.id: n for n, promoter in enumerate(found.promoters)}
    column_of = {product.id: n for n, product in enumerate(found.products)}
    categories: dict[UUID, int] = {}
    category_of = np.asarray(
        [categories.setdefault(product.category_id, len(categories)) for product in found.products],
        dtype=np.int64,
    )

    def table(counts: Sequence[Count], columns: dict[UUID, int], *, back: bool = False) -> scoring.Matrix:
        filled = np.zeros((len(row_of), len(columns)), dtype=np.int32)
        for count in counts:
            if count.subject_id in columns and count.promoter_id in row_of:
                filled[row_of[count.promoter_id], columns[count.subject_id]] = (
                    count.back if back else count.number
                )
        return filled

    size, visitors = np.zeros(len(row_of), dtype=np.int64), np.zeros(len(row_of), dtype=np.int64)
    for audience in found.audiences:
        size[row_of[audience.promoter_id]] = len(audience.customer_ids)
    for visit in found.visits:
        visitors[row_of[visit.promoter_id]] = visit.visitors
    return scoring.Facts(
        own=table(found.own, column_of),
        audience=table(found.audience_products, column_of),
        audience_in_category=table(found.audience_categories, categories)[:, category_of],
        sold=table(found.sold, column_of),
        back=table(found.sold, column_of, back=True),
        category_of=category_of,
        size=size,
        visitors=visitors,
    )


def _reasons(facts: scoring.Facts, scored: scoring.Scored, row: int, column: int) -> tuple[Reason, ...]:
    """What speaks for a pair, in the order in which one would say it."""
    told: list[Reason] = []
    own, own_category = int(facts.own[row, column]), int(scored.own_in_category[row, column])
    size = int(facts.size[row])
    if own >= 2:
        told.append(Reason("own_again", own - 1))
    elif own == 1:
        told.append(Reason("own", 1))
    if own_category > own:
        told.append(Reason("own_category", own_category - own))
    if audience := int(facts.audience[row, column]):
        told.append(Reason("audience", audience, size))
    if in_category := int(scored.audience_in_category[row, column]):
        told.append(Reason("audience_category", in_category, size))
    if (closer := int(scored.closer_than[row, column])) >= CLOSER_FROM:
        told.append(Reason("close", closer, 1000))
    if sold := int(scored.sold_in_category[row, column]):
        back = int(scored.back_in_category[row, column])
        told.append(Reason("sold_category", sold))
        told.append(Reason("returned", back, sold))
    if not told:
        told.append(Reason("close", int(scored.closer_than[row, column]), 1000))
    return tuple(told[: REASONS_SHOWN_MAX + 1])


def _profiles(found: Read, facts: scoring.Facts) -> list[Profile]:
    weeks: dict[UUID, list[tuple[int, int, int]]] = defaultdict(lambda: [(0, 0, 0)] * WEEKS)
    for week in found.weeks:
        if week.ago < WEEKS:
            weeks[week.promoter_id][WEEKS - 1 - week.ago] = (week.orders, week.units, week.back)
    profiles = []
    for row, promoter in enumerate(found.promoters):
        of_weeks = weeks[promoter.id]
        profiles.append(
            Profile(
                promoter.id,
                rules.weekly_orders(of_weeks[:-1]) or rules.weekly_orders(of_weeks),
                of_weeks[-1][0],
                int(facts.sold[row].sum()),
                int(facts.back[row].sum()),
                int(facts.size[row]),
                int(facts.visitors[row]),
                _categories(found, facts, row),
            )
        )
    return profiles


def _categories(found: Read, facts: scoring.Facts, row: int) -> tuple[CategoryResult, ...]:
    """Where most was sold and kept."""
    sums: dict[UUID, tuple[str, int, int]] = {}
    for column, product in enumerate(found.products):
        if units := int(facts.sold[row, column]):
            name, before, back = sums.get(product.category_id, (product.category_name, 0, 0))
            sums[product.category_id] = (name, before + units, back + int(facts.back[row, column]))
    results = [CategoryResult(key, name, units, back) for key, (name, units, back) in sums.items()]
    return tuple(sorted(results, key=lambda one: (one.back - one.units, one.name))[:CATEGORIES_SHOWN])
