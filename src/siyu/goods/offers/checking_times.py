"""Times that a calendar can show: with a zone, and neither before there were shops nor after the last year there is."""

from collections.abc import Iterator
from datetime import datetime

from siyu.goods.offers.model import OfferForm
from siyu.kernel.errors import Invalid

YEARS = range(2000, 2200)  # written in another zone, the edges of what a date can be are no dates any more
OF_FORM = ("starts_at", "ends_at")
OF_RULE = ("since", "until", "balance_from", "balance_until", "ships_from")


def is_plausible(at: datetime) -> bool:
    """Whether this moment can be compared with others and shown in any zone."""
    return at.tzinfo is not None and at.year in YEARS


def implausible(form: OfferForm) -> Iterator[Invalid]:
    """The times of an offer that are none, each by its field."""
    said = [(name, getattr(form, name)) for name in OF_FORM]
    said += [(f"rule.{name}", getattr(form.rule, name, None)) for name in OF_RULE]
    for field, at in said:
        if isinstance(at, datetime) and not is_plausible(at):
            yield Invalid(
                field=field,
                zh="时间需带时区，且在 2000 到 2199 年之间。",
                en="A time has a zone and lies between the years 2000 and 2199.",
            )
