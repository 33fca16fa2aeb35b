"""What the gateway would remember of the told story, so that the sandbox can give money back for it later."""

from collections.abc import Mapping

import msgspec

from siyu.connect import gateways, sandbox


class GatewayMemory:
    """Payments and refunds as they are told, by our number at the gateway."""

    def __init__(self, notify_urls: Mapping[str, str]) -> None:
        """`notify_urls`: where the merchant listened, by gateway."""
        self.notify_urls = notify_urls
        self._payments: dict[str, sandbox.PastPayment] = {}

    def paid(self, transaction: gateways.Transaction, description: str) -> None:
        assert transaction.success_time is not None, "a payment of the past has its time"
        self._payments[transaction.out_trade_no] = sandbox.PastPayment(
            out_trade_no=transaction.out_trade_no,
            transaction_id=transaction.transaction_id,
            total=transaction.total,
            openid=transaction.openid,
            description=description,
            notify_url=self.notify_urls[transaction.gateway],
            gateway=transaction.gateway,
            paid_at=transaction.success_time,
        )

    def refunded(self, refund: gateways.Refund, reason: str) -> None:
        assert refund.success_time is not None, "a refund of the past has its time"
        before = self._payments[refund.out_trade_no]
        done = sandbox.PastRefund(
            out_refund_no=refund.out_refund_no,
            refund_id=refund.refund_id,
            amount=refund.refund,
            reason=reason,
            done_at=refund.success_time,
        )
        self._payments[refund.out_trade_no] = msgspec.structs.replace(before, refunds=(*before.refunds, done))

    @property
    def payments(self) -> list[sandbox.PastPayment]:
        """Everything that was paid, in the order it was told."""
        return list(self._payments.values())
