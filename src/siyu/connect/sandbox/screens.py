"""The sandbox's own screens: rendered through the shells, framed by nobody but the shop on this machine."""

from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response

from siyu import web

STATIC_FOLDER = Path(__file__).parent / "static"
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'self'; style-src-attr 'unsafe-inline'; object-src 'none'; base-uri 'none'",
}

AnyRequest = Request[Any, Any, Any]


def show(request: AnyRequest, template: str, *, status_code: int = 200, **context: Any) -> Response[Any]:
    """A page of the phone in the visitor's language."""
    body = web.render(f"sandbox/{template}", language=web.language_of(request), **context)
    return Response(body, status_code=status_code, media_type=MediaType.HTML, headers=HEADERS)


def message(request: AnyRequest, text: str, *, status_code: int) -> Response[Any]:
    """One sentence, when the phone cannot do what was asked."""
    return show(request, "message.html", text=text, status_code=status_code)


def asset(name: str, media_type: str) -> Response[bytes]:
    """A script or a style sheet of the sandbox."""
    return Response(
        (STATIC_FOLDER / name).read_bytes(), media_type=media_type, headers={"cache-control": "no-cache"}
    )
