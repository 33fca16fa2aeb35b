"""Forms of offers and draws that are right but for one or two fields: refused or kept, never half of both."""

import copy
import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import msgspec
from litestar import Litestar

from siyu.goods import offers
from siyu.growth import draws
from siyu.kernel import clock
from trust.asking import Ask
from trust.premises import Premises
from trust.test_isolation import Caller, client_of

ROUNDS = 14
LEAVES: list[Any] = [
    None, 0, 1, -1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30, 1.5, True, "", "x", "\u0000", "x" * 5_000, [], {}, [None],
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-01-01T10:00:00", "9999-12-31T00:00:00+08:00", str(uuid4()),
]  # fmt: skip


def rules(ours: Premises) -> list[offers.Rule]:
    """One of every kind, as a merchant would write it."""
    now, apple, milk, store = clock.now(), ours.shop.apple, ours.shop.milk, ours.shop.store_id
    days = [now + timedelta(days=n) for n in range(12)]
    return [
        offers.AmountOff((offers.Reached(9_000_000, 500),)),
        offers.PercentOff((offers.Reached(9_000_000, 500),)),
        offers.Gift(9_000_000, milk, 1),
        offers.FirstOrder(1, 9_000_000),
        offers.LimitedPrice({apple: 1_289}),
        offers.MemberPrice(9_990),
        offers.NthItem(2, 9_990),
        offers.AnyN(99, 9_000_000),
        offers.Bundle({apple: 50, milk: 50}, 9_000_000),
        offers.Coupon(offers.CouponAmount(100, 9_000_000), days=7, is_public=True),
        offers.Coupon(offers.CouponPercent(9_000, 100, 9_000_000), until=days[11]),
        offers.Flash((offers.FlashItem(milk, 100, 1, store),)),
        offers.GroupBuy(prices={milk: 600}, size=2),
        offers.Bargain(apple, 1_200, 900, 4),
        offers.Presale({milk: 600}, 50, 60, days[3], days[4], days[5]),
        offers.PointsPrice({milk: (10, 500)}),
    ]


def a_draw() -> draws.Rules:
    return draws.Rules(
        name="抽奖",
        starts_at=clock.now() + timedelta(hours=1),
        ends_at=clock.now() + timedelta(days=7),
        prizes=(draws.Prize(1, "小奖", "points", number=3, value=1_000, odds=100_000, points=10),),
        conditions="满额即可",
        redemption="自动到账",
        ticket_points=10,
    )


def broken(form: Any, chance: random.Random) -> Any:
    """The form with one or two of its leaves replaced, or a key that is not there."""
    form = copy.deepcopy(form)
    for _ in range(chance.randint(1, 2)):
        at, value = [], form
        while isinstance(value, dict | list) and value and (not at or chance.random() < 0.85):
            keys = list(value) if isinstance(value, dict) else list(range(len(value)))
            at.append(chance.choice(keys))
            value = value[at[-1]]
        if not at:
            continue
        parent = form
        for key in at[:-1]:
            parent = parent[key]
        parent[at[-1]] = chance.choice(LEAVES)
    return form


async def test_a_form_with_a_broken_field_is_refused_or_kept_and_every_page_still_shows(
    app: Litestar, ours: Premises
) -> None:
    chance = random.Random(20261123)
    failed: list[str] = []
    slug = ours.merchant.slug
    async with client_of(app) as client:
        caller = Caller(client, ours)

        async def send(method: str, path: str, body: Any = None, actor: str = "key") -> httpx.Response:
            answer = await caller.send(Ask(method, path, json=body), actor, slug)
            if answer.status_code >= 500:
                failed.append(f"{method} {path} {str(body)[:700]}: {answer.status_code} {answer.text[:200]}")
            return answer

        kept = 0
        forms = [
            ("offers", "activate", offers.OfferForm("试", rule, starts_at=clock.now() + timedelta(days=1), ends_at=clock.now() + timedelta(days=9)))
            for rule in rules(ours)
        ]  # fmt: skip
        for room, verb, form in [*forms, ("draws", "publish", a_draw())]:
            right = msgspec.to_builtins(form, str_keys=True)
            for n in range(ROUNDS):
                body = broken(right, chance) if n else right
                path = f"/api/v1/{slug}/{room}/{uuid4()}"
                answer = await send("PUT", path, body)
                if n == 0:
                    assert answer.status_code == 200, answer.text
                if answer.status_code != 200:
                    continue
                kept += 1
                offer_id = path.rsplit("/", 1)[1]
                await send("GET", f"/console/{slug}/{room}/{offer_id}", actor="owner")
                await send("GET", f"/console/{slug}/{room}/{offer_id}/edit", actor="owner")
                moved = await send("POST", f"{path}/{verb}")
                if n == 0:
                    assert moved.status_code == 200, moved.text
        for page in (
            "offers",
            "flash",
            "groups",
            "bargains",
            "presales",
            "points",
            "draws",
            "coupons",
            "activities",
            "checkout",
        ):
            await send("GET", f"/shop/{slug}/{page}", actor="shopper")
        for page in (
            "offers",
            "offers/calendar",
            "flash",
            "groups",
            "bargains",
            "presales",
            "points",
            "draws",
        ):
            await send("GET", f"/console/{slug}/{page}", actor="owner")

    assert failed == []
    assert kept >= len(forms)
