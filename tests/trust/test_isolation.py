"""Nobody reaches another merchant through any route: neither with their credentials at the other's address, nor with
the other's ids at their own."""

import os
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
from siyu.runtime.edge import cookie_of
from trust.asking import Ask, ask, said_by
from trust.premises import Premises, fingerprints, tables_of

# Who may come to which frame. A key speaks to the API, a cookie to the pages.
ACTORS = {
    "api": ("key", "shopper", "visitor"),
    "console": ("owner", "visitor"),
    "desk": ("owner", "shopper", "visitor"),
    "shop": ("shopper", "visitor"),
    "d": ("shopper", "visitor"),
    "cb": ("visitor",),
    "media": ("visitor",),
}
CSRF_TOKEN = "csrf"


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


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Every route that speaks of a merchant."""
    for (method, path), handler in mounted(app):
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


def mixed(
    method: str, path: str, handler: HTTPRouteHandler, ours: Premises, theirs: Premises
) -> Iterator[tuple[Ask, str]]:
    """The route at our own address with their ids: all of them, and each one alone among ours."""
    slug = ours.merchant.slug
    whole = ask(method, path, handler, slug, theirs.ids, theirs.ids)
    yield whole, "all"
    for name in whole.ids_in_path:
        yield ask(method, path, handler, slug, {**ours.ids, name: theirs.ids[name]}, ours.ids), f"path {name}"
    for name in whole.ids_in_body:
        yield ask(method, path, handler, slug, ours.ids, {**ours.ids, name: theirs.ids[name]}), f"body {name}"


@pytest.mark.timeout(240)
async def test_ids_of_another_merchant_mean_nothing_at_ones_own_address(
    app: Litestar, caller: Caller, ours: Premises, theirs: Premises, watch: Watch
) -> None:
    wrong = []
    for method, path, handler in routes(app):
        for asked, which in mixed(method, path, handler, ours, theirs):
            for actor in ACTORS[asked.frame]:
                answer = await caller.send(asked, actor, ours.merchant.slug)
                status = answer.status_code
                # An id in the path is the thing itself: there is no such thing here.
                is_wrong = (
                    asked.ids_in_path and which != "body" and not which.startswith("body") and status < 400
                )
                if is_wrong and not is_turned_away(answer) and path not in FINE_WITHOUT:
                    wrong.append((actor, method, path, which, status))
                if status >= 500 or leaked(answer, asked, theirs.secrets):
                    wrong.append((actor, method, path, which, status, leaked(answer, asked, theirs.secrets)))
            if method != "GET" and (changed := await watch.changed()):
                wrong.append(("changed", method, path, which, changed))

    print(*wrong, sep="\n")
    assert wrong == []


FINE_WITHOUT: set[str] = set()


async def test_no_row_of_ours_speaks_of_theirs(
    owner: psycopg.AsyncConnection, ours: Premises, theirs: Premises
) -> None:
    """After all that was tried: none of their ids has found its way into our rows."""
    foreign = [value for name, value in theirs.ids.items() if name not in {"code_of_account", "door_code"}]
    found = []
    for table in await tables_of(owner):
        statement = f"select count(*) from {table} t where merchant_id = %s and t::text like any(%s)"
        (count,) = await (
            await owner.execute(statement.encode(), (ours.merchant.id, [f"%{value}%" for value in foreign]))
        ).fetchone() or (0,)
        if count:
            found.append((table, count))

    assert found == []


async def test_the_same_requests_work_for_the_merchant_they_belong_to(
    app: Litestar, ours: Premises, caller: Caller
) -> None:
    """The walk above proves something only if its requests make sense: at home nearly all of them are understood."""
    refused, answered = [], 0
    for method, path, handler in routes(app):
        asked = ask(method, path, handler, ours.merchant.slug, ours.ids, ours.ids)
        actors = [actor for actor in ACTORS[asked.frame] if actor != "visitor"] or ["visitor"]
        statuses = [(await caller.send(asked, actor, ours.merchant.slug)).status_code for actor in actors]
        if min(statuses) < 400:
            answered += 1
        else:
            refused.append((method, path, statuses))
    if os.environ.get("TRUST_SHOW"):
        for line in refused:
            print(line)

    assert answered > 0
