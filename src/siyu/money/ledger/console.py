"""The books on the console: accounts, what moved them, and the proof that they balance."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from siyu import web
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.money.ledger import queries, words
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.LEDGER_READ}
ENTRIES_SHOWN = 200


@get("/console/{slug:str}/ledger", opt=READ)
async def account_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Accounts with their balances, and the trial balance."""
    accounts = await queries.accounts(uow)
    return web.page(
        request,
        "ledger/console_accounts.html",
        merchant=merchant,
        own=[account for account in accounts if not account.code.startswith("promoter:")],
        promoters=[account for account in accounts if account.code.startswith("promoter:")],
        proof=await queries.trial_balance(uow),
        checked_at=uow.now,
        words=words,
    )


@get("/console/{slug:str}/ledger/{code:str}", opt=READ)
async def account_page(
    request: Request[Any, Any, Any], code: FromPath[str], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The newest transfers of one account."""
    found = await queries.accounts(uow, [code])
    if not found:
        raise NotFound(what="账户 / account")
    return web.page(
        request,
        "ledger/console_account.html",
        merchant=merchant,
        account=found[0],
        entries=await queries.account_entries(uow, code, limit=ENTRIES_SHOWN),
        entries_max=ENTRIES_SHOWN,
        words=words,
    )


routes = [account_list, account_page]
