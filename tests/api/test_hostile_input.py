"""The API answers every kind of nonsense with a refusal, never with a failure of its own."""

import json
import random
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from siyu.app import create_app, open_house
from siyu.kernel.permissions import STAFF
from siyu.runtime import embedded, sessions
from siyu.runtime.db import Database, Merchant
from siyu.serve import with_sandbox
from siyu.settings import Settings

ROUNDS = 12
STRANGE = [
    "",
    None,
    0,
    -1,
    2**31,
    2**63,
    10**30,
    "\u0000",
    "x" * 5_000,
    [],
    {},
    "2026-13-99",
    1.5,
    True,
    "%",
    "\ud83d",
]


class Nonsense:
    """Bodies that follow a JSON schema mostly, and break it often."""

    def __init__(self, schemas: dict[str, Any], chance: random.Random) -> None:
        self.schemas = schemas
        self.chance = chance

    def value(self, schema: dict[str, Any]) -> Any:
        if self.chance.random() < 0.2:
            return self.chance.choice([*STRANGE, str(uuid4())])
        if "$ref" in schema:
            return self.value(self.schemas[schema["$ref"].rsplit("/", 1)[-1]])
        if "oneOf" in schema:
            return self.value(self.chance.choice(schema["oneOf"]))
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kind = schema.get("type")
        match kind[0] if isinstance(kind, list) else kind:
            case "object":
                return {name: self.value(inner) for name, inner in schema.get("properties", {}).items()}
            case "array":
                return [self.value(schema.get("items") or {}) for _ in range(self.chance.randint(0, 2))]
            case "integer":
                return self.chance.choice([0, 1, 7, -1, 2**31, 2**63])
            case "boolean":
                return self.chance.choice([True, False])
        return self.chance.choice([str(uuid4()), "x", "2026-01-01", "", "\u0000", "a%b"])


@pytest.fixture
async def app(settings: Settings, database_url: str):
    embedded.start(settings)
    async with open_house(with_sandbox(settings)) as house:
        yield create_app(house)


async def test_nonsense_is_refused_and_never_breaks_the_server(
    app: Any, database: Database, merchant: Merchant
) -> None:
    async with database.begin(merchant) as uow:
        key = await sessions.make_key(uow, "fuzz", frozenset(STAFF))
    headers = {"authorization": f"Bearer {key.secret}", "idempotency-key": "same"}
    chance = random.Random(20261122)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    broken: list[str] = []
    asked = 0
    async with httpx.AsyncClient(transport=transport, base_url="http://siyu.test", headers=headers) as client:
        spec = (await client.get("/api/docs/openapi.json")).json()
        nonsense = Nonsense(spec["components"]["schemas"], chance)
        for path, operations in spec["paths"].items():
            for method, operation in operations.items():
                for _ in range(ROUNDS):
                    answer = await _ask(client, nonsense, merchant.slug, path, method, operation)
                    asked += 1
                    if answer.status_code >= 500 and answer.json().get("code") != "busy":
                        broken.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")

    assert broken == []
    assert asked >= 300


async def _ask(
    client: httpx.AsyncClient,
    nonsense: Nonsense,
    slug: str,
    path: str,
    method: str,
    operation: dict[str, Any],
) -> httpx.Response:
    chance = nonsense.chance
    path = path.replace("{slug}", slug)
    path = re.sub(r"\{\w+\}", lambda _: chance.choice([str(uuid4()), "x", "%00", "a%2Fb"]), path)
    query = {
        p["name"]: chance.choice(
            ["1", "-1", str(uuid4()), "\u0000", "9" * 30, "x", f"2026-01-01~{uuid4()}", "true"]
        )
        for p in operation.get("parameters", [])
        if p["in"] == "query" and chance.random() < 0.7
    }
    content, headers = None, {}
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        if "json" in kind:
            content, headers = json.dumps(nonsense.value(body["schema"])), {"content-type": kind}
    return await client.request(method.upper(), path, params=query, content=content, headers=headers)
