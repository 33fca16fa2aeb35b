"""Writing what goods are found by. Whoever changes what a product says calls `index_products` in the same unit of work;
what nobody called it for (a renamed category, history brought in, new rules) is found by the sweep.

The index is a table of words and not a GIN index over a tsvector: every read stands under row-level security, and
PostgreSQL gives only leakproof operators to an index there. `@@` and `@>` are not, equality of text is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from siyu.goods.catalog.search_words import VERSION, Document, words_of
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Sweep

AT_ONCE = 200  # products of one turn of the sweep
LAG = timedelta(
    minutes=2
)  # longer than any unit of work lasts: what began before the last look may have ended after it
EVERY_SECONDS = 2.0


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    title: str
    subtitle: str
    description: str
    updated_at: datetime
    tags: list[str]
    brand: str | None
    categories: list[str]
    codes: list[str]
    sku_titles: list[str]
    known: Any


async def index_products(uow: UnitOfWork, product_ids: Sequence[UUID]) -> int:
    """Let these products be found by what they say now; return how many words were written or taken away."""
    rows = await uow.all(
        _Row,
        """
        select p.id, p.title, p.subtitle, p.description, p.updated_at, p.tags, b.name as brand,
               array(select c.name from categories a
                     left join categories m on m.merchant_id = a.merchant_id and m.id = a.parent_id
                     join categories c on c.merchant_id = a.merchant_id and c.id in (a.id, m.id, m.parent_id)
                     where a.merchant_id = p.merchant_id and a.id = p.category_id) as categories,
               array(select k.code from skus k
                     where k.merchant_id = p.merchant_id and k.product_id = p.id) as codes,
               array(select k.title from skus k
                     where k.merchant_id = p.merchant_id and k.product_id = p.id and k.title <> '') as sku_titles,
               d.words as known
        from products p
        left join brands b on b.merchant_id = p.merchant_id and b.id = p.brand_id
        left join search_documents d on d.merchant_id = p.merchant_id and d.product_id = p.id
        where p.merchant_id = %(merchant_id)s and p.id = any(%(ids)s)
        order by p.id for no key update of p
        """,
        ids=list(dict.fromkeys(product_ids)),
    )
    fresh = {row.id: words_of(_document(row)) for row in rows}
    known = {row.id: dict(row.known or {}) for row in rows}
    gone = [
        (key, word, field)
        for key, words in known.items()
        for word, field in words.items()
        if fresh[key].get(word) != field
    ]
    new = [
        (key, word, field)
        for key, words in fresh.items()
        for word, field in words.items()
        if known[key].get(word) != field
    ]
    await _write(uow, gone, new)
    await _write_documents(uow, rows, fresh)
    return len(gone) + len(new)


def _document(row: _Row) -> Document:
    return Document(
        names=(row.title, *row.codes),
        groups=(*row.categories, *row.tags, *((row.brand,) if row.brand else ())),
        rest=(row.subtitle, *row.sku_titles, row.description),
    )


async def _write(
    uow: UnitOfWork, gone: Sequence[tuple[UUID, str, int]], new: Sequence[tuple[UUID, str, int]]
) -> None:
    if gone:
        await uow.run(
            """
            delete from search_words w
            using unnest(%(ids)s::uuid[], %(words)s::text[], %(fields)s::smallint[]) as t (product_id, word, field)
            where w.merchant_id = %(merchant_id)s and w.word = t.word and w.field = t.field
              and w.product_id = t.product_id
            """,
            ids=[key for key, _, _ in gone],
            words=[word for _, word, _ in gone],
            fields=[field for *_, field in gone],
        )
    if new:
        await uow.run(
            """
            insert into search_words (merchant_id, word, field, product_id)
            select %(merchant_id)s, t.word, t.field, t.product_id
            from unnest(%(ids)s::uuid[], %(words)s::text[], %(fields)s::smallint[]) as t (product_id, word, field)
            on conflict do nothing
            """,
            ids=[key for key, _, _ in new],
            words=[word for _, word, _ in new],
            fields=[field for *_, field in new],
        )


async def _write_documents(uow: UnitOfWork, rows: Sequence[_Row], fresh: dict[UUID, dict[str, int]]) -> None:
    await uow.run(
        """
        insert into search_documents (merchant_id, product_id, version, of, words)
        select %(merchant_id)s, t.product_id, %(version)s, t.of, t.words::jsonb
        from unnest(%(ids)s::uuid[], %(moments)s::timestamptz[], %(words)s::text[]) as t (product_id, of, words)
        on conflict (merchant_id, product_id) do update
        set version = excluded.version, of = excluded.of, words = excluded.words
        """,
        ids=[row.id for row in rows],
        moments=[row.updated_at for row in rows],
        words=[msgspec.json.encode(fresh[row.id]).decode() for row in rows],
        version=VERSION,
    )


async def read_again(
    uow: UnitOfWork, *, category_id: UUID | None = None, brand_id: UUID | None = None
) -> int:
    """After a category or brand was renamed: have its goods read again by the sweep; return how many."""
    await uow.run("update search_progress set version = 0 where merchant_id = %(merchant_id)s")
    return await uow.run(
        """
        update search_documents d set version = 0
        from products p
        where d.merchant_id = %(merchant_id)s and p.merchant_id = d.merchant_id and p.id = d.product_id
          and (p.brand_id = %(brand)s::uuid or p.category_id in (
              select c.id from categories c
              left join categories m on m.merchant_id = c.merchant_id and m.id = c.parent_id
              where c.merchant_id = %(merchant_id)s
                and (c.id = %(category)s::uuid or m.id = %(category)s or m.parent_id = %(category)s)))
        """,
        category=category_id,
        brand=brand_id,
    )


class _Progress(msgspec.Struct, frozen=True):
    version: int
    looked_at: datetime


async def reindex(uow: UnitOfWork) -> int:
    """Read products again whose words are old; return how many. Costs a look at what changed lately, not at all goods."""
    await uow.run(
        """
        insert into search_progress (merchant_id, version, looked_at) values (%(merchant_id)s, 0, %(now)s)
        on conflict do nothing
        """
    )
    begun = await uow.maybe(
        _Progress,
        """
        select version, looked_at from search_progress where merchant_id = %(merchant_id)s for update skip locked
        """,
    )
    if begun is None:  # another worker is at it
        return 0
    since = begun.looked_at - LAG if begun.version == VERSION else None
    old = await uow.all(
        UUID,
        """
        select p.id from products p
        left join search_documents d on d.merchant_id = p.merchant_id and d.product_id = p.id
        where p.merchant_id = %(merchant_id)s and (%(since)s::timestamptz is null or p.updated_at >= %(since)s)
          and (d.product_id is null or d.version <> %(version)s or d.of <> p.updated_at)
        order by p.updated_at, p.id limit %(limit)s
        """,
        since=since,
        version=VERSION,
        limit=AT_ONCE,
    )
    if old:
        await index_products(uow, old)
        return len(old)
    await uow.run(
        """
        update search_progress set version = %(version)s, looked_at = %(now)s where merchant_id = %(merchant_id)s
        """,
        version=VERSION,
    )
    return 0


async def _sweep(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, reindex)


SWEEPS = [Sweep("catalog.reindex", EVERY_SECONDS, _sweep)]
