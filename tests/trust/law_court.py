"""Where the rules of distribution are tried: a merchant with a promoter, and every way in. Each try is written down."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from architecture.raw import as_application
from console.console_floor import Browser, Floor
from factories import Shop
from growth.commission_shop import ANNA, a_plan, a_promoter, bought, work
from siyu.growth import distribution, promoters
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.kernel.permissions import ROLES
from siyu.people import staff
from siyu.runtime import sessions
from siyu.runtime.db import Database, UnitOfWork
from siyu.settings import Settings
from siyu.trade import orders
from trust.premises import fingerprints, tables_of

REPORT = Path(__file__).parents[2] / "artifacts" / "law-guard.md"
# What a refused request may leave behind: that somebody asked.
TRACES = {"sessions", "rate_limits", "limits", "visitors"}


@dataclass
class Court:
    """One merchant under attack. Every try has to be refused, and nothing may differ afterwards."""

    database: Database
    shop: Shop
    owner: psycopg.AsyncConnection
    floor: Floor
    token: str
    promoter: promoters.Promoter
    plan: distribution.Plan
    order: orders.PlacedOrder
    tables: list[str] = field(default_factory=list)
    browser: Browser | None = None

    @property
    def root(self) -> str:
        return f"/api/v1/{self.shop.merchant.slug}"

    async def state(self) -> dict[str, str]:
        return await fingerprints(self.owner, self.tables, self.shop.merchant)

    async def api(self, rule: str, method: str, path: str, body: Any) -> httpx.Response:
        """Ask as an owner's session that may do everything; has to be refused for what it says."""
        client = self.floor.stranger().client
        headers = {"authorization": f"Bearer {self.token}", "accept": "application/json"}
        return await self._refused(
            rule, "API", f"{method} {path} {body}",
            lambda: client.request(method, self.root + path, json=body, headers=headers),
        )  # fmt: skip

    async def form(self, rule: str, path: str, data: dict[str, str], *, by: Browser | None = None) -> None:
        """Send a form of the console (or of `by`) as a browser does."""
        browser = by or self.browser
        assert browser is not None
        await self._refused(rule, "page", f"POST {path} {data}", lambda: browser.tap(path, data))

    async def _refused(
        self, rule: str, way: str, told: str, ask: Callable[[], Awaitable[httpx.Response]]
    ) -> httpx.Response:
        before = await self.state()
        answer = await ask()
        assert answer.status_code in {400, 403, 404, 405, 409, 422}, (told, answer.status_code, answer.text)
        assert await self.state() == before, told
        write(rule, way, told, str(answer.status_code))
        return answer

    async def sql(self, rule: str, statement: str, **values: object) -> None:
        """Run a statement as the application's own role, which has to be refused by the database."""
        before = await self.state()
        values |= {"m": self.shop.merchant.id, "promoter": self.promoter.id, "order": self.order.id, "plan": self.plan.id}  # fmt: skip
        refusal = ""
        async with as_application(self.database.url, self.shop.merchant) as connection:
            try:
                await connection.execute(statement.encode(), values)
            except psycopg.Error as problem:
                refusal = type(problem).__name__
        assert refusal, statement
        assert refusal not in {"SyntaxError", "AmbiguousColumn", "UndefinedTable", "IndeterminateDatatype"}, statement  # fmt: skip
        assert await self.state() == before
        write(rule, "SQL", " ".join(statement.split()), refusal)

    async def call(self, rule: str, told: str, attack: Callable[[UnitOfWork], Awaitable[object]]) -> None:
        """Call a front door, as a job or an import would."""
        before, refusal = await self.state(), ""
        try:
            async with self.database.begin(self.shop.merchant, ANNA) as uow:
                await attack(uow)
        except DomainError as problem:
            refusal = problem.code
        assert refusal, told
        assert await self.state() == before, told
        write(rule, "front door", told, refusal)


def write(rule: str, way: str, told: str, refusal: str) -> None:
    """One line of the report; the same try of a later run takes its place."""
    told = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", told)[:160].replace("|", "/")
    line = f"| {rule} | {way} | {told} | {refusal} |"
    REPORT.parent.mkdir(exist_ok=True)
    head = ["# Attacks on the law guard", "", "| rule | way | tried | refused by |", "|---|---|---|---|"]
    known = REPORT.read_text("utf-8").splitlines()[4:] if REPORT.exists() else []
    REPORT.write_text("\n".join([*head, *sorted({*known, line})]) + "\n", "utf-8")


@asynccontextmanager
async def sitting(
    app: Any, database: Database, shop: Shop, settings: Settings, owner: psycopg.AsyncConnection
) -> AsyncIterator[Court]:
    """A court with a plan, a promoter and a sale that earned."""
    plan, promoter = await a_plan(database, shop), await a_promoter(database, shop)
    order = await bought(database, shop, promoter, apples=2)
    await work(database, shop)
    floor = Floor(app, database, shop, settings)
    async with database.begin(shop.merchant) as uow:
        person = await staff.add(uow, login="judge", name="陈", role="owner", password="a long password")
        session = await sessions.sign_in(
            uow, kind="staff", subject_id=person, name="陈", permissions=ROLES["owner"], days=1
        )
    court = Court(database, shop, owner, floor, session.token, promoter, plan, order)
    court.tables = [table for table in await tables_of(owner) if table not in TRACES]
    court.browser = await floor.member("owner")
    try:
        yield court
    finally:
        for client in floor.clients:
            await client.aclose()


async def customer_of(court: Court) -> Browser:
    """The promoter's own browser."""
    return await court.floor.shopper(court.promoter.customer_id)


def new() -> str:
    return str(ids.new())
