"""Act one: through a KOC's door into the shop, signed in by WeChat and by phone as one person; and the staff."""

import re
from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.demo.opening import OWNER_ROLE, door_code
from siyu.demo.people import KOC, PHONE_BLOCK
from siyu.demo.places import PASSWORD, WORKERS
from siyu.demo.proof.stage import Stage
from siyu.demo.proof.transcript import Transcript
from siyu.demo.proof.wire import Api, Browser, Unexpected, said
from siyu.kernel.paging import Page
from siyu.kernel.permissions import Permission
from siyu.people import customers

NICKNAME = "周小禾"
PHONE = str(PHONE_BLOCK + 8_888)
KOC_DOOR = door_code(f"voice-{KOC}")
KEY_MAY = (
    Permission.CATALOG_READ,
    Permission.CATALOG_WRITE,
    Permission.COMMISSION_READ,
    Permission.CUSTOMERS_READ,
    Permission.DOORS_READ,
    Permission.INSIGHT_READ,
    Permission.LEDGER_READ,
    Permission.ORDERS_READ,
    Permission.ORDERS_REFUND,
    Permission.PARCELS_WRITE,
    Permission.PAYMENTS_WRITE,
    Permission.PICKUP_VERIFY,
)
SECRET = re.compile(r'id="fresh-secret">([^<]+)<')


class Shopper(msgspec.Struct, frozen=True):
    """Somebody with a phone: the browser is signed in by WeChat, the API by the phone's number."""

    browser: Browser
    api: Api
    openid: str
    customer_id: UUID


class Person(msgspec.Struct, frozen=True):
    """A person on the sandbox's phone."""

    openid: str


class Token(msgspec.Struct, frozen=True):
    token: str


async def hire_a_program(stage: Stage, told: Transcript) -> Api:
    """The owner signs in to the console and makes an API key for an integration."""
    browser = await sign_in_staff(stage, "console", OWNER_ROLE)
    keys = f"/console/{stage.slug}/settings/keys"
    await browser.get(keys)
    page = await browser.post(keys, {"name": "demo --check", "permission": [str(may) for may in KEY_MAY]})
    secret = SECRET.search(page.text)
    if secret is None:
        raise Unexpected(f"the console showed no key: {said(page)}")
    told.expect("店主登录后台，建接口密钥", "the owner signs in and makes an API key", page.status_code, 200)
    return await stage.api(secret[1])


async def sign_in_staff(stage: Stage, frame: str, login: str) -> Browser:
    """A browser in which a member of staff is signed in. Raises Unexpected."""
    browser = await stage.browser()
    door = f"/{frame}/{stage.slug}/signin"
    await browser.get(door)
    entered = await browser.post(door, {"login": login, "password": PASSWORD, "next": ""})
    if entered.status_code != 303:
        raise Unexpected(f"{login} could not sign in: {said(entered)}")
    return browser


def guide_of(store: str) -> str:
    """Login of the guide of a store."""
    return next(worker.login for worker in WORKERS if worker.store == store)


async def come_in(stage: Stage, told: Transcript, staff: Api) -> Shopper:
    """Scan, look, sign in with WeChat, add the phone, and sign in with it elsewhere."""
    told.heading("进店", "in through the door")
    browser, shop = await stage.browser(), f"/shop/{stage.slug}"
    scan = await browser.get(f"/d/{stage.slug}/{KOC_DOOR}")
    landed = scan.headers.get("location", "")
    told.expect(f"扫 KOC 的码 {KOC_DOOR}", "scan the KOC's door", (scan.status_code, landed), (303, shop))
    page = await browser.get(landed)
    told.expect(
        "看到店铺首页",
        "the shop's page opens",
        (page.status_code, stage.demo.name in page.text),
        (200, True),
        f"{stage.demo.name} · {len(page.content):,} bytes",
    )
    openid = await _by_wechat(stage, told, browser)
    await _add_phone(stage, told, browser)
    # One text a minute and number, as the vendor allows.
    await stage.later(timedelta(minutes=2))
    api = await by_phone(stage, PHONE)
    known = await staff.get(f"/customers?search={NICKNAME}", Page[customers.CustomerCard])
    if not known.items:
        raise Unexpected(f"no customer is called {NICKNAME}")
    cards = [(card.nickname, card.first_door_name, "phone" in card.identity_kinds) for card in known.items]
    told.expect(
        "微信和手机是同一个人，首个入口是 KOC",
        "WeChat and phone are one person, the first door is the KOC's",
        cards,
        [(NICKNAME, stage.demo.koc.nickname, True)],
        f"{cards[0][0]} ← {cards[0][1]}",
    )
    return Shopper(browser, api, openid, known.items[0].id)


async def _by_wechat(stage: Stage, told: Transcript, browser: Browser) -> str:
    """Web sign-in over the wire: to WeChat, who is holding the phone, back with a code. Returns the openid."""
    me = f"/shop/{stage.slug}/me"
    person = await stage.told("/sandbox/persons", {"nickname": NICKNAME, "phone": PHONE}, Person)
    asked = await browser.get(f"/shop/{stage.slug}/signin/wechat?agree=1&next={me}")
    question = asked.headers.get("location", "").partition("#")[0]
    answered = await (await stage.gateway()).get(f"{question}&as={person.openid}")
    back = answered.headers.get("location", "")
    entered = await browser.get(back)
    page = await browser.get(me)
    told.expect(
        "微信网页授权登录",
        "signed in with WeChat, over the wire",
        (asked.status_code, answered.status_code, entered.status_code, NICKNAME in page.text),
        (303, 302, 303, True),
        f"openid {person.openid}",
    )
    again = await (await stage.browser()).get(back)
    told.expect(
        "别人拿到回调地址也登录不了",
        "the same address in another browser signs nobody in",
        again.status_code,
        400,
    )
    return person.openid


async def _add_phone(stage: Stage, told: Transcript, browser: Browser) -> None:
    shop = f"/shop/{stage.slug}"
    asked = await browser.post(f"{shop}/signin/code", {"phone": PHONE})
    code = await stage.code_for(PHONE)
    wrong = await browser.post(f"{shop}/me/phone", {"phone": PHONE, "code": str((int(code) + 1) % 1_000_000)})
    bound = await browser.post(f"{shop}/me/phone", {"phone": PHONE, "code": code})
    told.expect(
        "短信验证码绑定手机（错码被拒）",
        "the phone is added by its code; a wrong one is refused",
        (asked.status_code, wrong.status_code, bound.status_code),
        (200, 401, 303),
    )


async def by_phone(stage: Stage, phone: str) -> Api:
    """A program signed in as the customer with this phone."""
    anybody = await stage.api()
    asked = await anybody.ask("POST", "/phone-codes", {"phone": phone})
    if not asked.is_success:
        raise Unexpected(f"no code could be sent to {phone}: {said(asked)}")
    wanted = {"phone": phone, "code": await stage.code_for(phone), "agrees": True}
    return await stage.api((await anybody.send("POST", "/sessions", wanted, Token)).token)
