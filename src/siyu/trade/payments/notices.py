"""Callbacks of WeChat Pay: verified on the raw bytes, stored, and given their one effect in the same transaction."""

import logging
from collections.abc import Mapping

import msgspec

from siyu.connect import wxpay
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade.payments.settling import Outcome, refund_finished, settle

log = logging.getLogger(__name__)


async def receive_notice(
    database: Database, merchant: Merchant, gateway: wxpay.Gateway, headers: Mapping[str, str], body: bytes
) -> Outcome:
    """Take in one callback. The same notice again has no second effect; it is answered as the first time.

    Raises wxpay.CallbackRefused for anything that does not verify: nothing is stored then.
    """
    notice = gateway.open_callback(headers, body)

    async def take_in(uow: UnitOfWork) -> Outcome:
        outcome = await _effect(uow, gateway, notice)
        await uow.run(
            """
            insert into gateway_notices (merchant_id, id, kind, body, outcome, received_at)
            values (%(merchant_id)s, %(id)s, %(kind)s, %(body)s::jsonb, %(outcome)s, %(now)s)
            on conflict (merchant_id, id) do nothing
            """,
            id=notice.id,
            kind=notice.event_type,
            body=msgspec.json.encode(notice.transaction or notice.refund).decode(),
            outcome=str(outcome),
        )
        return outcome

    outcome = await database.attempt(merchant, take_in)
    if not outcome.is_accepted:
        log.warning("notice %s of %s refused: %s", notice.id, merchant.slug, outcome)
    return outcome


async def _effect(uow: UnitOfWork, gateway: wxpay.Gateway, notice: wxpay.Callback) -> Outcome:
    ours = (gateway.credentials.merchant_id, gateway.credentials.app_id)
    if notice.transaction is not None:
        if (notice.transaction.merchant_id, notice.transaction.app_id) != ours:
            return Outcome.UNKNOWN
        (outcome,) = await settle(uow, [notice.transaction])
        return outcome
    if notice.refund is not None:
        return await refund_finished(uow, notice.refund)
    return Outcome.UNKNOWN
