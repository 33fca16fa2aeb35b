"""Coming in and going out: who is there, where each begins, and that a wrong password says nothing."""

from console.console_floor import PASSWORD
from siyu.people import staff
from siyu.runtime.edge import cookie_of


async def test_a_wrong_password_keeps_the_login_and_says_nothing_more(floor):
    await floor.member("owner")
    stranger = floor.stranger()

    wrong = await stranger.post("/console/signin", {"login": "owner", "password": "not this one"})
    unknown = await stranger.post("/console/signin", {"login": "nobody", "password": "not this one"})

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "账号或密码不正确" in wrong.text
    assert "账号或密码不正确" in unknown.text
    assert 'value="owner"' in wrong.text
    assert cookie_of("staff", stranger.slug) not in stranger.client.cookies


async def test_a_stranger_is_asked_who_they_are_and_then_gets_what_they_wanted(floor):
    await floor.member("owner")
    stranger = floor.stranger()

    asked = await stranger.get("/console/orders?state=paid")
    assert asked.status_code == 303
    assert asked.headers["location"].startswith(f"/console/{stranger.slug}/signin?next=")

    wanted = f"/console/{stranger.slug}/orders?state=paid"
    entered = await stranger.sign_in("owner", next=wanted)
    assert (entered.status_code, entered.headers["location"]) == (303, wanted)
    assert (await stranger.get("/console/orders?state=paid")).status_code == 200


async def test_an_address_from_outside_leads_nowhere(floor):
    await floor.member("owner")
    slug = floor.shop.merchant.slug
    for outside in (
        "https://evil.test/",
        "//evil.test",
        f"/console/{slug}x/",
        f"/console/{slug}//evil.test",
        "/console/other",
    ):
        entered = await floor.stranger().sign_in("owner", next=outside)
        assert entered.headers["location"] == f"/console/{slug}", outside


async def test_each_role_begins_where_its_work_is(floor):
    homes = {}
    for role in ("owner", "finance", "guide"):
        member = await floor.member(role)
        homes[role] = (await member.get("/console")).headers["location"]

    slug = floor.shop.merchant.slug
    assert homes == {
        "owner": f"/console/{slug}/dashboard",
        "finance": f"/console/{slug}/dashboard",
        "guide": f"/desk/{slug}",
    }


async def test_going_out_ends_the_session_everywhere(floor):
    member = await floor.member("owner")
    token = member.client.cookies[cookie_of("staff", member.slug)]

    left = await member.post("/console/signout")

    assert left.headers["location"] == f"/console/{member.slug}/signin"
    thief = floor.stranger()
    thief.client.cookies.set(cookie_of("staff", thief.slug), token)
    assert (await thief.get("/console/orders")).status_code == 303


async def test_the_frame_shows_what_one_may_do(floor):
    guide = await floor.member("guide")

    page = (await guide.get("/console/orders")).text
    assert f"/console/{guide.slug}/products" in page
    assert f"/console/{guide.slug}/ledger" not in page
    assert (await guide.get("/console/ledger")).status_code == 403
    assert (await guide.get("/console/settings")).status_code == 403


async def test_the_owner_adds_a_guide_who_can_sign_in(floor, owner):
    done = await owner.tap(
        "/console/settings/staff",
        {
            "login": "xiao-lin",
            "name": "林导购",
            "role": "guide",
            "password": PASSWORD,
            "store": str(floor.shop.store_id),
        },
    )

    assert done.status_code == 200
    page = (await owner.get("/console/settings")).text
    assert "林导购" in page
    assert "一店" in page
    assert (await floor.stranger().sign_in("xiao-lin", "desk")).status_code == 303


async def test_a_login_that_is_taken_is_refused_and_nothing_changes(floor, owner):
    said = {"login": "owner", "name": "别人", "role": "guide", "password": PASSWORD}
    refused = await owner.tap("/console/settings/staff", said)
    short = await owner.tap("/console/settings/staff", {**said, "login": "new", "password": "short"})

    assert (refused.status_code, short.status_code) == (409, 422)
    assert '"field": "login"' in refused.headers["hx-trigger"]
    assert '"field": "password"' in short.headers["hx-trigger"]
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert [(m.login, m.name, m.role) for m in await staff.every(uow)] == [("owner", "陈店长", "owner")]


async def test_switching_somebody_off_ends_their_sessions_and_not_ones_own(floor, owner):
    guide = await floor.member("guide")
    async with floor.database.begin(floor.shop.merchant) as uow:
        who = {member.login: member.id for member in await staff.every(uow)}

    own = await owner.tap(f"/console/settings/staff/{who['owner']}/active", {"is_active": "0"})
    done = await owner.tap(f"/console/settings/staff/{who['guide']}/active", {"is_active": "0"})

    assert (own.status_code, done.status_code) == (409, 200)
    assert (await owner.get("/console/orders")).status_code == 200
    assert (await guide.get("/desk")).status_code == 303
    assert (await floor.stranger().sign_in("guide")).status_code == 401
    await owner.tap(f"/console/settings/staff/{who['guide']}/active", {"is_active": "1"})
    assert (await floor.stranger().sign_in("guide")).status_code == 303


async def test_a_new_password_ends_the_old_sessions(floor, owner):
    guide = await floor.member("guide")
    async with floor.database.begin(floor.shop.merchant) as uow:
        who = {member.login: member.id for member in await staff.every(uow)}

    await owner.tap(f"/console/settings/staff/{who['guide']}/password", {"password": "another password"})

    assert (await guide.get("/desk")).status_code == 303
    assert (await floor.stranger().sign_in("guide")).status_code == 401
    entered = await floor.stranger().post("/desk/signin", {"login": "guide", "password": "another password"})
    assert entered.status_code == 303
