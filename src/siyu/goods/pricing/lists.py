"""Price lists: made, changed, filled and paused. Every change of a price leaves a note in the audit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.pricing.model import (
    Item,
    ListForm,
    ListNameTaken,
    ListRow,
    NewItem,
    PriceList,
    SkuUnknown,
)
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

NAME_LENGTH_MAX = 40
PRIORITY_MAX = 999
LEAST_MAX = 99_999
PRICE_MAX = 100_000_000  # one million yuan: above this it is a typing error
ITEMS_MAX = 20_000  # of one upload
CHANNELS = ("shop", "api")


async def save(uow: UnitOfWork, list_id: UUID, form: ListForm) -> bool:
    """Make the list, or change one that is there; True when it is new. Raises Invalid and ListNameTaken.

    `list_id` is made by the asker, so that a second arrival changes nothing.
    """
    _check(form)
    taken = await uow.maybe(
        UUID,
        "select id from price_lists where merchant_id = %(merchant_id)s and name = %(name)s and id <> %(id)s",
        name=form.name.strip(),
        id=list_id,
    )
    if taken is not None:
        raise ListNameTaken(field="name", name=form.name.strip())
    await _check_references(uow, form)
    before = await _found(uow, list_id)
    await uow.run(
        """
        insert into price_lists (merchant_id, id, name, priority, level, channel, store_id, customer_id, starts_at,
                                 ends_at, created_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(priority)s, %(level)s, %(channel)s, %(store)s, %(customer)s,
                %(starts_at)s, %(ends_at)s, %(now)s, %(now)s)
        on conflict (merchant_id, id) do update
        set name = excluded.name, priority = excluded.priority, level = excluded.level, channel = excluded.channel,
            store_id = excluded.store_id, customer_id = excluded.customer_id, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at, updated_at = excluded.updated_at
        """,
        id=list_id, name=form.name.strip(), priority=form.priority, level=form.level.strip(),
        channel=form.channel, store=form.store_id, customer=form.customer_id, starts_at=form.starts_at,
        ends_at=form.ends_at,
    )  # fmt: skip
    told = None if before is None else _told(before)
    if told != _said(form):
        await _note(uow, "pricing.save_list", list_id, form.name.strip(), before=told, after=_said(form))
    return before is None


def _check(form: ListForm) -> None:
    if not 1 <= len(form.name.strip()) <= NAME_LENGTH_MAX or "/" in form.name:
        raise Invalid(
            field="name",
            zh="名称需为 1 到 40 个字，不能含“/”。",
            en="A name has 1 to 40 characters and no “/”.",
        )
    if not 0 <= form.priority <= PRIORITY_MAX:
        raise Invalid(
            field="priority", zh="优先级需在 0 到 999 之间。", en="A priority is between 0 and 999."
        )
    if form.channel not in ("", *CHANNELS):
        raise Invalid(field="channel", zh="没有这个渠道。", en="There is no such channel.")
    if len(form.level.strip()) > NAME_LENGTH_MAX:
        raise Invalid(field="level", zh="等级名称最多 40 个字。", en="A level has at most 40 characters.")
    if form.starts_at and form.ends_at and form.ends_at <= form.starts_at:
        raise Invalid(
            field="ends_at", zh="结束时间需晚于开始时间。", en="The end has to be after the beginning."
        )


async def _check_references(uow: UnitOfWork, form: ListForm) -> None:
    if form.store_id is not None and not await uow.one(
        bool,
        "select exists (select from stores where merchant_id = %(merchant_id)s and id = %(id)s)",
        id=form.store_id,
    ):
        raise Invalid(field="store", zh="没有这家门店。", en="There is no such store.")
    if form.customer_id is not None and not await uow.one(
        bool,
        "select exists (select from customers where merchant_id = %(merchant_id)s and id = %(id)s)",
        id=form.customer_id,
    ):
        raise Invalid(field="customer", zh="没有这位顾客。", en="There is no such customer.")


def _said(form: ListForm) -> dict[str, object]:
    return {
        "name": form.name.strip(), "priority": form.priority, "level": form.level.strip(),
        "channel": form.channel, "store_id": form.store_id, "customer_id": form.customer_id,
        "starts_at": form.starts_at, "ends_at": form.ends_at,
    }  # fmt: skip


def _told(each: PriceList) -> dict[str, object]:
    told = msgspec.structs.asdict(each)
    del told["id"]
    return told


async def _note(
    uow: UnitOfWork,
    action: str,
    list_id: UUID,
    name: str,
    *,
    before: dict[str, object] | None,
    after: dict[str, object] | None,
) -> None:
    await audit.note(
        uow, action, subject_kind="price_list", subject=list_id, name=name, before=before, after=after
    )


async def _found(uow: UnitOfWork, list_id: UUID) -> PriceList | None:
    return await uow.maybe(
        PriceList,
        """
        select id, name, priority, level, channel, store_id, customer_id, starts_at, ends_at from price_lists
        where merchant_id = %(merchant_id)s and id = %(id)s for no key update
        """,
        id=list_id,
    )


async def _locked(uow: UnitOfWork, list_id: UUID) -> PriceList:
    found = await _found(uow, list_id)
    if found is None:
        raise NotFound(what="价目表 / price list")
    return found


async def set_active(uow: UnitOfWork, list_id: UUID, *, is_active: bool) -> None:
    """Pause a list, or let it count again. Raises NotFound."""
    each = await _locked(uow, list_id)
    touched = await uow.run(
        """
        update price_lists set is_active = %(is_active)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and is_active <> %(is_active)s
        """,
        id=list_id,
        is_active=is_active,
    )
    if touched:
        await _note(
            uow, "pricing.set_active", list_id, each.name,
            before={"is_active": not is_active}, after={"is_active": is_active},
        )  # fmt: skip


async def copy(uow: UnitOfWork, list_id: UUID, new_id: UUID) -> None:
    """The list with all its prices again, paused and under a name of its own. Raises NotFound.

    `new_id` is made by the asker; a second arrival changes nothing.
    """
    each = await _locked(uow, list_id)
    if await _found(uow, new_id) is not None:
        return
    name = await _free_name(uow, each.name)
    await uow.run(
        """
        insert into price_lists (merchant_id, id, name, priority, level, channel, store_id, customer_id, starts_at,
                                 ends_at, is_active, created_at, updated_at)
        select merchant_id, %(new)s, %(name)s, priority, level, channel, store_id, customer_id, starts_at, ends_at,
               false, %(now)s, %(now)s
        from price_lists where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=list_id,
        new=new_id,
        name=name,
    )
    await uow.run(
        """
        insert into price_list_items (merchant_id, list_id, sku_id, least, price)
        select merchant_id, %(new)s, sku_id, least, price from price_list_items
        where merchant_id = %(merchant_id)s and list_id = %(id)s
        """,
        id=list_id,
        new=new_id,
    )
    await _note(uow, "pricing.copy_list", new_id, name, before=None, after={"copy_of": each.name})


async def _free_name(uow: UnitOfWork, name: str) -> str:
    taken = set(
        await uow.all(str, "select name from price_lists where merchant_id = %(merchant_id)s for key share")
    )
    for n in range(2, 1_000):
        ending = f" {n}"
        fresh = name[: NAME_LENGTH_MAX - len(ending)] + ending
        if fresh not in taken:
            return fresh
    raise ListNameTaken(field="name", name=name)


def check_item(item: NewItem) -> None:
    """Raises Invalid at the field at fault."""
    if not 1 <= item.least <= LEAST_MAX:
        raise Invalid(
            field="least", zh="起购数量需在 1 到 99999 之间。", en="A quantity is between 1 and 99,999."
        )
    if not 0 <= item.price <= PRICE_MAX:
        raise Invalid(
            field="price", zh="价格需在 0 到 100 万元之间。", en="A price is between 0 and 1,000,000.00."
        )


async def set_items(uow: UnitOfWork, list_id: UUID, items: Sequence[NewItem]) -> int:
    """Give SKUs their prices in the list; return how many differ from before. Raises Invalid, SkuUnknown, NotFound.

    One SKU may come with several quantities. What the list says of other SKUs and quantities stays.
    """
    each = await _locked(uow, list_id)
    wanted = {(item.sku_id, item.least): item.price for item in items}
    for item in items:
        check_item(item)
    codes = {
        row.id: row.code
        for row in await uow.all(
            _Coded,
            "select id, code from skus where merchant_id = %(merchant_id)s and id = any(%(ids)s)",
            ids=list({sku_id for sku_id, _ in wanted}),
        )
    }
    if any(sku_id not in codes for sku_id, _ in wanted):
        raise SkuUnknown(field="sku")
    before = {(one.sku_id, one.least): one.price for one in await _items_of(uow, list_id, list(codes))}
    fresh = {key: price for key, price in wanted.items() if before.get(key) != price}
    await _write(uow, list_id, fresh)
    for (sku_id, least), price in fresh.items():
        old = before.get((sku_id, least))
        await audit.note(
            uow, "pricing.set_price", subject_kind="price_list", subject=list_id,
            name=f"{each.name} · {codes[sku_id]} ≥ {least}",
            before=None if old is None else {"price": old}, after={"price": price},
        )  # fmt: skip
    return len(fresh)


class _Coded(msgspec.Struct, frozen=True):
    id: UUID
    code: str


async def _items_of(uow: UnitOfWork, list_id: UUID, sku_ids: Sequence[UUID]) -> list[NewItem]:
    return await uow.all(
        NewItem,
        """
        select sku_id, least, price from price_list_items
        where merchant_id = %(merchant_id)s and list_id = %(list)s and sku_id = any(%(skus)s)
        """,
        list=list_id,
        skus=list(sku_ids),
    )


async def _write(uow: UnitOfWork, list_id: UUID, prices: dict[tuple[UUID, int], int]) -> None:
    await uow.run(
        """
        insert into price_list_items (merchant_id, list_id, sku_id, least, price)
        select %(merchant_id)s, %(list)s, t.sku_id, t.least, t.price
        from unnest(%(skus)s::uuid[], %(leasts)s::int[], %(prices)s::bigint[]) as t (sku_id, least, price)
        order by t.sku_id, t.least
        on conflict (merchant_id, list_id, sku_id, least) do update set price = excluded.price
        """,
        list=list_id,
        skus=[sku_id for sku_id, _ in prices],
        leasts=[least for _, least in prices],
        prices=list(prices.values()),
    )


async def remove_item(uow: UnitOfWork, list_id: UUID, sku_id: UUID, least: int) -> None:
    """Take a price out of the list; one that is gone already stays gone. Raises NotFound."""
    each = await _locked(uow, list_id)
    gone = await uow.all(
        int,
        """
        delete from price_list_items
        where merchant_id = %(merchant_id)s and list_id = %(list)s and sku_id = %(sku)s and least = %(least)s
        returning price
        """,
        list=list_id,
        sku=sku_id,
        least=least,
    )
    for price in gone:
        await audit.note(
            uow, "pricing.remove_price", subject_kind="price_list", subject=list_id,
            name=f"{each.name} ≥ {least}", before={"price": price, "sku_id": sku_id}, after=None,
        )  # fmt: skip


async def every(uow: UnitOfWork) -> list[ListRow]:
    """All lists, those that count first, highest priority first."""
    return await uow.all(
        ListRow,
        """
        select l.id, l.name, l.priority, l.level, l.channel, l.store_id, l.customer_id, l.starts_at, l.ends_at,
               l.is_active, s.name as store_name, nullif(c.nickname, '') as customer_name,
               (select count(*) from price_list_items i
                where i.merchant_id = l.merchant_id and i.list_id = l.id)::int as items
        from price_lists l
        left join stores s on s.merchant_id = l.merchant_id and s.id = l.store_id
        left join customers c on c.merchant_id = l.merchant_id and c.id = l.customer_id
        where l.merchant_id = %(merchant_id)s
        order by l.is_active desc, l.priority desc, l.id
        """,
    )


async def find(uow: UnitOfWork, list_id: UUID) -> ListRow:
    """Raises NotFound."""
    found = [each for each in await every(uow) if each.id == list_id]
    if not found:
        raise NotFound(what="价目表 / price list")
    return found[0]


async def items(
    uow: UnitOfWork, list_id: UUID, *, after: tuple[str, int] | None = None, limit: int = 100
) -> Page[Item]:
    """The prices of a list by code and quantity, with today's price beside them."""
    limit = bounded(limit)
    code, least = after or (None, None)
    found = await uow.all(
        Item,
        """
        select i.sku_id, i.least, i.price, k.code, p.id as product_id, p.title, k.title as sku_title,
               k.price as marked
        from price_list_items i
        join skus k on k.merchant_id = i.merchant_id and k.id = i.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where i.merchant_id = %(merchant_id)s and i.list_id = %(list)s
          and (%(code)s::text is null or (k.code, i.least) > (%(code)s, %(least)s::int))
        order by k.code, i.least limit %(limit)s
        """,
        list=list_id,
        code=code,
        least=least,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.least}~{last.code}" if last else None)


def after_item(cursor: str | None) -> tuple[str, int] | None:
    """A cursor of a list's prices: `10~PG-500`. One that cannot be read starts at the top."""
    least, _, code = (cursor or "").partition("~")
    return (code, int(least)) if code and least.isdecimal() and len(least) < 9 else None


async def levels(uow: UnitOfWork) -> list[str]:
    """Levels that customers or lists have, by name."""
    return await uow.all(
        str,
        """
        select level from price_lists where merchant_id = %(merchant_id)s and level <> ''
        union
        select level from customers where merchant_id = %(merchant_id)s and level <> ''
        order by 1
        """,
    )


def is_running(each: ListRow, now: datetime) -> bool:
    """Whether the list counts at this instant (UTC)."""
    return (
        each.is_active
        and (each.starts_at is None or each.starts_at <= now)
        and (each.ends_at is None or each.ends_at > now)
    )
