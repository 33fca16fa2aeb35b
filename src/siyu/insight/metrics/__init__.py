"""The metrics: every definition once, in Ibis, over the lake; answers are frozen structs. Owns no table.

`with lake.tables(folder) as t: metrics.cohorts(t)` — in a thread, for DuckDB works while Python waits.
"""

from siyu.insight.metrics.doors import door_funnel, pool_growth
from siyu.insight.metrics.drilling import drill
from siyu.insight.metrics.model import (
    Cohort,
    CostRow,
    CustomerRow,
    DoorFunnel,
    Figure,
    Growth,
    Independence,
    OrderRow,
    PoolGrowth,
    Revenue,
    Rfm,
    Row,
    Rows,
    ScoreCell,
    Segment,
    Spread,
    Today,
    TouchRow,
)
from siyu.insight.metrics.people import SEGMENTS, cohorts, rfm
from siyu.insight.metrics.sales import independent_traffic, local_day, revenue_by_day, revenue_by_month, today

__all__ = [
    "SEGMENTS",
    "Cohort",
    "CostRow",
    "CustomerRow",
    "DoorFunnel",
    "Figure",
    "Growth",
    "Independence",
    "OrderRow",
    "PoolGrowth",
    "Revenue",
    "Rfm",
    "Row",
    "Rows",
    "ScoreCell",
    "Segment",
    "Spread",
    "Today",
    "TouchRow",
    "cohorts",
    "door_funnel",
    "drill",
    "independent_traffic",
    "local_day",
    "pool_growth",
    "revenue_by_day",
    "revenue_by_month",
    "rfm",
    "today",
]
