"""The launches of the Beibei data set, and a house where they can happen again."""

import gzip
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec

from siyu.goods import catalog, inventory
from siyu.goods.offers import GroupBuy
from siyu.kernel import ids
from siyu.place import stores
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows
from siyu.trade.groupbuys.rules import PEOPLE_MAX

PRICE, GROUP_PRICE = 1_290, 990
ROUND = 500  # launches that are open at the same time
HOURS = 24
T = TypeVar("T")


class Launch(msgspec.Struct, frozen=True):
    """One line of the file."""

    initiator: int
    item: int
    participants: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many people make the group: all there were, two where nobody came, five at the most."""
        return min(PEOPLE_MAX, 1 + max(1, len(self.participants)))

    @property
    def has_succeeded(self) -> bool:
        return bool(self.participants)


def chunks(many: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """`many` in parts of at most `most`."""
    return (many[i : i + most] for i in range(0, len(many), most))


def read(file: Path) -> Iterator[Launch]:
    """The launches of a file of the data set."""
    with gzip.open(file, "rt") as lines:
        for line in lines:
            initiator, item, *others = map(int, line.split("\t"))
            yield Launch(initiator, item, tuple(others))


def sample(
    folder: Path, successes: int, failures: int, *, large: int = 0, seed: int = 20210715
) -> list[Launch]:
    """A fixed choice of launches, mixed; `large` of the successes are those with the most participants."""
    won, lost = list(read(folder / "test.txt.gz")), list(read(folder / "invalid.txt.gz"))
    chance = random.Random(seed)
    largest = sorted(range(len(won)), key=lambda i: (-len(won[i].participants), i))[:large]
    taken = set(largest)
    others = [i for i in chance.sample(range(len(won)), min(len(won), successes + large)) if i not in taken]
    chosen = [won[i] for i in [*largest, *others][:successes]]
    chosen += chance.sample(lost, min(len(lost), failures))
    chance.shuffle(chosen)
    return chosen


def everything(folder: Path) -> list[Launch]:
    """Every launch of the files that are here, mixed."""
    files = [file for name in ("test", "tune", "invalid") if (file := folder / f"{name}.txt.gz").exists()]
    found = [one for file in files for one in read(file)]
    random.Random(20210715).shuffle(found)
    return found


def rounds(launches: Iterable[Launch]) -> Iterator[list[Launch]]:
    """Launches that may be open together: one person opens one group of an offer at a time."""
    waiting = list(launches)
    while waiting:
        now: list[Launch] = []
        later: list[Launch] = []
        taken: set[tuple[int, int, int]] = set()
        for at, one in enumerate(waiting):
            if len(now) == ROUND:
                later.extend(waiting[at:])
                break
            key = (one.initiator, one.item, one.size)
            if key in taken:
                later.append(one)
            else:
                taken.add(key)
                now.append(one)
        yield now
        waiting = later


class House(msgspec.Struct, frozen=True):
    """The merchant the launches happen at."""

    merchant: Merchant
    store_id: UUID
    skus: dict[int, UUID]
    offers: dict[tuple[int, int], UUID]  # by item and size: a launch's size is part of its terms
    people: dict[int, UUID]


class _Person(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class _Offer(msgspec.Struct, frozen=True):
    id: UUID
    rule: GroupBuy


async def furnish(database: Database, merchant: Merchant, launches: Sequence[Launch]) -> House:
    """A store with everything that was launched, everybody who took part, and an offer for each item and size."""
    items = sorted({launch.item for launch in launches})
    numbers = sorted({one for launch in launches for one in (launch.initiator, *launch.participants)})
    people = {number: ids.new() for number in numbers}
    skus: dict[str, UUID] = {}
    async with database.begin(merchant) as uow:
        store = await stores.add(uow, stores.NewStore(code="B1", name="一店", address="一路 1 号"))
        categories = await catalog.add_categories(uow, [("母婴", "baby")])
    for some in chunks(items, 500):
        async with database.begin(merchant) as uow:
            made = await catalog.add_products(
                uow,
                [
                    catalog.NewProduct(
                        category="母婴", title=f"商品 {i}", skus=(catalog.NewSku(f"I{i}", PRICE),)
                    )
                    for i in some
                ],
                categories,
            )
            await inventory.receive(uow, [inventory.Pieces(store.id, sku, 100_000) for sku in made.values()])
        skus |= made
    by_item = {item: skus[f"I{item}"] for item in items}
    offers = {key: ids.new() for key in sorted({(launch.item, launch.size) for launch in launches})}
    async with database.begin(merchant) as uow:
        await _add_people(uow, people)
        await _add_offers(uow, offers, by_item)
    return House(merchant, store.id, by_item, offers, people)


async def _add_people(uow: UnitOfWork, people: dict[int, UUID]) -> None:
    await uow.run(
        """
        insert into customers (merchant_id, id, nickname, joined_at, updated_at)
        select %(merchant_id)s, t.id, t.name, %(now)s, %(now)s
        from json_to_recordset(%(rows)s::json) as t (id uuid, name text)
        """,
        rows=json_rows(_Person(person, f"顾客{number}") for number, person in people.items()),
    )


async def _add_offers(uow: UnitOfWork, offers: dict[tuple[int, int], UUID], skus: dict[int, UUID]) -> None:
    await uow.run(
        """
        with written as (
            insert into offers (merchant_id, id, name, kind, rule, state, created_at, updated_at)
            select %(merchant_id)s, t.id, '拼团', 'group', t.rule, 'active', %(now)s, %(now)s
            from json_to_recordset(%(rows)s::json) as t (id uuid, rule jsonb) returning id
        )
        insert into offer_counters (merchant_id, offer_id) select %(merchant_id)s, id from written
        """,
        rows=json_rows(
            _Offer(offer, GroupBuy(prices={skus[item]: GROUP_PRICE}, size=size, hours=HOURS))
            for (item, size), offer in offers.items()
        ),
    )
