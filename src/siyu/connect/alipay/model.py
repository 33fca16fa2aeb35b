"""Who we are at Alipay, and the words of its answers. Yuan on the wire, fen here."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from siyu.connect import crypto, gateways
from siyu.connect.gateways import Refund, Transaction
from siyu.settings import Settings

NEEDED = ("alipay_app_id", "alipay_seller_id", "alipay_private_key_file", "alipay_public_key_file")
BASE64_LINE = 64


class Credentials(msgspec.Struct, frozen=True):
    """`seller_id` is the merchant's account number (PID); `public_key_pem` is Alipay's key, not ours.

    `url` is the whole address of the gateway.
    """

    app_id: str
    seller_id: str
    private_key_pem: bytes
    public_key_pem: bytes
    url: str


def is_configured(settings: Settings) -> bool:
    """Whether this installation has an Alipay application at all; half of one is an error of `credentials_from`."""
    return any(getattr(settings, name) for name in NEEDED)


def credentials_from(settings: Settings) -> Credentials:
    """Credentials from the settings and the key files they name.

    Raises ValueError naming the setting that is missing or cannot be used, and OSError for an unreadable file.
    """
    missing = [name for name in NEEDED if not getattr(settings, name)]
    if missing:
        raise ValueError(
            f"Alipay is not configured; set {', '.join('SIYU_' + name.upper() for name in missing)}"
        )
    return Credentials(
        app_id=settings.alipay_app_id,
        seller_id=settings.alipay_seller_id,
        private_key_pem=_pem(
            settings.alipay_private_key_file, ("PRIVATE KEY", "RSA PRIVATE KEY"), crypto.check_private_key
        ),
        public_key_pem=_pem(settings.alipay_public_key_file, ("PUBLIC KEY",), crypto.check_public_key),
        url=settings.alipay_url,
    )


def _pem(path: str, labels: tuple[str, ...], check: Callable[[bytes], None]) -> bytes:
    """A key file as PEM: Alipay's own tool writes bare base64 on one line, in either of two private formats."""
    content = Path(path).read_bytes()
    if b"BEGIN" in content:
        check(content)
        return content
    text = "".join(content.decode("ascii", "replace").split())
    lines = "\n".join(text[start : start + BASE64_LINE] for start in range(0, len(text), BASE64_LINE))
    for label in labels:
        pem = f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()
        try:
            check(pem)
        except crypto.KeyUnreadable:
            continue
        return pem
    raise crypto.KeyUnreadable(f"{path} is neither PEM nor the base64 of a key")


class Head(msgspec.Struct, frozen=True):
    """What every answer begins with; `10000` is yes."""

    code: str
    msg: str = ""
    sub_code: str = ""
    sub_msg: str = ""


class WireTrade(msgspec.Struct, frozen=True):
    """The answer to a query; a notice says the same under other names for payer and times."""

    out_trade_no: str
    trade_status: str
    total_amount: str
    trade_no: str = ""
    buyer_user_id: str = ""
    buyer_open_id: str = ""
    send_pay_date: str = ""

    def read(self, credentials: Credentials) -> Transaction:
        """Raises ValueError for an amount or a time that is none."""
        return transaction(
            credentials,
            out_trade_no=self.out_trade_no,
            trade_no=self.trade_no,
            status=self.trade_status,
            total_amount=self.total_amount,
            buyer=self.buyer_open_id or self.buyer_user_id,
            paid_at=self.send_pay_date,
        )


class WireRefund(msgspec.Struct, frozen=True):
    """The answer to a refund. `fund_change` Y: this very call moved the money."""

    fund_change: str = "N"
    gmt_refund_pay: str = ""


class WireRefundQuery(msgspec.Struct, frozen=True):
    """The answer to a refund query; without `refund_status` nothing was refunded under that number."""

    out_trade_no: str = ""
    out_request_no: str = ""
    refund_status: str = ""
    refund_amount: str = ""
    total_amount: str = ""
    gmt_refund_pay: str = ""

    def read(self) -> Refund | None:
        """Raises ValueError for an amount or a time that is none."""
        if self.refund_status not in ("", "REFUND_SUCCESS") or not self.refund_amount:
            return None
        # Older contracts leave the status out of a refund that succeeded, but never its amount.
        return Refund(
            out_refund_no=self.out_request_no,
            refund_id="",
            out_trade_no=self.out_trade_no,
            status="SUCCESS",
            refund=gateways.fen(self.refund_amount),
            total=gateways.fen(self.total_amount),
            success_time=gateways.china_time(self.gmt_refund_pay) if self.gmt_refund_pay else None,
        )


class WireBillUrl(msgspec.Struct, frozen=True):
    bill_download_url: str


def transaction(
    credentials: Credentials,
    *,
    out_trade_no: str,
    trade_no: str,
    status: str,
    total_amount: str,
    buyer: str,
    paid_at: str,
    is_refund: bool = False,
) -> Transaction:
    """A trade in the words that all gateways share. Raises ValueError."""
    return Transaction(
        out_trade_no=out_trade_no,
        transaction_id=trade_no,
        trade_state=_state(status, is_paid=bool(paid_at), is_refund=is_refund),
        total=gateways.fen(total_amount),
        currency="CNY",
        openid=buyer,
        success_time=gateways.china_time(paid_at) if paid_at else None,
        merchant_id=credentials.seller_id,
        app_id=credentials.app_id,
        gateway="alipay",
        is_refundable=status == "TRADE_SUCCESS",
    )


def _state(status: str, *, is_paid: bool, is_refund: bool) -> str:
    if status in ("TRADE_SUCCESS", "TRADE_FINISHED"):
        # A partial refund is told as TRADE_SUCCESS once more; it is no second payment.
        return "REFUND" if is_refund else "SUCCESS"
    if status == "TRADE_CLOSED":
        # Closed means either that nobody paid in time or that everything went back.
        return "REFUND" if is_paid else "CLOSED"
    if status == "WAIT_BUYER_PAY":
        return "NOTPAY"
    raise ValueError(f"a trade status that nobody documented: {status}")
