"""The published figures of the UCI Online Retail data set, from the lake."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from siyu.insight import lake, metrics

SOURCE = Path(__file__).parents[3] / "shared/data/online_retail/online_retail.parquet"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not SOURCE.exists(), reason="the Online Retail file is not on this machine"),
]


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lake.Tables]:
    from insight.retail_lake import write_retail_lake

    folder = tmp_path_factory.mktemp("retail")
    write_retail_lake(SOURCE, folder)
    with lake.tables(folder) as tables:
        yield tables


def test_the_first_cohort_is_the_published_row(retail):
    first = metrics.cohorts(retail)[0]
    assert first.month == date(2010, 12, 1)
    assert first.active == (885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235)


def test_recency_frequency_and_money_are_the_published_figures(retail):
    found = metrics.rfm(retail, date(2011, 12, 10))
    assert found.customers == 4_338
    assert round(found.recency.mean, 2) == Decimal("93.06")
    assert found.frequency.mean == Decimal("4.272")
    assert round(found.paid.mean / 100, 2) == Decimal("2054.27")
    assert (found.recency.median, found.frequency.median, found.paid.median / 100) == (
        51,
        2,
        Decimal("674.485"),
    )
    assert sum(segment.paid for segment in found.segments) == 891_140_790


def test_november_2011_is_the_published_month(retail):
    november = {row.start: row for row in metrics.revenue_by_month(retail)}[date(2011, 11, 1)]
    assert (november.orders, november.customers, november.net) == (2_657, 1_664, 116_181_738)
    rows = metrics.drill(retail, "revenue", "2011-11-01,2011-11-30")
    assert (rows.count, rows.value) == (2_657, 116_181_738)
