"""One way out to the merchant, for honest callbacks and hostile ones alike."""

import logging

import httpx

from siyu.connect.sandbox.world import World

logger = logging.getLogger(__name__)

ANSWER_SECONDS_MAX = 5.0  # a slower answer counts as a failure


async def post(world: World, url: str, headers: dict[str, str], body: bytes) -> httpx.Response | None:
    """Send one callback; None when no answer came in time."""
    try:
        return await world.http.post(url, content=body, headers=headers, timeout=ANSWER_SECONDS_MAX)
    except httpx.HTTPError as error:
        logger.info("callback to %s: no answer (%s)", url, type(error).__name__)
        return None
