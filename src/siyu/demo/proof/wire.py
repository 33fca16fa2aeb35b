"""The two ways to talk to the house from outside: a program with a token, and a browser with cookies and forms."""

from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
import msgspec

from siyu import web

T = TypeVar("T")


class Unexpected(Exception):
    """An answer that the next step cannot do without did not come."""


class Refusal(msgspec.Struct, frozen=True):
    """What problem+json says, as far as it is looked at here."""

    status: int
    code: str = ""


def read(response: httpx.Response, kind: type[T]) -> T:
    """The answer as `kind`. Raises Unexpected for a refusal or another form."""
    if not response.is_success:
        raise Unexpected(f"{response.request.method} {response.request.url}: {said(response)}")
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.MsgspecError as problem:
        raise Unexpected(f"{response.request.method} {response.request.url}: {problem}") from problem


def said(response: httpx.Response) -> str:
    """`409 orders.price_rose`, or the bare status where there is no code."""
    try:
        return f"{response.status_code} {msgspec.json.decode(response.content, type=Refusal).code}".strip()
    except msgspec.MsgspecError:
        return str(response.status_code)


def client(base_url: str) -> httpx.AsyncClient:
    """Straight to this machine, whatever proxy the environment names; redirects are followed by hand, to be seen."""
    return httpx.AsyncClient(base_url=base_url, timeout=20, trust_env=False)


class Api:
    """A program that speaks JSON below `/api/v1/{slug}`; without a token as anybody."""

    def __init__(self, http: httpx.AsyncClient, slug: str, token: str = "") -> None:
        self._http = http
        self._root = f"/api/v1/{slug}"
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Any answer, refusals included."""
        content = None if body is None else msgspec.json.encode(body)
        sent = {"content-type": "application/json", **self._headers, **headers}
        return await self._http.request(method, self._root + path, content=content, headers=sent)

    async def get(self, path: str, kind: type[T]) -> T:
        return read(await self.ask("GET", path), kind)

    async def send(self, method: str, path: str, body: object, kind: type[T], **headers: str) -> T:
        return read(await self.ask(method, path, body, **headers), kind)


class Browser:
    """One person's browser at one merchant: cookies are kept, forms carry their token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, address: str) -> httpx.Response:
        return await self._http.get(address, headers={"accept": "text/html"})

    async def post(
        self,
        address: str,
        form: Mapping[str, Any],
        accept: str = "text/html",
        picture: tuple[str, bytes] | None = None,
    ) -> httpx.Response:
        """Send a form as its page would; the page before it must have been looked at.

        `picture` is a file's name and content, for a form that has such a field.
        """
        token = self._http.cookies.get(web.CSRF_COOKIE) or ""
        return await self._http.post(
            address,
            data=dict(form),
            files={"picture": picture} if picture else None,
            headers={"accept": accept, web.CSRF_HEADER: token},
        )
