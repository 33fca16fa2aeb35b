"""Addresses: what one must have, whose it is, which is the default, and reading one out of pasted text."""

import asyncio
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import a_customer
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import ROLES
from siyu.people import addresses
from siyu.people.addresses import Address
from siyu.runtime.actors import Actor

HOME = Address("林小满", "13800000000", "310115", (), "世纪大道 100 号")
WORK = Address("林小满", "021-12345678", "320508018", (), "临顿路 3 号")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "林小满 13800000000 上海市浦东新区世纪大道100号",
            ("林小满", "13800000000", "310115", "世纪大道100号"),
        ),
        (
            "林小满13800000000上海市浦东新区世纪大道100号",
            ("林小满", "13800000000", "310115", "世纪大道100号"),
        ),
        (
            "收货人：王五\n手机号码：+86 138-1234-5678\n所在地区：江苏省苏州市姑苏区平江街道\n详细地址：临顿路3号",
            ("王五", "13812345678", "320508018", "临顿路3号"),
        ),
        ("苏州吴江区松陵大道8号 李四 13900001111", ("李四", "13900001111", "320509", "松陵大道8号")),
        ("广东东莞市南城街道1号 陈生 0769-12345678", ("陈生", "0769-12345678", "441900004", "1号")),
        ("湖北省仙桃市沙嘴街道1号", ("", "", "429004001", "1号")),
        ("浦东新区世纪大道100号", ("", "", "310115", "世纪大道100号")),
        ("朝阳区建国路1号", ("", "", "", "朝阳区建国路1号")),
        ("北京朝阳路1号", ("", "", "11", "朝阳路1号")),
        ("", ("", "", "", "")),
    ],
)
def test_pasted_text_is_told_apart(text, found):
    told = addresses.recognise(text)

    assert (told.name, told.phone, told.region_code, told.detail) == found


@given(st.text(max_size=400))
def test_no_text_breaks_the_reading(text):
    told = addresses.recognise(text)

    assert told.region_code == "" or addresses.names_of(told.region_code) is not None


def test_names_come_from_the_code_and_fillers_are_told_as_places():
    assert addresses.names_of("310115") == ("上海市", "上海市", "浦东新区")
    assert addresses.names_of("429004") == ("湖北省", "仙桃市", "仙桃市")
    assert addresses.checked(HOME).in_one_line == "上海市浦东新区世纪大道 100 号"
    assert [addresses.names_of(code) for code in ("", "3", "99", "310199", "３１０１１５", "310115999")] == [
        None
    ] * 6


def test_every_region_can_be_reached_from_its_province():
    for province in addresses.provinces():
        for city in addresses.below(province.code):
            for district in addresses.below(city.code):
                assert addresses.names_of(district.code) is not None
                assert addresses.below(district.code), district


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "名" * 21}, "name"),
        ({"phone": "1380000000"}, "phone"),
        ({"phone": "12345"}, "phone"),
        ({"region_code": ""}, "district"),
        ({"region_code": "3101"}, "district"),
        ({"region_code": "310199"}, "district"),
        ({"region": ("北京市", "北京市", "浦东新区")}, "region"),
        ({"detail": "1"}, "detail"),
        ({"latitude": 91_000_000}, "latitude"),
    ],
)
def test_an_address_nobody_could_find_is_refused_at_its_field(changes, field):
    with pytest.raises(Invalid) as refused:
        addresses.checked(msgspec.structs.replace(HOME, **changes))

    assert refused.value.field == field


def test_a_phone_is_masked_for_whoever_has_no_business_with_it():
    guide = Actor(kind="staff", id=ids.new(), permissions=ROLES["guide"])
    operator = Actor(kind="staff", id=ids.new(), permissions=ROLES["operator"])
    whole = addresses.checked(HOME)

    assert addresses.masked_phone("13800000000") == "13•••••0000"
    assert addresses.for_actor(whole, operator) == whole
    assert (addresses.for_actor(whole, guide).phone, addresses.for_actor(whole, guide).detail) == (
        "13•••••0000",
        "•••",
    )


# In the database -----------------------------------------------------------------------------------


async def book(database, merchant, customer_id):
    async with database.begin(merchant) as uow:
        return [(one.address.phone, one.is_default) for one in await addresses.of_customer(uow, customer_id)]


async def test_the_first_address_is_the_default_until_another_is_chosen_or_it_goes(database, merchant):
    customer = await a_customer(database, merchant)
    home, work = ids.new(), ids.new()
    async with database.begin(merchant) as uow:
        await addresses.keep(uow, customer, home, HOME)
        await addresses.keep(uow, customer, work, WORK, label="公司")
    first = await book(database, merchant, customer)
    async with database.begin(merchant) as uow:
        await addresses.make_default(uow, customer, work)
    second = await book(database, merchant, customer)
    async with database.begin(merchant) as uow:
        await addresses.remove(uow, customer, work)

    assert first == [("13800000000", True), ("021-12345678", False)]
    assert second == [("021-12345678", True), ("13800000000", False)]
    assert await book(database, merchant, customer) == [("13800000000", True)]


async def test_the_same_address_sent_twice_is_kept_once(database, merchant):
    customer, known = await a_customer(database, merchant), ids.new()

    async def send():
        async with database.begin(merchant) as uow:
            await addresses.keep(uow, customer, known, HOME, is_default=True)

    await asyncio.gather(send(), send(), send())

    assert await book(database, merchant, customer) == [("13800000000", True)]


async def test_nobody_touches_the_address_of_another_customer_or_shop(database, merchant, new_shop):
    owner, other = await a_customer(database, merchant), await a_customer(database, merchant)
    known = ids.new()
    async with database.begin(merchant) as uow:
        await addresses.keep(uow, owner, known, HOME)

    async def tried(shop, customer: UUID, verb):
        with pytest.raises(NotFound):
            async with database.begin(shop) as uow:
                await verb(uow, customer, known)

    async def change(uow, customer, address_id):
        await addresses.keep(uow, customer, address_id, WORK)

    for verb in (change, addresses.remove, addresses.make_default, addresses.find):
        await tried(merchant, other, verb)
    stranger = await new_shop()
    for verb in (addresses.remove, addresses.make_default, addresses.find):
        await tried(stranger, owner, verb)

    assert await book(database, merchant, owner) == [("13800000000", True)]
    assert await book(database, merchant, other) == []


async def test_a_book_has_an_end(database, merchant):
    customer = await a_customer(database, merchant)
    async with database.begin(merchant) as uow:
        for _ in range(addresses.ADDRESSES_MAX):
            await addresses.keep(uow, customer, ids.new(), HOME)
    with pytest.raises(addresses.AddressBookFull):
        async with database.begin(merchant) as uow:
            await addresses.keep(uow, customer, ids.new(), HOME)

    assert len(await book(database, merchant, customer)) == addresses.ADDRESSES_MAX
