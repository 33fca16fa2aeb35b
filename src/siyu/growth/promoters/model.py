"""Structs of promoters."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class Promoter(msgspec.Struct, frozen=True):
    """Somebody who brings friends. There is no field for who brought the promoter: nobody earns from that."""

    id: UUID
    customer_id: UUID
    kind: str
    name: str
    state: str
    agreement_version: str
    joined_at: datetime


class NotAPromoter(DomainError):
    """The customer has not joined as a promoter, or was dismissed."""

    code = "distribution.not_a_promoter"
    status = 403
    zh = "你还不是推广员。"
    en = "You have not joined as a promoter."
