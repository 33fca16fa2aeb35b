"""What strangers read of offers: no draft, nobody's name, phone or order, no seed before the end."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from litestar import Litestar

from architecture.app_routes import mounted
from siyu.goods import offers
from siyu.growth import draws
from siyu.kernel import clock, ids
from siyu.runtime.db import Database
from trust.asking import Ask
from trust.premises import Premises
from trust.test_attacks_offers_forms import a_draw, rules
from trust.test_attacks_offers_input import routes
from trust.test_isolation import Caller, client_of

SECRET = "还没公布的秘密活动"


async def drafted(database: Database, ours: Premises) -> list[UUID]:
    """A draft of every kind of offer, and of a draw."""
    made: list[UUID] = []
    async with database.begin(ours.merchant) as uow:
        times = (clock.now() - timedelta(hours=1), clock.now() + timedelta(days=2))
        for rule in rules(ours):
            made.append(ids.new())
            await offers.save(
                uow, made[-1], offers.OfferForm(SECRET, rule, starts_at=times[0], ends_at=times[1])
            )
        made.append(ids.new())
        await draws.save(uow, made[-1], draws.Rules(**{**as_dict(a_draw()), "name": SECRET}))
    return made


def as_dict(one: draws.Rules) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


@pytest.mark.parametrize("actor", ["visitor", "shopper"])
async def test_a_draft_is_shown_to_nobody_by_any_address_in_the_shop(
    app: Litestar, database: Database, ours: Premises, actor: str
) -> None:
    made = await drafted(database, ours)
    slug = ours.merchant.slug
    leaks: list[str] = []
    looked = 0
    asked = [path for method, path in routes(app) if method == "GET" and path.startswith(("/shop/", "/api/"))]
    public = {path for (_, path), handler in mounted(app) if handler.opt.get("public") or handler.opt.get("permission") == "shopper"}  # fmt: skip
    async with client_of(app) as client:
        caller = Caller(client, ours)
        for path in asked:
            if path not in public:
                continue
            takes_id = re.findall(r"\{(\w+):uuid\}", path)
            for offer_id in made if takes_id else made[:1]:
                at = re.sub(r"\{\w+:uuid\}", str(offer_id), path.replace("{slug:str}", slug))
                answer = await caller.send(Ask("GET", at), actor, slug)
                looked += 1
                if SECRET in answer.text or answer.status_code >= 500:
                    leaks.append(f"{at} ({answer.status_code})")
        for kind in ("flash", "group", "bargain", "presale", "points"):
            for offer_id in made:
                body = {"lines": [{"sku_id": ours.ids["sku_id"], "quantity": 1}], "claim": {"kind": kind, "id": str(offer_id)}}  # fmt: skip
                answer = await caller.send(
                    Ask("POST", f"/api/v1/{slug}/checkout/quote", json=body), actor, slug
                )
                looked += 1
                if SECRET in answer.text or answer.status_code < 400:
                    leaks.append(f"{kind}:{offer_id} {answer.status_code} {answer.text[:200]}")

    assert leaks == []
    assert looked > 100


async def test_strangers_read_no_name_no_phone_and_no_order_of_who_takes_part(
    app: Litestar, database: Database, ours: Premises
) -> None:
    slug, known = ours.merchant.slug, ours.ids
    async with database.begin(ours.merchant) as uow:
        private = await uow.all(
            str,
            """
            select nickname from customers where merchant_id = %(merchant_id)s and nickname <> ''
            union select value from identities where merchant_id = %(merchant_id)s
            union select id::text from customers where merchant_id = %(merchant_id)s
            union select order_id::text from group_seats where merchant_id = %(merchant_id)s
            union select order_id::text from bargains where merchant_id = %(merchant_id)s and order_id is not null
            union select encode(seed, 'hex') from draws where merchant_id = %(merchant_id)s and seed is not null
            """,
        )
        await uow.run(
            """
            update customers set nickname = '欧阳真名某某' || right(id::text, 4)
            where merchant_id = %(merchant_id)s
            """
        )
    private = [one for one in private if len(one) > 3] + ["欧阳真名"]
    asked = [
        f"/api/v1/{slug}/bargains/{known['bargain_id']}",
        f"/shop/{slug}/bargain/{known['bargain_id']}",
        f"/api/v1/{slug}/draws/{known['draw_id']}",
        f"/api/v1/{slug}/draws/{known['draw_id']}/log",
        f"/shop/{slug}/draws/{known['draw_id']}",
        f"/shop/{slug}/draws/{known['draw_id']}/proof",
        f"/shop/{slug}/draws/{known['draw_id']}/log",
        f"/api/v1/{slug}/published-draws",
        f"/shop/{slug}/activities",
    ]
    if "group_id" in known:
        asked += [
            f"/api/v1/{slug}/groups/{known['group_id']}",
            f"/shop/{slug}/groups/{known['group_id']}",
            f"/shop/{slug}/group/{known['group_id']}",
        ]
    leaks: list[str] = []
    seen = 0
    async with client_of(app) as client:
        caller = Caller(client, ours)
        for path in asked:
            answer = await caller.send(Ask("GET", path), "visitor", slug)
            seen += answer.status_code == 200
            leaks += [f"{path}: {one}" for one in private if one in answer.text]
    assert leaks == []
    assert seen >= 8
