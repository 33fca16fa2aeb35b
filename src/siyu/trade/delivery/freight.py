"""Pure: what parcels cost. Each template's goods are charged by that template, and the fees are added up.

An order of goods of several templates pays each of them once, because they may leave in parcels of their own; what
makes freight free counts the goods of its template only.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.kernel import money
from siyu.people.addresses import Address
from siyu.trade.delivery.model import FreightTemplate, Goods, NotThere, RegionGroup

ENGLISH_UNITS = {"piece": "pcs", "weight": "g"}
CHINESE_UNITS = {"piece": "件", "weight": "克"}


class Load(msgspec.Struct, frozen=True):
    """The goods of one template."""

    pieces: int = 0
    weight_g: int = 0
    amount: int = 0


def group_for(template: FreightTemplate, region_code: str) -> RegionGroup:
    """The group that names the address's region most narrowly, else the one for everywhere."""
    best, length = None, -1
    for group in template.groups:
        for code in group.regions or ("",):
            if region_code.startswith(code) and len(code) > length:
                best, length = group, len(code)
    assert best is not None, "every template has a group for everywhere"
    return best


def fee_of(pricing: str, group: RegionGroup, load: Load) -> int:
    """What this load costs by this group, in minor units; never negative. A unit that is begun is charged."""
    if is_free(group, load):
        return 0
    units = {"piece": load.pieces, "weight": load.weight_g, "flat": 0}[pricing]
    more = max(0, units - group.first_units)
    return group.first_fee + -(-more // group.more_units) * group.more_fee


def is_free(group: RegionGroup, load: Load) -> bool:
    """Whether the goods are enough to go without freight."""
    enough = 0 < group.free_amount <= load.amount
    return enough or 0 < group.free_pieces <= load.pieces


def loads_of(goods: Sequence[Goods], default_id: UUID | None) -> dict[UUID | None, Load]:
    """The goods by template; what names none goes by the default. The order of the lines does not matter."""
    sums: dict[UUID | None, Load] = {}
    for line in goods:
        key = line.template_id or default_id
        known = sums.get(key, Load())
        sums[key] = Load(
            known.pieces + line.quantity, known.weight_g + line.weight_g, known.amount + line.amount
        )
    return dict(sorted(sums.items(), key=lambda item: str(item[0])))


def freight(
    templates: Mapping[UUID, FreightTemplate], goods: Sequence[Goods], address: Address, currency: str
) -> tuple[int, tuple[tuple[str, int], ...]]:
    """What sending these goods costs, and why: (minor units, notes).

    Goods without a template, where the merchant has no default one, go free. Raises NotThere.
    """
    default_id = next((one.id for one in templates.values() if one.is_default), None)
    notes: list[tuple[str, int]] = []
    for template_id, load in loads_of(goods, default_id).items():
        template = templates.get(template_id) if template_id is not None else None
        if template is None:
            notes.append(("包邮 / Free delivery", 0))
            continue
        group = group_for(template, address.region_code)
        if not group.is_delivered:
            raise NotThere(
                field="address", region="".join(dict.fromkeys(address.region[:2])) or address.region_code
            )
        fee = fee_of(template.pricing, group, load)
        notes.append((note_of(template, group, load, currency), fee))
    return sum(fee for _, fee in notes), tuple(notes)


def note_of(template: FreightTemplate, group: RegionGroup, load: Load, currency: str) -> str:
    """One sentence on how a fee came about: "中文 / english"."""
    name = template.name
    if 0 < group.free_amount <= load.amount:
        least = f"{money.symbol(currency)}{money.plain(group.free_amount, currency)}"
        return f"{name}：满 {least} 包邮 / {name}: free from {least}"
    if is_free(group, load):
        return f"{name}：满 {group.free_pieces} 件包邮 / {name}: free from {group.free_pieces} pieces"
    if template.pricing == "flat" or not group.more_fee:
        return f"{name}：每单一口价 / {name}: one fee an order"
    units = load.pieces if template.pricing == "piece" else load.weight_g
    zh, en = CHINESE_UNITS[template.pricing], ENGLISH_UNITS[template.pricing]
    more = max(0, units - group.first_units)
    if not more:
        return f"{name}：{group.first_units} {zh}以内 / {name}: up to {group.first_units} {en}"
    return f"{name}：首 {group.first_units} {zh}，续 {more} {zh} / {name}: first {group.first_units} {en}, then {more} {en}"
