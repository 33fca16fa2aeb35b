"""What goes to WeChat Pay and what comes back. Amounts are fen, times are UTC."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from siyu.connect import crypto
from siyu.connect.gateways import Payout, Refund, Transaction
from siyu.settings import Settings

API_V3_KEY_BYTES = 32


class Credentials(msgspec.Struct, frozen=True):
    """Who we are at WeChat Pay, and whose signatures we believe.

    `platform_keys` maps `Wechatpay-Serial` (a `PUB_KEY_ID_…` or a certificate serial) to the PEM of a public key
    or certificate. Both modes can be live at once while a merchant migrates. `mini_app_id` is a mini program that
    pays through the same merchant number, if there is one.
    """

    merchant_id: str
    app_id: str
    merchant_serial: str
    private_key_pem: bytes
    api_v3_key: bytes
    platform_keys: dict[str, bytes]
    base_url: str
    mini_app_id: str = ""


def credentials_from(settings: Settings) -> Credentials:
    """Credentials from the settings and the PEM files they name.

    Raises ValueError naming the setting that is missing or cannot be used, and OSError for an unreadable file.
    """
    needed = (
        "wxpay_merchant_id",
        "wechat_app_id",
        "wxpay_merchant_serial",
        "wxpay_private_key_file",
        "wxpay_api_v3_key",
        "wxpay_platform_key_id",
        "wxpay_platform_key_file",
    )
    missing = [name for name in needed if not getattr(settings, name)]
    if missing:
        raise ValueError(
            f"WeChat Pay is not configured; set {', '.join('SIYU_' + name.upper() for name in missing)}"
        )
    api_v3_key = settings.wxpay_api_v3_key.encode()
    if len(api_v3_key) != API_V3_KEY_BYTES:
        raise ValueError(f"SIYU_WXPAY_API_V3_KEY must be {API_V3_KEY_BYTES} bytes, not {len(api_v3_key)}")
    private_key_pem = Path(settings.wxpay_private_key_file).read_bytes()
    crypto.check_private_key(private_key_pem)
    platform_key_pem = Path(settings.wxpay_platform_key_file).read_bytes()
    crypto.check_public_key(platform_key_pem)
    return Credentials(
        merchant_id=settings.wxpay_merchant_id,
        app_id=settings.wechat_app_id,
        merchant_serial=settings.wxpay_merchant_serial,
        private_key_pem=private_key_pem,
        api_v3_key=api_v3_key,
        platform_keys={settings.wxpay_platform_key_id: platform_key_pem},
        base_url=settings.wxpay_url.rstrip("/"),
        mini_app_id=settings.wechat_mini_app_id,
    )


class ClientParameters(msgspec.Struct, frozen=True, rename="camel"):
    """What `WeixinJSBridge.invoke('getBrandWCPayRequest')` takes; encodes with WeChat's own key names.

    A mini program hands the same to `wx.requestPayment`, without `appId`.
    """

    app_id: str
    time_stamp: str  # a string of digits: WeChat on iOS refuses a number
    nonce_str: str
    package: str
    sign_type: str
    pay_sign: str


class WireAmount(msgspec.Struct, frozen=True):
    """Amounts of queries and callbacks; absent in answers about unpaid orders."""

    total: int = 0
    refund: int = 0
    currency: str = "CNY"


class WirePayer(msgspec.Struct, frozen=True):
    openid: str = ""


class WireTransaction(msgspec.Struct, frozen=True):
    out_trade_no: str
    mchid: str
    appid: str
    trade_state: str
    transaction_id: str = ""
    success_time: datetime | None = None
    payer: WirePayer = msgspec.field(default_factory=WirePayer)
    amount: WireAmount = msgspec.field(default_factory=WireAmount)

    def read(self) -> Transaction:
        return Transaction(
            out_trade_no=self.out_trade_no,
            transaction_id=self.transaction_id,
            trade_state=self.trade_state,
            total=self.amount.total,
            currency=self.amount.currency,
            openid=self.payer.openid,
            success_time=_utc(self.success_time),
            merchant_id=self.mchid,
            app_id=self.appid,
        )


class WireRefund(msgspec.Struct, frozen=True):
    """Answers call the state `status`, callbacks call it `refund_status`; only callbacks name the merchant."""

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    amount: WireAmount
    status: str = ""
    refund_status: str = ""
    mchid: str = ""
    success_time: datetime | None = None

    def read(self) -> Refund:
        return Refund(
            out_refund_no=self.out_refund_no,
            refund_id=self.refund_id,
            out_trade_no=self.out_trade_no,
            status=self.status or self.refund_status,
            refund=self.amount.refund,
            total=self.amount.total,
            success_time=_utc(self.success_time),
        )


class WireTransfer(msgspec.Struct, frozen=True):
    """A transfer in the answer to its sending (no amount), in that to a query (no package) and in callbacks."""

    out_bill_no: str
    state: str
    transfer_bill_no: str = ""
    transfer_amount: int = 0
    openid: str = ""
    fail_reason: str = ""
    package_info: str = ""
    update_time: datetime | None = None

    def read(self) -> Payout:
        return Payout(
            number=self.out_bill_no,
            gateway_id=self.transfer_bill_no,
            state=self.state,
            amount=self.transfer_amount,
            openid=self.openid,
            fail_reason=self.fail_reason,
            package=self.package_info,
            updated_at=_utc(self.update_time),
        )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
