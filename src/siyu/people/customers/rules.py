"""Pure decisions about people at the door of the shop."""

import re

_WAY_BACK = re.compile(
    r"/(shop|desk)/([a-z][a-z0-9-]{1,39})((/[A-Za-z0-9_~.-]+)*)/?(\?[A-Za-z0-9_~.,:%&=+*-]*)?"
)


def way_back(slug: str, wanted: str | None) -> str:
    """Where to lead a person after they signed in or chose something: `wanted`, or the shop's home.

    Only paths of this merchant's shop and desk are followed, so that no link made elsewhere leads out of the house.
    """
    found = _WAY_BACK.fullmatch(wanted or "")
    return found[0] if found and found[2] == slug and ".." not in found[0] else f"/shop/{slug}"
