"""Structs in, HTML out: one Jinja environment over the template folders of every room."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

import siyu
from siyu import settings
from siyu.kernel import clock, ids
from siyu.web import formats, navigation
from siyu.web.assets import media_url, static
from siyu.web.language import COOKIE, LANGUAGES, Reader, language_of, reader, say
from siyu.web.security import CSRF_FIELD, SECURITY_HEADERS, csrf_token

TOOLBOX = ("icons.html", "macros.html", "forms.html", "figures.html", "goods.html")
COOKIE_YEAR_SECONDS = 365 * 86_400
VARY = "HX-Request, Accept-Language, Cookie"


class Toolbox:
    """Every macro of the toolbox under one name, `ui`, in every template."""

    def take(self, module: Any) -> None:
        """Add a template's macros. Two macros of one name would hide each other, so that is refused."""
        for name in dir(module):
            if name.startswith("_") or not callable(getattr(module, name)):
                continue
            assert not hasattr(self, name), f"two macros are called {name}"
            setattr(self, name, getattr(module, name))


def template_folders() -> list[Path]:
    """Our own templates, then those of every room, found beside its code."""
    root = Path(siyu.__file__).parent
    own = Path(__file__).parent / "templates"
    return [own, *sorted(path for path in root.rglob("templates") if path.is_dir() and path != own)]


@cache
def environment() -> Environment:
    """The one environment of the process. A missing variable is an error, never an empty spot on a page."""
    is_watching = settings.current().log_level == "debug"
    made = Environment(
        loader=FileSystemLoader(template_folders()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=is_watching,
        cache_size=-1,
    )
    made.filters |= {
        "money": formats.money,
        "amount": formats.amount,
        "number": formats.number,
        "percent_bp": formats.percent_bp,
        "when": formats.when,
        "date": formats.date,
        "clock_time": formats.clock_time,
    }
    toolbox = Toolbox()
    made.globals |= {
        "_": say,
        "static": static,
        "media_url": media_url,
        "qr_svg": formats.qr_svg,
        "navigation": navigation,
        "csrf_field_name": CSRF_FIELD,
        "fresh_key": lambda: str(ids.new()),
        "now_iso": lambda: clock.now().isoformat(timespec="milliseconds"),
        "plain_money": formats.plain_money,
        "currency_sign": formats.currency_sign,
        "tint_of": formats.tint_of,
        "ui": toolbox,
    }
    for name in TOOLBOX:
        toolbox.take(made.get_template(name).module)
    return made


def reader_for(language: str, merchant: Any) -> Reader:
    """Words, currency and zone for one page. `merchant` has `currency` and `timezone`, or is None."""
    if merchant is None:
        return Reader(language=language)
    return Reader(language=language, currency=merchant.currency, timezone=merchant.timezone)


def render(template: str, *, language: str, merchant: Any = None, **context: Any) -> str:
    """The template as text. `merchant` needs `slug, name, currency, timezone, licence_no` where a frame shows it.

    Raises jinja2.TemplateNotFound, and jinja2.UndefinedError for a variable that was not given.
    """
    defaults = {
        "fragment": False,
        "path": "/",
        "frame": "console",
        "csrf": "",
        "theme": "light",
        "lang_links": {},
    }
    before = reader.set(reader_for(language, merchant))
    try:
        page_template = environment().get_template(template)
        return page_template.render({**defaults, **context, "language": language, "merchant": merchant})
    finally:
        reader.reset(before)


def wants_fragment(request: Request) -> bool:
    """True when HTMX asks for a part of a page; a boosted link and a restored history need the whole."""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-boosted") != "true"
        and headers.get("hx-history-restore-request") != "true"
    )


def lang_links(request: Request) -> dict[str, str]:
    """The address of this very page in each language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return {
        language: f"{request.url.path}?{urlencode([*kept, ('lang', language)])}" for language in LANGUAGES
    }


def page_context(request: Request) -> dict[str, Any]:
    """What every frame knows about the request."""
    actor = request.scope["state"].get("actor")  # who the edge found; nobody outside a merchant's pages
    return {
        "permissions": actor.permissions if actor else None,
        "staff_name": actor.name if actor and actor.kind == "staff" else "",
        "fragment": wants_fragment(request),
        "path": request.url.path,
        "frame": navigation.frame_of(request.url.path)[0] or "console",
        "csrf": csrf_token(request),
        "theme": "dark" if request.cookies.get("theme") == "dark" else "light",
        "lang_links": lang_links(request),
    }


def page(
    request: Request,
    template: str,
    *,
    merchant: Any = None,
    status_code: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """A whole page, or only its `content` block when HTMX asks. A language chosen by `?lang=` is remembered."""
    language = language_of(request)
    body = render(template, language=language, merchant=merchant, **{**page_context(request), **context})
    cookies = []
    if "lang" in request.query_params:
        cookies = [Cookie(key=COOKIE, value=language, path="/", max_age=COOKIE_YEAR_SECONDS, samesite="lax")]
    return Response(
        body,
        status_code=status_code,
        media_type=MediaType.HTML,
        headers={**SECURITY_HEADERS, "vary": VARY, "cache-control": "no-store", **(headers or {})},
        cookies=cookies,
    )
