"""What the guard answers: findings, and the refusal made of them."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from siyu.kernel.errors import DomainError

Severity = Literal["block", "gate", "warn"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that stands against something: by which rule, in which field, why, and what would help."""

    rule: str
    severity: Severity
    field: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str


class Refused(DomainError):
    """The law guard found what is forbidden. Nothing was changed; `rule` is the first rule that says so."""

    code = "guard.refused"
    status = 409
    zh = "不合规（{rule}）：{said_zh}"
    en = "Not lawful ({rule}): {said_en}"


def is_blocked(findings: Sequence[Finding]) -> bool:
    """Whether one of them forbids it."""
    return any(finding.severity == "block" for finding in findings)


def refuse_blocked(findings: Sequence[Finding]) -> None:
    """Raises Refused, with the field and the words of the first finding that forbids."""
    for finding in findings:
        if finding.severity == "block":
            raise Refused(
                rule=finding.rule,
                said_zh=f"{finding.zh}{finding.fix_zh}",
                said_en=f"{finding.en} {finding.fix_en}",
                field=finding.field,
            )
