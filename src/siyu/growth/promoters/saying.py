"""What promoters and merchants may say about promoting: no calls to recruit, no entry fees, no promised income (D-10)."""

from siyu.growth import guard
from siyu.growth.promoters.model import Unsaid


def forbidden_in(text: str, field: str = "") -> list[guard.Finding]:
    """What the lexicon of the law guard blocks in a text, however it is spaced, decorated, widened or written."""
    return [finding for finding in guard.words(text, field) if finding.severity == "block"]


def refuse_forbidden(text: str, field: str) -> None:
    """Raises Unsaid at the field when the text promises what may not be promised or calls for recruiting."""
    found = forbidden_in(text, field)
    if found:
        raise Unsaid(
            field=field,
            said_zh="；".join(finding.zh for finding in found[:3]),
            said_en=" ".join(finding.en for finding in found[:3]),
        )
