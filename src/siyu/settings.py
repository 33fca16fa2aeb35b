"""Settings: typed, frozen, read once from `SIYU_*` variables.

With none set, `siyu demo` runs everything on this machine; `siyu serve` needs the accounts of the real gateways.
"""

import os
from functools import cache
from pathlib import Path

import msgspec


class UnknownSetting(Exception):
    """A `SIYU_*` variable that no setting knows; most often a typing error worth stopping for."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One field per variable: `database_url` is read from `SIYU_DATABASE_URL`."""

    data_dir: str = ".siyu"
    """Folder of the embedded database, pictures, the lake and the sandbox."""
    database_url: str = ""
    """PostgreSQL ≥ 15 to use instead of the embedded one, as a `postgresql://` URL of a role that owns the database."""
    database_connections: int = 8
    """Connections that one process keeps open at most."""
    host: str = "127.0.0.1"
    """Address the web server listens on."""
    port: int = 8000
    """Port of shop, desk, console and API."""
    public_url: str = ""
    """Address under which people reach the shop; printed into QR codes. Empty: `http://host:port`."""
    secret: str = ""
    """Key for signed cookies, at least 32 characters. Empty: made once and kept in the data folder."""
    session_days: int = 30
    """Days a sign-in lasts."""
    order_pay_minutes: int = 30
    """Minutes an unpaid order keeps its stock before it is closed."""
    orders_per_hour: int = 60
    """Orders that one customer may try to place on the shop's pages within an hour."""
    guests_per_hour: int = 10
    """Checkouts without sign-in that one browser may try within an hour; one client address may try ten times that."""
    guest_form_seconds: int = 2
    """A form of a buyer without sign-in that is filled in faster than this was filled in by a program."""
    lookups_per_hour: int = 10
    """Tries within an hour to find a guest's order, by phone and by client address."""
    proxies: int = 0
    """Reverse proxies in front of this server, whose `X-Forwarded-For` says where a request came from."""
    after_sale_days: int = 7
    """Days after receipt in which goods may be returned (消费者权益保护法 art. 25); commission matures after them."""
    sandbox: bool = False
    """Start the sandbox that plays WeChat, WeChat Pay and the SMS vendor beside the web server."""
    sandbox_port: int = 8001
    """Port of the sandbox."""
    wechat_api_url: str = "https://api.weixin.qq.com"
    """Base URL of the official-account API."""
    wechat_open_url: str = "https://open.weixin.qq.com"
    """Base URL of the WeChat sign-in page."""
    wechat_app_id: str = ""
    """Application id of the official account."""
    wechat_app_secret: str = ""
    """Application secret of the official account."""
    wechat_mini_app_id: str = ""
    """Application id of the mini program, when it pays through the same merchant number. Empty: there is none."""
    wxpay_url: str = "https://api.mch.weixin.qq.com"
    """Base URL of WeChat Pay API v3."""
    wxpay_merchant_id: str = ""
    """Merchant number (mchid) at WeChat Pay."""
    wxpay_merchant_serial: str = ""
    """Serial number of the merchant's API certificate, 40 upper-case hex digits."""
    wxpay_private_key_file: str = ""
    """PEM file with the merchant's API private key."""
    wxpay_api_v3_key: str = ""
    """The 32-byte APIv3 key that callbacks are encrypted with."""
    wxpay_platform_key_id: str = ""
    """Id of the platform's public key, `PUB_KEY_ID_…`."""
    wxpay_platform_key_file: str = ""
    """PEM file with the platform's public key."""
    alipay_url: str = "https://openapi.alipay.com/gateway.do"
    """Address of the Alipay gateway, path included."""
    alipay_app_id: str = ""
    """Application id (APPID) at Alipay. Empty: the shop takes no Alipay payments."""
    alipay_seller_id: str = ""
    """The merchant's account number (PID, `2088…`) at Alipay, which every notice must name."""
    alipay_private_key_file: str = ""
    """File with the application's private key, as PEM or as the bare base64 that Alipay's key tool writes."""
    alipay_public_key_file: str = ""
    """File with Alipay's own public key, as PEM or bare base64."""
    sms_url: str = "https://dysmsapi.aliyuncs.com"
    """Base URL of the SMS vendor (Aliyun SendSms 2017-05-25)."""
    sms_access_key_id: str = ""
    """Access key id at the SMS vendor."""
    sms_access_key_secret: str = ""
    """Access key secret at the SMS vendor."""
    sms_sign_name: str = "Siyu"
    """Signature shown before each SMS."""
    sms_code_template: str = "SMS_000001"
    """Template of the sign-in code; its one parameter is `code`."""
    media_url: str = ""
    """Where pictures lie: `s3://bucket/prefix`. Empty: the folder `media` below the data folder."""
    media_endpoint: str = ""
    """Base URL of an S3-compatible store (Aliyun OSS, Tencent COS, MinIO). Empty: AWS itself."""
    media_region: str = "us-east-1"
    """Region of the bucket."""
    media_access_key_id: str = ""
    """Access key id of the bucket. Empty: what the machine is given by its cloud."""
    media_secret_access_key: str = ""
    """Secret access key of the bucket."""
    demo: bool = False
    """Offer the demo's one-tap sign-ins and let the clock be moved. Never in production."""
    log_level: str = "info"
    """`debug`, `info`, `warning` or `error`."""

    @property
    def base_url(self) -> str:
        """Where people reach us, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox listens when it is started beside us."""
        return f"http://{self.host}:{self.sandbox_port}"

    def folder(self, *names: str) -> Path:
        """A folder below the data folder, made if absent."""
        path = Path(self.data_dir).resolve().joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path


PREFIX = "SIYU_"
KNOWN = {PREFIX + name.upper(): name for name in Settings.__struct_fields__}


def read(environment: "dict[str, str] | os._Environ[str]" = os.environ) -> Settings:
    """Settings from an environment. Raises UnknownSetting, or msgspec.ValidationError naming the field."""
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    unknown = sorted(set(given) - set(KNOWN))
    if unknown:
        raise UnknownSetting(f"no such setting: {', '.join(unknown)}; `siyu doctor` lists them all")
    return msgspec.convert({KNOWN[name]: value for name, value in given.items()}, Settings, strict=False)


_used: Settings | None = None


def current() -> Settings:
    """The settings of this process: those it was started with, else what the environment says."""
    return _used or _from_environment()


@cache
def _from_environment() -> Settings:
    return read()


def use(settings: Settings) -> None:
    """Make these the settings of this process."""
    global _used  # noqa: PLW0603 - one process, one set of settings
    _used = settings
