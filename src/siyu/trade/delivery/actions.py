"""Setting up what is offered. Each change is one statement and leaves a note in the audit."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade.delivery.model import FreightTemplate, LocalRules, Settings
from siyu.trade.delivery.queries import local_of, settings_of, template, templates, used_by
from siyu.trade.delivery.rules import checked_local, checked_settings, checked_template

TEMPLATES_MAX = 100


class TemplateInUse(DomainError):
    """Products name the template; it was not removed."""

    code = "delivery.template_in_use"
    status = 409
    zh = "还有 {products} 种商品在用这个运费模板，请先给它们换一个。"
    en = "{products} products use this freight template; please give them another one first."


async def offer(uow: UnitOfWork, ways: tuple[str, ...], ship_hours: int = 48) -> Settings:
    """Say which ways are offered and within how many hours parcels leave. Raises Invalid."""
    settings = checked_settings(Settings(ways, ship_hours))
    before = await settings_of(uow)
    await uow.run(
        """
        insert into delivery_settings (merchant_id, ways, ship_hours, updated_at)
        values (%(merchant_id)s, %(ways)s, %(ship_hours)s, %(now)s)
        on conflict (merchant_id) do update
            set ways = excluded.ways, ship_hours = excluded.ship_hours, updated_at = excluded.updated_at
        """,
        ways=list(settings.ways),
        ship_hours=settings.ship_hours,
    )
    await audit.note(
        uow,
        "delivery.offer",
        subject_kind="delivery_settings",
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(settings),
    )
    return settings


async def keep_template(uow: UnitOfWork, wanted: FreightTemplate) -> FreightTemplate:
    """Write a template under an id the asker made; the first one is the default. Raises Invalid."""
    wanted = checked_template(wanted)
    known = await templates(uow)
    if any(one.name == wanted.name and one.id != wanted.id for one in known):
        raise Invalid(field="name", zh="已有同名的运费模板。", en="There is a template of this name already.")
    if len(known) >= TEMPLATES_MAX and all(one.id != wanted.id for one in known):
        raise Invalid(field="name", zh="最多 100 个运费模板。", en="At most 100 freight templates.")
    is_default = wanted.is_default or not any(one.is_default for one in known if one.id != wanted.id)
    if is_default:
        await _clear_default(uow, wanted.id)
    await uow.run(
        """
        insert into freight_templates (merchant_id, id, name, pricing, groups, is_default, created_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(pricing)s, %(groups)s::jsonb, %(is_default)s, %(now)s, %(now)s)
        on conflict (merchant_id, id) do update
            set name = excluded.name, pricing = excluded.pricing, groups = excluded.groups,
                is_default = excluded.is_default, updated_at = excluded.updated_at
        """,
        id=wanted.id,
        name=wanted.name,
        pricing=wanted.pricing,
        groups=msgspec.json.encode(wanted.groups).decode(),
        is_default=is_default,
    )
    before = next((one for one in known if one.id == wanted.id), None)
    kept = msgspec.structs.replace(wanted, is_default=is_default)
    await audit.note(
        uow,
        "delivery.keep_template",
        subject=wanted.id,
        subject_kind="freight_template",
        before=msgspec.to_builtins(before) if before else {},
        after=msgspec.to_builtins(kept),
    )
    return kept


async def _clear_default(uow: UnitOfWork, but: UUID) -> None:
    await uow.run(
        """
        update freight_templates set is_default = false
        where merchant_id = %(merchant_id)s and is_default and id <> %(but)s
        """,
        but=but,
    )


async def make_default(uow: UnitOfWork, template_id: UUID) -> None:
    """Price by this template whatever names none. Raises NotFound."""
    found = await template(uow, template_id)
    await keep_template(uow, msgspec.structs.replace(found, is_default=True))


async def remove_template(uow: UnitOfWork, template_id: UUID) -> None:
    """Forget a template nobody uses. Raises NotFound, TemplateInUse, and Invalid for the default of several."""
    found = await template(uow, template_id)
    products = await used_by(uow, template_id)
    if products:
        raise TemplateInUse(products=products)
    if found.is_default and len(await templates(uow)) > 1:
        raise Invalid(
            field="is_default", zh="请先把另一个模板设为默认。", en="Make another template the default first."
        )
    await uow.run(
        "delete from freight_templates where merchant_id = %(merchant_id)s and id = %(id)s", id=template_id
    )
    await audit.note(
        uow,
        "delivery.remove_template",
        subject=template_id,
        subject_kind="freight_template",
        before=msgspec.to_builtins(found),
    )


async def set_local(uow: UnitOfWork, store_id: UUID, rules: LocalRules, *, is_on: bool) -> None:
    """Set up a store's local delivery. Places that are booked stay booked. Raises Invalid and NotFound."""
    rules = checked_local(rules)
    before = await local_of(uow, store_id)
    written = await uow.run(
        """
        insert into local_delivery (merchant_id, store_id, is_on, rules, updated_at)
        select %(merchant_id)s, s.id, %(is_on)s, %(rules)s::jsonb, %(now)s
        from stores s where s.merchant_id = %(merchant_id)s and s.id = %(store)s
        on conflict (merchant_id, store_id) do update
            set is_on = excluded.is_on, rules = excluded.rules, updated_at = excluded.updated_at
        """,
        store=store_id,
        is_on=is_on,
        rules=msgspec.json.encode(rules).decode(),
    )
    if not written:
        raise NotFound(what="门店 / store")
    await audit.note(
        uow,
        "delivery.set_local",
        subject=store_id,
        subject_kind="store",
        before=msgspec.to_builtins(before) if before else {},
        after={"is_on": is_on, "rules": msgspec.to_builtins(rules)},
    )
