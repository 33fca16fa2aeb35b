"""Real purchases to measure affinity with, cut into what is learnt from and what is asked. Neighbour of bench_affinity.

UCI Online Retail has times: the last sixty days are asked about, everything before is learnt from. Beibei has none, so
there one successful launch of each of some initiators is held back. Neither set is part of the project.
"""

import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[2] / "shared" / "data"
HELD_BACK_DAYS = 60
ASKED = 10_000  # Beibei: so many initiators are asked about
SEED = 20210715


@dataclass
class Split:
    """Pairs that are learnt from, as ordinals, each pair once; and what came afterwards, by person."""

    name: str
    people: Any
    products: Any
    person_count: int
    product_count: int
    afterwards: dict[int, set[int]] = field(default_factory=dict)

    def known(self) -> dict[int, set[int]]:
        """The products of each person."""
        found = defaultdict(set)
        for person, product in zip(self.people.tolist(), self.products.tolist(), strict=True):
            found[person].add(product)
        return found


def pairs(rows: Any, width: int) -> tuple[Any, Any]:
    """The distinct (person, product) pairs of rows given as one number each."""
    distinct = np.unique(rows)
    return distinct // width, distinct % width


def retail() -> Split:
    """Customers and articles of a year, cut in time. Returned and cancelled lines are left out."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(FOLDER / "online_retail" / "online_retail.parquet")
    names = {name.lower(): name for name in table.column_names}
    customer = table[names["customerid"]]
    kept = pc.and_(
        pc.greater(pc.cast(table[names["quantity"]], "int64"), 0),
        pc.and_(pc.is_valid(customer), pc.not_equal(pc.cast(customer, "string"), "")),
    )
    table = table.filter(kept)
    moments = pc.cast(table[names["invoicedate"]], "timestamp[s]").to_numpy(zero_copy_only=False)
    who = _ordinals(table[names["customerid"]])
    what = _ordinals(table[names["stockcode"]])
    width = int(what.max()) + 1
    before = moments <= moments.max() - np.timedelta64(timedelta(days=HELD_BACK_DAYS))
    people, products = pairs((who * width + what)[before], width)
    split = Split("retail", people, products, int(who.max()) + 1, width)
    afterwards = defaultdict(set)
    for person, product in zip(
        *(each.tolist() for each in pairs((who * width + what)[~before], width)), strict=True
    ):
        afterwards[person].add(product)
    split.afterwards = dict(afterwards)
    return split


def _ordinals(column: Any) -> Any:
    return np.asarray(column.combine_chunks().dictionary_encode().indices, dtype=np.int64)


def beibei() -> Split:
    """Initiators, joiners and items; one successful launch is held back for some initiators whom another one knows."""
    people_count, item_count = (
        int(each) for each in (FOLDER / "beibei_groupbuying" / "data_size.txt").read_text().split()
    )
    launches = []
    for name in ("invalid", "test"):
        with gzip.open(FOLDER / "beibei_groupbuying" / f"{name}.txt.gz", "rt") as lines:
            launches += [(name == "test", [int(each) for each in line.split()]) for line in lines]
    failed = {row[0] for succeeded, row in launches if not succeeded}
    known = [n for n, (succeeded, row) in enumerate(launches) if succeeded and row[0] in failed]
    asked = set(np.random.default_rng(SEED).choice(known, min(ASKED, len(known)), replace=False).tolist())
    rows, afterwards = [], defaultdict(set)
    for n, (_, row) in enumerate(launches):
        if n in asked:
            afterwards[row[0]].add(row[1])
        else:
            rows += [person * item_count + row[1] for person in (row[0], *row[2:])]
    people, products = pairs(np.asarray(rows, dtype=np.int64), item_count)
    return Split("beibei", people, products, people_count, item_count, dict(afterwards))


def is_there(name: str) -> bool:
    """Whether the data set was put beside the project."""
    return (FOLDER / name).is_dir()
