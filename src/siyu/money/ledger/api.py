"""JSON: the books."""

from litestar import get
from litestar.params import FromPath, FromQuery

from siyu.kernel.paging import bounded
from siyu.kernel.permissions import Permission
from siyu.money.ledger import queries
from siyu.money.ledger.model import Account, Entry, TrialBalance
from siyu.runtime.edge import InUow

TAGS = ["Ledger 账本"]


@get("/api/v1/{slug:str}/ledger/accounts", opt={"permission": Permission.LEDGER_READ}, tags=TAGS)
async def list_accounts(uow: InUow) -> list[Account]:
    """Every account with what was posted and what is pending, in minor units."""
    return await queries.accounts(uow)


@get(
    "/api/v1/{slug:str}/ledger/accounts/{code:str}/entries",
    opt={"permission": Permission.LEDGER_READ},
    tags=TAGS,
)
async def list_entries(code: FromPath[str], uow: InUow, limit: FromQuery[int] = 100) -> list[Entry]:
    """The newest transfers of an account."""
    return await queries.account_entries(uow, code, bounded(limit))


@get("/api/v1/{slug:str}/ledger/trial-balance", opt={"permission": Permission.LEDGER_READ}, tags=TAGS)
async def read_trial_balance(uow: InUow) -> TrialBalance:
    """Proof that the books balance: debits, credits and transfers are equal and no account is wrong."""
    return await queries.trial_balance(uow)


routes = [list_accounts, list_entries, read_trial_balance]
