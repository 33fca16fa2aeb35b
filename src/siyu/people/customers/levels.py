"""A customer's level: a name the merchant gives, which price lists ask for. Empty is everybody's."""

from uuid import UUID

from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

LEVEL_LENGTH_MAX = 40


async def level_of(uow: UnitOfWork, customer_id: UUID) -> str:
    """Raises NotFound."""
    level = await uow.maybe(
        str, "select level from customers where merchant_id = %(merchant_id)s and id = %(id)s", id=customer_id
    )
    if level is None:
        raise NotFound(what="顾客 / customer")
    return level


async def levels_given(uow: UnitOfWork) -> list[str]:
    """Levels that customers have or price lists ask for, by name."""
    return await uow.all(
        str,
        """
        select level from customers where merchant_id = %(merchant_id)s and level <> ''
        union
        select level from price_lists where merchant_id = %(merchant_id)s and level <> ''
        order by 1
        """,
    )


async def set_level(uow: UnitOfWork, customer_id: UUID, level: str) -> bool:
    """Give a customer a level, or none with an empty one; True when it changed. Raises Invalid and NotFound."""
    level = " ".join(level.split())
    if len(level) > LEVEL_LENGTH_MAX:
        raise Invalid(field="level", zh="等级名称最多 40 个字。", en="A level has at most 40 characters.")
    before = await uow.maybe(
        str,
        """
        select level from customers where merchant_id = %(merchant_id)s and id = %(id)s for no key update
        """,
        id=customer_id,
    )
    if before is None:
        raise NotFound(what="顾客 / customer")
    if before == level:
        return False
    await uow.run(
        "update customers set level = %(level)s where merchant_id = %(merchant_id)s and id = %(id)s",
        id=customer_id,
        level=level,
    )
    await audit.note(
        uow,
        "customers.set_level",
        subject_kind="customer",
        subject=customer_id,
        before={"level": before},
        after={"level": level},
    )
    return True
