"""Pictures of evidence that come with a form."""

from litestar.datastructures import FormMultiDict, UploadFile

from siyu.goods import media
from siyu.growth.disputes.deciding import PICTURES_MAX
from siyu.runtime import limits
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings

PICTURES_PER_HOUR = 30
HOUR_SECONDS = 3_600


async def pictures_in(
    form: FormMultiDict, database: Database, merchant: Merchant, actor: Actor, settings: Settings
) -> tuple[str, ...]:
    """Keep the pictures and return their keys; one more than allowed is kept out by the dispute itself."""
    files = [one for one in form.getall("pictures", []) if isinstance(one, UploadFile) and one.filename]
    keys: list[str] = []
    for file in files[: PICTURES_MAX + 1]:
        await limits.take(
            database,
            merchant,
            "disputes.pictures",
            str(actor.id),
            most=PICTURES_PER_HOUR,
            seconds=HOUR_SECONDS,
        )
        body = await file.read(media.BYTES_MAX + 1)
        keys.append((await media.keep(database, merchant, actor, settings, body, "pictures")).key)
    return tuple(keys)
