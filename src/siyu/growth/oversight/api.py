"""JSON: risks, who answers for them, and the rules."""

from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.growth.oversight import overriding, queries, tuning
from siyu.growth.oversight.model import Risk, Settings
from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow

TAGS = ["Oversight 合规"]
READ = {"permission": Permission.COMMISSION_READ}
APPROVE = {"permission": Permission.COMMISSION_APPROVE}


class NewOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a risk may stand, and for how many days. The id is made by the asker."""

    id: UUID
    reason: str
    days: int = 30


@get("/api/v1/{slug:str}/risks", opt=READ, tags=TAGS)
async def list_risks(uow: InUow, after: FromQuery[str] = "", limit: FromQuery[int] = 50) -> Page[Risk]:
    """Risks that stand, newest first, each with its rule, field and fix."""
    return await queries.risks(uow, after=after_moment(after), limit=limit)


@post("/api/v1/{slug:str}/risks/{risk_id:uuid}/overrides", opt=APPROVE, tags=TAGS, status_code=204)
async def add_override(risk_id: FromPath[UUID], data: JSONBody[NewOverride], uow: InUow) -> None:
    """Answer for a risk. A named member of staff has to ask; what the law forbids is refused."""
    await overriding.override(uow, risk_id, override_id=data.id, reason=data.reason, days=data.days)


@get("/api/v1/{slug:str}/risks/thresholds", opt=READ, tags=TAGS)
async def read_thresholds(uow: InUow) -> Settings:
    """From where on a figure is a risk; shares are basis points."""
    return await queries.settings(uow)


@put("/api/v1/{slug:str}/risks/thresholds", opt=APPROVE, tags=TAGS, status_code=204)
async def put_thresholds(data: JSONBody[Settings], uow: InUow) -> None:
    """Keep the thresholds."""
    await tuning.save_settings(uow, data)


routes = [list_risks, add_override, read_thresholds, put_thresholds]
