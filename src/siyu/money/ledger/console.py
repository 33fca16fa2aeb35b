"""The books on the console: accounts, what moved them, how they stood at an instant, and the proof that they balance."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.money.ledger import proving, queries, reading, words
from siyu.money.ledger.model import Account, Running
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.LEDGER_READ}
SIDES = {"debit": web.mark("借"), "credit": web.mark("贷")}
ACCOUNT_HEAD = (web.mark("账户"), web.mark("代码"), web.mark("方向"), web.mark("借方合计"), web.mark("贷方合计"), web.mark("余额"), web.mark("暂挂"))  # fmt: skip
VOUCHER_HEAD = (web.mark("日期"), web.mark("凭证号"), web.mark("摘要"), web.mark("科目"), web.mark("科目代码"), web.mark("借方"), web.mark("贷方"))  # fmt: skip
HOLDS_SHOWN = 200
PROOFS_SHOWN = 14
EXPORT_DAYS_MAX = 366


class _Group(msgspec.Struct, frozen=True):
    word: str
    accounts: list[Account]


@get("/console/{slug:str}/ledger", opt=READ)
async def account_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, export: FromQuery[str] = ""
) -> Response[Any]:
    """Accounts by kind with their balances, whether debits equal credits, and the proofs of the last days."""
    accounts = await queries.accounts(uow)
    if export:
        return await _account_sheet(request, accounts, export)
    own = [account for account in accounts if not account.code.startswith("promoter:")]
    headings = [*(word for word, _ in words.GROUPS), words.OTHERS]
    groups = [_Group(word, [a for a in own if words.group_of(a.code) == word]) for word in headings]
    return web.page(
        request,
        "ledger/console_accounts.html",
        merchant=merchant,
        groups=[group for group in groups if group.accounts],
        promoters=[account for account in accounts if account.code.startswith("promoter:")],
        sums=await reading.sums(uow),
        proofs=await proving.proofs(uow, PROOFS_SHOWN),
        since=(uow.now.astimezone(ZoneInfo(merchant.timezone)).date() - timedelta(days=30)).isoformat(),
        today=uow.now.astimezone(ZoneInfo(merchant.timezone)).date().isoformat(),
        checked_at=uow.now,
        words=words,
    )


async def _account_sheet(
    request: Request[Any, Any, Any], accounts: Sequence[Account], kind: str
) -> Response[Any]:
    language = web.language_of(request)
    rows = [
        (
            web.translate(language, words.account_word(account.code)),
            account.code,
            web.translate(language, SIDES[account.side]),
            web.Amount(account.debits_posted),
            web.Amount(account.credits_posted),
            web.Amount(account.balance),
            web.Amount(account.pending),
        )
        for account in accounts
    ]
    return await web.sheet(
        request,
        web.translate(language, "账户"),
        [web.translate(language, word) for word in ACCOUNT_HEAD],
        rows,
        kind,
    )


@get("/console/{slug:str}/ledger/balance", opt=READ)
async def balance_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, at: FromQuery[str] = ""
) -> Response[Any]:
    """Every account as it stood at an instant (the merchant's local time), and whether debits equal credits."""
    moment = _moment(at, merchant, uow.now)
    found = await reading.stands(uow, moment)
    return web.page(
        request,
        "ledger/console_balance.html",
        merchant=merchant,
        stands=found,
        moment=moment,
        asked=moment.astimezone(ZoneInfo(merchant.timezone)).strftime("%Y-%m-%dT%H:%M"),
        debits=sum(stand.debits_posted for stand in found),
        credits=sum(stand.credits_posted for stand in found),
        words=words,
    )


@get("/console/{slug:str}/ledger/holds", opt=READ)
async def hold_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """What is promised and not yet final, the oldest first."""
    found = await reading.open_holds(uow, HOLDS_SHOWN)
    return web.page(
        request,
        "ledger/console_holds.html",
        merchant=merchant,
        holds=found,
        holds_max=HOLDS_SHOWN,
        words=words,
    )


@get("/console/{slug:str}/ledger/vouchers", opt=READ)
async def voucher_list(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    after: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Final transfers as vouchers (date, summary, account, debit, credit) of whole days; `until` is included."""
    zone = ZoneInfo(merchant.timezone)
    today = uow.now.astimezone(zone).date()
    first = _day(since, "since", today - timedelta(days=30))
    last = _day(until, "until", today)
    if not timedelta(0) <= last - first <= timedelta(days=EXPORT_DAYS_MAX):
        raise Invalid(
            field="until", zh="请选择不超过一年的起止日期。", en="Choose at most a year, first day first."
        )
    begin = datetime(first.year, first.month, first.day, tzinfo=zone)
    end = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    if export:
        language = web.language_of(request)
        head = [web.translate(language, word) for word in VOUCHER_HEAD]
        rows = _voucher_rows(uow, begin, end, language)
        name = f"{web.translate(language, '凭证')}-{first}-{last}"
        return await web.sheet(request, name, head, rows, export)
    page = await reading.vouchers(uow, begin, end, after=after_moment(after))
    return web.page(
        request,
        "ledger/console_vouchers.html",
        merchant=merchant,
        page=page,
        since=first.isoformat(),
        until=last.isoformat(),
        after=after,
        words=words,
    )


async def _voucher_rows(
    uow: UnitOfWork, begin: datetime, end: datetime, language: str
) -> AsyncIterator[tuple[Any, ...]]:
    """Two lines for each transfer: the debit first."""

    async def read(cursor: str | None) -> Any:
        return await reading.vouchers(uow, begin, end, after=after_moment(cursor))

    async for entry in web.every_page(read):
        summary = web.translate(language, words.reason_word(entry.reason))
        summary = f"{summary} {entry.note}".strip()
        number = entry.id.hex[-12:]
        for code, debit, credit in (
            (entry.debit_code, web.Amount(entry.amount), None),
            (entry.credit_code, None, web.Amount(entry.amount)),
        ):
            word = web.translate(language, words.account_word(code))
            yield (entry.at, number, summary, word, code, debit, credit)


@get("/console/{slug:str}/ledger/{code:str}", opt=READ)
async def account_page(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
    after: FromQuery[str] = "",
) -> Response[Any]:
    """The transfers of one account, newest first, with the balance after each."""
    found = await queries.accounts(uow, [code])
    if not found:
        raise NotFound(what="账户 / account")
    page = await reading.entries(uow, found[0], after=after_moment(after))
    return web.page(
        request,
        "ledger/console_account.html",
        merchant=merchant,
        account=found[0],
        page=page,
        after=after,
        course=_course(page.items, merchant),
        words=words,
    )


def _course(shown: Sequence[Running], merchant: Merchant) -> list[tuple[str, int]]:
    """The balance after the last transfer of each day on this page, oldest day first."""
    zone = ZoneInfo(merchant.timezone)
    days: dict[str, int] = {}
    for running in shown:  # newest first: the first of a day is its last
        days.setdefault(running.entry.at.astimezone(zone).strftime("%m-%d"), running.balance)
    return list(reversed(days.items()))


def _moment(told: str, merchant: Merchant, now: datetime) -> datetime:
    """`2026-11-23T08:30` in the merchant's time, never later than now. Raises Invalid."""
    if not told:
        return now
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise Invalid(field="at", zh="请填写日期和时间。", en="Give a day and a time.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(merchant.timezone))
    return min(moment, now)


def _day(told: str, field: str, default: date) -> date:
    if not told:
        return default
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise Invalid(field=field, zh="请填写日期。", en="Give a day.") from None


routes = [account_list, balance_page, hold_list, voucher_list, account_page]
