"""What parcels cost: by piece, weight or order, by region, free from an amount, several templates in one order."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.people.addresses import Address
from siyu.trade import delivery
from siyu.trade.delivery import FreightTemplate, Goods, RegionGroup
from siyu.trade.delivery.freight import Load, fee_of, freight, group_for, loads_of

PUDONG = Address("林小满", "13800000000", "310115", (), "世纪大道 100 号")
LHASA = Address("林小满", "13800000000", "540102", (), "北京中路 1 号")
SUZHOU = Address("林小满", "13800000000", "320508", (), "临顿路 3 号")

BY_PIECE = FreightTemplate(
    ids.new(),
    "标准快递",
    "piece",
    (
        RegionGroup(first_units=2, first_fee=800, more_units=1, more_fee=300, free_amount=9_900),
        RegionGroup(("31", "32", "33"), first_units=2, first_fee=600, more_units=2, more_fee=200),
        RegionGroup(("3205",), first_fee=100),
        RegionGroup(("54", "65"), is_delivered=False),
    ),
    is_default=True,
)
BY_WEIGHT = FreightTemplate(
    ids.new(),
    "冷链",
    "weight",
    (RegionGroup(first_units=1_000, first_fee=1_500, more_units=500, more_fee=400),),
)
FLAT = FreightTemplate(
    ids.new(), "大件", "flat", (RegionGroup(first_fee=5_000, more_fee=999, free_pieces=3),)
)
KNOWN = {one.id: one for one in (BY_PIECE, BY_WEIGHT, FLAT)}

groups = st.builds(
    RegionGroup,
    first_units=st.integers(1, 5_000),
    first_fee=st.integers(0, 5_000),
    more_units=st.integers(1, 5_000),
    more_fee=st.integers(0, 5_000),
    free_amount=st.integers(0, 50_000),
    free_pieces=st.integers(0, 20),
)
pricings = st.sampled_from(["piece", "weight", "flat"])
loads = st.builds(Load, st.integers(1, 500), st.integers(0, 100_000), st.integers(0, 100_000))
some_goods = st.lists(
    st.builds(
        Goods,
        st.sampled_from([None, BY_WEIGHT.id, FLAT.id]),
        st.integers(1, 20),
        st.integers(0, 20_000),
        st.integers(0, 20_000),
    ),
    min_size=1,
    max_size=6,
)


def cost(*goods: Goods, to: Address = PUDONG) -> int:
    return freight(KNOWN, goods, to, "CNY")[0]


def test_first_and_further_pieces_are_charged_by_the_group_of_the_address():
    five = Goods(None, 5, 0, 5_000)

    assert cost(Goods(None, 2, 0, 2_000)) == 600
    assert cost(five) == 600 + 2 * 200, "three more pieces, charged by twos as they are begun"
    assert cost(five, to=msgspec.structs.replace(PUDONG, region_code="110101")) == 800 + 3 * 300


def test_the_narrowest_region_counts():
    assert cost(Goods(None, 1, 0, 100), to=SUZHOU) == 100
    assert group_for(BY_PIECE, "320102").first_fee == 600
    assert group_for(BY_PIECE, "440106").first_fee == 800


def test_weight_that_is_begun_is_charged():
    assert cost(Goods(BY_WEIGHT.id, 1, 1_000, 0)) == 1_500
    assert cost(Goods(BY_WEIGHT.id, 1, 1_001, 0)) == 1_900
    assert cost(Goods(BY_WEIGHT.id, 3, 2_000, 0)) == 1_500 + 2 * 400


def test_a_flat_fee_ignores_how_many():
    assert (cost(Goods(FLAT.id, 1, 0, 1)), cost(Goods(FLAT.id, 2, 0, 1)), cost(Goods(FLAT.id, 3, 0, 1))) == (
        5_000,
        5_000,
        0,
    )


def test_free_from_an_amount_counts_the_goods_of_its_template_only():
    beijing = msgspec.structs.replace(PUDONG, region_code="110101")
    below, enough = Goods(None, 1, 0, 9_899), Goods(None, 1, 0, 9_900)

    assert cost(below, Goods(FLAT.id, 1, 0, 50_000), to=beijing) == 800 + 5_000
    assert cost(enough, to=beijing) == 0
    assert freight(KNOWN, [enough], beijing, "CNY")[1] == (
        ("标准快递：满 ¥99.00 包邮 / 标准快递: free from ¥99.00", 0),
    )


def test_several_templates_are_added_up_and_each_explains_itself():
    total, notes = freight(
        KNOWN,
        [Goods(None, 3, 0, 300), Goods(BY_WEIGHT.id, 1, 1_200, 0), Goods(None, 1, 0, 100)],
        PUDONG,
        "CNY",
    )

    assert total == 600 + 200 + 1_500 + 400
    assert sum(fee for _, fee in notes) == total
    assert {words for words, _ in notes} == {
        "标准快递：首 2 件，续 2 件 / 标准快递: first 2 pcs, then 2 pcs",
        "冷链：首 1000 克，续 200 克 / 冷链: first 1000 g, then 200 g",
    }


def test_goods_that_go_nowhere_near_are_refused_with_the_region():
    with pytest.raises(delivery.NotThere) as refused:
        freight(KNOWN, [Goods(None, 1, 0, 100)], LHASA, "CNY")

    assert refused.value.field == "address"


def test_without_any_template_goods_go_free():
    assert freight({}, [Goods(None, 9, 0, 100)], PUDONG, "CNY") == (0, (("包邮 / Free delivery", 0),))


@given(pricings, groups, loads)
def test_freight_is_never_negative(pricing, group, load):
    assert fee_of(pricing, group, load) >= 0


@given(pricings, groups, loads, loads)
def test_more_goods_are_never_cheaper_unless_they_reach_free_freight(pricing, group, load, more):
    both = Load(load.pieces + more.pieces, load.weight_g + more.weight_g, load.amount + more.amount)
    fee, fee_of_both = fee_of(pricing, group, load), fee_of(pricing, group, both)

    enough = (0 < group.free_amount <= both.amount) or (0 < group.free_pieces <= both.pieces)
    assert fee_of_both >= fee or (enough and fee_of_both == 0)


@given(some_goods, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(goods, random):
    shuffled = list(goods)
    random.shuffle(shuffled)

    assert freight(KNOWN, goods, PUDONG, "CNY") == freight(KNOWN, shuffled, PUDONG, "CNY")
    assert loads_of(goods, BY_PIECE.id) == loads_of(shuffled, BY_PIECE.id)


# In the database -----------------------------------------------------------------------------------


def ask(*goods: Goods, to: Address = PUDONG) -> delivery.Ask:
    return delivery.Ask("express", to, goods or (Goods(None, 3, 300, 3_000),))


async def terms_of(database, merchant, wanted: delivery.Ask) -> delivery.Terms:
    async with database.begin(merchant) as uow:
        return delivery.terms(await delivery.load(uow, [wanted]), wanted, uow.now)


async def test_a_merchant_who_never_said_so_sends_no_parcels(database, merchant):
    with pytest.raises(delivery.NotOffered) as refused:
        await terms_of(database, merchant, ask())

    assert refused.value.field == "delivery"


async def test_terms_come_from_the_templates_the_goods_name(database, merchant):
    async with database.begin(merchant) as uow:
        await delivery.offer(uow, ("pickup", "express"), 24)
        await delivery.keep_template(uow, BY_WEIGHT)
        await delivery.keep_template(uow, BY_PIECE)

    told = await terms_of(database, merchant, ask(Goods(None, 3, 0, 300), Goods(BY_WEIGHT.id, 1, 1_200, 0)))

    assert told.freight == 600 + 200 + 1_900
    async with database.begin(merchant) as uow:
        again = delivery.terms(await delivery.load(uow, [ask()], is_booking=False), ask(), uow.now)
        assert again.ship_by is not None
        assert (again.ship_by - uow.now).total_seconds() == 24 * 3600
        assert [one.name for one in await delivery.templates(uow)] == ["标准快递", "冷链"]


async def test_an_address_without_a_district_gets_no_terms(database, merchant):
    async with database.begin(merchant) as uow:
        await delivery.offer(uow, ("express",))

    with pytest.raises(Invalid) as refused:
        await terms_of(database, merchant, ask(to=msgspec.structs.replace(PUDONG, region_code="31")))

    assert refused.value.field == "district"


async def test_the_first_template_is_the_default_and_another_can_take_over(database, merchant):
    async with database.begin(merchant) as uow:
        first = await delivery.keep_template(uow, msgspec.structs.replace(FLAT, is_default=False))
        await delivery.keep_template(uow, BY_WEIGHT)
        await delivery.make_default(uow, BY_WEIGHT.id)
        kept = {one.name: one.is_default for one in await delivery.templates(uow)}

    assert first.is_default
    assert kept == {"冷链": True, "大件": False}


async def test_the_same_template_written_twice_is_one(database, merchant):
    async with database.begin(merchant) as uow:
        await delivery.keep_template(uow, BY_PIECE)
        await delivery.keep_template(uow, BY_PIECE)
        assert len(await delivery.templates(uow)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"groups": ()}, "groups"),
        ({"groups": (RegionGroup(), RegionGroup())}, "groups"),
        ({"groups": (RegionGroup(), RegionGroup(("99",)))}, "groups[1].regions"),
        ({"groups": (RegionGroup(), RegionGroup(("31",)), RegionGroup(("31",)))}, "groups[2].regions"),
        ({"groups": (RegionGroup(first_fee=-1),)}, "groups[0].first_fee"),
        ({"groups": (RegionGroup(more_units=0),)}, "groups[0].more_units"),
        ({"name": "  "}, "name"),
    ],
)
async def test_a_template_that_could_not_price_is_refused_at_its_field(database, merchant, changes, field):
    async with database.begin(merchant) as uow:
        with pytest.raises(Invalid) as refused:
            await delivery.keep_template(uow, msgspec.structs.replace(BY_PIECE, **changes))
        assert await delivery.templates(uow) == []

    assert refused.value.field == field


async def test_a_template_that_products_name_is_not_removed(database, merchant, new_shop):
    from factories import a_shop

    shop = await a_shop(database, merchant)
    async with database.begin(merchant) as uow:
        await delivery.keep_template(uow, BY_PIECE)
        await uow.run(
            "update products set freight_template_id = %(id)s where merchant_id = %(merchant_id)s",
            id=BY_PIECE.id,
        )
    async with database.begin(shop.merchant) as uow:
        with pytest.raises(delivery.TemplateInUse):
            await delivery.remove_template(uow, BY_PIECE.id)
        assert len(await delivery.templates(uow)) == 1
    async with database.begin(await new_shop()) as uow:
        with pytest.raises(NotFound):
            await delivery.remove_template(uow, BY_PIECE.id)
        assert await delivery.templates(uow) == []


async def test_a_template_of_another_merchant_prices_nothing_here(database, merchant, new_shop):
    other = await new_shop()
    async with database.begin(other) as uow:
        await delivery.keep_template(uow, BY_PIECE)
    async with database.begin(merchant) as uow:
        await delivery.offer(uow, ("express",))

    assert (await terms_of(database, merchant, ask(Goods(BY_PIECE.id, 9, 0, 1)))).freight == 0
