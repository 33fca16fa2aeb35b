"""The arithmetic of affinity: how close people are to products, and what the signals come to. Pure, with NumPy.

The only file of the growth floor that counts in fractions: what comes in are counts of people, orders and pieces, what
goes out are whole permilles. No amount, price or rate of commission comes near it.

Closeness is EASE^R (Steck 2019): the linear model in which every product is told from the others a person bought has a
closed form, one inversion of the products' Gram matrix. People count by one over the root of how much they bought, so
that one who buys everything does not speak for everybody. docs/decisions/0022-affinity-model.md has the measurements.
"""

from typing import Any, TypeAlias

import msgspec

Matrix: TypeAlias = Any
"""A NumPy array. The library takes a tenth of a second to load, so it is loaded where it is needed."""

VERSION = 1
PENALTY = 20.0  # of the regression: chosen on the first weeks of real orders, see the decision record
PAIRS_AT_ONCE = 4_000_000  # cells of the Gram matrix that are added up in one go: 64 MB
BASKET_MAX = 300  # a person with more products is a shop: only the first so many are learnt from

# What the signals may add to, in permille. Their sum is 1,000.
OWN, OWN_CATEGORY, AUDIENCE, AUDIENCE_CATEGORY, CLOSE, RESULTS, REACH = 250, 100, 150, 150, 200, 100, 50
AUDIENCE_PRIOR = 5  # so many people who bought nothing are added to every audience: 1 of 1 is not 100 %
RETURNS_FROM = 5  # pieces, from which a share of returns says something


def gram(people: Matrix, products: Matrix, size: int, *, is_plain: bool = False) -> Matrix:
    """How often products were bought by the same people, size × size. Of a person with n products every pair is worth
    1/n; where `is_plain`, one.
    """
    import numpy as np

    who, what = np.asarray(people, dtype=np.int64), np.asarray(products, dtype=np.int64)
    order = np.argsort(who, kind="stable")
    who, what = who[order], what[order]
    _, first, counts = np.unique(who, return_index=True, return_counts=True)
    counts = np.minimum(counts, BASKET_MAX)
    total = np.zeros(size * size, dtype=np.float32)
    for same in np.unique(counts):  # people with as many products each are dealt with together
        begins = first[counts == same]
        step = max(1, PAIRS_AT_ONCE // int(same * same))
        for at in range(0, len(begins), step):
            baskets = what[begins[at : at + step, None] + np.arange(same)]
            cells = (baskets[:, :, None] * size + baskets[:, None, :]).ravel()
            np.add.at(total, cells, np.float32(1 if is_plain else 1 / same))
    return total.reshape(size, size)


def fit(people: Matrix, products: Matrix, size: int, penalty: float = PENALTY) -> Matrix:
    """What each product (row) says about each other one (column); zero about itself.

    `people` and `products` are pairs of ordinals, each pair once. Takes about 9 × size² × 4 bytes at most and, for 3,000
    products, some seconds.
    """
    import numpy as np

    if size == 0:
        return np.zeros((0, 0), dtype=np.float32)
    products_alike = gram(people, products, size)
    products_alike[np.diag_indices(size)] += np.float32(penalty)
    inverse = np.linalg.inv(products_alike)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


class Facts(msgspec.Struct, frozen=True, eq=False):
    """Counts per promoter (row) and product (column), as NumPy arrays of whole numbers.

    `own`: orders of the promoter's own; `audience`: people of theirs who bought it; `sold` and `back`: pieces through
    them and those that came back. `category_of`: the ordinal of each product's category. `size` and `visitors`: per
    promoter, people in the audience and visitors of 28 days.
    """

    own: Matrix
    audience: Matrix
    audience_in_category: Matrix
    sold: Matrix
    back: Matrix
    category_of: Matrix
    size: Matrix
    visitors: Matrix


class Scored(msgspec.Struct, frozen=True, eq=False):
    """Per promoter and product: the score, and the parts that reasons are told from, all whole numbers.

    `score` and `closer_than` (the share of promoters who are further away) are permilles.
    """

    score: Matrix
    closer_than: Matrix
    own_in_category: Matrix
    audience_in_category: Matrix
    sold_in_category: Matrix
    back_in_category: Matrix


def in_categories(counts: Matrix, category_of: Matrix) -> Matrix:
    """For each product, what `counts` has for the whole of its category."""
    import numpy as np

    categories = int(category_of.max(initial=-1)) + 1
    sums = np.zeros((counts.shape[0], categories), dtype=np.int64)
    np.add.at(sums.T, category_of, counts.T)
    return sums[:, category_of]


def _rising(counts: Matrix, half: float) -> Matrix:
    """From 0 towards 1; `half` is worth a half."""
    import numpy as np

    return 1 - np.exp2(-np.asarray(counts, dtype=np.float32) / half)


def closeness(facts: Facts, weights: Matrix) -> Matrix:
    """How near each promoter and their audience are to each product, by what both bought of others."""
    import numpy as np

    own = (facts.own > 0).astype(np.float32)
    own /= np.sqrt(np.maximum(own.sum(axis=1, keepdims=True), 1))
    shared = facts.audience / (facts.size[:, None] + AUDIENCE_PRIOR)
    return (own + shared.astype(np.float32)) @ weights


def _closer_than(near: Matrix) -> Matrix:
    """Of each product, the share of promoters who are further away, in permille; 0 where nothing speaks for one."""
    import numpy as np

    places = np.argsort(np.argsort(near, axis=0, kind="stable"), axis=0, kind="stable")
    return np.where(near > 0, places * 1000 // max(1, near.shape[0]), 0)


def score(facts: Facts, weights: Matrix) -> Scored:
    """Every signal, weighed. One row per promoter, one column per product."""
    import numpy as np

    own_category = in_categories(facts.own, facts.category_of)
    sold, back = in_categories(facts.sold, facts.category_of), in_categories(facts.back, facts.category_of)
    closer = _closer_than(closeness(facts, weights))
    people = (facts.size + AUDIENCE_PRIOR)[:, None]
    parts = (
        OWN * _rising(facts.own, 1)
        + OWN_CATEGORY * _rising(own_category, 2)
        # Among people of whom one in twenty buys a product, one in ten is much: the root spreads small shares.
        + AUDIENCE * np.sqrt(facts.audience / people)
        + AUDIENCE_CATEGORY * facts.audience_in_category / people
        + CLOSE * closer / 1000
        + RESULTS * _rising(sold - back, 10)
    )
    reach = REACH * _rising(facts.visitors, 20)[:, None]
    total = np.where(parts > 0, parts + reach, 0)  # visitors alone say nothing about a product
    returned = np.where(sold >= RETURNS_FROM, back / np.maximum(sold, 1), 0)
    total *= 1 - np.minimum(0.5, 2 * returned)
    return Scored(
        score=np.clip(np.rint(total), 0, 1000).astype(np.int16),
        closer_than=closer.astype(np.int16),
        own_in_category=own_category,
        audience_in_category=facts.audience_in_category,
        sold_in_category=sold,
        back_in_category=back,
    )


def best(score_of: Matrix, count: int) -> list[tuple[int, int]]:
    """The (row, column) pairs among the best `count` of their row or of their column, without zeros."""
    import numpy as np

    chosen = np.zeros(score_of.shape, dtype=bool)
    rows, columns = score_of.shape
    if rows and columns:
        by_row = np.argsort(-score_of.astype(np.int32), axis=1, kind="stable")[:, :count]
        np.put_along_axis(chosen, by_row, values=True, axis=1)
        by_column = np.argsort(-score_of.astype(np.int32), axis=0, kind="stable")[:count]
        np.put_along_axis(chosen, by_column, values=True, axis=0)
    found = np.argwhere(chosen & (score_of > 0))
    return [(int(row), int(column)) for row, column in found]
