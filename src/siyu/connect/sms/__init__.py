"""SMS: sign-in codes through Aliyun's SendSms; the signature of Tencent Cloud is ready beside it."""

from siyu.connect.sms.aliyun import Sender, SendRefused, SendUnsure, from_settings
from siyu.connect.sms.signing import (
    ACS3,
    acs3_canonical_request,
    acs3_query,
    acs3_signature,
    tc3_authorization,
)

__all__ = [
    "ACS3",
    "SendRefused",
    "SendUnsure",
    "Sender",
    "acs3_canonical_request",
    "acs3_query",
    "acs3_signature",
    "from_settings",
    "tc3_authorization",
]
