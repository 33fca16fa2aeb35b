"""Statements: what we owe a supplier for a period, checked by a person, then paid."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import Page, bounded
from siyu.money import ledger
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade.suppliers import periods
from siyu.trade.suppliers.keeping import locked
from siyu.trade.suppliers.model import (
    SETTLE_AFTER,
    NotOverYet,
    Statement,
    StatementState,
    Supplier,
    WrongStatementState,
)
from siyu.trade.suppliers.owing import account_of
from siyu.trade.suppliers.queries import sums

STATES: dict[str, tuple[str, str]] = {
    "draft": ("待核对", "a draft"),
    "confirmed": ("待付款", "confirmed"),
    "paid": ("已付清", "paid"),
}
BANK = "gateway:offline"
REFERENCE_MAX = 80


class Period(msgspec.Struct, frozen=True):
    """The days that no statement covers yet, up to the end of the period; both ends included."""

    starts_on: date
    ends_on: date
    since: datetime
    until: datetime


async def open_period(uow: UnitOfWork, supplier: Supplier) -> Period:
    """The period that the next statement will be for."""
    zone = uow.merchant.timezone
    ended_on = await uow.one(
        date | None,  # type: ignore[arg-type]
        """
        select max(ends_on) from supplier_statements
        where merchant_id = %(merchant_id)s and supplier_id = %(supplier)s
        """,
        supplier=supplier.id,
    )
    joined_on = supplier.created_at.astimezone(ZoneInfo(zone)).date()
    starts_on, ends_on = periods.next_period(supplier.settlement, ended_on, joined_on)
    return Period(
        starts_on, ends_on, periods.begins(starts_on, zone), periods.begins(ends_on + periods.DAY, zone)
    )


async def make_statement(uow: UnitOfWork, supplier_id: UUID) -> Statement:
    """A draft for the oldest period without one. Statements of a supplier follow each other without a gap.

    Raises NotFound, and NotOverYet until the period is over.
    """
    supplier = await locked(uow, supplier_id)
    period = await open_period(uow, supplier)
    if uow.now < period.until:
        raise NotOverYet(ends_on=period.ends_on.isoformat())
    statement_id = ids.derived("supplier statement", supplier_id, period.starts_on)
    await uow.run(
        """
        insert into supplier_statements (merchant_id, id, number, supplier_id, starts_on, ends_on, since, until, state,
                                         created_at)
        values (%(merchant_id)s, %(id)s, %(number)s, %(supplier)s, %(starts_on)s, %(ends_on)s, %(since)s, %(until)s,
                'draft', %(now)s)
        on conflict do nothing
        """,
        id=statement_id,
        number=f"JS{period.ends_on:%y%m%d}-{statement_id.hex[-6:].upper()}",
        supplier=supplier_id,
        **msgspec.structs.asdict(period),
    )
    return await find_statement(uow, statement_id)


async def confirm(uow: UnitOfWork, statement_id: UUID) -> Statement:
    """Both agree on it: the total is fixed. A second time changes nothing. Raises NotFound and NotOverYet."""
    found = await _locked(uow, statement_id)
    if found.state != "draft":
        return found
    if uow.now < found.until + SETTLE_AFTER:
        raise NotOverYet(ends_on=found.ends_on.isoformat())
    total = (await sums(uow, found.supplier_id, found.since, found.until)).total
    await uow.run(
        """
        update supplier_statements set state = 'confirmed', total = %(total)s, confirmed_at = %(now)s,
                                       confirmed_by = %(by)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=statement_id,
        total=total,
        by=uow.actor.name,
    )
    await _note(uow, "suppliers.confirm", found, {"total": total, "state": "confirmed"})
    return await find_statement(uow, statement_id)


async def pay(uow: UnitOfWork, statement_id: UUID, reference: str) -> Statement:
    """The bank moved the money, as `reference` proves. A second time changes nothing.

    Raises NotFound, WrongStatementState for a draft, and Invalid without a reference.
    """
    reference = reference.strip()
    if not 1 <= len(reference) <= REFERENCE_MAX:
        raise Invalid(
            field="reference",
            zh="请填写付款凭据（80 字以内）。",
            en="Give a reference of at most 80 characters.",
        )
    found = await _locked(uow, statement_id)
    if found.state == "paid":
        return found
    if found.state != "confirmed" or found.total is None:
        zh, en = STATES[found.state]
        raise WrongStatementState(state_zh=zh, state=en)
    await _move_money(uow, found, found.total, reference)
    await uow.run(
        """
        update supplier_statements set state = 'paid', reference = %(reference)s, paid_at = %(now)s, paid_by = %(by)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=statement_id,
        reference=reference,
        by=uow.actor.name,
    )
    await _note(uow, "suppliers.pay", found, {"state": "paid", "reference": reference})
    return await find_statement(uow, statement_id)


async def _move_money(uow: UnitOfWork, found: Statement, total: int, reference: str) -> None:
    """From our bank to the supplier, or back when more came back than was sent."""
    if total == 0:
        return
    code = account_of(found.supplier_id)
    accounts = await ledger.open_accounts(uow, {code: "credit", BANK: "debit"})
    debit, credit = (accounts[code], accounts[BANK]) if total > 0 else (accounts[BANK], accounts[code])
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("supplier paid", found.id),
                debit=debit,
                credit=credit,
                amount=abs(total),
                reason="supply_paid",
                subject_id=found.id,
                note=reference,
            )
        ],
    )


async def _note(uow: UnitOfWork, action: str, found: Statement, after: dict[str, object]) -> None:
    before = {name: getattr(found, name) for name in after}
    await audit.note(
        uow,
        action,
        subject_kind="statement",
        subject=found.id,
        name=f"{found.supplier_name} {found.number}",
        before=before,
        after=after,
    )


async def _locked(uow: UnitOfWork, statement_id: UUID) -> Statement:
    await uow.run(
        "select from supplier_statements where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=statement_id,
    )
    return await find_statement(uow, statement_id)


async def find_statement(uow: UnitOfWork, statement_id: UUID) -> Statement:
    """Raises NotFound."""
    found = await uow.maybe(
        Statement,
        """
        select t.id, t.number, t.supplier_id, s.name as supplier_name, t.starts_on, t.ends_on, t.since, t.until, t.state,
               t.total, t.reference, t.created_at, t.confirmed_by, t.confirmed_at, t.paid_by, t.paid_at
        from supplier_statements t join suppliers s on s.merchant_id = t.merchant_id and s.id = t.supplier_id
        where t.merchant_id = %(merchant_id)s and t.id = %(id)s
        """,
        id=statement_id,
    )
    if found is None:
        raise NotFound(what="结算单 / statement")
    return found


class Listed(Statement, frozen=True):
    """A statement in a list; `live` is what its period brought up to now."""

    live: int


async def statements(
    uow: UnitOfWork,
    *,
    supplier_id: UUID | None = None,
    state: StatementState | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int = 50,
) -> Page[Listed]:
    """Statements, the latest period first. The cursor is (ends_on, id)."""
    limit = bounded(limit)
    ends_on, last_id = after or (None, None)
    found = await uow.all(
        Listed,
        """
        select t.id, t.number, t.supplier_id, s.name as supplier_name, t.starts_on, t.ends_on, t.since, t.until, t.state,
               t.total, t.reference, t.created_at, t.confirmed_by, t.confirmed_at, t.paid_by, t.paid_at,
               coalesce(t.total, (select sum(e.amount) from supplier_entries e
                                  where e.merchant_id = t.merchant_id and e.supplier_id = t.supplier_id
                                    and e.at >= t.since and e.at < t.until), 0)::bigint as live
        from supplier_statements t join suppliers s on s.merchant_id = t.merchant_id and s.id = t.supplier_id
        where t.merchant_id = %(merchant_id)s
          and (%(supplier)s::uuid is null or t.supplier_id = %(supplier)s)
          and (%(state)s::text is null or t.state = %(state)s)
          and (%(ends_on)s::date is null or (t.ends_on, t.id) < (%(ends_on)s, %(last_id)s::uuid))
        order by t.ends_on desc, t.id desc limit %(limit)s
        """,
        supplier=supplier_id,
        state=state,
        ends_on=ends_on,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.ends_on.isoformat()}~{last.id}" if last else None)


def after_day(cursor: str | None) -> tuple[date, UUID] | None:
    """A cursor of the statements. One that cannot be read starts at the top."""
    day, _, last_id = (cursor or "").partition("~")
    try:
        return date.fromisoformat(day), UUID(last_id)
    except ValueError:
        return None
