"""Alipay (支付宝): RSA2 signatures of requests, notices and answers. No payment flow uses them yet."""

from siyu.connect.alipay.signing import (
    Expected,
    NoticeRefused,
    open_answer,
    open_notice,
    request_string,
    sign_request,
)

__all__ = ["Expected", "NoticeRefused", "open_answer", "open_notice", "request_string", "sign_request"]
