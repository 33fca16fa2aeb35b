"""Amounts, times and numbers as people read them. Each is a filter of the templates and a plain function."""

from datetime import UTC, datetime, timedelta

import segno
from babel.dates import format_datetime
from markupsafe import Markup

from siyu.kernel import clock
from siyu.kernel import money as words_of_money
from siyu.web.language import reader, say

MINUTE, HOUR, DAY = 60, 3_600, 86_400
TINTS = 6  # classes tint-0 … tint-5 of parts.css
PATTERNS = {  # what is written; the year only when it is not this one
    ("zh", "moment"): "M月d日 HH:mm",
    ("zh", "moment_year"): "y年M月d日 HH:mm",
    ("zh", "day"): "y年M月d日",
    ("zh", "full"): "y年M月d日 EEEE HH:mm:ss zzzz",
    ("en", "moment"): "d MMM, HH:mm",
    ("en", "moment_year"): "d MMM y, HH:mm",
    ("en", "day"): "d MMM y",
    ("en", "full"): "EEEE, d MMMM y, HH:mm:ss zzzz",
}


def amount(minor: int, currency: str | None = None) -> str:
    """1230 fen → `¥12.30`; the sign of a debt comes before the currency."""
    currency = currency or reader.get().currency
    sign = "-" if minor < 0 else ""
    return f"{sign}{words_of_money.symbol(currency)}{words_of_money.plain(abs(minor), currency)}"


def money(minor: int, currency: str | None = None) -> Markup:
    """1230 fen as a price: small sign, big yuan, small fen; read aloud as one amount."""
    currency = currency or reader.get().currency
    major, dot, rest = words_of_money.plain(abs(minor), currency).partition(".")
    sign = ("-" if minor < 0 else "") + words_of_money.symbol(currency)
    fraction = Markup("<i>{}</i>").format(dot + rest) if dot else Markup("")
    return Markup('<span class="price"><small>{}</small><b>{}</b>{}</span>').format(sign, major, fraction)


def plain_money(minor: int) -> str:
    """1230 fen → `12.30`, as it stands in an input field."""
    return words_of_money.plain(minor, reader.get().currency).replace(",", "")


def currency_sign() -> str:
    """The sign before an amount in the merchant's currency."""
    return words_of_money.symbol(reader.get().currency).strip()


def tint_of(name: str) -> int:
    """One of six soft colours for an avatar; the same name always has the same one."""
    return sum(name.encode()) % TINTS


def number(value: int) -> str:
    """12345 → `12,345`."""
    return f"{value:,}"


def percent_bp(basis_points: int) -> str:
    """1250 basis points → `12.5%`, without trailing zeros and without floats."""
    sign, value = ("-", -basis_points) if basis_points < 0 else ("", basis_points)
    whole, rest = divmod(value, 100)
    fraction = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{sign}{whole:,}{fraction}%"


def written(moment: datetime, kind: str) -> str:
    """The instant in the reader's language and the merchant's zone, by one of PATTERNS."""
    assert moment.tzinfo is not None, "an instant without a zone is not an instant"
    language = "zh" if reader.get().is_chinese else "en"
    locale = "zh_Hans_CN" if language == "zh" else "en"
    return format_datetime(moment, PATTERNS[language, kind], tzinfo=reader.get().zone, locale=locale)


def moment_text(moment: datetime) -> str:
    """`11月22日 14:05`, with the year when it is not the present one."""
    zone = reader.get().zone
    same_year = moment.astimezone(zone).year == clock.now().astimezone(zone).year
    return written(moment, "moment" if same_year else "moment_year")


def relative_text(moment: datetime) -> str | None:
    """`3 分钟前` for anything within a day, past or coming; None beyond."""
    seconds = int((clock.now() - moment) / timedelta(seconds=1))
    is_past, distance = seconds >= 0, abs(seconds)
    minutes, hours = distance // MINUTE, distance // HOUR
    if distance >= DAY:
        return None
    if distance < MINUTE:
        return say("刚刚") if is_past else say("马上")
    if distance < HOUR:
        return say("{n} 分钟前", n=minutes) if is_past else say("{n} 分钟后", n=minutes)
    return say("{n} 小时前", n=hours) if is_past else say("{n} 小时后", n=hours)


def when(moment: datetime | None) -> Markup:
    """A `<time>`: relative under a day, absolute above, in full on hover. Nothing is said of None."""
    if moment is None:
        return Markup('<span class="faint">—</span>')
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        written(moment, "full"),
        relative_text(moment) or moment_text(moment),
    )


def date(moment: datetime | None) -> str:
    """The calendar day at the merchant's place."""
    return "—" if moment is None else written(moment, "day")


def clock_time(moment: datetime) -> Markup:
    """The absolute time, for places where a relative one would mislead (deadlines, receipts)."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"), written(moment, "full"), moment_text(moment)
    )


def qr_svg(text: str) -> Markup:
    """A QR code of `text` as inline SVG that grows with its box; 15 % of it may be covered (level M)."""
    code = segno.make(text, error="m", micro=False)
    # Dark on white in both themes, with the quiet zone of four modules that scanners need (ISO/IEC 18004).
    return Markup(  # noqa: S704 - segno draws it; the text is inside the modules
        code.svg_inline(
            border=4,
            dark="#111111",
            light="#ffffff",
            omitsize=True,
            svgclass="qr",
            lineclass=None,
            title=None,
        )
    )
