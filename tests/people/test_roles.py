"""Who may do and see what: roles the merchant makes, teams, stores; nobody climbs above themselves."""

import asyncio
from uuid import UUID

import pytest

from factories import Shop, a_shop
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import ROLES, STAFF, Permission
from siyu.people import staff
from siyu.people.staff import words
from siyu.place import stores
from siyu.runtime import audit, sessions
from siyu.runtime.actors import VISITOR, Actor
from siyu.runtime.db import Database

PASSWORD = "a long password"
ORDERS = frozenset({Permission.ORDERS_READ, Permission.ORDERS_WRITE})


@pytest.fixture
async def shop(database: Database, merchant) -> Shop:
    return await a_shop(database, merchant, stock=0)


async def another_store(database: Database, shop: Shop, code: str = "S2") -> UUID:
    async with database.begin(shop.merchant) as uow:
        return (await stores.add(uow, stores.NewStore(code=code, name=f"{code}店", address="二路 2 号"))).id


async def a_role(
    database: Database, shop: Shop, *, scope: str = "all", permissions=ORDERS, name="客服"
) -> UUID:
    role_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await staff.add_role(uow, role_id, staff.NewRole(name, permissions, scope))
    return role_id


async def a_member(database: Database, shop: Shop, role: str, *, login: str = "", **facts) -> UUID:
    async with database.begin(shop.merchant) as uow:
        return await staff.hire(
            uow,
            login=login or ids.new().hex[-12:],
            name="陈姐",
            password=PASSWORD,
            wanted=staff.Assignment(str(role), **facts),
        )


async def signed_in(database: Database, shop: Shop, staff_id: UUID) -> tuple[Actor, str]:
    async with database.begin(shop.merchant) as uow:
        login = (await staff.find(uow, staff_id)).login
    session = await staff.sign_in(database, shop.merchant, login, PASSWORD, days=1)
    return await sessions.actor_of(database, shop.merchant, session.token), session.token


async def noted(database: Database, shop: Shop) -> list[str]:
    async with database.begin(shop.merchant) as uow:
        return [entry.action for entry in (await audit.listing(uow, audit.Wanted())).items]


async def test_a_role_of_the_merchants_own_gives_exactly_its_permissions(database, shop) -> None:
    role_id = await a_role(database, shop)
    clerk, _ = await signed_in(database, shop, await a_member(database, shop, role_id))

    assert clerk.permissions == ORDERS | {Permission.STAFF_SELF}
    assert clerk.scope is None
    assert clerk.sees(shop.store_id)
    assert clerk.sees(None)
    assert await noted(database, shop) == ["staff.hire", "roles.add"]


async def test_a_role_of_stores_sees_its_own_stores_only(database, shop) -> None:
    second, third = await another_store(database, shop), await another_store(database, shop, "S3")
    role_id = await a_role(database, shop, scope="stores")
    clerk, _ = await signed_in(
        database, shop, await a_member(database, shop, role_id, store_ids=(second, shop.store_id))
    )

    assert clerk.scope == {shop.store_id, second}
    assert clerk.store_id in clerk.scope
    assert [clerk.sees(place) for place in (shop.store_id, second, third, None)] == [True, True, False, False]
    with pytest.raises(Invalid, match="at least one"):
        await a_member(database, shop, role_id)


async def test_a_role_of_a_team_sees_the_stores_of_its_people(database, shop) -> None:
    second = await another_store(database, shop)
    team = ids.new()
    async with database.begin(shop.merchant) as uow:
        await staff.add_team(uow, team, "华东组")
    await a_member(database, shop, "guide", store_ids=(second,), team_id=team)
    role_id = await a_role(database, shop, scope="team")
    leader_id = await a_member(database, shop, role_id, team_id=team)
    leader, token = await signed_in(database, shop, leader_id)

    assert (leader.scope, leader.team_id, leader.store_id) == ({second}, team, second)

    await a_member(database, shop, "guide", store_ids=(shop.store_id,), team_id=team)
    assert await sessions.actor_of(database, shop.merchant, token) is VISITOR
    leader, _ = await signed_in(database, shop, leader_id)
    assert leader.scope == {second, shop.store_id}


async def test_stores_limit_a_guide_and_none_means_all(database, shop) -> None:
    bound, _ = await signed_in(
        database, shop, await a_member(database, shop, "guide", store_ids=(shop.store_id,))
    )
    free, _ = await signed_in(database, shop, await a_member(database, shop, "guide"))
    boss, _ = await signed_in(
        database, shop, await a_member(database, shop, "owner", store_ids=(shop.store_id,))
    )

    assert (bound.scope, free.scope, boss.scope) == ({shop.store_id}, None, None)
    assert bound.permissions == ROLES["guide"]


async def test_sessions_end_when_a_role_changes(database, shop) -> None:
    role_id = await a_role(database, shop)
    _, token = await signed_in(database, shop, await a_member(database, shop, role_id))
    _, other = await signed_in(database, shop, await a_member(database, shop, "guide"))

    async with database.begin(shop.merchant) as uow:
        await staff.change_role(
            uow, role_id, staff.NewRole("客服", frozenset({Permission.ORDERS_READ}), "all")
        )

    assert await sessions.actor_of(database, shop.merchant, token) is VISITOR
    assert (await sessions.actor_of(database, shop.merchant, other)).kind == "staff"


async def test_sessions_end_when_somebody_gets_another_role_and_not_for_a_new_name(database, shop) -> None:
    person = await a_member(database, shop, "guide")
    _, token = await signed_in(database, shop, person)

    async with database.begin(shop.merchant) as uow:
        await staff.change(uow, person, name="陈大姐", wanted=staff.Assignment("guide"))
    assert (await sessions.actor_of(database, shop.merchant, token)).kind == "staff"
    async with database.begin(shop.merchant) as uow:
        await staff.change(uow, person, name="陈大姐", wanted=staff.Assignment("finance"))

    assert await sessions.actor_of(database, shop.merchant, token) is VISITOR
    clerk, _ = await signed_in(database, shop, person)
    assert clerk.permissions == ROLES["finance"]


async def an_actor(database: Database, shop: Shop, permissions, **facts) -> Actor:
    role_id = await a_role(database, shop, permissions=frozenset(permissions), name=ids.new().hex[:8])
    actor, _ = await signed_in(database, shop, await a_member(database, shop, role_id, **facts))
    return actor


async def test_nobody_grants_what_they_do_not_have(database, shop) -> None:
    manager = await an_actor(database, shop, {Permission.STAFF_WRITE, Permission.ORDERS_READ})
    strong = await a_role(database, shop, permissions=STAFF, name="全能")
    owner = await a_member(database, shop, "owner", login="boss")
    guide = await a_member(database, shop, "guide")
    before = await noted(database, shop)

    async def tried(work) -> None:
        with pytest.raises(staff.BeyondOwnRights):
            async with database.begin(shop.merchant, manager) as uow:
                await work(uow)

    await tried(lambda uow: staff.add_role(uow, ids.new(), staff.NewRole("更强", ORDERS, "all")))
    await tried(
        lambda uow: staff.change_role(
            uow, strong, staff.NewRole("全能", frozenset({Permission.ORDERS_READ}), "all")
        )
    )
    await tried(lambda uow: staff.remove_role(uow, strong))
    await tried(
        lambda uow: staff.hire(uow, login="x", name="x", password=PASSWORD, wanted=staff.Assignment("owner"))
    )
    await tried(
        lambda uow: staff.hire(
            uow, login="x", name="x", password=PASSWORD, wanted=staff.Assignment(str(strong))
        )
    )
    await tried(lambda uow: staff.set_password(uow, owner, PASSWORD + "!"))
    await tried(lambda uow: staff.set_active(uow, owner, is_active=False))
    await tried(lambda uow: staff.change(uow, guide, name="x", wanted=staff.Assignment("guide")))

    assert await noted(database, shop) == before
    assert (await signed_in(database, shop, owner))[0].permissions == ROLES["owner"]


async def test_nobody_gives_a_wider_scope_than_their_own(database, shop) -> None:
    second = await another_store(database, shop)
    role_id = await a_role(
        database,
        shop,
        scope="stores",
        permissions=frozenset({Permission.STAFF_WRITE, Permission.ORDERS_READ}),
    )
    manager, _ = await signed_in(
        database, shop, await a_member(database, shop, role_id, store_ids=(shop.store_id,))
    )
    everywhere = await a_role(database, shop, permissions=frozenset({Permission.ORDERS_READ}), name="看全部")

    for wanted in (
        staff.Assignment(str(role_id), (second,)),
        staff.Assignment(str(role_id), (shop.store_id, second)),
        staff.Assignment(str(everywhere)),
    ):
        with pytest.raises(staff.BeyondOwnRights):
            async with database.begin(shop.merchant, manager) as uow:
                await staff.hire(uow, login="x", name="x", password=PASSWORD, wanted=wanted)
    async with database.begin(shop.merchant, manager) as uow:
        await staff.hire(
            uow,
            login="x",
            name="x",
            password=PASSWORD,
            wanted=staff.Assignment(str(role_id), (shop.store_id,)),
        )


async def test_the_last_owner_stays(database, shop) -> None:
    first, second = await a_member(database, shop, "owner"), await a_member(database, shop, "owner")

    async def leave(person: UUID) -> None:
        async with database.begin(shop.merchant) as uow:
            await staff.set_active(uow, person, is_active=False)

    done = await asyncio.gather(leave(first), leave(second), return_exceptions=True)

    assert sorted(type(one).__name__ for one in done) == ["LastOwner", "NoneType"]
    async with database.begin(shop.merchant) as uow:
        (left,) = [person for person in await staff.every(uow) if person.is_active]
    with pytest.raises(staff.LastOwner):
        async with database.begin(shop.merchant) as uow:
            await staff.change(uow, left.id, name="x", wanted=staff.Assignment("guide"))


async def test_nobody_changes_their_own_rights(database, shop) -> None:
    owner = await a_member(database, shop, "owner")
    await a_member(database, shop, "owner")
    actor, _ = await signed_in(database, shop, owner)

    for work in (
        lambda uow: staff.change(uow, owner, name="x", wanted=staff.Assignment("guide")),
        lambda uow: staff.set_active(uow, owner, is_active=False),
    ):
        with pytest.raises(staff.OwnAccount):
            async with database.begin(shop.merchant, actor) as uow:
                await work(uow)


async def test_a_role_or_team_in_use_is_not_removed(database, shop) -> None:
    role_id = await a_role(database, shop)
    team = ids.new()
    person = await a_member(database, shop, role_id)
    async with database.begin(shop.merchant) as uow:
        await staff.add_team(uow, team, "一组", [person])
    for work in (lambda uow: staff.remove_role(uow, role_id), lambda uow: staff.remove_team(uow, team)):
        with pytest.raises(staff.RoleInUse):
            async with database.begin(shop.merchant) as uow:
                await work(uow)

    async with database.begin(shop.merchant) as uow:
        await staff.change(uow, person, name="陈姐", wanted=staff.Assignment("guide"))
        await staff.remove_role(uow, role_id)
        await staff.remove_team(uow, team)
        assert (await staff.own_roles(uow), await staff.teams(uow)) == ([], [])


async def test_names_of_roles_are_unique_and_a_second_asking_is_the_same_role(database, shop) -> None:
    role_id = await a_role(database, shop)
    with pytest.raises(staff.NameTaken):
        await a_role(database, shop)
    async with database.begin(shop.merchant) as uow:
        await staff.add_role(uow, role_id, staff.NewRole("客服", ORDERS, "all"))
        assert [role.id for role in await staff.own_roles(uow)] == [role_id]


async def test_another_merchants_people_and_roles_do_not_exist(database, shop, new_shop) -> None:
    role_id, person = await a_role(database, shop), await a_member(database, shop, "guide")
    other = await new_shop()

    for refusal, work in (
        (NotFound, lambda uow: staff.set_password(uow, person, PASSWORD)),
        (NotFound, lambda uow: staff.change_role(uow, role_id, staff.NewRole("x", ORDERS, "all"))),
        (
            Invalid,
            lambda uow: staff.hire(
                uow, login="x", name="x", password=PASSWORD, wanted=staff.Assignment(str(role_id))
            ),
        ),
    ):
        with pytest.raises(refusal):
            async with database.begin(other) as uow:
                await work(uow)


def test_every_permission_that_may_be_granted_is_explained() -> None:
    shown = [permission for _, rows in words.grouped() for permission, *_ in rows]

    assert sorted(shown) == sorted(STAFF)
    assert set(words.PERMISSION_WORDS) == STAFF
    assert set(words.PERMISSION_NOTES) == STAFF
