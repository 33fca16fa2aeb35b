"""WeChat accounts (公众号): web sign-in with a shopper's WeChat identity, and the encryption of pushed messages."""

from siyu.connect.wechat import message_crypto
from siyu.connect.wechat.sign_in import (
    OfficialAccount,
    SignInRefused,
    SignInUnavailable,
    WeChatUser,
    from_settings,
)

__all__ = [
    "OfficialAccount",
    "SignInRefused",
    "SignInUnavailable",
    "WeChatUser",
    "from_settings",
    "message_crypto",
]
