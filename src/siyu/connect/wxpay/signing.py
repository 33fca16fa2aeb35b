"""The byte strings that WeChat Pay signs (签名与验签规则). Every line ends with a newline, the last one too.

We sign bytes, not objects: what is signed here is exactly what is sent or was received.
"""

from siyu.connect import crypto

AUTHORIZATION_SCHEME = "WECHATPAY2-SHA256-RSA2048"
CLOCK_SKEW_SECONDS_MAX = 300  # both sides refuse what is further from their clock
# WeChat Pay sends deliberately bad signatures with this prefix; accepting one is a reported security fault.
SIGNATURE_PROBE_PREFIX = "WECHATPAY/SIGNTEST/"


def request_message(*, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a merchant signs. `target` is path and query exactly as sent, percent-encoded, without host."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(*, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What the platform signs, for answers and callbacks alike. An empty body leaves an empty line."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def payment_message(*, app_id: str, timestamp: str, nonce: str, package: str) -> bytes:
    """What a merchant signs to open the cashier on the phone; `package` is `prepay_id=wx…` for JSAPI."""
    return f"{app_id}\n{timestamp}\n{nonce}\n{package}\n".encode()


def authorization(
    *, merchant_id: str, serial: str, private_key_pem: bytes, timestamp: str, nonce: str, message: bytes
) -> str:
    """The `Authorization` header over a request message."""
    signature = crypto.sign(private_key_pem, message)
    return (
        f'{AUTHORIZATION_SCHEME} mchid="{merchant_id}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp}",serial_no="{serial}"'
    )
