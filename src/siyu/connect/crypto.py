"""RSA and AES as the WeChat and Alipay protocols use them; shared by the adapters and the sandbox.

Signatures are SHA256withRSA (PKCS#1 v1.5) in base64 without line breaks. A signature made with SHA-1 never
verifies, so nobody can downgrade us.
"""

import base64
import binascii
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# Loading a PEM costs more than a signature; a process meets a handful of keys in its life.
KEYS_CACHED_MAX = 64
RSA_BITS = 2048  # what WeChat Pay and Alipay issue


class KeyUnreadable(ValueError):
    """The bytes are not a PEM key of the kind that was expected."""


class CannotOpen(ValueError):
    """The ciphertext was not made with this key, nonce and associated data, or was changed on the way."""


@lru_cache(maxsize=KEYS_CACHED_MAX)
def _private_key(pem: bytes) -> RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise KeyUnreadable("not a PEM private key without password") from error
    if not isinstance(key, RSAPrivateKey):
        raise KeyUnreadable("not an RSA private key")
    return key


@lru_cache(maxsize=KEYS_CACHED_MAX)
def _public_key(pem: bytes) -> RSAPublicKey:
    try:
        # The older mode of WeChat Pay hands out X.509 certificates instead of bare public keys.
        is_certificate = b"BEGIN CERTIFICATE" in pem
        key = (
            x509.load_pem_x509_certificate(pem).public_key()
            if is_certificate
            else serialization.load_pem_public_key(pem)
        )
    except ValueError as error:
        raise KeyUnreadable("neither a PEM public key nor a certificate") from error
    if not isinstance(key, RSAPublicKey):
        raise KeyUnreadable("not an RSA public key")
    return key


def check_private_key(pem: bytes) -> None:
    """Raise KeyUnreadable now rather than at the first payment."""
    _private_key(pem)


def check_public_key(pem: bytes) -> None:
    """Raise KeyUnreadable now rather than at the first callback."""
    _public_key(pem)


def new_private_key() -> bytes:
    """A fresh RSA key as PKCS#8 PEM."""
    return generate_private_key(public_exponent=65537, key_size=RSA_BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_half(private_key_pem: bytes) -> bytes:
    """The public key of a private one, as SPKI PEM."""
    return (
        _private_key(private_key_pem)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def sign(private_key_pem: bytes, message: bytes) -> str:
    """SHA256withRSA over the exact bytes, in base64."""
    signature = _private_key(private_key_pem).sign(message, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signature).decode()


def verify(public_key_pem: bytes, message: bytes, signature: str) -> bool:
    """Whether `signature` (base64) is the key owner's SHA256withRSA signature of the exact bytes."""
    try:
        raw = base64.b64decode(signature, validate=True)
        _public_key(public_key_pem).verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def seal(key: bytes, plaintext: bytes, *, nonce: str, associated_data: str) -> str:
    """AES-256-GCM: base64 of ciphertext and 16-byte tag. A nonce must never meet the same key twice."""
    sealed = AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode() or None)
    return base64.b64encode(sealed).decode()


def open_sealed(key: bytes, ciphertext: str, *, nonce: str, associated_data: str) -> bytes:
    """The plaintext of an AES-256-GCM ciphertext in base64. Raises CannotOpen."""
    try:
        raw = base64.b64decode(ciphertext, validate=True)
        return AESGCM(key).decrypt(nonce.encode(), raw, associated_data.encode() or None)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("the ciphertext does not belong to this key, nonce and associated data") from error


# SHA-1 is what the protocol prescribes inside OAEP; its collisions do not matter there.
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303


def hide(public_key_pem: bytes, text: str) -> str:
    """Encrypt a sensitive field (a name, an account) for the owner of the key: RSA-OAEP, base64."""
    return base64.b64encode(_public_key(public_key_pem).encrypt(text.encode(), _OAEP)).decode()


def reveal(private_key_pem: bytes, hidden: str) -> str:
    """Decrypt a sensitive field. Raises CannotOpen."""
    try:
        return _private_key(private_key_pem).decrypt(base64.b64decode(hidden, validate=True), _OAEP).decode()
    except ValueError as error:
        raise CannotOpen("the field was not encrypted for this key") from error
