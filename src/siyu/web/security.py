"""What a browser is told to refuse: forged forms, foreign scripts, frames of strangers."""

from litestar import Request
from litestar.config.csrf import CSRFConfig
from litestar.template.base import csrf_token as token_of_scope

CSRF_COOKIE = "csrftoken"
CSRF_HEADER = "x-csrftoken"
CSRF_FIELD = "_csrf_token"  # the name Litestar reads in a form

# ECharts writes style attributes into its tooltips; style elements and inline scripts stay forbidden.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
}


def csrf_config(secret: str, *, secure: bool) -> CSRFConfig:
    """Double-submit cookie, signed, for every form. The API carries tokens and callbacks carry signatures instead."""
    return CSRFConfig(
        secret=secret,
        cookie_name=CSRF_COOKIE,
        header_name=CSRF_HEADER,
        cookie_secure=secure,
        cookie_httponly=True,
        cookie_samesite="lax",
        exclude=["^/api/", "^/cb/", "^/health$"],
    )


def csrf_token(request: Request) -> str:
    """The token to put into forms of this answer; empty where none was issued (an unknown address)."""
    return token_of_scope({"request": request}) or request.cookies.get(CSRF_COOKIE, "")
