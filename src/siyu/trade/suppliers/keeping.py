"""Suppliers and what they supply: added, changed, priced, and sending for us or not."""

from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.place import stores
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade.suppliers.model import (
    PRICE_MAX,
    NameTaken,
    NewSupplier,
    OtherSupplier,
    StillAtSupplier,
    Supplier,
    SupplierChange,
    WantedItem,
)
from siyu.trade.suppliers.queries import find

LENGTHS = (
    ("name", 1, 40, "名称", "A name"),
    ("contact", 0, 40, "联系人", "A contact"),
    ("phone", 0, 30, "电话", "A phone number"),
    ("address", 0, 120, "地址", "An address"),
)
CODE_LENGTH_MAX = 40


async def add(uow: UnitOfWork, wanted: NewSupplier) -> Supplier:
    """A new supplier, with a location of its own if it sends for us. The same id again returns the same.

    Raises Invalid naming the field, and NameTaken.
    """
    check(wanted)
    inserted = await uow.all(
        UUID,
        """
        insert into suppliers (merchant_id, id, name, contact, phone, address, settlement, created_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(contact)s, %(phone)s, %(address)s, %(settlement)s, %(now)s, %(now)s)
        on conflict do nothing returning id
        """,
        **_fields(wanted),
        id=wanted.id,
    )
    if not inserted:
        try:
            return await find(uow, wanted.id)
        except NotFound:
            raise NameTaken(field="name") from None
    made = await find(uow, wanted.id)
    if wanted.has_location:
        await _make_location(uow, made)
    await audit.note(
        uow,
        "suppliers.add",
        subject_kind="supplier",
        subject=wanted.id,
        name=wanted.name,
        after=_fields(wanted),
    )
    return await find(uow, wanted.id)


async def change(uow: UnitOfWork, supplier_id: UUID, wanted: SupplierChange) -> Supplier:
    """New terms; what they were is noted. Raises NotFound, Invalid, NameTaken and StillAtSupplier."""
    check(wanted)
    before = await locked(uow, supplier_id)
    if before.is_active and not wanted.is_active:
        await _refuse_waiting(uow, before.location_id)
    await _refuse_name(uow, supplier_id, wanted.name)
    await uow.run(
        """
        update suppliers set name = %(name)s, contact = %(contact)s, phone = %(phone)s, address = %(address)s,
                             settlement = %(settlement)s, is_active = %(is_active)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        **_fields(wanted),
        is_active=wanted.is_active,
        id=supplier_id,
    )
    after = await find(uow, supplier_id)
    if before.location_id is not None:
        await _rename_location(uow, after)
    elif wanted.has_location:
        await _make_location(uow, after)
    said = {"name", "contact", "phone", "address", "settlement", "is_active"}
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    changed = sorted(name for name in said if old[name] != new[name])
    if changed:
        await audit.note(
            uow,
            "suppliers.change",
            subject_kind="supplier",
            subject=supplier_id,
            name=before.name,
            before={name: old[name] for name in changed},
            after={name: new[name] for name in changed},
        )
    return await find(uow, supplier_id)


def check(wanted: NewSupplier | SupplierChange) -> None:
    """Raises Invalid naming the field."""
    for field, least, most, zh, en in LENGTHS:
        if not least <= len(getattr(wanted, field).strip()) <= most:
            raise Invalid(
                field=field,
                zh=f"{zh}需为 {least} 到 {most} 个字。",
                en=f"{en} has {least} to {most} characters.",
            )
    if wanted.has_location and not wanted.address.strip():
        raise Invalid(field="address", zh="代发供应商要填写发货地址。", en="Say where it sends from.")


def _fields(wanted: NewSupplier | SupplierChange) -> dict[str, str]:
    return {
        "name": wanted.name.strip(),
        "contact": wanted.contact.strip(),
        "phone": wanted.phone.strip(),
        "address": wanted.address.strip(),
        "settlement": wanted.settlement,
    }


async def locked(uow: UnitOfWork, supplier_id: UUID) -> Supplier:
    """The supplier, so that nobody else changes it or makes its statements until the end. Raises NotFound."""
    await uow.run(
        "select from suppliers where merchant_id = %(merchant_id)s and id = %(id)s for no key update",
        id=supplier_id,
    )
    return await find(uow, supplier_id)


async def _refuse_name(uow: UnitOfWork, supplier_id: UUID, name: str) -> None:
    holders = await uow.all(
        UUID,
        "select id from suppliers where merchant_id = %(merchant_id)s and name = %(name)s and id <> %(id)s",
        name=name.strip(),
        id=supplier_id,
    )
    if holders:
        raise NameTaken(field="name")


async def _make_location(uow: UnitOfWork, supplier: Supplier) -> None:
    made = await stores.add(
        uow,
        stores.NewStore(
            code=f"SUP-{supplier.id.hex[-8:].upper()}",
            name=supplier.name,
            address=supplier.address,
            phone=supplier.phone,
            kind="supplier",
            ships=True,
        ),
    )
    await uow.run(
        "update suppliers set location_id = %(location)s where merchant_id = %(merchant_id)s and id = %(id)s",
        location=made.id,
        id=supplier.id,
    )


async def _rename_location(uow: UnitOfWork, supplier: Supplier) -> None:
    await uow.run(
        """
        update stores set name = %(name)s, address = %(address)s, phone = %(phone)s, is_open = %(is_active)s
        where merchant_id = %(merchant_id)s and id = %(id)s and kind = 'supplier'
        """,
        id=supplier.location_id,
        name=supplier.name,
        address=supplier.address,
        phone=supplier.phone,
        is_active=supplier.is_active,
    )


async def _refuse_waiting(uow: UnitOfWork, location_id: UUID | None, sku_id: UUID | None = None) -> None:
    pieces = await uow.one(
        int,
        """
        select coalesce(sum(reserved), 0)::int from stock
        where merchant_id = %(merchant_id)s and location_id = %(location)s
          and (%(sku)s::uuid is null or sku_id = %(sku)s)
        """,
        location=location_id,
        sku=sku_id,
    )
    if pieces:
        raise StillAtSupplier(pieces=pieces)


class _Known(msgspec.Struct, frozen=True):
    supply_price: int
    code: str
    is_drop_shipped: bool


async def set_item(uow: UnitOfWork, supplier_id: UUID, wanted: WantedItem) -> None:
    """What a SKU costs here, and whether the supplier sends it to buyers; noted, and every price is kept.

    From now on orders put a drop-shipped SKU at the supplier's location. Raises NotFound, Invalid, OtherSupplier,
    and StillAtSupplier when drop-shipping ends while ordered pieces wait there.
    """
    supplier = await locked(uow, supplier_id)
    code = wanted.code.strip()
    _check_item(wanted, supplier, code)
    sku_code = await _sku_code(uow, wanted.sku_id)
    before = await uow.maybe(
        _Known,
        """
        select supply_price, code, is_drop_shipped from supplier_items
        where merchant_id = %(merchant_id)s and supplier_id = %(supplier)s and sku_id = %(sku)s
        """,
        supplier=supplier_id,
        sku=wanted.sku_id,
    )
    after = _Known(wanted.supply_price, code, wanted.is_drop_shipped)
    if before == after:
        return
    if wanted.is_drop_shipped:
        await _refuse_other(uow, supplier_id, wanted.sku_id)
    elif before is not None and before.is_drop_shipped:
        await _refuse_waiting(uow, supplier.location_id, wanted.sku_id)
    await _write_item(uow, supplier_id, wanted, code)
    if before is None or before.supply_price != wanted.supply_price:
        await _keep_price(uow, supplier_id, wanted)
    if wanted.is_drop_shipped or (before is not None and before.is_drop_shipped):
        await _supply_from(uow, wanted.sku_id, supplier.location_id if wanted.is_drop_shipped else None)
    await audit.note(
        uow,
        "suppliers.set_item",
        subject_kind="supplier",
        subject=supplier_id,
        name=f"{supplier.name} {sku_code}",
        before=_told(before) if before else None,
        after=_told(after),
    )


def _told(item: _Known) -> dict[str, object]:
    return {"price": item.supply_price, "is_drop_shipped": item.is_drop_shipped}


def _check_item(wanted: WantedItem, supplier: Supplier, code: str) -> None:
    if not 0 <= wanted.supply_price <= PRICE_MAX:
        raise Invalid(field="supply_price", zh="请填写供货价。", en="Enter the supply price.")
    if len(code) > CODE_LENGTH_MAX:
        raise Invalid(
            field="code",
            zh=f"供应商编码最多 {CODE_LENGTH_MAX} 个字。",
            en=f"The supplier's code has at most {CODE_LENGTH_MAX} characters.",
        )
    if wanted.is_drop_shipped and (supplier.location_id is None or not supplier.is_active):
        raise Invalid(
            field="is_drop_shipped",
            zh="请先为这个供应商开通代发。",
            en="Let this supplier send for us first.",
        )


async def _sku_code(uow: UnitOfWork, sku_id: UUID) -> str:
    found = await uow.maybe(
        str, "select code from skus where merchant_id = %(merchant_id)s and id = %(id)s for update", id=sku_id
    )
    if found is None:
        raise NotFound(what="商品 / product")
    return found


async def _refuse_other(uow: UnitOfWork, supplier_id: UUID, sku_id: UUID) -> None:
    """The SKU is locked, so whoever marks it next sees what we write."""
    other = await uow.maybe(
        str,
        """
        select s.name from supplier_items i
        join suppliers s on s.merchant_id = i.merchant_id and s.id = i.supplier_id
        where i.merchant_id = %(merchant_id)s and i.sku_id = %(sku)s and i.is_drop_shipped and i.supplier_id <> %(supplier)s
        """,
        sku=sku_id,
        supplier=supplier_id,
    )
    if other is not None:
        raise OtherSupplier(field="is_drop_shipped", supplier=other)


async def _write_item(uow: UnitOfWork, supplier_id: UUID, wanted: WantedItem, code: str) -> None:
    await uow.run(
        """
        insert into supplier_items (merchant_id, supplier_id, sku_id, supply_price, code, is_drop_shipped, updated_at)
        values (%(merchant_id)s, %(supplier)s, %(sku)s, %(price)s, %(code)s, %(drop)s, %(now)s)
        on conflict (merchant_id, supplier_id, sku_id)
        do update set supply_price = excluded.supply_price, code = excluded.code,
                      is_drop_shipped = excluded.is_drop_shipped, updated_at = excluded.updated_at
        """,
        supplier=supplier_id,
        sku=wanted.sku_id,
        price=wanted.supply_price,
        code=code,
        drop=wanted.is_drop_shipped,
    )


async def _keep_price(uow: UnitOfWork, supplier_id: UUID, wanted: WantedItem) -> None:
    await uow.run(
        """
        insert into supplier_prices (merchant_id, id, supplier_id, sku_id, price, since)
        values (%(merchant_id)s, %(id)s, %(supplier)s, %(sku)s, %(price)s, %(now)s)
        """,
        id=ids.new(),
        supplier=supplier_id,
        sku=wanted.sku_id,
        price=wanted.supply_price,
    )


async def _supply_from(uow: UnitOfWork, sku_id: UUID, location_id: UUID | None) -> None:
    await uow.run(
        "update skus set supply_location_id = %(location)s where merchant_id = %(merchant_id)s and id = %(sku)s",
        sku=sku_id,
        location=location_id,
    )
