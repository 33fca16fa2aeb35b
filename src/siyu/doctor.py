"""Is the house sound? The proofs that a merchant (or a worried engineer) can ask for at any time."""

import asyncio

from rich.console import Console
from rich.table import Table

from siyu.app import CONSUMERS
from siyu.goods import inventory, offers
from siyu.growth import oversight
from siyu.money import ledger
from siyu.people import points
from siyu.runtime import embedded, worker
from siyu.runtime.db import Database, UnitOfWork
from siyu.runtime.migrate import migrate
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings
from siyu.trade import flashsales, groupbuys, orders


async def proofs(uow: UnitOfWork) -> dict[str, int]:
    """What is wrong with a merchant's books, stock and facts: counts that should all be zero."""
    balance = await ledger.trial_balance(uow)
    undigested = [await worker.pending(uow, consumer) for consumer in CONSUMERS]
    return {
        "ledger": 0 if balance.is_sound else 1,
        "chain of evidence": len(await oversight.evidence_wrong(uow)),
        "stock vs moves": len(await inventory.differences(uow)),
        "stock vs orders": len(await orders.stock_promised_wrongly(uow)),
        "pieces put aside vs flash sales": len(await flashsales.flash_proofs(uow)),
        "members vs places of groups": len(await groupbuys.wrong_groups(uow)),
        "offer counters vs uses": len(await offers.wrong_counters(uow)),
        "points vs movements": len(await points.wrong_accounts(uow)),
        "facts waiting": sum(undigested),
        "cursors of another cluster": await worker.cursors_of_another_cluster(uow),
        "dead letters": await worker.dead_letters_open(uow),
    }


def examine(settings: Settings, console: Console) -> int:
    """Print the proofs of every merchant; 1 when something is wrong, else 0."""

    async def run() -> int:
        url = settings.database_url or embedded.start(settings)
        await migrate(url)
        database = Database(url, 2)
        await database.open()
        wrong = 0
        try:
            table = Table("merchant", "proof", "wrong", title="proofs")
            for merchant in await Directory(database).all():
                async with database.begin(merchant) as uow:
                    for name, count in (await proofs(uow)).items():
                        # Facts that wait are work in progress, not a fault.
                        wrong += count if name != "facts waiting" else 0
                        table.add_row(merchant.slug, name, str(count))
            console.print(table)
        finally:
            await database.close()
        return 1 if wrong else 0

    return asyncio.run(run())
