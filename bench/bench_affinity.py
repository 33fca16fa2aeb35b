"""How well affinity tells what people will buy, and who will buy a product, against popularity and item-item cosine.

Two questions on real data, both only about what is new to the person: products for a person (Recall@10, NDCG@10 over
the whole catalogue), and people for a product (the question of choosing a KOC). docs/decisions/0022-affinity-model.md
has the figures and what else was tried.
"""

import asyncio
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from affinity_data import Split, beibei, is_there, retail
from figures import Figure, plain
from siyu.growth.affinity.reading import PRODUCTS_MAX
from siyu.growth.affinity.scoring import fit, gram

TOP = 10
BLOCK = 500
GOAL = 1.0  # affinity is not worse than the better baseline
Score = Callable[[Any], Any]


@dataclass
class Result:
    """Means over everybody asked."""

    recall: float
    ndcg: float
    asked: int


@dataclass
class Ground:
    """A split on the products that are learnt from: the most bought, as the house does."""

    split: Split
    kept: Any
    people: Any
    products: Any
    known: dict[int, set[int]]

    def baskets(self, people: Any) -> Any:
        """One row per person with a one for each product they have."""
        rows = np.zeros((len(people), len(self.kept)), dtype=np.float32)
        for n, person in enumerate(people):
            rows[n, list(self.known.get(int(person), ()))] = 1
        return rows


def ground_of(split: Split) -> Ground:
    """Only the products most people bought are scored; what was bought of others afterwards counts as missed."""
    bought = np.bincount(split.products, minlength=split.product_count)
    kept = np.sort(np.argsort(-bought, kind="stable")[:PRODUCTS_MAX])
    place = np.full(split.product_count, -1)
    place[kept] = np.arange(len(kept))
    inside = place[split.products] >= 0
    people, products = split.people[inside], place[split.products[inside]]
    known = defaultdict(set)
    for person, product in zip(people.tolist(), products.tolist(), strict=True):
        known[person].add(product)
    split.afterwards = {
        person: {int(place[each]) if place[each] >= 0 else -1 - each for each in what}
        for person, what in split.afterwards.items()
        if person in known
    }
    return Ground(split, kept, people, products, known)


def _hits(scores: Any, truth: set[int]) -> tuple[float, float]:
    """Recall and NDCG of the first ten."""
    top = np.argpartition(-scores, TOP)[:TOP]
    top = top[np.argsort(-scores[top], kind="stable")]
    weights = 1 / np.log2(np.arange(2, TOP + 2))
    hits = np.asarray([int(each) in truth for each in top])
    most = min(len(truth), TOP)
    return hits.sum() / most, (hits * weights).sum() / weights[:most].sum()


def products_for_people(ground: Ground, score: Score) -> Result:
    """For each person, ten products that are new to them."""
    people = np.asarray(sorted(ground.split.afterwards))
    found = []
    for first in range(0, len(people), BLOCK):
        block = people[first : first + BLOCK]
        baskets = ground.baskets(block)
        scores = np.array(score(baskets), dtype=np.float32)
        scores[baskets > 0] = -np.inf
        for n, person in enumerate(block):
            truth = ground.split.afterwards[int(person)] - ground.known[int(person)]
            if truth:
                found.append(_hits(scores[n], truth))
    means = np.mean(found, axis=0)
    return Result(float(means[0]), float(means[1]), len(found))


def people_for_products(ground: Ground, score: Score) -> Result:
    """For each product, ten people who do not have it yet, out of everybody known."""
    people = np.asarray(sorted(ground.known))
    place = {int(person): n for n, person in enumerate(people)}
    baskets = ground.baskets(people)
    buyers = defaultdict(set)
    for person, what in ground.split.afterwards.items():
        for product in what:
            if product >= 0:
                buyers[product].add(place[person])
    everything = np.array(score(baskets), dtype=np.float32)
    everything[baskets > 0] = -np.inf
    found = []
    for product in sorted(buyers):
        truth = {n for n in buyers[product] if not baskets[n, product]}
        if truth:
            found.append(_hits(everything[:, product], truth))
    means = np.mean(found, axis=0)
    return Result(float(means[0]), float(means[1]), len(found))


def popularity(ground: Ground) -> Score:
    """What most people bought; of people, those who buy most."""
    bought = np.bincount(ground.products, minlength=len(ground.kept)).astype(np.float32)
    return lambda baskets: baskets.sum(axis=1, keepdims=True) * bought


def cosine(ground: Ground) -> Score:
    """Item-item: products bought by the same people, by the cosine of their buyers."""
    size = len(ground.kept)
    together = gram(ground.people, ground.products, size, is_plain=True)
    bought = np.sqrt(np.maximum(np.diag(together), 1))
    together /= bought[:, None]
    together /= bought
    np.fill_diagonal(together, 0)
    return lambda baskets: baskets @ together


def affinity(ground: Ground) -> Score:
    """What the house uses."""
    weights = fit(ground.people, ground.products, len(ground.kept))
    return lambda baskets: baskets @ weights


METHODS = {"popularity": popularity, "cosine": cosine, "affinity": affinity}


def measured(split: Split, question: Callable[[Ground, Score], Result], what: str) -> list[Figure]:
    """Every method on one question; affinity must not be worse than the better baseline."""
    ground = ground_of(split)
    found, figures = {}, []
    for name, make in METHODS.items():
        began = time.perf_counter()
        score = make(ground)
        seconds = time.perf_counter() - began
        found[name] = question(ground, score)
        figures.append(_figure(f"affinity.{what}.{name}.recall", found[name].recall))
        if name != "affinity":
            figures.append(_figure(f"affinity.{what}.{name}.ndcg", found[name].ndcg))
        else:
            figures.append(plain(f"affinity.{what}.fit", seconds, "s"))
    best = max(found[name].ndcg for name in METHODS if name != "affinity")
    ratio = found["affinity"].ndcg / best
    figures.append(
        Figure(
            name=f"affinity.{what}.affinity.ndcg",
            value=round(found["affinity"].ndcg, 4),
            unit="of 1",
            limit="≥ the better baseline",
            ratio=round(ratio, 3),
            goal=GOAL,
            holds=ratio >= GOAL,
        )
    )
    figures.append(plain(f"affinity.{what}.asked", found["affinity"].asked, "asked"))
    return figures


def _figure(name: str, value: float) -> Figure:
    return Figure(name=name, value=round(value, 4), unit="of 1")


async def run() -> list[Figure]:
    """`siyu bench affinity`: nothing where the data sets are absent."""
    figures = []
    if is_there("online_retail"):
        figures += measured(retail(), products_for_people, "retail.products_for_people")
        figures += measured(retail(), people_for_products, "retail.people_for_products")
    if is_there("beibei_groupbuying"):
        figures += measured(beibei(), products_for_people, "beibei.products_for_people")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*figures, plain("affinity.memory", memory, "MB at most")] if figures else []


if __name__ == "__main__":
    for each in asyncio.run(run()):
        sys.stdout.write(f"{each.name:52} {each.value:10} {each.unit:12} {each.ratio or ''}\n")
