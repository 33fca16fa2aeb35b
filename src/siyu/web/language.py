"""Which language a person reads, and every sentence in it. Chinese source text is its own key.

English comes from `locale/en/*.po`, one file per room, merged when first asked for.
"""

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from babel.messages.pofile import read_po
from litestar import Request
from markupsafe import Markup

CHINESE = "zh-CN"
ENGLISH = "en"
LANGUAGES = (CHINESE, ENGLISH)
COOKIE = "lang"
QUALITY_REFUSED = 0.0  # RFC 9110 section 12.4.2: q=0 means "not this one"
LOCALE_FOLDER = Path(__file__).parent / "locale" / "en"


class AmbiguousSentence(Exception):
    """Two rooms translate the same Chinese differently; one of them must say it more exactly."""


class Reader(msgspec.Struct, frozen=True):
    """For whom a page is being rendered: words, money sign and time zone follow from it."""

    language: str = CHINESE
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def is_chinese(self) -> bool:
        return self.language == CHINESE


# Rendering is synchronous, so the reader of one page can never be seen by another.
reader: ContextVar[Reader] = ContextVar("reader", default=Reader())  # noqa: B039 - frozen, safe to share


@cache
def english() -> dict[str, str]:
    """Chinese → English over all rooms. Raises AmbiguousSentence when two rooms disagree."""
    sentences: dict[str, str] = {}
    for path in sorted(LOCALE_FOLDER.glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale="en")
        for message in catalog:
            if not message.id or not message.string or message.fuzzy:
                continue
            key, said = str(message.id), str(message.string)
            if sentences.setdefault(key, said) != said:
                raise AmbiguousSentence(f"{path.name}: {key!r} is already {sentences[key]!r}")
    return sentences


def translate(language: str, text: str, **facts: Any) -> str:
    """`text` in the language, its `{facts}` filled in. Markup facts stay markup; the rest is escaped then."""
    said = text if language.startswith("zh") else english().get(text, text)
    if not facts:
        return said
    if any(isinstance(fact, Markup) for fact in facts.values()):
        return Markup(said).format(**facts)  # noqa: S704 - our own sentence; format() escapes the facts
    return said.format(**facts)


def say(text: str, **facts: Any) -> str:
    """`_()` of the templates: `text` in the language of the page being rendered."""
    return translate(reader.get().language, text, **facts)


def mark(text: str) -> str:
    """Mark a sentence kept in Python data for translation; returned unchanged, said later by `_()`."""
    return text


def supported(wanted: str | None) -> str | None:
    """The language we speak for a tag such as `zh-Hans-CN` or `en-GB`; None when we do not."""
    if not wanted:
        return None
    primary = wanted.strip().lower().replace("_", "-").split("-")[0]
    return {"zh": CHINESE, "en": ENGLISH}.get(primary)


def preferred(accept_language: str) -> str | None:
    """The first supported language of an Accept-Language header, by quality then by order."""
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")):
        tag, _, quality = part.partition(";")
        language = supported(tag)
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality.strip() else 1.0
        except ValueError:
            continue  # a header we cannot read is no wish at all
        if language and weight > QUALITY_REFUSED:
            wishes.append((-weight, place, language))
    return min(wishes)[2] if wishes else None


def language_of(request: Request) -> str:
    """`?lang=`, then the cookie, then Accept-Language, then Chinese."""
    return (
        supported(request.query_params.get("lang"))
        or supported(request.cookies.get(COOKIE))
        or preferred(request.headers.get("accept-language", ""))
        or CHINESE
    )


def half(language: str, text: str) -> str:
    """The reader's half of words kept as "中文 / english"; words kept in one language as they are."""
    chinese, both, english = text.partition(" / ")
    return (chinese if language.startswith("zh") else english) if both else text
