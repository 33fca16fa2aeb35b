"""Categories, brands and tags on the console."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from siyu import web
from siyu.goods.catalog import forms, sorting
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}


def _here(merchant: OfMerchant) -> str:
    return f"/console/{merchant.slug}/products/sorting"


@get("/console/{slug:str}/products/sorting", opt=READ)
async def sorting_page(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """How goods are sorted: the tree of categories, brands, tags."""
    tree = await sorting.categories(uow)
    return web.page(
        request,
        "catalog/console_sorting.html",
        merchant=merchant,
        categories=tree,
        inside={category.id: {one.id for one in sorting.within(tree, category.id)} for category in tree},
        levels_max=sorting.LEVELS_MAX,
        brands=await sorting.brands(uow),
        tags=await sorting.tags(uow),
    )


@post("/console/{slug:str}/products/categories", opt=WRITE, status_code=200)
async def add_category(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """A new category, outermost or within another."""
    form = await request.form()
    category_id = forms.id_of(forms.text(form, "idempotency_key"), "name") or ids.new()
    parent = forms.id_of(forms.text(form, "parent_id"), "parent_id")
    await sorting.add_category(uow, category_id, forms.text(form, "name"), parent_id=parent)
    return web.done(request, _here(merchant), web.mark("分类已添加"))


@post("/console/{slug:str}/products/categories/{category_id:uuid}", opt=WRITE, status_code=200)
async def edit_category(
    request: Request[Any, Any, Any], category_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Another name, another place."""
    form = await request.form()
    parent = forms.id_of(forms.text(form, "parent_id"), "parent_id")
    await sorting.edit_category(uow, category_id, name=forms.text(form, "name"), parent_id=parent)
    return web.done(request, _here(merchant), web.mark("分类已保存"))


@post("/console/{slug:str}/products/categories/{category_id:uuid}/step", opt=WRITE, status_code=200)
async def step_category(
    request: Request[Any, Any, Any], category_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """One place up or down among its siblings."""
    up = forms.text(await request.form(), "way") == "up"
    tree = await sorting.categories(uow)
    found = next((category for category in tree if category.id == category_id), None)
    if found is None:
        raise NotFound(what="分类 / category")
    siblings = [category.id for category in tree if category.parent_id == found.parent_id]
    at = siblings.index(category_id)
    to = at - 1 if up else at + 1
    if 0 <= to < len(siblings):
        siblings[at], siblings[to] = siblings[to], siblings[at]
        await sorting.order_categories(uow, siblings)
    return web.done(request, _here(merchant), web.mark("顺序已保存"))


@post("/console/{slug:str}/products/categories/{category_id:uuid}/remove", opt=WRITE, status_code=200)
async def remove_category(
    request: Request[Any, Any, Any], category_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Take an empty category away."""
    await sorting.remove_category(uow, category_id)
    return web.done(request, _here(merchant), web.mark("分类已删除"))


@post("/console/{slug:str}/products/brands", opt=WRITE, status_code=200)
async def save_brand(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """A new brand, or another name for one."""
    form = await request.form()
    brand_id = forms.id_of(forms.text(form, "brand") or forms.text(form, "idempotency_key"), "name")
    await sorting.save_brand(uow, brand_id or ids.new(), forms.text(form, "name"))
    return web.done(request, _here(merchant), web.mark("品牌已保存"))


@post("/console/{slug:str}/products/brands/{brand_id:uuid}/remove", opt=WRITE, status_code=200)
async def remove_brand(
    request: Request[Any, Any, Any], brand_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Take a brand without goods away."""
    await sorting.remove_brand(uow, brand_id)
    return web.done(request, _here(merchant), web.mark("品牌已删除"))


@post("/console/{slug:str}/products/tags", opt=WRITE, status_code=200)
async def save_tag(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """A new word, or another name for one on all its goods."""
    form = await request.form()
    await sorting.save_tag(
        uow,
        forms.text(form, "name"),
        is_shown="is_shown" in form,
        old_name=forms.text(form, "old_name") or None,
    )
    return web.done(request, _here(merchant), web.mark("标签已保存"))


@post("/console/{slug:str}/products/tags/remove", opt=WRITE, status_code=200)
async def remove_tag(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Take a word away, from all goods too."""
    await sorting.remove_tag(uow, forms.text(await request.form(), "name"))
    return web.done(request, _here(merchant), web.mark("标签已删除"))


routes = [
    sorting_page,
    add_category,
    edit_category,
    step_category,
    remove_category,
    save_brand,
    remove_brand,
    save_tag,
    remove_tag,
]
