"""What identities and purposes of consent are called, in Chinese; pages translate the rest."""

from siyu.web import mark

IDENTITIES = {
    "wechat_openid": mark("微信"),
    "wechat_unionid": mark("微信开放平台"),
    "phone": mark("手机号"),
}
PURPOSES = {
    "service": mark("服务协议与隐私"),
    "marketing": mark("营销消息"),
    "personalisation": mark("个性化推荐"),
}
ENDS_SHOWN = 4  # of an identity that is not a phone: enough to compare, not enough to use


def masked_identity(kind: str, value: str) -> str:
    """A phone is masked where it is read; anything else keeps its two ends."""
    if kind == "phone" or len(value) <= 2 * ENDS_SHOWN:
        return value
    return f"{value[:ENDS_SHOWN]}…{value[-ENDS_SHOWN:]}"
