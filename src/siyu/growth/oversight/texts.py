"""The texts that are read for the lexicon, kind by kind, in keyset order; what each is called and its fields."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork


class Text(msgspec.Struct, frozen=True):
    """A subject's texts by field."""

    id: UUID
    name: str
    fields: dict[str, str]


Read = Callable[[UnitOfWork, UUID, int], Awaitable[list[Text]]]


async def products(uow: UnitOfWork, after: UUID, limit: int) -> list[Text]:
    return await uow.all(
        Text,
        """
        select id, title as name,
               jsonb_build_object('title', title, 'subtitle', subtitle, 'description', description) as fields
        from products where merchant_id = %(merchant_id)s and id > %(after)s order by id limit %(limit)s
        """,
        after=after,
        limit=limit,
    )


async def offers(uow: UnitOfWork, after: UUID, limit: int) -> list[Text]:
    return await uow.all(
        Text,
        """
        select id, name, jsonb_build_object('name', name) as fields
        from offers where merchant_id = %(merchant_id)s and id > %(after)s order by id limit %(limit)s
        """,
        after=after,
        limit=limit,
    )


async def faces(uow: UnitOfWork, after: UUID, limit: int) -> list[Text]:
    return await uow.all(
        Text,
        """
        select promoter_id as id, name, jsonb_build_object('name', name, 'words', words) as fields
        from promoter_faces where merchant_id = %(merchant_id)s and promoter_id > %(after)s
        order by promoter_id limit %(limit)s
        """,
        after=after,
        limit=limit,
    )


async def tasks(uow: UnitOfWork, after: UUID, limit: int) -> list[Text]:
    return await uow.all(
        Text,
        """
        select id, title as name, jsonb_build_object('title', title, 'words', words) as fields
        from promoter_tasks where merchant_id = %(merchant_id)s and id > %(after)s order by id limit %(limit)s
        """,
        after=after,
        limit=limit,
    )


async def lessons(uow: UnitOfWork, after: UUID, limit: int) -> list[Text]:
    return await uow.all(
        Text,
        """
        select id, title as name, jsonb_build_object('title', title, 'body', body) as fields
        from promoter_lessons where merchant_id = %(merchant_id)s and id > %(after)s order by id limit %(limit)s
        """,
        after=after,
        limit=limit,
    )


async def agreement(uow: UnitOfWork, after: UUID, limit: int) -> list[Text]:
    """The agreement in force and the merchant's own words beside it; it stands under the merchant's id."""
    return await uow.all(
        Text,
        """
        select %(merchant_id)s::uuid as id, '推广协议' as name,
               jsonb_build_object(
                   'body', coalesce((select body from promoter_agreements where merchant_id = %(merchant_id)s
                                     order by number desc limit 1), ''),
                   'welcome', coalesce((select welcome from promoter_settings where merchant_id = %(merchant_id)s), '')
               ) as fields
        where %(merchant_id)s::uuid > %(after)s limit %(limit)s
        """,
        after=after,
        limit=limit,
    )


SOURCES: tuple[tuple[str, Read], ...] = (
    ("product", products),
    ("offer", offers),
    ("face", faces),
    ("task", tasks),
    ("lesson", lessons),
    ("agreement", agreement),
)
