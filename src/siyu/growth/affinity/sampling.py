"""Samples: asked for, sent, something to be published by a day, what came of it. A sample is no pay and asks no purchase."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from siyu.growth.affinity.model import Sample, SampleState, WrongMove
from siyu.growth.affinity.queries import koc, samples
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork

STEPS: Mapping[SampleState, frozenset[SampleState]] = {
    "requested": frozenset({"shipped", "refused"}),
    "shipped": frozenset({"published", "closed"}),
    "published": frozenset({"closed"}),
    "closed": frozenset(),
    "refused": frozenset(),
}
DAYS_DUE = 14  # from sending to publishing
TEXT_MAX = 300


async def request(uow: UnitOfWork, sample_id: UUID, customer_id: UUID, product_id: UUID) -> Sample:
    """Ask for a sample for somebody on the way. The id is the asker's: a second arrival changes nothing."""
    await koc(uow, customer_id)
    await uow.run(
        """
        insert into koc_samples (merchant_id, id, customer_id, product_id, state, created_at, changed_at)
        values (%(merchant_id)s, %(id)s, %(customer)s, %(product)s, 'requested', %(now)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=sample_id,
        customer=customer_id,
        product=product_id,
    )
    return await _one(uow, customer_id, sample_id)


async def _one(uow: UnitOfWork, customer_id: UUID, sample_id: UUID) -> Sample:
    found = next((each for each in await samples(uow, customer_id) if each.id == sample_id), None)
    if found is None:
        raise NotFound(what="样品 / sample")
    return found


async def step(
    uow: UnitOfWork, customer_id: UUID, sample_id: UUID, after: SampleState, text: str = ""
) -> Sample:
    """The next step: `text` is the waybill when sent, the link when published, the result when closed.

    A second arrival changes nothing. Raises NotFound, WrongMove, Invalid.
    """
    if len(text) > TEXT_MAX:
        raise Invalid(field="text", zh="最多 300 字。", en="At most 300 characters.")
    if after == "published" and not text.startswith(("http://", "https://")):
        raise Invalid(field="text", zh="请填写以 http 开头的链接。", en="A link begins with http.")
    await uow.run(
        "select from koc_samples where merchant_id = %(merchant_id)s and id = %(id)s for update", id=sample_id
    )
    present = await _one(uow, customer_id, sample_id)
    if present.state == after:
        return present
    if after not in STEPS[present.state]:
        raise WrongMove(state=present.state)
    await uow.run(
        """
        update koc_samples
        set state = %(after)s, changed_at = %(now)s,
            tracking = case when %(after)s = 'shipped' then %(text)s else tracking end,
            due_at = case when %(after)s = 'shipped' then %(due)s else due_at end,
            link = case when %(after)s = 'published' then %(text)s else link end,
            result = case when %(after)s in ('closed', 'refused') then %(text)s else result end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=sample_id,
        after=after,
        text=text.strip(),
        due=uow.now + timedelta(days=DAYS_DUE),
    )
    return await _one(uow, customer_id, sample_id)
