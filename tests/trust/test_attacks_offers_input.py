"""Every page and route of offers and activities answers nonsense with a refusal, whoever sends it."""

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from litestar import Litestar

from architecture.app_routes import mounted
from trust.asking import Ask
from trust.premises import Premises
from trust.test_isolation import Caller, client_of

ROOMS = re.compile(
    r"/(offers?|coupons?|flash|groups?|bargains?|presales?|points|draws?|activities|checkout|cart|notices|quotes"
    r"|published-draws|bargain-offers|group-offers)\b"
)
ROUNDS = 5
STRANGE = [
    "",
    "0",
    "-1",
    "1.5",
    "9" * 30,
    "2147483648",
    "9223372036854775808",
    "\u0000",
    "x" * 3_000,
    "%",
    "a'b\"<c>",
    "2026-13-99",
    "2026-02-30T25:61",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "NaN",
    "١٢",
    "½",
    "1e9",
    "on",
    "null",
    "[]",
    "{}",
    "flash:x",
    "group:00000000-0000-0000-0000-000000000000",
    "a*1,b*-1",
]
QUERY = ("sku", "quantity", "lines", "claim", "after", "limit", "state", "kind", "month", "q", "export")
FIELDS = (
    "id", "name", "rule", "scope", "audience", "lines", "claim", "expected_total", "coupon_ids", "code", "points",
    "reason", "prizes", "starts_at", "ends_at", "budget", "uses_max", "per_person", "customer_id", "wishes", "to",
    "codes", "is_on", "per_yuan", "keep_years", "new_id", "rules", "delivery", "store_id", "address", "slot",
)  # fmt: skip
ACTORS = {"api": "key", "console": "owner", "shop": "shopper", "desk": "owner"}
JSONS: list[Any] = [
    None,
    0,
    -1,
    2**31,
    2**63,
    10**30,
    1.5,
    True,
    [],
    {},
    [[]],
    [None],
    {"kind": "x"},
    {"id": 1},
]


class Nonsense:
    """What to send; the same in every run."""

    def __init__(self, premises: Premises) -> None:
        self.chance = random.Random(20261123)
        self.premises = premises
        self.known = [value for value in premises.ids.values() if value]

    def value(self) -> str:
        return self.chance.choice([*STRANGE, str(uuid4()), self.chance.choice(self.known)])

    def json(self, depth: int = 0) -> Any:
        roll = self.chance.random()
        if roll < 0.4:
            return self.chance.choice(JSONS)
        if roll < 0.8 or depth > 2:
            return self.value()
        return {
            name: self.json(depth + 1) for name in ("id", "lines", "rule", "kind", "claim", "prizes", "name")
        }

    def path(self, path: str) -> str:
        def filled(found: re.Match[str]) -> str:
            name, kind = found.group(1), found.group(2)
            if name == "slug":
                return self.premises.merchant.slug
            if kind == "uuid":
                return self.chance.choice(
                    [self.premises.ids.get(name) or str(uuid4()), str(uuid4()), str(uuid4()), "x"]
                )
            return self.chance.choice(["1", "-1", "x", "%00", "9" * 20])

        return re.sub(r"\{(\w+):(\w+)\}", filled, path)


def routes(app: Litestar) -> list[tuple[str, str]]:
    return sorted(
        {(method, path) for (method, path), _ in mounted(app) if "{slug:str}" in path and ROOMS.search(path)}
    )


@dataclass
class Sender:
    """Sends nonsense and keeps what broke. Field names of forms are learnt from the pages of the same frame."""

    caller: Caller
    nonsense: Nonsense
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    broken: list[str] = field(default_factory=list)
    asked: int = 0

    async def send(self, method: str, path: str) -> None:
        frame, chance = path.split("/")[1], self.nonsense.chance
        query = {name: self.nonsense.value() for name in QUERY if chance.random() < 0.4}
        at = f"{self.nonsense.path(path)}?{httpx.QueryParams(query)}"
        form = body = None
        if method != "GET" and frame == "api":
            body = {name: self.nonsense.json() for name in FIELDS if chance.random() < 0.5}
        elif method != "GET":
            form = {
                name: self.nonsense.value() for name in sorted(self.names[frame]) if chance.random() < 0.7
            }
        asked = Ask(method, at, json=body, form=form, headers={"idempotency-key": str(uuid4())})
        answer = await self.caller.send(asked, ACTORS[frame], self.caller.premises.merchant.slug)
        self.asked += 1
        if method == "GET":
            self.names[frame] |= set(re.findall(r'name="([\w\[\].-]+)"', answer.text))
        if answer.status_code >= 500:
            self.broken.append(
                f"{method} {at[:300]} {form or body}: {answer.status_code} {answer.text[:300]}"
            )


async def test_nonsense_breaks_no_page_and_no_route_of_offers(app: Litestar, ours: Premises) -> None:
    async with client_of(app) as client:
        sender = Sender(Caller(client, ours), Nonsense(ours))
        for method, path in sorted(routes(app), key=lambda one: one[0] != "GET"):
            for _ in range(ROUNDS):
                await sender.send(method, path)

    assert sender.broken == []
    assert sender.asked >= 400
