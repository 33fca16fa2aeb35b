"""Finding goods. Where the whole search stands in the title comes first, then all words in the title, then category,
brand and tags, then the rest; within each in the merchant's own order.

A search walks along the products of its rarest word and looks up the others, so it costs what its rarest word has and
at most MATCHES_MAX products, however many the merchant sells.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from siyu.goods.catalog.search_words import ASKED_LENGTH_MAX, asked, normal, phrase_of
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.kernel.paging import Page
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

MATCHES_MAX = 120  # six pages of a phone: nobody reads further, and another word narrows better
SAMPLE = 300  # postings counted to tell a rare word from a common one
NEAR_SAMPLE = 100
NEAR_MAX = 12
VARIANTS_MAX = 8
GROUPS_MAX = 200
RANK_MAX = 1 << 40


class Identified(Protocol):
    @property
    def id(self) -> UUID: ...


T = TypeVar("T", bound=Identified)


class Narrowed(msgspec.Struct, frozen=True):
    """What a search is narrowed to; None does not narrow. `category_id` takes in what lies below it."""

    category_id: UUID | None = None
    brand_id: UUID | None = None
    tag: str | None = None
    kind: str | None = None
    is_on_shelf: bool | None = None


class Hit(msgspec.Struct, frozen=True):
    """A product that was found; hits are read by (rank, id)."""

    id: UUID
    rank: int


class Variant(msgspec.Struct, frozen=True):
    """One way to say what is looked for: all words must be there."""

    words: list[str]
    phrase: str


async def hits(
    uow: UnitOfWork, text: str, narrowed: Narrowed, *, after: tuple[int, UUID] | None = None, limit: int = 20
) -> list[Hit]:
    """Products for a search after a cursor of (rank, id), best first; none when there is nothing to look for."""
    variants = await variants_of(uow, text)
    if not variants:
        return []
    rank, last_id = after or (None, None)
    return await uow.all(
        Hit,
        """
        with matched as materialized (
            select m.id, m.rank
            from jsonb_to_recordset(%(variants)s::jsonb) as v (words text[], phrase text)
            cross join lateral (
                select t.word from unnest(v.words) as t (word)
                order by (select count(*) from (select from search_words s
                                                where s.merchant_id = %(merchant_id)s and s.word = t.word
                                                limit %(sample)s) counted)
                limit 1
            ) rarest
            cross join lateral (
                select p.id, (case when position(v.phrase in lower(replace(p.title, ' ', ''))) > 0 then 0
                                   else coalesce((select max((o.words ->> w.word)::int)
                                                  from unnest(v.words) as w (word)), d.field)
                              end::bigint << 32) + p.position::bigint + 2147483648 as rank
                from search_words d
                -- One word alone is answered by its posting. "limit 1" keeps this one look-up a product: a plan that
                -- reads all documents is never the better one.
                left join lateral (
                    select f.words from search_documents f
                    where cardinality(v.words) > 1
                      and f.merchant_id = %(merchant_id)s and f.product_id = d.product_id and f.words ?& v.words limit 1
                ) o on true
                cross join lateral (
                    select q.* from products q
                    where q.merchant_id = %(merchant_id)s and q.id = d.product_id limit 1
                ) p
                where d.merchant_id = %(merchant_id)s and d.word = rarest.word
                  and (cardinality(v.words) = 1 or o.words is not null)
                  and (%(is_on_shelf)s::boolean is null or p.is_on_shelf = %(is_on_shelf)s)
                  and (%(category)s::uuid is null or p.category_id = any(array(
                          select c.id from categories c
                          left join categories m on m.merchant_id = c.merchant_id and m.id = c.parent_id
                          where c.merchant_id = %(merchant_id)s
                            and (c.id = %(category)s or m.id = %(category)s or m.parent_id = %(category)s))))
                  and (%(brand)s::uuid is null or p.brand_id = %(brand)s)
                  and (%(tag)s::text is null or %(tag)s = any(p.tags))
                  and (%(kind)s::text is null or p.kind = %(kind)s)
                order by d.field, d.product_id limit %(most)s
            ) m
        )
        select id, min(rank) as rank from matched group by id
        having %(rank)s::bigint is null or (min(rank), id) > (%(rank)s, %(last_id)s::uuid)
        order by 2, 1 limit %(limit)s
        """,
        variants=msgspec.json.encode(variants).decode(),
        sample=SAMPLE,
        most=MATCHES_MAX,
        category=narrowed.category_id,
        brand=narrowed.brand_id,
        tag=narrowed.tag,
        kind=narrowed.kind,
        is_on_shelf=narrowed.is_on_shelf,
        rank=None if rank is None else max(0, min(rank, RANK_MAX)),
        last_id=last_id,
        limit=limit,
    )


async def found(
    uow: UnitOfWork,
    text: str,
    narrowed: Narrowed,
    read: Callable[[list[UUID]], Awaitable[Sequence[T]]],
    *,
    after: tuple[int, UUID] | None,
    limit: int,
    some_fall_out: bool,
) -> Page[T]:
    """A page of what was found, as `read` gives it. With `some_fall_out` it may narrow further by itself."""
    most = MATCHES_MAX if some_fall_out else limit + 1
    matched = await hits(uow, text, narrowed, after=after, limit=most)
    cards = {card.id: card for card in await read([hit.id for hit in matched])} if matched else {}
    shown = [hit for hit in matched if hit.id in cards] if some_fall_out else matched
    last = shown[limit - 1] if len(shown) > limit else None
    return Page(
        items=[cards[hit.id] for hit in shown[:limit] if hit.id in cards],
        next=f"{last.rank}~{last.id}" if last else None,
    )


async def near(uow: UnitOfWork, text: str, *, limit: int = NEAR_MAX) -> list[UUID]:
    """When nothing has all the words: products on the shelf that have most of them."""
    words = asked(text)
    if len(words) < 2:
        return []
    return await uow.all(
        UUID,
        """
        select p.id
        from unnest(%(words)s::text[]) as t (word)
        cross join lateral (
            select s.product_id, s.field from search_words s
            where s.merchant_id = %(merchant_id)s and s.word = t.word
            order by s.field, s.product_id limit %(sample)s
        ) s
        join products p on p.merchant_id = %(merchant_id)s and p.id = s.product_id and p.is_on_shelf
        group by p.id, p.position
        order by count(*) desc, min(s.field), p.position, p.id limit %(limit)s
        """,
        words=words,
        sample=NEAR_SAMPLE,
        limit=limit,
    )


class Synonyms(msgspec.Struct, frozen=True):
    """Words that mean the same at this merchant: who looks for one finds the others too."""

    id: UUID
    words: list[str]


class WordTaken(DomainError):
    """A word may stand in one group only. Nothing was changed."""

    code = "catalog.synonym_taken"
    status = 409
    zh = "“{word}”已经在另一组同义词里。"
    en = "“{word}” already stands in another group of synonyms."


async def variants_of(uow: UnitOfWork, text: str) -> list[Variant]:
    """The search itself first, then as it reads with each synonym; without anything to look for, nothing."""
    said = [text]
    plain = phrase_of(text)
    if asked(text):
        for group in await synonyms(uow):
            said += _said_otherwise(plain, [phrase_of(word) for word in group.words])
    variants = [Variant(asked(each), phrase_of(each)) for each in dict.fromkeys(said)]
    return [variant for variant in variants if variant.words][:VARIANTS_MAX]


def _said_otherwise(plain: str, words: Sequence[str]) -> list[str]:
    # The longest word is taken out first: 苹果手机 is not 苹果 and something.
    spoken = next((word for word in sorted(words, key=len, reverse=True) if word and word in plain), None)
    if spoken is None:
        return []
    return [plain.replace(spoken, f" {word} ") for word in words if word != spoken]


async def synonyms(uow: UnitOfWork) -> list[Synonyms]:
    """All groups, the oldest first."""
    return await uow.all(
        Synonyms, "select id, words from search_synonyms where merchant_id = %(merchant_id)s order by id"
    )


async def save_synonyms(uow: UnitOfWork, group_id: UUID, words: Sequence[str]) -> None:
    """Let these words find each other; no words take the group away. Raises Invalid and WordTaken.

    `group_id` is made by the asker: a second arrival changes nothing.
    """
    plain = list(dict.fromkeys(" ".join(normal(word).split()) for word in words if word.strip()))
    groups = await synonyms(uow)
    for group in groups:
        for word in plain if group.id != group_id else ():
            if word in group.words:
                raise WordTaken(field="words", word=word)
    before = next((group.words for group in groups if group.id == group_id), None)
    if plain == before:
        return
    if not plain:
        await remove_synonyms(uow, group_id)
        return
    _check(plain, len(groups) - (before is not None))
    await uow.run(
        """
        insert into search_synonyms (merchant_id, id, words, updated_at)
        values (%(merchant_id)s, %(id)s, %(words)s, %(now)s)
        on conflict (merchant_id, id) do update set words = excluded.words, updated_at = excluded.updated_at
        """,
        id=group_id,
        words=plain,
    )
    await audit.note(
        uow, "catalog.save_synonyms", subject_kind="synonyms", subject=group_id, name=plain[0],
        before=None if before is None else {"words": before}, after={"words": plain},
    )  # fmt: skip


def _check(words: Sequence[str], groups: int) -> None:
    if (
        len(words) == 1
        or len(words) > 12
        or any(len(word) > ASKED_LENGTH_MAX or not asked(word) for word in words)
    ):
        raise Invalid(
            field="words",
            zh="一组需有 2 到 12 个词，每个词至少含一个文字或数字。",
            en="A group has 2 to 12 words, each with a letter or digit.",
        )
    if groups >= GROUPS_MAX:
        raise Invalid(field="words", zh="最多 200 组同义词。", en="There are at most 200 groups of synonyms.")


async def remove_synonyms(uow: UnitOfWork, group_id: UUID) -> None:
    """Take a group away. Raises NotFound."""
    touched = await uow.run(
        "delete from search_synonyms where merchant_id = %(merchant_id)s and id = %(id)s", id=group_id
    )
    if not touched:
        raise NotFound(what="同义词 / synonyms")
