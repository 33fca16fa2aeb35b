"""What addresses, staff and the workbench keep: at least one row of each."""

from uuid import UUID

from factories import Shop
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.people import addresses, customers, staff, workbench
from siyu.runtime import jobs
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.trade import fulfilment
from siyu.trade.fulfilment import sheets
from trust.furnished_goods import home


async def peopled(
    database: Database, merchant: Merchant, shop: Shop, buyer: UUID, mark: str
) -> dict[str, object]:
    """An address, a guest, a role, a team, somebody in them, a filter and a job; ids by the names that paths use."""
    address_id, guest_id, role_id, team_id, filter_id = (ids.new() for _ in range(5))
    async with database.begin(merchant) as uow:
        await addresses.keep(uow, buyer, address_id, home(mark), label="家", is_default=True)
        await customers.welcome_guest(
            uow, guest_id, name=f"{mark}过客", phone="13900000001", first_door_id=None, channel="shop"
        )
        role = staff.NewRole(f"{mark}客服", frozenset({Permission.ORDERS_READ}), "stores")
        await staff.add_role(uow, role_id, role)
        await staff.add_team(uow, team_id, f"{mark}一组")
        clerk_id = await staff.hire(
            uow, login="clerk", name=f"{mark}小陈", password="a long password",
            wanted=staff.Assignment(str(role_id), (shop.store_id,), team_id),
        )  # fmt: skip
    clerk = Actor("staff", clerk_id, frozenset({Permission.ORDERS_READ}), f"{mark}小陈")
    async with database.begin(merchant, clerk) as uow:
        await workbench.keep(uow, filter_id, "orders", f"{mark}待发货", "state=paid", is_shared=True)
        # A sheet with an order that is not there: its row is refused, which is what the report is for.
        lost = sheets.Sheet((sheets.Box(2, f"{mark}0000", "顺丰速运", "SF1234567890123"),))
        job_id = await jobs.start(
            uow, sheets.KIND, lost, title_zh=f"{mark}发货", title_en=f"{mark} shipping", total=1
        )
    while await jobs.run_step(database, merchant, fulfilment.JOBS):
        pass
    return {
        "address_id": address_id, "guest_id": guest_id, "role_id": role_id, "team_id": team_id,
        "clerk_id": clerk_id, "filter_id": filter_id, "job_id": job_id,
    }  # fmt: skip
