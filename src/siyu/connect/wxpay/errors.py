"""What can go wrong between us and WeChat Pay, told apart by what the caller must do next."""

from siyu.kernel.errors import DomainError


class CallbackRefused(DomainError):
    """A callback that nobody but WeChat Pay could have sent was not that. `reason` is a short code for the log.

    The caller answers with this status and changes nothing.
    """

    code = "wxpay.callback_refused"
    status = 401
    zh = "这条支付通知没有通过校验（{reason}）。"
    en = "This payment notice did not verify ({reason})."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class GatewayRefused(DomainError):
    """The gateway said no and will say so again: the request, the keys or the state of the order must change first.

    `gateway_code` is WeChat Pay's own code, `request_id` the handle its support asks for.
    """

    code = "wxpay.refused"
    status = 502
    zh = "微信支付拒绝了这次请求：{message}（{gateway_code}）。"
    en = "WeChat Pay refused the request: {message} ({gateway_code})."

    def __init__(self, gateway_code: str, message: str, *, request_id: str = "") -> None:
        super().__init__(gateway_code=gateway_code, message=message, request_id=request_id)
        self.gateway_code = gateway_code
        self.message = message
        self.request_id = request_id


class GatewayUnsure(DomainError):
    """Nobody knows whether the request was carried out: no answer, a 5xx, or too many requests.

    Query, or repeat with the same number. A new number could pay twice.
    """

    code = "wxpay.unsure"
    status = 503
    zh = "微信支付暂时没有给出结果，系统会自动核对，请勿重复付款。"
    en = "WeChat Pay has not given a result yet; it will be checked, please do not pay again."

    def __init__(self, gateway_code: str, *, request_id: str = "") -> None:
        super().__init__(gateway_code=gateway_code, request_id=request_id)
        self.gateway_code = gateway_code
        self.request_id = request_id


class AnswerNotTrusted(GatewayUnsure):
    """An answer came, but not provably from WeChat Pay, so it says nothing about what happened."""

    code = "wxpay.answer_not_trusted"


class OrderPaid(DomainError):
    """The gateway will not close or re-issue the order, because it is paid. Query it and settle it."""

    code = "wxpay.order_paid"
    status = 409
    zh = "订单 {out_trade_no} 已经支付。"
    en = "Order {out_trade_no} is already paid."

    def __init__(self, out_trade_no: str) -> None:
        super().__init__(out_trade_no=out_trade_no)
        self.out_trade_no = out_trade_no
