"""`siyu demo` begins here: make the demo merchant once, whole, whatever interrupts it.

The owner's sign-in is written last. A merchant without one was cut off half-way and is taken away and made again.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

import msgspec
import psycopg

from siyu.connect import sandbox
from siyu.demo import opening, people, places
from siyu.demo.mall import Ground, scenes
from siyu.demo.opening import OWNER_ROLE
from siyu.demo.places import PASSWORD
from siyu.demo.plan import CUSTOMERS, DAYS, plan
from siyu.demo.removal import remove
from siyu.demo.rhythm import local_day, moment
from siyu.demo.telling import Teller, move_clock, tell
from siyu.kernel import clock
from siyu.people import merchants, staff
from siyu.runtime import counters
from siyu.runtime.db import Database, Merchant
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings

SEED = 20_260
MARK_FILE = "seeded.json"
# A fresh database has no statistics until the server gets round to it, and plans every statement as if tables were empty.
ANALYZE_AFTER = frozenset({3, 10, 25, 50, 70})


class Login(msgspec.Struct, frozen=True):
    """Somebody who can sign in to the console or the desk."""

    role: str
    login: str
    password: str
    name: str
    store: str = ""


class PhonePerson(msgspec.Struct, frozen=True):
    """Somebody on the sandbox's phone: signs in to the shop by WeChat or by the phone's number."""

    openid: str
    phone: str
    nickname: str


class DemoMerchant(msgspec.Struct, frozen=True):
    """The merchant and who can sign in to it. `is_new` says whether it was made just now."""

    merchant_id: UUID
    slug: str
    name: str
    logins: tuple[Login, ...]
    shopper: PhonePerson
    koc: PhonePerson
    is_new: bool


async def seed(
    database: Database,
    url: str,
    settings: Settings,
    *,
    days: int = DAYS,
    customers: int = CUSTOMERS,
    on_day: Callable[[int, int], None] | None = None,
) -> DemoMerchant:
    """Make the demo merchant, or find the one made before. `url` connects as the owner of the database.

    History ends at the present of this process's clock, which is where it is left. `on_day` is told how many of how
    many days have been written.
    """
    known = await _known(database)
    # Pictures are files and need no database: they are drawn beside the story.
    drawing = asyncio.create_task(asyncio.to_thread(opening.hang_pictures, settings))
    is_new = known is None or not await _is_whole(database, known)
    if is_new:
        if known is not None:
            await remove(url, known.id)
        known = await _make(database, url, settings, plan_days=days, customers=customers, on_day=on_day)
    assert known is not None, "it was found or made"
    await drawing
    found = _who(known, is_new=is_new)
    _put_on_the_phone(settings, found)
    mark = settings.folder("demo") / MARK_FILE
    mark.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    return found


async def _known(database: Database) -> Merchant | None:
    every = await Directory(database).all()
    return next((merchant for merchant in every if merchant.slug == places.MERCHANT_SLUG), None)


async def _is_whole(database: Database, merchant: Merchant) -> bool:
    async with database.begin(merchant) as uow:
        return any(member.role == OWNER_ROLE for member in await staff.every(uow))


async def _make(
    database: Database,
    url: str,
    settings: Settings,
    *,
    plan_days: int,
    customers: int,
    on_day: Callable[[int, int], None] | None,
) -> Merchant:
    """Write the merchant with its history. The clock is back where it was when this returns or raises."""
    offset, until = clock.offset(), clock.now()
    if on_day:
        on_day(0, plan_days)
    story = plan(SEED, local_day(until), plan_days, customers)
    try:
        move_clock(moment(story.first_day, 0))
        merchant = await merchants.create(
            url,
            slug=places.MERCHANT_SLUG,
            name=places.MERCHANT_NAME,
            currency=places.CURRENCY,
            timezone=places.TIMEZONE,
            licence_no=places.LICENCE_NO,
        )
        async with database.begin(merchant) as uow:
            house = await opening.open_house(uow)
        numbers = await counters.take(database, merchant, "orders", len(story.orders))
        teller = Teller(merchant, story, house, settings, numbers)
        ground = Ground(database, merchant, settings, house, teller.people, teller.gateway)
        played = scenes(ground, story.last_day, until)
        async for passed, whole in tell(database, teller, until=until, scenes=played):
            if passed in ANALYZE_AFTER or passed == whole:
                await _analyze(url)
            if on_day:
                on_day(passed, whole)
    finally:
        clock.move_to(offset)
    sandbox.add_payments(settings.folder("sandbox"), teller.gateway.payments)
    async with database.begin(merchant) as uow:
        await opening.hire(uow, house.stores, owner=True)
    return merchant


async def _analyze(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("analyze")


def _who(merchant: Merchant, *, is_new: bool) -> DemoMerchant:
    """Sign-ins never change, so they are told again at every start."""
    stores = {shop.code: shop.name for shop in (*places.SHOPS, places.WAREHOUSE)}
    return DemoMerchant(
        merchant_id=merchant.id,
        slug=merchant.slug,
        name=merchant.name,
        logins=tuple(
            Login(worker.role, worker.login, PASSWORD, worker.name, stores.get(worker.store, ""))
            for worker in (*places.WORKERS, places.KEEPER)
        ),
        shopper=_phone_person(people.SHOPPER),
        koc=_phone_person(people.KOC),
        is_new=is_new,
    )


def _phone_person(number: int) -> PhonePerson:
    return PhonePerson(
        openid=people.openid(number), phone=people.phone(number), nickname=people.KNOWN_NAMES[number]
    )


def _put_on_the_phone(settings: Settings, found: DemoMerchant) -> None:
    """The shopper and the KOC can be picked on the sandbox's phone."""
    folder = settings.folder("sandbox")
    for person in (found.shopper, found.koc):
        sandbox.add_person(folder, openid=person.openid, nickname=person.nickname, phone=person.phone)
