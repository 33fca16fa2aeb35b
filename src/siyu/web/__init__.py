"""The shells: three frames (shop, desk, console), their looks, words in two languages, and how failures read.

Rooms put their templates beside their code and call `page`; nothing here knows any business.
"""

from siyu.web.after import done
from siyu.web.assets import media_url, static, static_router
from siyu.web.formats import amount, clock_time, date, money, number, percent_bp, qr_svg, when
from siyu.web.language import CHINESE, ENGLISH, LANGUAGES, half, language_of, mark, translate
from siyu.web.pages import page, render, wants_fragment
from siyu.web.problems import answer, exception_handlers, problem_of, wants_machine_words
from siyu.web.security import CSRF_COOKIE, CSRF_FIELD, CSRF_HEADER, SECURITY_HEADERS, csrf_config, csrf_token
from siyu.web.sheets import Amount, every_page, sheet

__all__ = [
    "CHINESE",
    "CSRF_COOKIE",
    "CSRF_FIELD",
    "CSRF_HEADER",
    "ENGLISH",
    "LANGUAGES",
    "SECURITY_HEADERS",
    "Amount",
    "amount",
    "answer",
    "clock_time",
    "csrf_config",
    "csrf_token",
    "date",
    "done",
    "every_page",
    "exception_handlers",
    "half",
    "language_of",
    "mark",
    "media_url",
    "money",
    "number",
    "page",
    "percent_bp",
    "problem_of",
    "qr_svg",
    "render",
    "sheet",
    "static",
    "static_router",
    "translate",
    "wants_fragment",
    "wants_machine_words",
    "when",
]
