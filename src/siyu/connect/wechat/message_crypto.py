"""The encryption of messages that WeChat and WeCom push to us (消息加解密), the same for both.

AES-256-CBC; the plaintext is 16 random bytes, the length as 4 big-endian bytes, the message, and who it is for
(app id at an official account, corp id at WeCom), padded to 32 bytes.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from siyu.kernel.errors import DomainError

BLOCK_BYTES = 32  # not AES's own 16: the protocol pads to its key length
RANDOM_BYTES = 16
LENGTH_BYTES = 4
KEY_BYTES = 32


class MessageRefused(DomainError):
    """A pushed message that does not verify or cannot be opened. `reason` is a short code for the log."""

    code = "wechat.message_refused"
    status = 401
    zh = "这条微信消息没有通过校验（{reason}）。"
    en = "This message from WeChat did not verify ({reason})."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


def signature(token: str, timestamp: str, nonce: str, encrypted: str = "") -> str:
    """`msg_signature` of a pushed message; without `encrypted` the `signature` of the address check."""
    parts = [token, timestamp, nonce, *([encrypted] if encrypted else [])]
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - prescribed by the protocol


def encrypt(encoding_aes_key: str, message: str, *, receiver: str, random16: bytes | None = None) -> str:
    """Seal `message` for the other side, in base64. `random16` is only given to reproduce a known message."""
    key = _key(encoding_aes_key)
    random = secrets.token_bytes(RANDOM_BYTES) if random16 is None else random16
    assert len(random) == RANDOM_BYTES, "the protocol puts sixteen random bytes in front"
    raw = message.encode()
    plain = random + len(raw).to_bytes(LENGTH_BYTES, "big") + raw + receiver.encode()
    padding = BLOCK_BYTES - len(plain) % BLOCK_BYTES
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(encoding_aes_key: str, encrypted: str, *, receiver: str) -> str:
    """The message inside `encrypted`, if it is for `receiver`. Raises MessageRefused.

    Verify the signature first: only then is it safe to tell the sender whether the padding was right.
    """
    key = _key(encoding_aes_key)
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
    except (binascii.Error, ValueError) as error:
        raise MessageRefused("ciphertext_invalid") from error
    plain = _unpadded(padded)
    start = RANDOM_BYTES + LENGTH_BYTES
    end = start + int.from_bytes(plain[RANDOM_BYTES:start], "big")
    if len(plain) < start or end > len(plain):
        raise MessageRefused("length_invalid")
    if not hmac.compare_digest(plain[end:], receiver.encode()):
        raise MessageRefused("other_receiver")
    try:
        return plain[start:end].decode()
    except UnicodeDecodeError as error:
        raise MessageRefused("content_unreadable") from error


def open_message(
    encoding_aes_key: str,
    token: str,
    *,
    timestamp: str,
    nonce: str,
    msg_signature: str,
    encrypted: str,
    receiver: str,
) -> str:
    """Verify, then decrypt a pushed message or a WeCom `echostr`. Raises MessageRefused."""
    expected = signature(token, timestamp, nonce, encrypted)
    if not hmac.compare_digest(expected.encode(), msg_signature.encode()):
        raise MessageRefused("signature_invalid")
    return decrypt(encoding_aes_key, encrypted, receiver=receiver)


def _key(encoding_aes_key: str) -> bytes:
    try:
        key = base64.b64decode(encoding_aes_key + "=", validate=False)
    except binascii.Error as error:
        raise ValueError("EncodingAESKey is 43 characters of base64") from error
    if len(key) != KEY_BYTES:
        raise ValueError("EncodingAESKey is 43 characters of base64")
    return key


def _unpadded(padded: bytes) -> bytes:
    count = padded[-1] if padded else 0
    is_padded = 1 <= count <= BLOCK_BYTES and len(padded) % BLOCK_BYTES == 0
    if not is_padded or padded[-count:] != bytes([count]) * count:
        raise MessageRefused("padding_invalid")
    return padded[:-count]
