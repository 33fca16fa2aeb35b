import csv
import io
import re
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest
from litestar import Litestar

from insight.insight_shop import insert, write_shop
from siyu import web
from siyu.insight import lake
from siyu.insight.dashboards import answers, routes, words
from siyu.insight.dashboards.sheets import sheet
from siyu.insight.dashboards.sheets import words as text_cell
from siyu.kernel import clock, ids
from siyu.kernel.permissions import ROLES
from siyu.runtime import sessions
from siyu.runtime.edge import DEPENDENCIES, Services, cookie_of, permitted
from siyu.runtime.tenancy import Directory

ENGLISH = {"accept-language": "en"}


@pytest.fixture
async def visit(settings, database, merchant):
    """A browser of the owner, on a small shop with a past."""
    async with database.begin(merchant) as uow:
        made = await write_shop(uow, orders=60)
        session = await sessions.sign_in(
            uow, kind="staff", subject_id=ids.new(), name="禾店长", permissions=ROLES["owner"], days=300
        )
        key = await sessions.make_key(uow, "分析", ROLES["owner"])
    app = Litestar(
        [*routes, web.static_router()],
        guards=[permitted],
        dependencies=DEPENDENCIES,
        exception_handlers=web.exception_handlers(),
        csrf_config=web.csrf_config("x" * 32, secure=False),
    )
    app.state.services = Services(settings, database, Directory(database))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://shop.test",
        cookies={cookie_of("staff", merchant.slug): session.token},
    ) as client:
        client.made = made  # type: ignore[attr-defined]
        client.key = key.secret  # type: ignore[attr-defined]
        yield client


def links_of(page: str) -> set[str]:
    return {link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+/insight/rows\?[^"]+)"', page)}


async def test_the_dashboard_shows_the_numbers_of_the_lake_in_both_languages(visit, merchant, settings):
    page = await visit.get(f"/console/{merchant.slug}/dashboard?days=90")
    assert page.status_code == 200, page.text
    for word in (
        "经营看板",
        "数据截至",
        "顾客池增长",
        "净收入走势",
        "入口漏斗",
        "获客成本",
        "独立流量",
        "需要处理",
    ):
        assert word in page.text
    with lake.tables(lake.folder_of(settings, merchant)) as tables:
        from siyu.insight import metrics

        today = metrics.local_day(merchant.timezone, clock.now())
        doors = metrics.door_funnel(tables, today - timedelta(days=89), today)
        net = sum(day.net for day in metrics.revenue_by_day(tables, today - timedelta(days=89), today))
    assert web.amount(net, "CNY") in page.text
    for door in doors:
        assert door.name in page.text
        assert web.amount(door.revenue, "CNY") in page.text
    english = await visit.get(f"/console/{merchant.slug}/dashboard", headers=ENGLISH)
    assert "Dashboard" in english.text
    assert "Needs attention" in english.text


async def test_every_number_of_every_page_opens_its_rows(visit, merchant):
    found = set()
    for path in ("dashboard?days=90", "insight/cohorts", "insight/rfm"):
        page = await visit.get(f"/console/{merchant.slug}/{path}")
        assert page.status_code == 200, page.text
        found |= links_of(page.text)
    assert len(found) > 50
    kinds = {}
    for link in sorted(
        found
    ):  # one of each metric and kind of key is enough: the numbers have their own test
        name = link.split("metric=")[1].replace("key=", "").split("%2C")[0]
        kinds.setdefault(name, link)
    for link in kinds.values():
        page = await visit.get(link)
        assert page.status_code == 200, (link, page.text)
        assert "没有记录" in page.text or "<tbody>" in page.text


async def test_rows_lead_to_the_order_and_to_the_customer_by_name(visit, merchant):
    today = metrics_today(merchant)
    page = await visit.get(
        f"/console/{merchant.slug}/insight/rows?metric=revenue&key={quote(f'{today - timedelta(days=99)},{today}')}"
    )
    assert f"/console/{merchant.slug}/orders/" in page.text
    assert re.search(rf'href="/console/{merchant.slug}/customers/[0-9a-f-]+">顾客 \d+<', page.text)


def metrics_today(merchant):
    from siyu.insight import metrics

    return metrics.local_day(merchant.timezone, clock.now())


async def test_a_long_list_goes_on_at_its_cursor_without_a_row_lost_or_twice(visit, merchant, monkeypatch):
    from siyu.insight.dashboards import console

    monkeypatch.setattr(console, "ROWS_SHOWN", 7)
    today = metrics_today(merchant)
    link = f"/console/{merchant.slug}/insight/rows?metric=revenue&key={quote(f'{today - timedelta(days=99)},{today}')}"
    seen: list[str] = []
    while link:
        page = await visit.get(link)
        seen += re.findall(r'/orders/[0-9a-f-]+">(N\d+)<', page.text)
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        link = following.group(1).replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) > 20


async def test_a_chart_downloads_as_the_table_it_shows(visit, merchant):
    for chart in ("growth", "revenue", "funnel", "independence", "cohorts", "segments"):
        answer = await visit.get(f"/console/{merchant.slug}/insight/csv/{chart}")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert f"{merchant.slug}-{chart}-" in answer.headers["content-disposition"]
        assert answer.text.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
    missing = await visit.get(f"/console/{merchant.slug}/insight/csv/passwords")
    assert missing.status_code == 404


def test_a_name_that_looks_like_a_formula_is_only_text_in_a_spreadsheet():
    made = sheet([("名称", "")], [[text_cell('=HYPERLINK("http://x")')]])
    assert made.csv().splitlines()[1] == '"\'=HYPERLINK(""http://x"")"'
    assert "=HYPERLINK" in made.markup[0][0]


async def test_refresh_reads_the_till_now_and_returns_where_one_was(visit, merchant, database):
    first = await visit.get(f"/console/{merchant.slug}/insight/rfm")
    token = re.search(r'name="_csrf_token" value="([^"]+)"', first.text)
    assert token
    async with database.begin(merchant) as uow:
        await insert(uow, "customers", id=ids.new(), joined_at=uow.now, updated_at=uow.now)
    before = (await visit.get(f"/api/v1/{merchant.slug}/insight/today", headers=bearer(visit))).json()
    done = await visit.post(
        f"/console/{merchant.slug}/insight/refresh?back=/console/{merchant.slug}/insight/rfm",
        data={"_csrf_token": token.group(1)},
    )
    assert (done.status_code, done.headers["location"]) == (303, f"/console/{merchant.slug}/insight/rfm")
    after = (await visit.get(f"/api/v1/{merchant.slug}/insight/today", headers=bearer(visit))).json()
    assert after["data"]["customers"]["now"] == before["data"]["customers"]["now"] + 1
    away = await visit.post(
        f"/console/{merchant.slug}/insight/refresh?back=//evil.test/",
        data={"_csrf_token": token.group(1)},
    )
    assert away.headers["location"] == f"/console/{merchant.slug}/dashboard"


def bearer(visit: httpx.AsyncClient) -> dict[str, str]:
    return {"authorization": f"Bearer {visit.key}"}  # type: ignore[attr-defined]


async def test_the_api_gives_whole_minor_units_and_says_when_the_till_was_read(visit, merchant):
    for name in ("today", "funnel", "cohorts", "rfm", "revenue", "revenue?by=month"):
        answer = await visit.get(f"/api/v1/{merchant.slug}/insight/{name}", headers=bearer(visit))
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["currency"], found["timezone"]) == ("CNY", "Asia/Shanghai")
        assert found["as_of"].endswith("Z")
    funnel = (await visit.get(f"/api/v1/{merchant.slug}/insight/funnel", headers=bearer(visit))).json()[
        "data"
    ]
    assert len(funnel) == 5
    assert all(isinstance(door[name], int) for door in funnel for name in ("revenue", "cost", "people"))


async def test_a_stranger_and_a_guide_see_no_numbers(visit, merchant, database):
    async with database.begin(merchant) as uow:
        guide = await sessions.sign_in(
            uow, kind="staff", subject_id=ids.new(), name="导购", permissions=ROLES["guide"], days=1
        )
    for path in ("dashboard", "insight/rfm", "insight/cohorts", "insight/rows?metric=today&key=orders"):
        refused = await visit.get(
            f"/console/{merchant.slug}/{path}",
            headers={"cookie": f"{cookie_of('staff', merchant.slug)}={guide.token}"},
        )
        assert refused.status_code == 403
        stranger = await visit.get(f"/console/{merchant.slug}/{path}", headers={"cookie": ""})
        assert stranger.status_code in (302, 303, 401)
        assert "净收入" not in refused.text + stranger.text
    assert (await visit.get(f"/api/v1/{merchant.slug}/insight/today")).status_code == 401


async def test_a_question_that_makes_no_sense_is_refused_in_words(visit, merchant):
    for path in (
        "dashboard?first=2026-02-02&last=2026-01-01",
        "dashboard?days=0",
        "dashboard?first=1999-01-01",
        "insight/rows?metric=nonsense",
        "insight/rows?metric=revenue&key=2026-01-01,2026-01-02&after=nonsense",
    ):
        refused = await visit.get(f"/console/{merchant.slug}/{path}")
        assert refused.status_code == 422, path


async def test_exceptions_name_what_needs_a_person_and_go_when_it_is_done(visit, merchant, database):
    clock.move_to(timedelta(days=200))  # everything that was paid has waited long
    async with database.begin(merchant) as uow:
        waiting = await uow.one(
            int, "select count(*) from orders where merchant_id = %(merchant_id)s and state = 'paid'"
        )
        await uow.run("update refunds set state = 'abnormal' where merchant_id = %(merchant_id)s")
        broken = await uow.one(int, "select count(*) from refunds where merchant_id = %(merchant_id)s")
        await insert(
            uow,
            "stock",
            location_id=visit.made.stores[0],
            sku_id=visit.made.skus[0][1],
            on_hand=2,
            reserved=2,
        )
    page = await visit.get(f"/console/{merchant.slug}/dashboard")
    assert waiting > 0
    assert broken > 0
    assert f"{waiting} 个订单超过 3 天未自提" in page.text
    assert f"{broken} 笔退款异常" in page.text
    assert "1 个在售规格没有库存" in page.text
    async with database.begin(merchant) as uow:
        await uow.run("update refunds set state = 'done' where merchant_id = %(merchant_id)s")
        await uow.run("update stock set reserved = 0 where merchant_id = %(merchant_id)s")
        await uow.run(
            "update orders set state = 'picked_up', pickup_code = null, updated_at = %(now)s where merchant_id = %(merchant_id)s and state = 'paid'"
        )
    calm = await visit.get(f"/console/{merchant.slug}/dashboard")
    assert "没有异常，一切正常。" in calm.text


async def test_the_same_question_to_the_same_lake_is_answered_from_memory(database, settings, merchant):
    asked = []

    def question(tables: lake.Tables) -> int:
        asked.append(tables.manifest.version)
        return len(asked)

    first = await answers.ask(database, settings, merchant, ("n",), question)
    again = await answers.ask(database, settings, merchant, ("n",), question)
    assert (first.data, again.data, len(asked)) == (1, 1, 1)
    async with database.begin(merchant) as uow:
        await insert(uow, "customers", id=ids.new(), joined_at=uow.now, updated_at=uow.now)
    await lake.refresh(database, merchant, lake.folder_of(settings, merchant))
    assert (await answers.ask(database, settings, merchant, ("n",), question)).data == 2


async def test_an_empty_shop_has_pages_that_say_what_to_do(settings, database, merchant, visit, new_shop):
    empty = await new_shop()
    async with database.begin(empty) as uow:
        session = await sessions.sign_in(
            uow, kind="staff", subject_id=ids.new(), name="新店长", permissions=ROLES["owner"], days=1
        )
    headers = {"cookie": f"{cookie_of('staff', empty.slug)}={session.token}"}
    for path, hint in (
        ("dashboard", "先开一个入口"),
        ("insight/cohorts", "有了第一批付款订单"),
        ("insight/rfm", "等第一笔付款"),
    ):
        page = await visit.get(f"/console/{empty.slug}/{path}", headers=headers)
        assert page.status_code == 200, page.text
        assert hint in page.text


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(15, 10, "+50.0%"), (2, 3, "-33.3%"), (5, 5, "+0.0%"), (5, 0, ""), (-1, 2, "-150.0%")],
)
def test_a_change_is_rounded_to_a_tenth_of_a_percent(now, before, said):
    assert words.change(now, before) == said
