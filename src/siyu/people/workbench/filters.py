"""Filters that staff keep: a name for the question a list was asked, for oneself or for everybody."""

import re
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork

NAME_LENGTH_MAX = 40
QUERY_LENGTH_MAX = 2_000
FILTERS_MAX = 50  # of one person on one list; more are not chosen from, they are searched
# The list is named by its path below the console: 'orders', 'stock'.
LIST = re.compile(r"[a-z][a-z0-9-]*(?:/[a-z0-9-]+){0,2}")
# Where one stands in the list, how it is shown and in which language is not part of the question.
NOT_ASKED = frozenset({"after", "export", "lang", "_"})


class SavedFilter(msgspec.Struct, frozen=True):
    """`query` is the address after the question mark, without the position in the list."""

    id: UUID
    name: str
    query: str
    staff_id: UUID
    staff_name: str
    is_shared: bool


class TooManyFilters(DomainError):
    """The person keeps as many filters on this list as there may be. Nothing was saved."""

    code = "workbench.too_many_filters"
    status = 409
    zh = "最多保存 {most} 个筛选，请先删除不用的。"
    en = "At most {most} filters can be kept; please delete one that is not used."


def asked(query: str) -> str:
    """The question of an address, in one order, so that the same question is recognised again."""
    pairs = [pair for pair in parse_qsl(query) if pair[0] not in NOT_ASKED and pair[1]]
    return urlencode(sorted(pairs))


def checked_list(name: str) -> str:
    """Raises NotFound for what cannot be a list."""
    if len(name) > NAME_LENGTH_MAX or not LIST.fullmatch(name):
        raise NotFound(what="列表 / list")
    return name


async def saved(uow: UnitOfWork, name: str) -> list[SavedFilter]:
    """One's own filters of a list and those that others share, oldest first."""
    return await uow.all(
        SavedFilter,
        """
        select id, name, query, staff_id, staff_name, is_shared from saved_filters
        where merchant_id = %(merchant_id)s and list = %(list)s and (staff_id = %(staff)s or is_shared)
        order by created_at, id limit 200
        """,
        list=checked_list(name),
        staff=uow.actor.id,
    )


async def keep(
    uow: UnitOfWork, filter_id: UUID, list_name: str, name: str, query: str, *, is_shared: bool = False
) -> None:
    """Keep the question `query` under a name. A second time under the same id changes nothing.

    Raises Invalid and TooManyFilters.
    """
    question = asked(query)
    if not 1 <= len(name.strip()) <= NAME_LENGTH_MAX:
        raise Invalid(field="name", zh="名称需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    if not question:
        raise Invalid(field="name", zh="请先设置筛选条件。", en="Please set a filter first.")
    if len(question) > QUERY_LENGTH_MAX:
        raise Invalid(field="name", zh="筛选条件太长。", en="The filter is too long.")
    mine = await uow.one(
        int,
        """
        select count(*) from saved_filters
        where merchant_id = %(merchant_id)s and list = %(list)s and staff_id = %(staff)s and id <> %(id)s
        """,
        list=checked_list(list_name),
        staff=uow.actor.id,
        id=filter_id,
    )
    if mine >= FILTERS_MAX:
        raise TooManyFilters(most=FILTERS_MAX)
    await uow.run(
        """
        insert into saved_filters (merchant_id, id, list, name, query, staff_id, staff_name, is_shared, created_at)
        values (%(merchant_id)s, %(id)s, %(list)s, %(name)s, %(query)s, %(staff)s, %(staff_name)s, %(is_shared)s,
                %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=filter_id,
        list=list_name,
        name=name.strip(),
        query=question,
        staff=uow.actor.id,
        staff_name=uow.actor.name,
        is_shared=is_shared,
    )


async def remove(uow: UnitOfWork, filter_id: UUID) -> None:
    """Forget a filter: one's own, or a shared one if one manages the staff. Raises NotFound."""
    gone = await uow.run(
        """
        delete from saved_filters
        where merchant_id = %(merchant_id)s and id = %(id)s and (staff_id = %(staff)s or (is_shared and %(manages)s))
        """,
        id=filter_id,
        staff=uow.actor.id,
        manages=uow.actor.may(Permission.STAFF_WRITE),
    )
    if not gone:
        raise NotFound(what="筛选 / filter")
