"""JSON: doors and scans."""

from datetime import date
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from siyu.kernel.permissions import Permission
from siyu.place import stores
from siyu.place.doors import actions, queries
from siyu.place.doors.actions import NewDoor
from siyu.place.doors.model import Door, DoorReport
from siyu.place.stores import Store
from siyu.runtime.edge import InUow

TAGS = ["Doors 入口"]


class Scan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who came: an anonymous visitor's id, made and kept by the client."""

    visitor_id: UUID


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a door cost on a day, in minor units."""

    day: date
    amount: int
    note: str = ""


@get("/api/v1/{slug:str}/stores", opt={"public": True}, tags=["Stores 门店"])
async def list_stores(uow: InUow) -> list[Store]:
    """All stores; coordinates are millionths of a degree."""
    return await stores.every(uow)


@get("/api/v1/{slug:str}/doors", opt={"permission": Permission.DOORS_READ}, tags=TAGS)
async def list_doors(uow: InUow) -> list[DoorReport]:
    """Every door with its scans, people and cost so far."""
    return await queries.reports(uow)


@post("/api/v1/{slug:str}/doors", opt={"permission": Permission.DOORS_WRITE}, tags=TAGS)
async def open_door(data: JSONBody[NewDoor], uow: InUow) -> Door:
    """Open a door; its short link is `/d/{slug}/{code}`."""
    return await actions.open_door(uow, data)


@post("/api/v1/{slug:str}/doors/{code:str}/scans", opt={"public": True}, tags=TAGS)
async def scan(code: FromPath[str], data: JSONBody[Scan], uow: InUow) -> Door:
    """Somebody comes through a door; a repeat within a minute is the same visit."""
    customer_id = uow.actor.id if uow.actor.kind == "customer" else None
    return await actions.scan(uow, code, data.visitor_id, customer_id)


@post("/api/v1/{slug:str}/doors/{door_id:uuid}/costs", opt={"permission": Permission.DOORS_WRITE}, tags=TAGS)
async def add_cost(door_id: FromPath[UUID], data: JSONBody[Cost], uow: InUow) -> None:
    """Write down what a door cost."""
    await actions.add_cost(uow, door_id, data.day, data.amount, data.note)


routes = [list_stores, list_doors, open_door, scan, add_cost]
