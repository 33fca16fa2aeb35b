"""JSON: signing in with a phone code, and customers for integrations."""

from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED

from siyu.kernel.errors import Invalid
from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import ROLES, Permission
from siyu.people.customers import actions, phone, queries
from siyu.people.customers.queries import Customer, CustomerCard
from siyu.runtime import sessions
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant, OnDatabase, WithSettings
from siyu.runtime.sessions import Session

TAGS = ["Customers 顾客"]


class PhoneCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a sign-in code by SMS."""

    phone: str


class PhoneSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sign in with the code. `agrees` must be true: the privacy notice was shown and accepted."""

    phone: str
    code: str
    agrees: bool


@post("/api/v1/{slug:str}/phone-codes", opt={"public": True}, tags=TAGS, status_code=HTTP_202_ACCEPTED)
async def send_code(
    request: Request,
    data: JSONBody[PhoneCode],
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
) -> None:
    """Send a six-digit code to a phone: one a minute, five an hour."""
    number = phone.clean_phone(data.phone)
    code = await phone.issue_code(database, merchant, number, secret=settings.secret)
    await request.app.state.sms.send_code(number, code)


@post("/api/v1/{slug:str}/sessions", opt={"public": True}, tags=TAGS)
async def sign_in(
    data: JSONBody[PhoneSignIn], merchant: OfMerchant, database: OnDatabase, settings: WithSettings
) -> Session:
    """Sign a customer in; send the token as `Authorization: Bearer …`."""
    if not data.agrees:
        raise Invalid(
            field="agrees", zh="请先阅读并同意隐私说明。", en="Please accept the privacy notice first."
        )
    number = phone.clean_phone(data.phone)
    await phone.verify_code(database, merchant, number, data.code, secret=settings.secret)

    async def enter(uow: UnitOfWork) -> Session:
        person = await actions.sign_in_as(
            uow, [("phone", number)], nickname=phone.masked(number), first_door_id=None, channel="api"
        )
        return await sessions.sign_in(
            uow,
            kind="customer",
            subject_id=person.customer_id,
            name=person.nickname,
            permissions=ROLES["shopper"],
            days=settings.session_days,
        )

    return await database.attempt(merchant, enter)


@get("/api/v1/{slug:str}/customers", opt={"permission": Permission.CUSTOMERS_READ}, tags=TAGS)
async def list_customers(
    uow: InUow, search: FromQuery[str] = "", after: FromQuery[str | None] = None, limit: FromQuery[int] = 50
) -> Page[CustomerCard]:
    """Customers, newest first."""
    return await queries.listing(uow, search=search, after=after_moment(after), limit=limit)


@get(
    "/api/v1/{slug:str}/customers/{customer_id:uuid}",
    opt={"permission": Permission.CUSTOMERS_READ},
    tags=TAGS,
)
async def read_customer(customer_id: FromPath[UUID], uow: InUow) -> Customer:
    """One customer. Phones are never part of an answer."""
    return await queries.find(uow, customer_id)


routes = [send_code, sign_in, list_customers, read_customer]
