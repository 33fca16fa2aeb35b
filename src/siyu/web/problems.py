"""Every refusal and failure, rendered once: problem+json (RFC 9457) for machines, a page or a toast for people."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.response import Redirect

from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.web import navigation
from siyu.web.language import language_of, mark, translate
from siyu.web.pages import page, render
from siyu.web.security import SECURITY_HEADERS

log = logging.getLogger("siyu.web")

PROBLEM_TYPE = "application/problem+json"
MACHINE_PATHS = ("/api/", "/cb/")
OURS = frozenset({"type", "title", "status", "code", "detail", "field", "instance", "request_id", "errors"})
FACTS_HIDDEN = frozenset({"reason_zh", "reason_en"})  # they are the detail itself

TITLES = {
    400: mark("请求有误"),
    401: mark("需要登录"),
    403: mark("没有权限"),
    404: mark("没有找到"),
    405: mark("不支持这种操作"),
    409: mark("与现状冲突"),
    413: mark("内容太大"),
    415: mark("格式不支持"),
    422: mark("内容有误"),
    429: mark("操作太频繁"),
    500: mark("系统出错了"),
    503: mark("暂时无法服务"),
}
DETAILS = {
    400: mark("请求的内容无法读懂，未做任何改动。"),
    401: mark("请先登录。"),
    403: mark("当前账号没有权限做这件事。"),
    404: mark("这个地址没有内容，可能已经移走或输入有误。"),
    405: mark("这个地址不支持这种操作。"),
    413: mark("发送的内容太大，请缩小后再试。"),
    415: mark("不支持这种内容格式。"),
    429: mark("操作太频繁，请稍后再试。"),
    500: mark("出了意外，我们已经记录。请刷新看看结果，再决定要不要重试。"),
    503: mark("服务正忙，请稍后再试。"),
}
CSRF_REFUSED = "CSRF token verification failed"  # Litestar's words
PAGE_EXPIRED = mark("页面已过期，请刷新后再试。刚才的操作没有生效。")

# What msgspec says about input, and how we say it.
INPUT_SENTENCES = [
    (re.compile(r"missing required field `(?P<name>[^`]+)`"), mark("缺少字段 {name}")),
    (re.compile(r"unknown field `(?P<name>[^`]+)`"), mark("没有名为 {name} 的字段")),
    (re.compile(r"Missing required query parameter '(?P<name>[^']+)'"), mark("缺少字段 {name}")),
    (re.compile(r"Expected `\w+` of length >= (?P<n>\d+)"), mark("长度至少 {n}")),
    (re.compile(r"Expected `\w+` of length <= (?P<n>\d+)"), mark("长度最多 {n}")),
    (re.compile(r"Expected `\w+` >= (?P<n>\S+)"), mark("不能小于 {n}")),
    (re.compile(r"Expected `\w+` <= (?P<n>\S+)"), mark("不能大于 {n}")),
    (re.compile(r"Expected `\w+` > (?P<n>\S+)"), mark("必须大于 {n}")),
    (re.compile(r"Expected `\w+` < (?P<n>\S+)"), mark("必须小于 {n}")),
    (re.compile(r"Invalid enum value (?P<value>.+)"), mark("不接受的取值 {value}")),
    (re.compile(r"matching regex"), mark("格式不对")),
    (
        re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<given>[^`]+)`"),
        mark("需要 {wanted}，收到的是 {given}"),
    ),
    (re.compile(r"Invalid (?P<wanted>[\w\-0-9 ]+)"), mark("不是有效的 {wanted}")),
    (re.compile(r"^'data'$"), mark("没有收到内容")),  # what Litestar says of an empty body
    (re.compile(r"malformed"), mark("不是合法的 JSON")),
    (re.compile(r"truncated"), mark("不是合法的 JSON")),
]
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")  # anything else would be strange in a log
BODY = "data"  # what Litestar calls the decoded body; callers never wrote that word
INPUT_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")


class FieldProblem(msgspec.Struct, frozen=True):
    """One input at fault: `field` is the dotted path (empty for the whole body), `detail` says what is wrong."""

    field: str
    detail: str


class Problem(msgspec.Struct, frozen=True):
    """A failure in the caller's language, ready for any of the three shapes."""

    status: int
    code: str
    title: str
    detail: str
    language: str
    field: str | None = None
    facts: dict[str, Any] = {}
    errors: tuple[FieldProblem, ...] = ()
    request_id: str | None = None


def title_of(language: str, status: int) -> str:
    """The short name of a status; it does not change from one occurrence to the next."""
    return translate(language, TITLES.get(status, TITLES[500 if status >= 500 else 400]))


def input_sentence(language: str, message: str) -> str:
    """Msgspec's message in the caller's language; unknown ones stay as they are, which is better than nothing."""
    for pattern, sentence in INPUT_SENTENCES:
        found = pattern.search(message)
        if found:
            return (
                translate(language, sentence, **found.groupdict())
                if found.groupdict()
                else translate(language, sentence)
            )
    return message.split(" - at ", maxsplit=1)[0]


def field_problem(language: str, message: str, key: str = "") -> FieldProblem:
    """One message of msgspec as a field and a sentence; a missing or unknown field is itself the field."""
    at = INPUT_PATH.search(message)
    path = key or (at["path"] if at else "")
    path = "" if path == BODY else path.removeprefix(BODY + ".")
    named = re.search(r"(?:missing required|unknown) field `([^`]+)`", message)
    if named and not path.endswith(named[1]):
        path = f"{path}.{named[1]}".lstrip(".")
    return FieldProblem(path, input_sentence(language, message))


def spoken(language: str, fact: str) -> str:
    """A word among the facts: `商品 / product` has both languages in it, any other is looked up."""
    chinese, both, english = fact.partition(" / ")
    if both and not chinese.isascii() and english.isascii():
        return chinese if language.startswith("zh") else english
    return translate(language, fact)


def from_refusal(language: str, error: DomainError) -> Problem:
    """A DomainError in the caller's language; words among its facts are translated too."""
    said = {
        name: spoken(language, fact) if isinstance(fact, str) else fact for name, fact in error.facts.items()
    }
    template = error.zh if language.startswith("zh") else error.en
    return Problem(
        status=error.status,
        code=error.code,
        title=title_of(language, error.status),
        detail=template.format_map(said) if said else template,
        language=language,
        field=error.field,
        facts={name: fact for name, fact in error.facts.items() if name not in FACTS_HIDDEN},
    )


def from_input(language: str, problems: tuple[FieldProblem, ...]) -> Problem:
    """400 for input that cannot be read, naming the first field at fault in `field` and all of them in `errors`."""
    colon = "：" if language.startswith("zh") else ": "
    said = [f"{each.field}{colon}{each.detail}" if each.field else each.detail for each in problems]
    return Problem(
        status=400,
        code="malformed",
        title=title_of(language, 400),
        detail=("；" if language.startswith("zh") else "; ").join(said)
        if said
        else translate(language, DETAILS[400]),
        language=language,
        field=problems[0].field if problems else None,
        errors=problems,
    )


def from_http(language: str, error: HTTPException) -> Problem:
    """A failure that Litestar itself found: address, method, size, form token."""
    status = error.status_code
    sentence = (
        PAGE_EXPIRED
        if CSRF_REFUSED in error.detail
        else DETAILS.get(status, DETAILS[500 if status >= 500 else 400])
    )
    code = "page_expired" if CSRF_REFUSED in error.detail else f"http_{status}"
    return Problem(status, code, title_of(language, status), translate(language, sentence), language)


def request_id_of(request: Request) -> str:
    """The id a proxy gave the request, when it looks like one; else a fresh one."""
    given = request.headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else str(ids.new())


def problem_of(request: Request, error: Exception) -> Problem:
    """What happened, in the caller's language. Anything unexpected is logged under its request id and not shown."""
    language = language_of(request)
    if isinstance(error, DomainError):
        return from_refusal(language, error)
    if isinstance(error, msgspec.ValidationError | msgspec.DecodeError):
        return from_input(language, (field_problem(language, str(error)),))
    if isinstance(error, ValidationException):
        found = error.extra if isinstance(error.extra, list) else []
        return from_input(
            language,
            tuple(field_problem(language, str(e.get("message", "")), e.get("key", "")) for e in found),
        )
    if isinstance(error, HTTPException) and error.status_code < 500:
        cause = error.__cause__
        if error.status_code == 400 and isinstance(cause, msgspec.MsgspecError | SerializationException):
            return from_input(language, (field_problem(language, str(cause)),))
        return from_http(language, error)
    status = error.status_code if isinstance(error, HTTPException) else 500
    request_id = request_id_of(request)
    log.error("request %s %s %s failed", request_id, request.method, request.url.path, exc_info=error)
    return Problem(
        status,
        "internal" if status == 500 else f"http_{status}",
        title_of(language, status),
        translate(language, DETAILS.get(status, DETAILS[500])),
        language,
        request_id=request_id,
    )


def wants_machine_words(request: Request) -> bool:
    """True for the API, for callbacks, and for anyone who asks for JSON and not for HTML."""
    accept = request.headers.get("accept", "")
    return request.url.path.startswith(MACHINE_PATHS) or ("json" in accept and "text/html" not in accept)


def as_json(request: Request, problem: Problem) -> Response[bytes]:
    """RFC 9457; the facts of a refusal are extension members beside ours."""
    body: dict[str, Any] = {
        "type": f"urn:siyu:error:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    if problem.field is not None:
        body["field"] = problem.field
    if problem.errors:
        body["errors"] = problem.errors
    if problem.request_id:
        body["request_id"] = problem.request_id
    body |= {name: fact for name, fact in problem.facts.items() if name not in OURS}
    body["instance"] = request.url.path
    return Response(
        msgspec.json.encode(body, enc_hook=str),
        status_code=problem.status,
        media_type=PROBLEM_TYPE,
        headers={"content-language": problem.language, "cache-control": "no-store"},
    )


def as_toast(problem: Problem) -> Response[str]:
    """A toast for HTMX, put where toasts are; the field at fault is named so that the page can point at it."""
    headers = {"hx-retarget": "#toasts", "hx-reswap": "beforeend", **SECURITY_HEADERS}
    if problem.field:
        fact = {"siyu:invalid": {"field": problem.field, "detail": problem.detail}}
        headers["hx-trigger"] = json.dumps(fact)  # ASCII only, as headers are
    body = render("toast.html", language=problem.language, problem=problem)
    return Response(body, status_code=problem.status, media_type=MediaType.HTML, headers=headers)


def as_page(request: Request, problem: Problem) -> Response[str]:
    """A page that says what happened, what is safe and where to go."""
    return page(
        request,
        "error.html",
        status_code=problem.status,
        problem=problem,
        home=navigation.home_of(request.url.path),
        signin=navigation.signin_of(request.url.path),
    )


def page_of(request: Request) -> str:
    """The page the person is looking at: what they asked for, or the one that HTMX asked from."""
    asked = request.headers.get("hx-current-url", "") if request.headers.get("hx-request") == "true" else ""
    if not asked and request.method in {"GET", "HEAD"}:
        asked = str(request.url)
    parts = urlsplit(asked)
    if navigation.frame_of(parts.path)[1] is None:
        return navigation.home_of(request.url.path)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def to_signin(request: Request) -> Response[Any] | None:
    """Where a person who must sign in is sent, keeping the page they wanted; None when it has no frame."""
    signin = navigation.signin_of(request.url.path)
    if signin is None or request.url.path == signin:
        return None
    wanted = page_of(request)
    address = str(request.url.with_replacements(path=signin, query=urlencode({"next": wanted})))
    address = address.removeprefix(str(request.base_url).rstrip("/"))
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=401, media_type=MediaType.HTML, headers={"hx-redirect": address})
    return Redirect(address, status_code=303)


def answer(request: Request, error: Exception) -> Response[Any]:
    """The one place where a failure becomes an answer."""
    problem = problem_of(request, error)
    if wants_machine_words(request):
        return as_json(request, problem)
    if problem.status == 401:
        redirect = to_signin(request)
        if redirect is not None:
            return redirect
    if request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true":
        return as_toast(problem)
    return as_page(request, problem)


def exception_handlers() -> dict[int | type[Exception], Callable[[Request, Exception], Response[Any]]]:
    """For `Litestar(exception_handlers=…)`: everything goes through `answer`."""
    return {HTTPException: answer, DomainError: answer, msgspec.MsgspecError: answer, Exception: answer}
