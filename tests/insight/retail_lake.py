"""The UCI Online Retail data set laid out as a lake, with the cleaning the importer also does."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from siyu.insight.lake import manifest as manifests
from siyu.insight.lake.datasets import DATASETS
from siyu.insight.lake.manifest import LAYOUT, Manifest, Part, Read, State
from siyu.insight.lake.sheets import Sheet

# Bought by a known customer for a price: cancellations, gifts and corrections are not sales.
CLEAN = """
    select "InvoiceNo" as number, "CustomerID" as reference, "StockCode" as code, "InvoiceDate" as moment,
           "Quantity" as quantity, round("UnitPrice" * 1000)::bigint as price_mills
    from read_parquet(?)
    where "CustomerID" is not null and "Quantity" > 0 and "UnitPrice" > 0
"""
ORDERS = """
    select number as id, number, 'c' || min(reference) as customer_id, 'import' as channel, 'received' as state,
           null as store_id, 'GBP' as currency, (sum(quantity * price_mills) + 5) // 10 as total, 0 as refunded,
           null as door_id, null as promoter_id, min(moment) as placed_at, min(moment)::date as placed_day,
           min(moment) as paid_at, min(moment)::date as paid_day, null as picked_up_at, min(moment) as received_at,
           null as closed_at, min(moment) as updated_at
    from clean group by number
"""
CUSTOMERS = """
    select customer_id as id, '' as country, null as first_door_id, 'active' as state, min(paid_at) as joined_at,
           min(paid_day) as joined_day, min(paid_at) as updated_at
    from orders group by customer_id
"""


def write_retail_lake(source: Path, folder: Path) -> None:
    """Orders and customers of the file; every other data set empty. Its times are taken as UTC."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"create table clean as {CLEAN}", [str(source)])
        connection.execute(f"create table orders as {ORDERS}")
        connection.execute(f"create table customers as {CUSTOMERS}")
        states = {}
        for dataset in DATASETS:
            file = f"{dataset.name}/00000001.parquet"
            sheet = Sheet(folder / file, dataset.columns)
            if dataset.name in ("orders", "customers"):
                found = connection.sql(f"select * from {dataset.name}").to_arrow_table()
                assert found.column_names == list(dataset.columns)
                sheet._writer.write_table(found.cast(sheet.schema))
            sheet.finish()
            states[dataset.name] = State(parts=(Part(number=1, file=file, rows=sheet.rows),))
    now = datetime(2011, 12, 10, 12, tzinfo=UTC)
    manifests.write(
        folder,
        Manifest(
            layout=LAYOUT,
            merchant_id="retail",
            timezone="UTC",
            lake_id="retail",
            version=1,
            as_of=now,
            reads=(Read(at=now, next_tx=1),),
            states=states,
        ),
    )
