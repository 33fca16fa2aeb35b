"""Who gets what of locked stock, and from where. Pure: no I/O, no clock.

Groups (orders) are served in the order in which they came, each whole or not at all. A line lies whole at one
location. A group lies at the first of its locations that can serve all of it; else, where splitting is allowed, at
the fewest locations that can, and among as few at the ones preferred most.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, islice
from uuid import UUID

import msgspec

from siyu.goods.inventory.model import Level, NotEnoughStock, Pieces

# So many sets of locations are tried before the answer is taken that covers most lines first. A merchant with sixty
# locations still gets every pair tried; beyond that one parcel more is cheaper than the buyers who wait behind.
SETS_MAX = 2_000

Key = tuple[UUID, UUID]  # location, SKU


class Need(msgspec.Struct, frozen=True):
    """`quantity` pieces of one SKU."""

    sku_id: UUID
    quantity: int


class Group(msgspec.Struct, frozen=True):
    """What one order needs: for each line one SKU, or a bundle's components, or nothing (virtual goods).

    `locations` are those it may leave from, most preferred first. `fixed` names, line by line, the one location of
    goods that lie nowhere else (a supplier sends them); such a line is no split. Empty: no line is fixed.
    """

    lines: tuple[tuple[Need, ...], ...]
    locations: tuple[UUID, ...]
    split: bool = False
    fixed: tuple[UUID | None, ...] = ()


Places = tuple[UUID | None, ...]


def share_out(
    levels: Mapping[Key, Level], groups: Sequence[Group]
) -> tuple[list[Places | NotEnoughStock], list[Pieces]]:
    """For each group the location of each line, or the refusal it gets; and the sums to promise.

    A line that needs nothing gets the group's first location, or None where the group has none.
    """
    left = {key: level.available for key, level in levels.items()}
    taken: dict[Key, int] = {}
    answers: list[Places | NotEnoughStock] = []
    for group in groups:
        answer = _answer(group, left)
        answers.append(answer)
        if not isinstance(answer, NotEnoughStock):
            for place, line in zip(answer, group.lines, strict=True):
                for need in line:
                    assert place is not None, "a line that needs pieces lies somewhere"
                    left[place, need.sku_id] -= need.quantity
                    taken[place, need.sku_id] = taken.get((place, need.sku_id), 0) + need.quantity
    return answers, [Pieces(*key, quantity) for key, quantity in taken.items()]


def wanted(groups: Iterable[Group]) -> list[Pieces]:
    """Every (location, SKU) that the groups could take from, to be locked."""
    keys: dict[Key, None] = {}
    for group in groups:
        for i, line in enumerate(group.lines):
            fixed = _fixed(group, i)
            for place in (fixed,) if fixed is not None else group.locations:
                keys |= {(place, need.sku_id): None for need in line}
    return [Pieces(*key, 0) for key in keys]


def _fixed(group: Group, i: int) -> UUID | None:
    return group.fixed[i] if group.fixed else None


def _answer(group: Group, left: Mapping[Key, int]) -> Places | NotEnoughStock:
    return _plainly(group, left) or _with_care(group, left)


def _plainly(group: Group, left: Mapping[Key, int]) -> Places | None:
    """The common case, on the way of every order: nothing fixed, no SKU wanted twice, one location has it all."""
    needs = [need for line in group.lines for need in line]
    if not needs or any(group.fixed) or len({need.sku_id for need in needs}) != len(needs):
        return None
    for place in group.locations:
        if all(left.get((place, need.sku_id), 0) >= need.quantity for need in needs):
            return tuple([place if line else group.locations[0] for line in group.lines])
    return None


def _with_care(group: Group, left: Mapping[Key, int]) -> Places | NotEnoughStock:
    used: dict[Key, int] = {}
    places: dict[int, UUID] = {}
    for i, line in enumerate(group.lines):
        fixed = _fixed(group, i)
        if line and fixed is not None:
            if not _take(line, fixed, left, used):
                return _refused(i, line, [fixed], left, used)
            places[i] = fixed
    free = {i: line for i, line in enumerate(group.lines) if line and i not in places}
    found = _at_one(free, group.locations, left, used)
    if found is None and group.split:
        found = _at_few(free, group.locations, left, used)
    if found is None:
        return _refusal(free, group, left, used)
    places |= found
    first = group.locations[0] if group.locations else None
    return tuple(places.get(i, first) for i in range(len(group.lines)))


def _short(
    line: Sequence[Need], place: UUID, left: Mapping[Key, int], used: Mapping[Key, int]
) -> Need | None:
    """The first need that the place cannot meet. A line names each SKU once."""
    for need in line:
        key = (place, need.sku_id)
        if left.get(key, 0) - used.get(key, 0) < need.quantity:
            return need
    return None


def _take(line: Sequence[Need], place: UUID, left: Mapping[Key, int], used: dict[Key, int]) -> bool:
    """Note the line's pieces in `used`, when the place has all of them."""
    if _short(line, place, left, used) is not None:
        return False
    for need in line:
        key = (place, need.sku_id)
        used[key] = used.get(key, 0) + need.quantity
    return True


def _at_one(
    lines: Mapping[int, Sequence[Need]],
    locations: Sequence[UUID],
    left: Mapping[Key, int],
    used: Mapping[Key, int],
) -> dict[int, UUID] | None:
    """All lines at the first location that has everything."""
    if not lines:
        return {}
    for place in locations:
        trial = dict(used)
        if all(_take(line, place, left, trial) for line in lines.values()):
            return dict.fromkeys(lines, place)
    return None


def _at_few(
    lines: Mapping[int, Sequence[Need]],
    locations: Sequence[UUID],
    left: Mapping[Key, int],
    used: Mapping[Key, int],
) -> dict[int, UUID] | None:
    """The lines at the fewest locations. `serves` has a bit for each line that a location could serve alone."""
    serves = {
        place: sum(1 << i for i, line in lines.items() if _short(line, place, left, used) is None)
        for place in locations
    }
    everything = sum(1 << i for i in lines)
    useful = [place for place in locations if serves[place]]
    covered = 0
    for place in useful:
        covered |= serves[place]
    if covered != everything:
        return None
    for places in islice(_sets(useful, len(lines)), SETS_MAX):
        covered = 0
        for place in places:
            covered |= serves[place]
        if covered == everything and (found := _assigned(lines, places, left, used)):
            return found
    return _assigned(lines, _greedy(useful, serves, everything), left, used) or _assigned(
        lines, useful, left, used
    )


def _sets(places: Sequence[UUID], most: int) -> Iterable[tuple[UUID, ...]]:
    """Two places, then three …, the preferred ones first."""
    for size in range(2, min(most, len(places)) + 1):
        yield from combinations(places, size)


def _greedy(places: Sequence[UUID], serves: Mapping[UUID, int], everything: int) -> list[UUID]:
    """Always the place that serves most of the lines still open, the preferred one of equals."""
    chosen: list[UUID] = []
    missing = everything
    while missing:
        best = max(places, key=lambda place: (serves[place] & missing).bit_count())
        chosen.append(best)
        missing &= ~serves[best]
    return chosen


def _assigned(
    lines: Mapping[int, Sequence[Need]],
    places: Sequence[UUID],
    left: Mapping[Key, int],
    used: Mapping[Key, int],
) -> dict[int, UUID] | None:
    """Each line at the first of the places that still has it; None when one fits nowhere.

    Lines that want the same SKU get in each other's way; the largest goes first, so that what is left over is
    small. This may miss a way that a search through all would find; it never takes what is not there.
    """
    found: dict[int, UUID] = {}
    trial = dict(used)
    for i in sorted(lines, key=lambda i: -sum(need.quantity for need in lines[i])):
        place = next((place for place in places if _take(lines[i], place, left, trial)), None)
        if place is None:
            return None
        found[i] = place
    return found


def _refusal(
    lines: Mapping[int, Sequence[Need]], group: Group, left: Mapping[Key, int], used: Mapping[Key, int]
) -> NotEnoughStock:
    """Name the line that no location has, with the most there is of it at one.

    When each line could be had alone, it is one location's shortage: of the location that lacks the fewest lines.
    """
    for i, line in lines.items():
        if all(_short(line, place, left, used) for place in group.locations):
            return _refused(i, line, group.locations, left, used)
    worst: tuple[int, NotEnoughStock] | None = None
    for place in group.locations:
        trial = dict(used)
        lacking = [i for i, line in lines.items() if not _take(line, place, left, trial)]
        if worst is None or len(lacking) < worst[0]:
            worst = (len(lacking), _refused(lacking[0], lines[lacking[0]], [place], left, trial))
    assert worst is not None, "a line that some location has was refused by one"
    return worst[1]


def _refused(
    i: int, line: Sequence[Need], places: Sequence[UUID], left: Mapping[Key, int], used: Mapping[Key, int]
) -> NotEnoughStock:
    """The need that is missing most, and the most of it that one place has."""

    def most(need: Need) -> int:
        return max(
            (left.get((place, need.sku_id), 0) - used.get((place, need.sku_id), 0) for place in places),
            default=0,
        )

    need = min(line, key=lambda need: most(need) - need.quantity)
    return NotEnoughStock(sku_id=need.sku_id, available=max(most(need), 0), field=f"lines[{i}].sku_id")
