import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from insight.insight_shop import insert, write_order, write_shop
from siyu.insight import lake
from siyu.insight.lake import manifest as manifests
from siyu.insight.lake import refreshing
from siyu.insight.lake.datasets import DATASETS
from siyu.kernel import clock, ids
from siyu.runtime.db import Database, Merchant

NAMES = [dataset.name for dataset in DATASETS]


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    with lake.tables(folder) as tables:
        return tables.table(name).to_pyarrow().to_pylist()


def counts_of(folder: Path) -> dict[str, int]:
    with lake.tables(folder) as tables:
        return {name: tables.table(name).count().to_pyarrow().as_py() for name in NAMES}


async def counts_in_postgres(database: Database, merchant: Merchant) -> dict[str, int]:
    async with database.begin(merchant) as uow:
        return {
            name: await uow.one(int, f"select count(*) from {name} where merchant_id = %(merchant_id)s")
            for name in NAMES
        }


async def test_a_merchant_without_rows_has_a_lake_of_empty_tables(database, merchant, tmp_path):
    done = await lake.refresh(database, merchant, tmp_path)
    assert done.rows == dict.fromkeys(NAMES, 0)
    assert counts_of(tmp_path) == dict.fromkeys(NAMES, 0)


async def test_a_lake_that_was_never_written_is_refused(tmp_path):
    with pytest.raises(lake.LakeMissing):
        lake.tables(tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_every_row_reaches_the_lake_with_its_exact_values(database, merchant, tmp_path):
    async with database.begin(merchant) as uow:
        await write_shop(uow)
        moment = datetime(2026, 3, 1, 15, 59, 59, 123456, tzinfo=UTC)
        late = datetime(2026, 3, 1, 16, 0, 0, tzinfo=UTC)
        await insert(
            uow, "customers", id=ids.new(), nickname="a", country="", joined_at=moment, updated_at=uow.now
        )
        await insert(
            uow, "customers", id=ids.new(), nickname="b", country="中国", joined_at=late, updated_at=uow.now
        )
    await lake.refresh(database, merchant, tmp_path)
    assert counts_of(tmp_path) == await counts_in_postgres(database, merchant)
    people = sorted(rows_of(tmp_path, "customers"), key=lambda row: row["joined_at"])
    spring = [row for row in people if row["joined_at"] in (moment, late)]
    assert [(row["joined_day"], row["country"], row["first_door_id"]) for row in spring] == [
        (date(2026, 3, 1), "", None),
        (date(2026, 3, 2), "中国", None),
    ]
    assert "苹果,“0”号\n新到" in {row["title"] for row in rows_of(tmp_path, "products")}


async def test_nothing_that_names_a_person_is_copied(database, merchant, tmp_path):
    async with database.begin(merchant) as uow:
        await write_shop(uow, customers=3, orders=3)
    await lake.refresh(database, merchant, tmp_path)
    for name in NAMES:
        assert not {"nickname", "phone", "remark", "reason", "value"} & set(lake_columns(tmp_path, name))


def lake_columns(folder: Path, name: str) -> list[str]:
    with lake.tables(folder) as tables:
        return list(tables.table(name).columns)


async def test_a_refresh_without_changes_writes_no_rows_and_keeps_the_version(database, merchant, tmp_path):
    async with database.begin(merchant) as uow:
        await write_shop(uow, customers=5, orders=5)
    first = await lake.refresh(database, merchant, tmp_path)
    second = await lake.refresh(database, merchant, tmp_path)
    assert (second.rows, second.version) == ({}, first.version)
    assert second.as_of > first.as_of


async def test_a_changed_order_replaces_itself_and_its_lines(database, merchant, tmp_path):
    async with database.begin(merchant) as uow:
        made = await write_shop(uow, orders=10)
    await lake.refresh(database, merchant, tmp_path)
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            update orders set refunded = 1, updated_at = %(now)s
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=made.orders[0],
        )
        await uow.run(
            """
            update order_lines set refunded_amount = 1 where merchant_id = %(merchant_id)s
            and order_id = %(id)s and line_no = 1
            """,
            id=made.orders[0],
        )
    done = await lake.refresh(database, merchant, tmp_path)
    assert set(done.rows) == {"orders", "order_lines"}
    changed = [row for row in rows_of(tmp_path, "orders") if row["id"] == str(made.orders[0])]
    lines = [row for row in rows_of(tmp_path, "order_lines") if row["order_id"] == str(made.orders[0])]
    assert [row["refunded"] for row in changed] == [1]
    assert [row["refunded_amount"] for row in lines if row["line_no"] == 1] == [1]
    assert counts_of(tmp_path) == await counts_in_postgres(database, merchant)


async def test_a_row_committed_late_by_a_slow_transaction_is_not_missed(
    database, merchant, tmp_path, monkeypatch
):
    monkeypatch.setattr(refreshing, "LAG", timedelta(0))
    monkeypatch.setattr(refreshing, "SEAL_ROWS", 1)
    async with database.begin(merchant) as uow:
        await write_shop(uow, customers=2, orders=1)
    await lake.refresh(database, merchant, tmp_path)
    async with database.begin(merchant) as slow:
        late = ids.new()
        await insert(slow, "customers", id=late, joined_at=slow.now, updated_at=slow.now)
        for n in range(3):  # others come and go, and the lake is refreshed between them
            async with database.begin(merchant) as quick:
                await insert(quick, "customers", id=ids.new(), joined_at=quick.now, updated_at=quick.now)
            await lake.refresh(database, merchant, tmp_path)
            assert counts_of(tmp_path)["customers"] == 3 + n
    await lake.refresh(database, merchant, tmp_path)
    found = [row["id"] for row in rows_of(tmp_path, "customers")]
    assert len(found) == len(set(found)) == 6
    assert str(late) in found


async def test_many_small_parts_are_merged_and_say_the_same(database, merchant, tmp_path, monkeypatch):
    import random

    monkeypatch.setattr(refreshing, "LAG", timedelta(0))
    monkeypatch.setattr(refreshing, "SEAL_ROWS", 1)
    monkeypatch.setattr(refreshing, "PARTS_MAX", 3)
    async with database.begin(merchant) as uow:
        made = await write_shop(uow, orders=20)
        plan = await uow.one(
            _Promoter,
            "select p.id, c.id as plan from promoters p, commission_plans c where p.merchant_id = %(merchant_id)s and c.merchant_id = %(merchant_id)s",
        )
    for n in range(8):
        await lake.refresh(database, merchant, tmp_path)
        async with database.begin(merchant) as uow:
            await write_order(uow, made, random.Random(n), 1_000 + n, 5, (plan.id, plan.plan))
            await uow.run(
                "update orders set remark = 'x', updated_at = %(now)s where merchant_id = %(merchant_id)s and id = any(%(some)s)",
                some=made.orders[n : n + 3],
            )
    await lake.refresh(database, merchant, tmp_path)
    found = manifests.read(tmp_path)
    assert found is not None
    assert len(found.states["orders"].parts) <= 4
    assert any("merged" in part.file for part in found.states["order_lines"].parts)
    assert counts_of(tmp_path) == await counts_in_postgres(database, merchant)
    async with database.begin(merchant) as uow:
        in_postgres = await uow.one(
            int, "select sum(amount) from order_lines where merchant_id = %(merchant_id)s"
        )
    assert sum(row["amount"] for row in rows_of(tmp_path, "order_lines")) == in_postgres


class _Promoter(msgspec.Struct, frozen=True):
    id: Any
    plan: Any


async def test_a_crash_while_writing_leaves_the_last_good_lake(database, merchant, tmp_path, monkeypatch):
    async with database.begin(merchant) as uow:
        await write_shop(uow, customers=4, orders=4)
    await lake.refresh(database, merchant, tmp_path)
    before = counts_of(tmp_path)
    async with database.begin(merchant) as uow:
        await insert(uow, "customers", id=ids.new(), joined_at=uow.now, updated_at=uow.now)

    def break_down(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(manifests, "write", break_down)
        with pytest.raises(RuntimeError):
            await lake.refresh(database, merchant, tmp_path)
    assert counts_of(tmp_path) == before
    await lake.refresh(database, merchant, tmp_path)
    assert counts_of(tmp_path)["customers"] == before["customers"] + 1
    assert list(tmp_path.glob("**/*.part")) == []


async def test_files_no_longer_named_disappear(database, merchant, tmp_path, monkeypatch):
    monkeypatch.setattr(refreshing, "RETIRED_SECONDS", -1)
    async with database.begin(merchant) as uow:
        await insert(uow, "stores", id=ids.new(), code="a", name="一号店", address="", created_at=uow.now)
    await lake.refresh(database, merchant, tmp_path)
    (tmp_path / "stores" / "cut-off.part").write_bytes(b"half a file")
    async with database.begin(merchant) as uow:
        await insert(uow, "stores", id=ids.new(), code="b", name="二号店", address="", created_at=uow.now)
    await lake.refresh(database, merchant, tmp_path)
    assert [path.name for path in (tmp_path / "stores").iterdir()] == ["00000002.parquet"]


async def test_a_clock_set_back_writes_the_lake_anew(database, merchant, tmp_path):
    clock.move_to(timedelta(days=8))
    async with database.begin(merchant) as uow:
        await write_shop(uow, customers=4, orders=4)
    first = await lake.refresh(database, merchant, tmp_path)
    clock.move_to(timedelta(0))
    async with database.begin(merchant) as uow:
        await insert(uow, "customers", id=ids.new(), joined_at=uow.now, updated_at=uow.now)
    second = await lake.refresh(database, merchant, tmp_path)
    assert second.version == first.version + 1
    assert counts_of(tmp_path) == await counts_in_postgres(database, merchant)


async def test_another_merchant_in_the_same_folder_starts_anew(database, merchant, new_shop, tmp_path):
    async with database.begin(merchant) as uow:
        await write_shop(uow, customers=4, orders=4)
    await lake.refresh(database, merchant, tmp_path)
    other = await new_shop()
    await lake.refresh(database, other, tmp_path)
    assert counts_of(tmp_path) == dict.fromkeys(NAMES, 0)


async def test_two_refreshes_at_once_give_one_correct_lake(database, merchant, tmp_path):
    async with database.begin(merchant) as uow:
        await write_shop(uow, customers=10, orders=10)
    await asyncio.gather(*(lake.refresh(database, merchant, tmp_path) for _ in range(3)))
    assert counts_of(tmp_path) == await counts_in_postgres(database, merchant)


async def test_the_background_keeps_the_lake_fresh_until_it_is_told_to_stop(database, settings, merchant):
    stop = asyncio.Event()

    async def merchants() -> list[Merchant]:
        return [merchant]

    task = asyncio.create_task(lake.keep_fresh(database, settings, merchants, stop, pause_seconds=0.05))
    async with database.begin(merchant) as uow:
        await insert(uow, "customers", id=ids.new(), joined_at=uow.now, updated_at=uow.now)
    folder = lake.folder_of(settings, merchant)
    for _ in range(100):
        await asyncio.sleep(0.05)
        if lake.read(folder) and counts_of(folder)["customers"] == 1:
            break
    stop.set()
    await asyncio.wait_for(task, 10)
    assert counts_of(folder)["customers"] == 1
