"""Signing in with a phone: a six-digit code, kept only as a keyed hash, five tries, five minutes."""

import hmac
import re
import secrets
from datetime import datetime, timedelta

import msgspec

from siyu.kernel.errors import DomainError, Invalid, TooManyRequests
from siyu.runtime import limits
from siyu.runtime.db import Database, Merchant

CODE_MINUTES = 5
TRIES_MAX = 5
SENDS_PER_HOUR = 5  # the vendor's own limit for one number (Aliyun: 5 per hour)
_PHONE = re.compile(r"1[3-9]\d{9}")


class WrongCode(DomainError):
    """The code is wrong, used up or too old; a new one can be asked for."""

    code = "customers.wrong_code"
    status = 401
    zh = "验证码不正确或已过期，请重新获取。"
    en = "The code is wrong or has expired; please ask for a new one."


def clean_phone(text: str) -> str:
    """A mainland mobile number as 11 digits. Raises Invalid."""
    digits = re.sub(r"[\s-]", "", text).removeprefix("+86")
    if not _PHONE.fullmatch(digits):
        raise Invalid(field="phone", zh="请输入 11 位手机号。", en="Please enter an 11-digit mobile number.")
    return digits


def masked(phone: str) -> str:
    """`138****0000`: enough to recognise one's own number, not enough to call it."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 7 else "****"


def _hash(secret: str, phone: str, code: str) -> bytes:
    return hmac.digest(secret.encode(), f"{phone}:{code}".encode(), "sha256")


async def issue_code(database: Database, merchant: Merchant, phone: str, *, secret: str) -> str:
    """Make a code for this phone and return it, to be sent after this. An older code stops working.

    Raises TooManyRequests: one a minute, five an hour.
    """
    await limits.take(database, merchant, "phone_code.hour", phone, most=SENDS_PER_HOUR, seconds=3600)
    code = f"{secrets.randbelow(1_000_000):06d}"
    async with database.begin(merchant) as uow:
        written = await uow.run(
            """
            insert into phone_codes (merchant_id, phone, code_hash, sent_at, expires_at, attempts_left)
            values (%(merchant_id)s, %(phone)s, %(hash)s, %(now)s, %(expires)s, %(tries)s)
            on conflict (merchant_id, phone) do update
                set code_hash = excluded.code_hash, sent_at = excluded.sent_at, expires_at = excluded.expires_at,
                    attempts_left = excluded.attempts_left
                where phone_codes.sent_at <= excluded.sent_at - interval '1 minute'
            """,
            phone=phone,
            hash=_hash(secret, phone, code),
            expires=uow.now + timedelta(minutes=CODE_MINUTES),
            tries=TRIES_MAX,
        )
    if not written:
        raise TooManyRequests(seconds=60)
    return code


class _Sent(msgspec.Struct, frozen=True):
    code_hash: bytes
    expires_at: datetime


async def verify_code(database: Database, merchant: Merchant, phone: str, code: str, *, secret: str) -> None:
    """Check a code and use it up. Raises WrongCode; every try counts, also the wrong ones."""
    async with database.begin(merchant) as uow:
        sent = await uow.maybe(
            _Sent,
            """
            update phone_codes set attempts_left = attempts_left - 1
            where merchant_id = %(merchant_id)s and phone = %(phone)s and attempts_left > 0
            returning code_hash, expires_at
            """,
            phone=phone,
        )
        is_right = (
            sent is not None
            and sent.expires_at > uow.now
            and hmac.compare_digest(bytes(sent.code_hash), _hash(secret, phone, code.strip()))
        )
        if is_right:
            await uow.run(
                "delete from phone_codes where merchant_id = %(merchant_id)s and phone = %(phone)s",
                phone=phone,
            )
    if not is_right:
        raise WrongCode(field="code")
