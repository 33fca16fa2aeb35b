"""Every operation of the OpenAPI, asked by Schemathesis what its schema allows and much that it does not.

Two askers with every permission, a shopper and an integration; ids are made up half of the time and real the other
half, so that the questions get past the door. Whatever is asked, the house never fails by itself.
"""

import asyncio
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis.core import NotSet

from trust.standing import Standing, standing_shop

EXAMPLES = 12
SEED = 20261122

pytestmark = [pytest.mark.xdist_group("fuzz"), pytest.mark.timeout(600)]


async def test_no_operation_fails_by_itself_whatever_it_is_asked() -> None:
    # Not pytest's folder: as root the embedded server runs as another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="siyu-fuzz-"))
    folder.chmod(0o755)
    try:
        async with standing_shop(folder) as standing:
            if standing.process is None:
                await standing.start()
            known = await _known_ids(standing)
            schema = (await standing.http.get("/api/docs/openapi.json")).json()
            asked, failures = await asyncio.to_thread(_fuzz, standing, schema, known)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    assert failures == {}
    assert asked > EXAMPLES * len(schema["paths"]), "every operation was asked"


async def _known_ids(standing: Standing) -> list[str]:
    """Orders in several states, products, stores: what the paths may speak of."""
    orders = [await standing.placed(), await standing.paid()]
    picked = await standing.paid()
    code = (await standing.order(picked))["pickup_code"]
    await standing.hand_over(picked, code)
    shop = standing.shop
    return [str(one) for one in (*orders, picked, shop.store_id, shop.apple, shop.milk)]


def _fuzz(standing: Standing, schema: dict[str, Any], known: list[str]) -> tuple[int, dict[str, str]]:
    """How many questions were asked, and for each operation that failed by itself its worst answer."""
    api = schemathesis.openapi.from_dict(schema)
    chance = random.Random(SEED)
    failures: dict[str, str] = {}
    asked = 0
    with httpx.Client(base_url=standing.settings.base_url, timeout=20) as http:
        for found in api.get_all_operations():
            operation = found.ok()

            @seeded(SEED)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                request = _request(standing, case, known, chance)
                answer = http.send(http.build_request(**request))
                if answer.status_code >= 500:
                    name = f"{case.method} {case.operation.path}"
                    failures[name] = f"{answer.status_code} {answer.text[:300]} ← {request!r:.600}"

            ask()
    return asked, failures


def _request(standing: Standing, case: Any, known: list[str], chance: random.Random) -> dict[str, Any]:
    path = case.operation.path
    for name, value in (case.path_parameters or {}).items():
        told = str(value)
        if name == "slug":
            told = standing.shop.merchant.slug
        elif name.endswith("_id"):
            told = chance.choice([*known, *known, str(uuid4()), told])
        path = path.replace("{" + name + "}", quote(told, safe=""))
    token = chance.choice([standing.shopper, standing.key, standing.key])
    # What cannot stand in a header at all never reaches a server.
    headers = {
        name.lower(): value
        for name, value in (case.headers or {}).items()
        if value == value.strip() and value.isascii() and value.isprintable()
    }
    headers["authorization"] = f"Bearer {token}"
    body = case.body if not isinstance(case.body, NotSet) else None
    request: dict[str, Any] = {
        "method": case.method,
        "url": path,
        "params": {name: str(value) for name, value in (case.query or {}).items()},
        "headers": headers,
    }
    if isinstance(body, bytes | str):
        request["content"] = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    elif body is not None:
        request["json"] = body
    return request
