"""Keys and numbers that both sides of the sandbox need, made once and kept in a folder."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from siyu.connect import crypto

KEYS_FOLDER = "keys"
ALIPAY_FOLDER = "alipay_keys"  # a folder of its own: sandboxes older than Alipay get it beside what they have
APP_KEY_FILE = "app_private.pem"
ALIPAY_KEY_FILE = "alipay_private.pem"
ALIPAY_PUBLIC_FILE = "alipay_public.pem"
NUMBERS_FILE = "numbers.json"
MERCHANT_KEY_FILE = "merchant_private.pem"
PLATFORM_KEY_FILE = "platform_private.pem"
PLATFORM_PUBLIC_FILE = "platform_public.pem"
NEXT_PLATFORM_KEY_FILE = "platform_next_private.pem"


class Numbers(msgspec.Struct, frozen=True):
    """What WeChat and the SMS vendor would have issued to a merchant."""

    merchant_id: str
    merchant_serial: str
    api_v3_key: str
    platform_key_id: str
    next_platform_key_id: str
    app_id: str
    app_secret: str
    sms_access_key_id: str
    sms_access_key_secret: str


class AlipayNumbers(msgspec.Struct, frozen=True):
    """What Alipay would have issued."""

    app_id: str
    seller_id: str


class Keys(msgspec.Struct, frozen=True):
    """Everything the sandbox signs and verifies with. The next platform key is unknown to merchants on purpose."""

    numbers: Numbers
    alipay: AlipayNumbers
    app_public_pem: bytes
    alipay_private_pem: bytes
    merchant_public_pem: bytes
    platform_private_pem: bytes
    next_platform_private_pem: bytes


def ensure_keys(folder: Path) -> dict[str, str]:
    """Make the keys under `folder` if there are none, and return the fields of Settings they stand for."""
    kept, alipay_kept = folder / KEYS_FOLDER, folder / ALIPAY_FOLDER
    if not kept.exists():
        _make(folder, kept, _write_wechat)
    if not alipay_kept.exists():
        _make(folder, alipay_kept, _write_alipay)
    numbers, alipay = _numbers(kept), _alipay_numbers(alipay_kept)
    return {
        "wxpay_merchant_id": numbers.merchant_id,
        "wxpay_merchant_serial": numbers.merchant_serial,
        "wxpay_private_key_file": str(kept / MERCHANT_KEY_FILE),
        "wxpay_api_v3_key": numbers.api_v3_key,
        "wxpay_platform_key_id": numbers.platform_key_id,
        "wxpay_platform_key_file": str(kept / PLATFORM_PUBLIC_FILE),
        "wechat_app_id": numbers.app_id,
        "wechat_app_secret": numbers.app_secret,
        "wechat_mini_app_id": mini_app_id(numbers),
        "alipay_app_id": alipay.app_id,
        "alipay_seller_id": alipay.seller_id,
        "alipay_private_key_file": str(alipay_kept / APP_KEY_FILE),
        "alipay_public_key_file": str(alipay_kept / ALIPAY_PUBLIC_FILE),
        "sms_access_key_id": numbers.sms_access_key_id,
        "sms_access_key_secret": numbers.sms_access_key_secret,
    }


def load(folder: Path) -> Keys:
    """The keys under `folder`, made if absent."""
    ensure_keys(folder)
    kept, alipay_kept = folder / KEYS_FOLDER, folder / ALIPAY_FOLDER
    return Keys(
        numbers=_numbers(kept),
        alipay=_alipay_numbers(alipay_kept),
        app_public_pem=crypto.public_half((alipay_kept / APP_KEY_FILE).read_bytes()),
        alipay_private_pem=(alipay_kept / ALIPAY_KEY_FILE).read_bytes(),
        merchant_public_pem=crypto.public_half((kept / MERCHANT_KEY_FILE).read_bytes()),
        platform_private_pem=(kept / PLATFORM_KEY_FILE).read_bytes(),
        next_platform_private_pem=(kept / NEXT_PLATFORM_KEY_FILE).read_bytes(),
    )


def _numbers(kept: Path) -> Numbers:
    return msgspec.json.decode((kept / NUMBERS_FILE).read_bytes(), type=Numbers)


def _alipay_numbers(kept: Path) -> AlipayNumbers:
    return msgspec.json.decode((kept / NUMBERS_FILE).read_bytes(), type=AlipayNumbers)


def mini_app_id(numbers: Numbers) -> str:
    """The mini program that belongs to the official account: always the same for the same one."""
    return "wx" + hashlib.sha256(f"mini program of {numbers.app_id}".encode()).hexdigest()[:16]


def _make(folder: Path, kept: Path, write_into: Callable[[Path], None]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed whole: web server and sandbox may start at the same moment.
    aside = Path(mkdtemp(prefix=".keys-", dir=folder))
    try:
        write_into(aside)
        aside.rename(kept)
    except OSError:
        # The other process was quicker; its keys are as good as ours.
        if not kept.exists():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_wechat(aside: Path) -> None:
    platform_pem = crypto.new_private_key()
    _write(aside / MERCHANT_KEY_FILE, crypto.new_private_key())
    _write(aside / PLATFORM_KEY_FILE, platform_pem)
    _write(aside / PLATFORM_PUBLIC_FILE, crypto.public_half(platform_pem))
    _write(aside / NEXT_PLATFORM_KEY_FILE, crypto.new_private_key())
    _write(aside / NUMBERS_FILE, msgspec.json.format(msgspec.json.encode(_new_numbers())))


def _write_alipay(aside: Path) -> None:
    alipay_pem = crypto.new_private_key()
    numbers = AlipayNumbers(app_id="2021" + _digits(12), seller_id="2088" + _digits(12))
    _write(aside / APP_KEY_FILE, crypto.new_private_key())
    _write(aside / ALIPAY_KEY_FILE, alipay_pem)
    _write(aside / ALIPAY_PUBLIC_FILE, crypto.public_half(alipay_pem))
    _write(aside / NUMBERS_FILE, msgspec.json.format(msgspec.json.encode(numbers)))


def _new_numbers() -> Numbers:
    return Numbers(
        merchant_id="19" + _digits(8),
        merchant_serial=secrets.token_hex(20).upper(),
        api_v3_key=secrets.token_hex(16),
        platform_key_id="PUB_KEY_ID_01" + _digits(32),
        next_platform_key_id="PUB_KEY_ID_01" + _digits(32),
        app_id="wx" + secrets.token_hex(8),
        app_secret=secrets.token_hex(16),
        sms_access_key_id="LTAI" + secrets.token_hex(10),
        sms_access_key_secret=secrets.token_hex(15),
    )


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
