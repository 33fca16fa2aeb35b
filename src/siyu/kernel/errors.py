"""Expected refusals. Each has a stable code, an HTTP status and a sentence in both languages.

A refusal is raised where it is known and rendered in one place (`siyu.web.problems`): as
`application/problem+json` (RFC 9457) for the API and as a page or fragment for people.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal the caller can understand and act on. Facts are given as keywords.

    `zh` and `en` are templates over the facts. `field` names the input at fault, when one is.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    zh: ClassVar[str] = "无法完成这个操作。"
    en: ClassVar[str] = "This could not be done."

    def __init__(self, *, field: str | None = None, **facts: Any) -> None:
        self.field = field
        self.facts = facts
        super().__init__(self.sentence("en"))

    def sentence(self, language: str) -> str:
        """The refusal in `zh` or `en`, with its facts filled in."""
        template = self.zh if language.startswith("zh") else self.en
        return template.format_map(self.facts) if self.facts else template


class NotFound(DomainError):
    """The thing does not exist for this caller; also said of another merchant's rows."""

    code = "not_found"
    status = 404
    zh = "没有找到{what}。"
    en = "{what} was not found."

    def __init__(self, what: str = "内容", **facts: Any) -> None:
        super().__init__(what=what, **facts)


class Invalid(DomainError):
    """Input that can be read but makes no sense; `reason` says what to change."""

    code = "invalid"
    status = 422
    zh = "{reason_zh}"
    en = "{reason_en}"

    def __init__(self, *, field: str, zh: str, en: str) -> None:
        super().__init__(field=field, reason_zh=zh, reason_en=en)


class NotSignedIn(DomainError):
    code = "not_signed_in"
    status = 401
    zh = "请先登录。"
    en = "Please sign in first."


class NotAllowed(DomainError):
    code = "not_allowed"
    status = 403
    zh = "当前账号没有权限做这件事（需要 {permission}）。"
    en = "This account may not do that (needs {permission})."


class IdempotencyConflict(DomainError):
    """The same key came with another input. Nothing was done the second time."""

    code = "idempotency_conflict"
    status = 409
    zh = "同一个幂等键收到了不同的内容，未做任何改动。"
    en = "The same idempotency key came with different input; nothing was changed."


class TooManyRequests(DomainError):
    code = "too_many_requests"
    status = 429
    zh = "操作太频繁，请 {seconds} 秒后再试。"
    en = "Too many attempts; try again in {seconds} seconds."


def every_error() -> list[type[DomainError]]:
    """All refusals that have been declared, by code, for the reference page and its test."""

    def below(kind: type[DomainError]) -> list[type[DomainError]]:
        return [kind, *(leaf for child in kind.__subclasses__() for leaf in below(child))]

    ours = [kind for kind in below(DomainError) if kind.__module__.startswith("siyu.")]
    return sorted(ours, key=lambda kind: kind.code)
