"""Finding people by what staff hear on the telephone: a number, its last digits, the beginning of a name."""

import re
from uuid import UUID

from siyu.runtime.db import UnitOfWork

PEOPLE_MAX = 200
TAIL = re.compile(r"\d{4}")
PHONE = re.compile(r"1\d{10}")


async def known_as(uow: UnitOfWork, text: str, limit: int = PEOPLE_MAX) -> list[UUID]:
    """Customers with this phone, with these four last digits of one, or whose nickname begins so; newest first."""
    text = text.strip()[:60]
    if PHONE.fullmatch(text):
        return await uow.all(
            UUID,
            """
            select customer_id from identities
            where merchant_id = %(merchant_id)s and kind = 'phone' and value = %(phone)s
            """,
            phone=text,
        )
    if TAIL.fullmatch(text):
        return await uow.all(
            UUID,
            """
            select customer_id from identities
            where merchant_id = %(merchant_id)s and kind = 'phone' and right(value, 4) = %(tail)s
            order by verified_at desc limit %(limit)s
            """,
            tail=text,
            limit=limit,
        )
    if not text:
        return []
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return await uow.all(
        UUID,
        """
        select id from customers
        where merchant_id = %(merchant_id)s and nickname like %(pattern)s and state = 'active'
        order by nickname, joined_at desc limit %(limit)s
        """,
        pattern=escaped + "%",
        limit=limit,
    )
