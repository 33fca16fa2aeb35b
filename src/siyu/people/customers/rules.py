"""Pure decisions about people at the door of the shop."""

import re

from siyu.kernel.errors import Invalid

_WAY_BACK = re.compile(
    r"/(shop|desk)/([a-z][a-z0-9-]{1,39})((/[A-Za-z0-9_~.-]+)*)/?(\?[A-Za-z0-9_~.,:%&=+*-]*)?"
)


def way_back(slug: str, wanted: str | None) -> str:
    """Where to lead a person after they signed in or chose something: `wanted`, or the shop's home.

    Only paths of this merchant's shop and desk are followed, so that no link made elsewhere leads out of the house;
    the sign-in pages are no place to come back to.
    """
    found = _WAY_BACK.fullmatch(wanted or "")
    home = f"/shop/{slug}"
    if found is None or found[2] != slug or ".." in found[0] or found[0].startswith(f"{home}/sign"):
        return home
    return found[0]


def agreed(agree: str) -> None:
    """The notice was accepted: its box was ticked by hand (个人信息保护法 art. 14). Raises Invalid."""
    if not agree:
        raise Invalid(
            field="agree",
            zh="请先阅读并同意隐私说明。",
            en="Please read and accept the privacy notice first.",
        )
