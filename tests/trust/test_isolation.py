"""Nobody reaches another merchant through any route: neither with their credentials at the other's address, nor with
the other's ids at their own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import psycopg
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from architecture.app_routes import mounted
from siyu import web
from siyu.kernel import ids
from siyu.runtime.db import Database
from siyu.runtime.edge import cookie_of
from siyu.settings import Settings
from trust.asking import Ask, ask, said_by
from trust.needs_more import NEEDS_MORE
from trust.premises import Premises, fingerprints, premises_of, tables_of

# Who may come to which frame. A key speaks to the API, a cookie to the pages.
ACTORS = {
    "api": ("key", "shopper", "visitor"),
    "console": ("owner", "visitor"),
    "desk": ("owner", "shopper", "visitor"),
    "shop": ("shopper", "visitor"),
    "d": ("shopper", "visitor"),
    "c": ("shopper", "visitor"),
    "cb": ("visitor",),
    "media": ("visitor",),
}
pytestmark = pytest.mark.xdist_group("isolation")  # the last look is at what the walks left behind


@dataclass
class Caller:
    """A client with the credentials of somebody of one merchant."""

    client: httpx.AsyncClient
    premises: Premises

    async def send(self, asked: Ask, actor: str, slug: str) -> httpx.Response:
        """Send it as `actor`; a cookie is shown under the name that merchant `slug` looks for."""
        self.client.cookies.clear()
        headers = dict(asked.headers)
        token = {
            "owner": self.premises.owner,
            "key": self.premises.key,
            "shopper": self.premises.shopper,
        }.get(actor)
        if asked.frame == "api" and token:
            headers["authorization"] = f"Bearer {token}"
        elif token:
            self.client.cookies.set(cookie_of("staff" if actor == "owner" else "customer", slug), token)
        if asked.form is not None:
            headers[web.CSRF_HEADER] = await self._form_token(slug)
        return await self.client.request(
            asked.method,
            asked.path,
            json=asked.json,
            data=asked.form,
            headers=headers,
            follow_redirects=False,
        )

    async def _form_token(self, slug: str) -> str:
        kept = getattr(self, "_token", None)
        if kept is None:
            await self.client.get(f"/shop/{slug}/licence")
            kept = self._token = self.client.cookies[web.CSRF_COOKIE]
        self.client.cookies.set(web.CSRF_COOKIE, kept)
        return kept


@pytest.fixture
async def caller(app: Litestar, ours: Premises) -> AsyncIterator[Caller]:
    async with client_of(app) as client:
        yield Caller(client, ours)


@asynccontextmanager
async def client_of(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


# What is made under an id that the path gives, and under which name such ids are kept.
CHOSEN = {
    ("PUT", "/api/v1/{slug:str}/addresses/{address_id:uuid}"): "address_id",
    ("PUT", "/api/v1/{slug:str}/brands/{brand_id:uuid}"): "brand_id",
    ("PUT", "/api/v1/{slug:str}/categories/{category_id:uuid}"): "category_id",
    ("PUT", "/api/v1/{slug:str}/delivery/templates/{template_id:uuid}"): "template_id",
    ("PUT", "/api/v1/{slug:str}/price-lists/{list_id:uuid}"): "list_id",
    ("POST", "/console/{slug:str}/delivery/templates/{template_id:uuid}"): "template_id",
    ("PUT", "/api/v1/{slug:str}/item-batches/{batch_id:uuid}"): "item_batch_id",
    ("PUT", "/api/v1/{slug:str}/item-batches/{batch_id:uuid}/ranges/{range_id:uuid}"): "item_range_id",
    ("PUT", "/api/v1/{slug:str}/item-dealers/{dealer_id:uuid}"): "item_dealer_id",
    ("PUT", "/api/v1/{slug:str}/plans/{plan_id:uuid}"): "plan_id",
    ("POST", "/console/{slug:str}/commission/plans/{plan_id:uuid}"): "plan_id",
    ("POST", "/console/{slug:str}/promoters/lessons/{lesson_id:uuid}"): "lesson_id",
    ("POST", "/shop/{slug:str}/promote"): "application_id",
}


def when(route: tuple[tuple[str, str], HTTPRouteHandler]) -> int:
    """The order of a walk: what ends a thing comes late, what may make one comes last."""
    return 2 if route[0] in CHOSEN else 1 if route[0][0] == "DELETE" else 0


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Every route that speaks of a merchant."""
    # Under an id of the asker's own choosing a thing is made where there is none: such an id, once used, is ours too.
    for (method, path), handler in sorted(mounted(app), key=when):
        # Signing out works, and would end the walk.
        if "{slug:str}" in path and method != "HEAD" and not path.endswith("/signout"):
            yield method, path, handler


def is_turned_away(answer: httpx.Response) -> bool:
    """Refused, or sent to sign in."""
    return answer.status_code in {401, 403, 404} or (
        answer.status_code in {302, 303} and "/signin" in answer.headers.get("location", "")
    )


class Watch:
    """Looks at all rows of a merchant after each request that could have changed them."""

    def __init__(self, owner: psycopg.AsyncConnection, tables: list[str], premises: Premises) -> None:
        self.owner, self.tables, self.premises = owner, tables, premises
        self.before: dict[str, str] = {}

    async def begin(self) -> None:
        self.before = await fingerprints(self.owner, self.tables, self.premises.merchant)

    async def changed(self) -> list[str]:
        now = await fingerprints(self.owner, self.tables, self.premises.merchant)
        changed = [table for table in self.tables if now[table] != self.before[table]]
        self.before = now
        return changed


@pytest.fixture
async def watch(owner: psycopg.AsyncConnection, theirs: Premises) -> Watch:
    watch = Watch(owner, await tables_of(owner), theirs)
    await watch.begin()
    return watch


def leaked(answer: httpx.Response, asked: Ask, secrets: set[str]) -> set[str]:
    """What of another merchant the answer says that the request did not."""
    said = said_by(asked)
    return {secret for secret in secrets if secret in answer.text and secret not in said}


@pytest.mark.timeout(240)
async def test_credentials_of_one_merchant_are_worth_nothing_at_another(
    app: Litestar, caller: Caller, theirs: Premises, watch: Watch
) -> None:
    slug, wrong = theirs.merchant.slug, []
    for method, path, handler in routes(app):
        if handler.opt.get("public"):
            continue
        asked = ask(method, path, handler, slug, theirs.ids, theirs.ids)
        for actor in ACTORS[asked.frame]:
            answer = await caller.send(asked, actor, slug)
            if not is_turned_away(answer) or leaked(answer, asked, theirs.secrets):
                wrong.append((actor, method, path, answer.status_code))
        if method != "GET" and (changed := await watch.changed()):
            wrong.append(("changed", method, path, changed))

    assert wrong == []


async def test_a_shopper_of_one_merchant_is_a_visitor_at_another(
    app: Litestar, caller: Caller, ours: Premises, theirs: Premises
) -> None:
    """Pages that anyone may see show nobody's name, and take the stranger for a stranger."""
    slug, wrong = theirs.merchant.slug, []
    for method, path, handler in routes(app):
        if method == "GET" and handler.opt.get("public"):
            asked = ask(method, path, handler, slug, theirs.ids, theirs.ids)
            answers = [await caller.send(asked, actor, slug) for actor in ("shopper", "visitor")]
            if answers[0].status_code != answers[1].status_code or ours.mark in answers[0].text:
                wrong.append((path, [answer.status_code for answer in answers]))

    assert wrong == []


@pytest.mark.timeout(240)
async def test_ids_of_another_merchant_mean_nothing_at_ones_own_address(
    app: Litestar, caller: Caller, ours: Premises, theirs: Premises, watch: Watch
) -> None:
    """Their id in the path is answered like an id that nobody has; in a body it changes and tells nothing."""
    slug, wrong = ours.merchant.slug, []
    nobody = {name: nobodys(value) for name, value in ours.ids.items()}
    for method, path, handler in routes(app):
        whole = ask(method, path, handler, slug, theirs.ids, theirs.ids)
        for name in whole.ids_in_path:
            asked, unknown = (
                ask(method, path, handler, slug, {**ours.ids, name: others[name]}, ours.ids)
                for others in (theirs.ids, nobody)
            )
            for actor in ACTORS[asked.frame]:
                answers = [await caller.send(each, actor, slug) for each in (asked, unknown)]
                if answers[0].status_code != answers[1].status_code or leaked(
                    answers[0], asked, theirs.secrets
                ):
                    wrong.append((actor, method, path, name, [answer.status_code for answer in answers]))
        in_body = [
            ask(method, path, handler, slug, ours.ids, {**ours.ids, name: theirs.ids[name]})
            for name in whole.ids_in_body
        ]
        for asked in (whole, *in_body):
            for actor in ACTORS[asked.frame]:
                answer = await caller.send(asked, actor, slug)
                if answer.status_code >= 500 or leaked(answer, asked, theirs.secrets):
                    wrong.append(
                        (actor, method, path, answer.status_code, leaked(answer, asked, theirs.secrets))
                    )
        if method != "GET" and (changed := await watch.changed()):
            wrong.append(("changed", method, path, changed))

    assert wrong == []


def nobodys(value: str) -> str:
    """An id of the same shape that nobody has."""
    if value.startswith("promoter:"):
        return f"promoter:{ids.new()}"
    return str(ids.new()) if len(value) == len(str(ids.new())) else "ZZZZ0000"


async def test_no_row_of_ours_speaks_of_theirs(
    owner: psycopg.AsyncConnection, ours: Premises, theirs: Premises
) -> None:
    """After all that was tried: none of their ids has found its way into our rows."""
    ordinary = {"code_of_account", "door_code", *CHOSEN.values()}
    foreign = [value for name, value in theirs.ids.items() if name not in ordinary]
    found = []
    for table in await tables_of(owner):
        # A job keeps what it was asked, word for word, and refuses it row by row.
        row = "(to_jsonb(t) - 'input')::text" if table == "jobs" else "t::text"
        statement = f"select count(*) from {table} t where merchant_id = %s and {row} like any(%s)"
        (count,) = await (
            await owner.execute(statement.encode(), (ours.merchant.id, [f"%{value}%" for value in foreign]))
        ).fetchone() or (0,)
        if count:
            found.append((table, count))

    assert found == []


async def test_the_same_requests_work_at_home(app: Litestar, database: Database, settings: Settings) -> None:
    """The walks above prove something only if their requests make sense: at home nearly all of them are understood."""
    home, refused = await premises_of(database, settings, "丙家"), set()
    async with client_of(app) as client:
        caller = Caller(client, home)
        for method, path, handler in routes(app):
            asked = ask(method, path, handler, home.merchant.slug, home.ids, home.ids)
            actors = [actor for actor in ACTORS[asked.frame] if actor != "visitor"] or ["visitor"]
            statuses = [(await caller.send(asked, actor, home.merchant.slug)).status_code for actor in actors]
            if min(statuses) >= 400:
                refused.add((method, path, min(statuses)))

    expected = {tuple(line.split()) for line in NEEDS_MORE.strip().splitlines()}
    assert {one for one in refused if one[:2] not in expected} == set()
