"""One change to many products on the console: chosen in the list, looked at, then done as a job."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import FormMultiDict

from siyu import web
from siyu.goods.catalog import actions, bulk, forms
from siyu.goods.catalog.bulk import BulkEdit
from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant

WRITE = {"permission": Permission.CATALOG_WRITE}
TARGETS = {"category": "category", "brand": "brand", "freight": "freight"}


def _edit_of(form: FormMultiDict, currency: str) -> BulkEdit:
    """What the list's form asks for. Raises Invalid at the field."""
    what = forms.text(form, "what")
    chosen = [forms.id_of(said, "product") for said in forms.texts(form, "product")]
    target: UUID | None = None
    if what in TARGETS:
        target = forms.id_of(forms.text(form, TARGETS[what]), TARGETS[what])
    told = {
        "what": what,
        "product_ids": tuple(dict.fromkeys(each for each in chosen if each)),
        "target": target,
        "tag": forms.text(form, "tag"),
        "change": _change(form, what, currency),
        "reason": forms.text(form, "reason")[:200],
    }
    try:
        return msgspec.convert(told, BulkEdit)
    except msgspec.ValidationError:
        raise Invalid(field="what", zh="请选择要做的修改。", en="Choose what to change.") from None


def _change(form: FormMultiDict, what: str, currency: str) -> int:
    """Basis points for percent (5 or -2.5), minor units for amount; both keep two digits and no more."""
    if what not in ("percent", "amount"):
        return 0
    try:
        # A percentage with two digits is basis points in the way that yuan with two digits are fen.
        return money.parse(forms.text(form, "change").rstrip("%"), "CNY" if what == "percent" else currency)
    except ValueError:
        raise Invalid(
            field="change", zh="请填写调价幅度，例如 5 或 -2.5。", en="Enter a change such as 5 or -2.5."
        ) from None


@post("/console/{slug:str}/products/bulk", opt=WRITE, status_code=200)
async def change_many(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Prices are shown before they change; everything else begins at once and leads to its progress."""
    form = await request.form()
    edit = _edit_of(form, merchant.currency)
    if edit.what in ("percent", "amount") and "sure" not in form:
        return web.page(
            request,
            "catalog/console_bulk.html",
            merchant=merchant,
            edit=edit,
            typed=forms.text(form, "change"),
            rows=await bulk.preview(uow, edit),
            price_max=actions.PRICE_MAX,
            preview_max=bulk.PREVIEW_MAX,
            key=str(ids.new()),
        )
    job_id = forms.id_of(forms.text(form, "idempotency_key"), "what") or ids.new()
    await bulk.start(uow, edit, job_id)
    return web.done(request, f"/console/{merchant.slug}/jobs/{job_id}", web.mark("已开始批量修改"))


routes = [change_many]
