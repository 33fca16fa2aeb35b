"""Reading the checkout form. What cannot be read counts as not said: the page asks for it again."""

from datetime import UTC, datetime
from uuid import UUID

from litestar.datastructures import FormMultiDict

from siyu.people import addresses
from siyu.trade.checkout.model import CheckoutForm

TEXTS = (
    "from_cart",
    "delivery",
    "address_id",
    "save_address",
    "invoice_kind",
    "invoice_title",
    "tax_number",
    "invoice_email",
    "agree",
    "claim",
    "coupons",
    "freight_coupons",
    "coupons_now",
    "freight_now",
    "deposit_read",
    "website",
    "shown",
)


def form_in(sent: FormMultiDict) -> CheckoutForm:
    """The form as it was sent."""
    total = str(sent.get("expected_total", ""))
    return CheckoutForm(
        lines=str(sent.get("lines", ""))[:6_000],
        accepts=tuple(found for text in sent.getall("accepts", []) if (found := _uuid(text)) is not None),
        expected_total=int(total) if total.isascii() and total.isdecimal() and len(total) <= 15 else 0,
        key=str(sent.get("idempotency_key", ""))[:81],
        store_id=_uuid(sent.get("store_id", "")),
        local_store_id=_uuid(sent.get("local_store_id", "")),
        slot=_moment(sent.get("slot", "")),
        address=addresses.said_in(sent),
        remark=str(sent.get("remark", "")).strip()[:1_000],
        **{name: str(sent.get(name, "")).strip()[:300] for name in TEXTS},
    )


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _moment(text: object) -> datetime | None:
    try:
        said = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return said.astimezone(UTC) if said.tzinfo is not None else None
