"""Which merchant a URL speaks of. Merchants are few and rarely change, so each process remembers them briefly."""

import time

from siyu.kernel.errors import NotFound
from siyu.runtime.db import Database, Merchant, rows_of

REMEMBERED_SECONDS = 30.0

_FIND = "select id, slug, name, currency, timezone, licence_no from merchants"


class Directory:
    """Merchants by slug, read again after half a minute."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._known: dict[str, Merchant] = {}
        self._read_at = float("-inf")

    async def all(self) -> list[Merchant]:
        """Every merchant of this installation."""
        async with self.database.platform() as connection:
            cursor = connection.cursor(row_factory=rows_of(Merchant))
            await cursor.execute(_FIND + " order by slug")
            found = await cursor.fetchall()
        self._known = {merchant.slug: merchant for merchant in found}
        self._read_at = time.monotonic()
        return found

    async def find(self, slug: str) -> Merchant:
        """Raises NotFound for a slug that no merchant has."""
        if slug not in self._known or time.monotonic() - self._read_at > REMEMBERED_SECONDS:
            await self.all()
        if slug not in self._known:
            raise NotFound(what="店铺 / shop")
        return self._known[slug]
