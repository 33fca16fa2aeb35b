"""How a merchant sorts goods: categories that lie in one another, brands, and words of their own."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from siyu.goods.catalog.model import Brand, Category, Tag
from siyu.goods.catalog.search_index import read_again
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.runtime.db import UnitOfWork

LEVELS_MAX = 3
CATEGORIES_MAX = 500  # more than that nobody finds anything in; they are read whole
NAME_MAX, BRAND_MAX, TAG_MAX = 20, 40, 12
BRANDS_MAX, TAGS_MAX = 500, 100


class CategoryNotEmpty(DomainError):
    """Goods or other categories lie in it. Nothing was removed."""

    code = "catalog.category_not_empty"
    status = 409
    zh = "分类「{name}」里还有 {products} 件商品、{below} 个子分类，请先移走。"
    en = "{name} still holds {products} products and {below} categories; move them first."


class NameTaken(DomainError):
    """A sibling already has this name. Nothing was written."""

    code = "catalog.name_taken"
    status = 409
    zh = "已经有「{name}」了。"
    en = "There already is {name}."


class InUse(DomainError):
    """Goods still carry it. Nothing was removed."""

    code = "catalog.in_use"
    status = 409
    zh = "「{name}」还用在 {products} 件商品上，请先从商品上去掉。"
    en = "{name} is still on {products} products; take it off them first."


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    icon: str
    parent_id: UUID | None
    is_shown: bool = True


async def categories(uow: UnitOfWork) -> list[Category]:
    """All categories in the merchant's order, each followed by what lies in it."""
    rows = await uow.all(
        _Row,
        """
        select id, name, icon, parent_id from categories
        where merchant_id = %(merchant_id)s order by position, name, id
        """,
    )
    return in_order(rows)


def in_order(rows: Sequence[_Row]) -> list[Category]:
    """A tree as a list: each category followed by those that lie in it, siblings in the order given."""
    inside: dict[UUID | None, list[_Row]] = {}
    for row in rows:
        inside.setdefault(row.parent_id, []).append(row)

    def below(parent: UUID | None, level: int) -> Iterable[Category]:
        for row in inside.get(parent, []):
            yield Category(row.id, row.name, row.icon, row.parent_id, level)
            yield from below(row.id, level + 1)

    return list(below(None, 1))


def within(tree: Sequence[Category], category_id: UUID) -> list[Category]:
    """The category and everything that lies in it."""
    kept: set[UUID] = {category_id}
    for category in tree:  # parents come first
        if category.parent_id in kept:
            kept.add(category.id)
    return [category for category in tree if category.id in kept]


def way_to(tree: Sequence[Category], category_id: UUID) -> list[Category]:
    """The categories from the outermost to this one."""
    known = {category.id: category for category in tree}
    way: list[Category] = []
    at = known.get(category_id)
    while at is not None:
        way.insert(0, at)
        at = known.get(at.parent_id) if at.parent_id else None
    return way


async def shown_categories(uow: UnitOfWork) -> list[Category]:
    """Categories with something on the shelf, in them or below, in the merchant's order."""
    rows = await uow.all(
        _Row,
        """
        select c.id, c.name, c.icon, c.parent_id,
               exists (select from products p
                       join skus k on k.merchant_id = p.merchant_id and k.product_id = p.id and k.is_sellable
                       where p.merchant_id = %(merchant_id)s and p.category_id = c.id and p.is_on_shelf) as is_shown
        from categories c
        where c.merchant_id = %(merchant_id)s
        order by c.position, c.name, c.id
        """,
    )
    tree = in_order(rows)
    kept: set[UUID] = set()
    for row in rows:
        if row.is_shown:
            kept |= {category.id for category in way_to(tree, row.id)}
    return [category for category in tree if category.id in kept]


async def _locked_tree(uow: UnitOfWork) -> list[Category]:
    """The tree, held still: of two moves at once the second sees what the first did, so no circle can close."""
    await uow.run(
        "select from categories where merchant_id = %(merchant_id)s order by id for no key update",
    )
    return await categories(uow)


def _named(name: str, most: int, field: str = "name") -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= most:
        raise Invalid(
            field=field, zh=f"名称需为 1 到 {most} 个字。", en=f"A name has 1 to {most} characters."
        )
    return name


def _check_place(tree: Sequence[Category], category_id: UUID | None, parent_id: UUID | None) -> None:
    """Whether a category (None: a new one) may lie in `parent_id`. Raises Invalid and NotFound."""
    known = {category.id: category for category in tree}
    if parent_id is not None and parent_id not in known:
        raise NotFound(what="分类 / category")
    moved = within(tree, category_id) if category_id else []
    if parent_id in {category.id for category in moved}:
        raise Invalid(field="parent_id", zh="不能移到自己下面。", en="A category cannot lie in itself.")
    depth = max((category.level for category in moved), default=1) - (moved[0].level if moved else 1)
    if (known[parent_id].level if parent_id else 0) + 1 + depth > LEVELS_MAX:
        raise Invalid(field="parent_id", zh="分类最多三级。", en="Categories are at most three levels deep.")


def _check_name(
    tree: Sequence[Category], category_id: UUID | None, parent_id: UUID | None, name: str
) -> None:
    for other in tree:
        if other.parent_id == parent_id and other.name == name and other.id != category_id:
            raise NameTaken(field="name", name=name)


async def add_category(
    uow: UnitOfWork, category_id: UUID, name: str, *, parent_id: UUID | None = None, icon: str = ""
) -> Category:
    """A category after its siblings. The same id a second time changes nothing. Raises Invalid and NameTaken."""
    name = _named(name, NAME_MAX)
    tree = await _locked_tree(uow)
    if category_id not in {category.id for category in tree}:
        if len(tree) >= CATEGORIES_MAX:
            raise Invalid(field="name", zh="分类最多 500 个。", en="There are at most 500 categories.")
        _check_place(tree, None, parent_id)
        _check_name(tree, None, parent_id, name)
        await uow.run(
            """
            insert into categories (merchant_id, id, name, icon, parent_id, position)
            values (%(merchant_id)s, %(id)s, %(name)s, %(icon)s, %(parent)s,
                    (select coalesce(max(position) + 1, 0) from categories where merchant_id = %(merchant_id)s))
            on conflict (merchant_id, id) do nothing
            """,
            id=category_id,
            name=name,
            icon=icon,
            parent=parent_id,
        )
    return await _category(uow, category_id)


async def _category(uow: UnitOfWork, category_id: UUID) -> Category:
    found = next((each for each in await categories(uow) if each.id == category_id), None)
    if found is None:
        raise NotFound(what="分类 / category")
    return found


async def edit_category(
    uow: UnitOfWork, category_id: UUID, *, name: str, parent_id: UUID | None, icon: str | None = None
) -> Category:
    """Rename and move a category with everything in it. Raises Invalid, NameTaken and NotFound."""
    name = _named(name, NAME_MAX)
    tree = await _locked_tree(uow)
    if category_id not in {category.id for category in tree}:
        raise NotFound(what="分类 / category")
    _check_place(tree, category_id, parent_id)
    _check_name(tree, category_id, parent_id, name)
    await uow.run(
        """
        update categories set name = %(name)s, parent_id = %(parent)s, icon = coalesce(%(icon)s, icon)
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=category_id,
        name=name,
        parent=parent_id,
        icon=icon,
    )
    await read_again(uow, category_id=category_id)
    return await _category(uow, category_id)


async def order_categories(uow: UnitOfWork, category_ids: Sequence[UUID]) -> None:
    """Put categories into this order; those that are not named follow as they were."""
    tree = await _locked_tree(uow)
    named = list(dict.fromkeys(category_ids))
    rest = [category.id for category in tree if category.id not in set(named)]
    await uow.run(
        """
        update categories c set position = t.position
        from unnest(%(ids)s::uuid[]) with ordinality as t (id, position)
        where c.merchant_id = %(merchant_id)s and c.id = t.id
        """,
        ids=[*named, *rest],
    )


async def remove_category(uow: UnitOfWork, category_id: UUID) -> None:
    """Take an empty category away; one that is gone already is no mistake. Raises CategoryNotEmpty."""
    tree = await _locked_tree(uow)
    found = next((category for category in tree if category.id == category_id), None)
    if found is None:
        return
    products = await uow.one(
        int,
        "select count(*) from products where merchant_id = %(merchant_id)s and category_id = %(id)s",
        id=category_id,
    )
    below = len(within(tree, category_id)) - 1
    if products or below:
        raise CategoryNotEmpty(name=found.name, products=products, below=below)
    await uow.run(
        "delete from categories where merchant_id = %(merchant_id)s and id = %(id)s", id=category_id
    )


async def brands(uow: UnitOfWork) -> list[Brand]:
    """All brands in the merchant's order."""
    return await uow.all(
        Brand,
        """
        select b.id, b.name, b.logo,
               (select count(*) from products p
                where p.merchant_id = %(merchant_id)s and p.brand_id = b.id)::int as products
        from brands b where b.merchant_id = %(merchant_id)s order by b.position, b.name, b.id
        """,
    )


async def save_brand(uow: UnitOfWork, brand_id: UUID, name: str, logo: str | None = None) -> Brand:
    """A new brand, or another name for the one of this id. Raises Invalid and NameTaken."""
    name = _named(name, BRAND_MAX)
    known = await brands(uow)
    if any(brand.name == name and brand.id != brand_id for brand in known):
        raise NameTaken(field="name", name=name)
    if len(known) >= BRANDS_MAX and brand_id not in {brand.id for brand in known}:
        raise Invalid(field="name", zh="品牌最多 500 个。", en="There are at most 500 brands.")
    await uow.run(
        """
        insert into brands (merchant_id, id, name, logo, position)
        values (%(merchant_id)s, %(id)s, %(name)s, coalesce(%(logo)s, ''), %(position)s)
        on conflict (merchant_id, id) do update set name = excluded.name, logo = coalesce(%(logo)s, brands.logo)
        """,
        id=brand_id,
        name=name,
        logo=logo,
        position=len(known),
    )
    await read_again(uow, brand_id=brand_id)
    return next(brand for brand in await brands(uow) if brand.id == brand_id)


async def remove_brand(uow: UnitOfWork, brand_id: UUID) -> None:
    """Take away a brand without goods; one that is gone already is no mistake. Raises InUse."""
    found = next((brand for brand in await brands(uow) if brand.id == brand_id), None)
    if found is None:
        return
    if found.products:
        raise InUse(name=found.name, products=found.products)
    await uow.run("delete from brands where merchant_id = %(merchant_id)s and id = %(id)s", id=brand_id)


async def tags(uow: UnitOfWork) -> list[Tag]:
    """All tags in the merchant's order."""
    return await uow.all(
        Tag,
        """
        select t.name, t.is_shown,
               (select count(*) from products p
                where p.merchant_id = %(merchant_id)s and t.name = any(p.tags))::int as products
        from product_tags t where t.merchant_id = %(merchant_id)s order by t.position, t.name
        """,
    )


async def save_tag(uow: UnitOfWork, name: str, *, is_shown: bool = True, old_name: str | None = None) -> None:
    """A word to sort goods by; with `old_name` that one is called so from now on, on all goods.

    Raises Invalid, NameTaken, and NotFound for an old name that is none.
    """
    name = _named(name, TAG_MAX)
    known = {tag.name for tag in await tags(uow)}
    if old_name is not None and old_name not in known:
        raise NotFound(what="标签 / tag")
    if name in known - {old_name}:
        if old_name is not None:
            raise NameTaken(field="name", name=name)
        return
    if old_name is None and len(known) >= TAGS_MAX:
        raise Invalid(field="name", zh="标签最多 100 个。", en="There are at most 100 tags.")
    await uow.run(
        """
        insert into product_tags (merchant_id, name, is_shown, position)
        values (%(merchant_id)s, %(name)s, %(is_shown)s, %(position)s)
        on conflict (merchant_id, name) do update set is_shown = excluded.is_shown
        """,
        name=name,
        is_shown=is_shown,
        position=len(known),
    )
    if old_name is not None and old_name != name:
        await uow.run(
            """
            update products set tags = array_replace(tags, %(old)s::text, %(name)s::text), updated_at = %(now)s
            where merchant_id = %(merchant_id)s and %(old)s = any(tags)
            """,
            old=old_name,
            name=name,
        )
        await remove_tag(uow, old_name)


async def remove_tag(uow: UnitOfWork, name: str) -> None:
    """Take a word away, from all goods too; one that is gone already is no mistake."""
    await uow.run(
        """
        update products set tags = array_remove(tags, %(name)s::text), updated_at = %(now)s
        where merchant_id = %(merchant_id)s and %(name)s = any(tags)
        """,
        name=name,
    )
    await uow.run(
        "delete from product_tags where merchant_id = %(merchant_id)s and name = %(name)s", name=name
    )
