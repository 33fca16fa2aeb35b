"""The published figures of real campaigns: 84.51 Complete Journey 2.0, coupons issued to households and redeemed."""

from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from goods.coupon_shop import a_template
from siyu.goods import offers
from siyu.goods.offers import coupons_report
from siyu.kernel import ids
from siyu.runtime.db import json_rows

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "completejourney"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FOLDER.exists(), reason="the Complete Journey data set is not on this machine"),
]


class Household(msgspec.Struct, frozen=True):
    id: UUID
    number: str


class Redemption(msgspec.Struct, frozen=True):
    offer: UUID
    customer: UUID
    order: UUID


def read(name: str, *columns: str) -> list[tuple[str, ...]]:
    """The columns of a file as text, row by row."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(FOLDER / f"{name}.parquet", columns=list(columns)).to_pydict()
    return list(zip(*(map(str, table[column]) for column in columns), strict=True))


async def test_our_funnel_of_the_real_campaigns_comes_to_the_published_figures(database, merchant):
    exposures = read("campaigns", "campaign_id", "household_id")
    redeemed = read("coupon_redemptions", "campaign_id", "household_id")
    types = dict(read("campaign_descriptions", "campaign_id", "campaign_type"))
    assert (len(exposures), len(redeemed), len(types)) == (6_589, 2_102, 27)

    households = {number: ids.derived("test.household", merchant.id, number) for _, number in exposures}
    campaigns = {
        campaign: await a_template(database, merchant, is_public=False) for campaign in sorted(types)
    }
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            insert into customers (merchant_id, id, reference, joined_at, updated_at)
            select %(merchant_id)s, t.id, t.number, %(now)s, %(now)s
            from json_to_recordset(%(rows)s::json) as t (id uuid, number text)
            """,
            rows=json_rows([Household(id_, number) for number, id_ in households.items()]),
        )
    for campaign, offer_id in campaigns.items():
        targeted = tuple(sorted(households[number] for of, number in exposures if of == campaign))
        async with database.begin(merchant) as uow:
            run = await offers.issue_coupons(
                uow, offer_id, offers.Chosen(customer_ids=targeted), batch_id=ids.new()
            )
        if run.issued < run.wanted:
            await worked_off(database, merchant)
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            update coupons k set state = 'used', order_id = t.order
            from json_to_recordset(%(rows)s::json) as t (offer uuid, customer uuid, "order" uuid)
            where k.merchant_id = %(merchant_id)s and k.offer_id = t.offer and k.customer_id = t.customer
            """,
            rows=json_rows(
                [
                    Redemption(campaigns[of], households[number], ids.new())
                    for of, number in sorted(set(redeemed))
                ]
            ),
        )
        funnels = await coupons_report.funnels(uow, list(campaigns.values()))

    by_campaign = dict(zip(campaigns, funnels, strict=True))
    by_type = {
        kind: coupons_report.together(
            [by_campaign[one] for one in campaigns if types[one] == kind], ids.new()
        )
        for kind in ("Type A", "Type B", "Type C")
    }
    everything = coupons_report.together(funnels, ids.new())
    assert {kind: (one.used, one.claimed, one.used_share) for kind, one in by_type.items()} == {
        "Type A": (604, 3_647, 1_656),
        "Type B": (154, 2_368, 650),
        "Type C": (34, 574, 592),
    }
    assert (everything.issued, everything.used, everything.used_share) == (6_589, 792, 1_202)
    assert sum(1 for one in funnels if one.used) == 26
    assert len(households) == 1_559
    assert len({number for _, number in redeemed}) == 410
    assert {int(of) for of, number in exposures if number == "208"} == {13, 17, 18, 22, 26, 27, 8}


async def worked_off(database, merchant):
    from siyu.runtime import jobs

    while await jobs.run_step(database, merchant, offers.COUPON_JOBS):
        pass
