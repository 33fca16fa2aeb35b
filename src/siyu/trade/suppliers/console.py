"""Suppliers on the console: the list, and one with its terms, goods, orders and what we owe."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.suppliers import (
    console_purchases,
    console_statements,
    forms,
    keeping,
    owing,
    purchase_queries,
    queries,
    settling,
    words,
)
from siyu.trade.suppliers.model import NewSupplier, SupplierChange, WantedItem

READ = {"permission": Permission.SUPPLY_READ}
WRITE = {"permission": Permission.SUPPLY_WRITE}
SETTLE = {"permission": Permission.SUPPLY_SETTLE}


@get("/console/{slug:str}/suppliers", opt=READ)
async def supplier_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, export: FromQuery[str] = ""
) -> Response[Any]:
    """All suppliers, with what is under way and what we owe."""
    found = await queries.every(uow)
    if export:
        say = web.language_of(request)
        head = [web.mark("供应商"), web.mark("联系人"), web.mark("电话"), web.mark("结算周期"), web.mark("商品数"),
                web.mark("未完成采购单"), web.mark("待代发件数"), web.mark("应付")]  # fmt: skip
        rows = (
            (one.name, one.contact, one.phone, web.translate(say, words.SETTLEMENTS[one.settlement]), one.items,
             one.open_orders, one.waiting, web.Amount(one.owed))
            for one in found
        )  # fmt: skip
        told = [web.translate(say, word) for word in head]
        return await web.sheet(request, web.translate(say, web.mark("供应商")), told, rows, export)
    return web.page(request, "suppliers/console_list.html", merchant=merchant, suppliers=found, words=words)


@get("/console/{slug:str}/suppliers/new", opt=WRITE)
async def new_supplier(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """A form for a new supplier."""
    return web.page(request, "suppliers/console_new.html", merchant=merchant, words=words)


@post("/console/{slug:str}/suppliers", opt=WRITE, status_code=200)
async def add_supplier(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Add a supplier."""
    form = await request.form()
    made = await keeping.add(
        uow,
        NewSupplier(
            id=forms.key_of(form),
            name=forms.told(form, "name"),
            contact=forms.told(form, "contact"),
            phone=forms.told(form, "phone"),
            address=forms.told(form, "address"),
            settlement=forms.settlement_of(form),
            has_location=bool(forms.told(form, "has_location")),
        ),
    )
    return _done(request, merchant.slug, made.id, web.mark("供应商已添加"))


@get("/console/{slug:str}/suppliers/{supplier_id:uuid}", opt=READ)
async def supplier_page(
    request: Request[Any, Any, Any], supplier_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One supplier: terms, goods with prices, open orders, the running period and statements."""
    supplier = await queries.find(uow, supplier_id)
    period = await settling.open_period(uow, supplier)
    return web.page(
        request,
        "suppliers/console_supplier.html",
        merchant=merchant,
        supplier=supplier,
        items=await queries.items(uow, supplier_id),
        purchases=(
            await purchase_queries.purchases(
                uow, supplier_id=supplier_id, states=("draft", "sent", "partly"), limit=20
            )
        ).items,
        statements=(await settling.statements(uow, supplier_id=supplier_id, limit=12)).items,
        period=period,
        is_over=uow.now >= period.until,
        sums=await queries.sums(uow, supplier_id, period.since),
        words=words,
    )


@post("/console/{slug:str}/suppliers/{supplier_id:uuid}", opt=WRITE, status_code=200)
async def change_supplier(
    request: Request[Any, Any, Any], supplier_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """New terms."""
    form = await request.form()
    await keeping.change(
        uow,
        supplier_id,
        SupplierChange(
            name=forms.told(form, "name"),
            contact=forms.told(form, "contact"),
            phone=forms.told(form, "phone"),
            address=forms.told(form, "address"),
            settlement=forms.settlement_of(form),
            is_active=bool(forms.told(form, "is_active")),
            has_location=bool(forms.told(form, "has_location")),
        ),
    )
    return _done(request, merchant.slug, supplier_id, web.mark("已保存"))


@post("/console/{slug:str}/suppliers/{supplier_id:uuid}/items", opt=WRITE, status_code=200)
async def set_item(
    request: Request[Any, Any, Any], supplier_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """What a SKU costs here, by its id or code, and whether the supplier sends it."""
    form = await request.form()
    sku_id = forms.uuid_or_none(forms.told(form, "sku_id")) or await forms.sku_of(
        uow, forms.told(form, "sku")
    )
    price = forms.amount(forms.told(form, "supply_price"), merchant.currency, field="supply_price")
    wanted = WantedItem(sku_id, price, forms.told(form, "code"), bool(forms.told(form, "is_drop_shipped")))
    await keeping.set_item(uow, supplier_id, wanted)
    return _done(request, merchant.slug, supplier_id, web.mark("供货价已保存"))


@post("/console/{slug:str}/suppliers/{supplier_id:uuid}/adjustments", opt=SETTLE, status_code=200)
async def adjust(
    request: Request[Any, Any, Any], supplier_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """We owe more or less, for a reason."""
    form = await request.form()
    amount = forms.amount(forms.told(form, "amount"), merchant.currency, field="amount")
    await owing.adjust(uow, supplier_id, forms.key_of(form), amount, forms.told(form, "reason"))
    return _done(request, merchant.slug, supplier_id, web.mark("应付已调整"))


@post("/console/{slug:str}/suppliers/{supplier_id:uuid}/statements", opt=SETTLE, status_code=200)
async def make_statement(
    request: Request[Any, Any, Any], supplier_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """A statement for the oldest period without one."""
    made = await settling.make_statement(uow, supplier_id)
    path = f"/console/{merchant.slug}/statements/{made.id}"
    return web.done(request, path, web.mark("结算单 {number} 已生成"), number=made.number)


def _done(request: Request[Any, Any, Any], slug: str, supplier_id: UUID, said: str) -> Response[Any]:
    return web.done(request, f"/console/{slug}/suppliers/{supplier_id}", said)


routes = [
    supplier_list,
    new_supplier,
    add_supplier,
    supplier_page,
    change_supplier,
    set_item,
    adjust,
    make_statement,
    *console_purchases.routes,
    *console_statements.routes,
]
