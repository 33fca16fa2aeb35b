"""The agreement with promoters: its versions, and who accepted which."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.growth.promoters.model import AgreementChanged, Promoter
from siyu.growth.promoters.saying import refuse_forbidden
from siyu.growth.promoters.words import HOUSE_AGREEMENT
from siyu.kernel.errors import Invalid
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

AGREEMENT_VERSION = "2026-11"  # of the house's own text, which holds until a merchant publishes one
BODY_LENGTH_MAX = 10_000


class Agreement(msgspec.Struct, frozen=True):
    """One version. `number` 0 is the house's own text, whose paragraphs pages translate."""

    number: int
    version: str
    body: str
    published_by: str = ""
    published_at: datetime | None = None

    @property
    def paragraphs(self) -> list[str]:
        return [line.strip() for line in self.body.splitlines() if line.strip()]


class Acceptance(msgspec.Struct, frozen=True):
    """A promoter accepted a version."""

    version: str
    at: datetime


HOUSE = Agreement(0, AGREEMENT_VERSION, "\n".join(HOUSE_AGREEMENT))


async def agreement(uow: UnitOfWork) -> Agreement:
    """The version in force."""
    found = await uow.maybe(
        Agreement,
        """
        select number, version, body, published_by, published_at from promoter_agreements
        where merchant_id = %(merchant_id)s order by number desc limit 1
        """,
    )
    return found or HOUSE


async def agreements(uow: UnitOfWork) -> list[Agreement]:
    """Every version, newest first, the house's own last."""
    found = await uow.all(
        Agreement,
        """
        select number, version, body, published_by, published_at from promoter_agreements
        where merchant_id = %(merchant_id)s order by number desc
        """,
    )
    return [*found, HOUSE]


async def publish_agreement(uow: UnitOfWork, body: str) -> Agreement:
    """Put a new version in force; who promotes must accept it before sharing on. The same text again changes nothing.

    Raises Invalid and Unsaid at `body`.
    """
    text = "\n".join(line.rstrip() for line in body.strip().splitlines())
    if not 20 <= len(text) <= BODY_LENGTH_MAX:
        raise Invalid(
            field="body", zh="协议需为 20 到 10000 个字。", en="An agreement has 20 to 10,000 characters."
        )
    refuse_forbidden(text, "body")
    before = await agreement(uow)
    if before.body == text:
        return before
    day = uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date()
    version = f"{day}.{before.number + 1}"
    await uow.run(
        """
        insert into promoter_agreements (merchant_id, number, version, body, published_by, published_at)
        values (%(merchant_id)s, %(number)s, %(version)s, %(body)s, %(by)s, %(now)s)
        """,
        number=before.number + 1,
        version=version,
        body=text,
        by=uow.actor.name,
    )
    await audit.note(
        uow,
        "promoters.publish_agreement",
        subject_kind="merchant",
        name=version,
        before={"version": before.version},
        after={"version": version},
    )
    return await agreement(uow)


async def accept_agreement(uow: UnitOfWork, promoter_id: UUID, version: str) -> None:
    """Write down that the promoter accepts the version in force. Raises Invalid when another one was shown."""
    current = await agreement(uow)
    if version != current.version:
        raise Invalid(
            field="agrees",
            zh="协议已更新，请刷新后重新阅读。",
            en="The agreement has changed; please reload and read it again.",
        )
    await record_acceptance(uow, promoter_id, version, uow.now)
    await uow.run(
        """
        update promoters set agreement_version = %(version)s
        where merchant_id = %(merchant_id)s and id = %(id)s and agreement_version <> %(version)s
        """,
        id=promoter_id,
        version=version,
    )


async def record_acceptance(uow: UnitOfWork, promoter_id: UUID, version: str, at: datetime) -> None:
    """Once for each version, at the instant it was first accepted."""
    await uow.run(
        """
        insert into promoter_acceptances (merchant_id, promoter_id, version, at)
        values (%(merchant_id)s, %(promoter)s, %(version)s, %(at)s)
        on conflict (merchant_id, promoter_id, version) do nothing
        """,
        promoter=promoter_id,
        version=version,
        at=at,
    )


async def acceptances_of(uow: UnitOfWork, promoter_id: UUID) -> list[Acceptance]:
    """Which versions a promoter accepted, newest first."""
    return await uow.all(
        Acceptance,
        """
        select version, at from promoter_acceptances
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s order by at desc, version desc
        """,
        promoter=promoter_id,
    )


async def require_agreed(uow: UnitOfWork, promoter: Promoter) -> None:
    """Raises AgreementChanged unless the promoter accepted the version in force."""
    if promoter.agreement_version != (await agreement(uow)).version:
        raise AgreementChanged
