"""JSON: a shopper's own addresses, and reading one out of text."""

from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody

from siyu.kernel.permissions import Permission
from siyu.people.addresses import actions, queries
from siyu.people.addresses.model import Address, KnownAddress
from siyu.people.addresses.recognising import Recognised, recognise
from siyu.runtime.edge import ByActor, InUow

TAGS = ["Customers 顾客"]
SHOPPER = {"permission": Permission.SHOPPER}


class WantedAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address to keep. `region` may be empty: the names follow from `region_code`."""

    address: Address
    label: str = ""
    is_default: bool = False


class PastedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


@get("/api/v1/{slug:str}/addresses", opt=SHOPPER, tags=TAGS)
async def list_addresses(uow: InUow, actor: ByActor) -> list[KnownAddress]:
    """My addresses, the default first."""
    return await queries.of_customer(uow, actor.customer_id)


@put("/api/v1/{slug:str}/addresses/{address_id:uuid}", opt=SHOPPER, tags=TAGS)
async def keep_address(
    address_id: FromPath[UUID], data: JSONBody[WantedAddress], uow: InUow, actor: ByActor
) -> KnownAddress:
    """Add an address under an id you make, or change it. The same again changes nothing."""
    return await actions.keep(
        uow, actor.customer_id, address_id, data.address, label=data.label, is_default=data.is_default
    )


@delete("/api/v1/{slug:str}/addresses/{address_id:uuid}", opt=SHOPPER, tags=TAGS)
async def remove_address(address_id: FromPath[UUID], uow: InUow, actor: ByActor) -> None:
    """Forget one of my addresses; orders keep their copies."""
    await actions.remove(uow, actor.customer_id, address_id)


@post("/api/v1/{slug:str}/addresses/recognise", opt=SHOPPER, tags=TAGS, status_code=200)
async def recognise_text(data: JSONBody[PastedText]) -> Recognised:
    """Name, phone, region and street address found in pasted text. A guess: show it to the buyer."""
    return recognise(data.text)


routes = [list_addresses, keep_address, remove_address, recognise_text]
