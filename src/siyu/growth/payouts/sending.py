"""Sending payouts by 商家转账: a sweep claims what is due, asks what is known of it, and only then sends it (again).

The number never changes. It is written down as submitted before the first call, so a crash in between leaves a payout
that is asked about by its number and then sent under the same one.
"""

import logging
from uuid import UUID

import msgspec

from siyu.connect import gateways, wxpay
from siyu.growth import promoters
from siyu.growth.payouts import finishing, tax
from siyu.growth.payouts.asking import this_month
from siyu.growth.payouts.model import Payout, WrongState
from siyu.growth.payouts.queries import find, history, locked, terms
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant, UnitOfWork

log = logging.getLogger(__name__)

CLAIM_MAX = 20
WHY = "商家转账收款人姓名"  # why a real name is opened, as the audit log says it


class Channel(msgspec.Struct, frozen=True):
    """What sending needs: the gateway, where it tells us, and the key of the real names."""

    gateway: wxpay.Gateway
    notify_url: str
    secret: str


class _Due(msgspec.Struct, frozen=True):
    """A claimed payout, and what the gateway needs beside it."""

    payout: Payout
    is_first: bool
    real_name: str
    job: str


async def send_due(database: Database, merchant: Merchant, channel: Channel) -> int:
    """Send what is approved and ask about what is on its way. Returns how many were due."""

    async def claim(uow: UnitOfWork) -> list[_Due]:
        return await _claim(uow, channel.secret)

    due = await database.attempt(merchant, claim)
    for each in due:
        await _deal_with(database, merchant, channel, each)
    return len(due)


async def _claim(uow: UnitOfWork, secret: str) -> list[_Due]:
    claimed = await uow.all(
        UUID,
        """
        update payouts set state = case state when 'approved' then 'submitted' else state end,
                           submitted_at = coalesce(submitted_at, %(now)s), attempts = attempts + 1,
                           next_attempt_at = %(now)s + interval '30 seconds' * power(2, least(attempts, 6))
        where merchant_id = %(merchant_id)s and id in (
            select id from payouts
            where merchant_id = %(merchant_id)s and state in ('approved', 'submitted', 'awaiting_user')
              and method = 'wechat' and next_attempt_at <= %(now)s
            order by next_attempt_at limit %(limit)s for update skip locked
        )
        returning id
        """,
        limit=CLAIM_MAX,
    )
    job = (await terms(uow)).job
    due = []
    for payout_id in claimed:
        payout = await find(uow, payout_id)
        if payout.attempts == 1:
            payout = await _taxed_in_its_month(uow, payout)
        name = ""
        if payout.net >= wxpay.NAME_NEEDED_FROM:
            try:
                name = await _real_name(uow, payout, secret)
            except DomainError as problem:
                log.warning("payout %s of %s: %s", payout.number, uow.merchant.slug, problem)
                if payout.attempts == 1:  # nobody has heard of it yet
                    await finishing.returned(uow, payout, "failed", problem.code, problem.sentence("zh"))
                continue
        due.append(_Due(payout, payout.attempts == 1, name, job))
    return due


async def _real_name(uow: UnitOfWork, payout: Payout, secret: str) -> str:
    return (await promoters.identity_open(uow, payout.promoter_id, secret=secret, why=WHY)).real_name


async def _taxed_in_its_month(uow: UnitOfWork, payout: Payout) -> Payout:
    """Income counts to the month in which it is paid: a payout that waited over a month's end is taxed anew."""
    period = this_month(uow)
    if payout.period == period:
        return payout
    known = await history(uow, payout.promoter_id, period, without=payout.id)
    withheld = tax.due(payout.tax_method, payout.gross, known)
    await uow.run(
        """
        update payouts set period = %(period)s, tax = %(tax)s, net = gross - %(tax)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=payout.id,
        period=period,
        tax=withheld,
    )
    return await find(uow, payout.id)


async def _deal_with(database: Database, merchant: Merchant, channel: Channel, due: _Due) -> None:
    payout = due.payout
    try:
        said = None if due.is_first else await wxpay.query_transfer(channel.gateway, payout.number)
        has_lost_its_page = said is not None and said.state == "WAIT_USER_CONFIRM" and not payout.package
        if said is None and payout.state == "awaiting_user":
            # The gateway took it once and says it knows nothing: nothing is concluded from that.
            log.error("payout %s of %s: the gateway has forgotten it", payout.number, merchant.slug)
            return
        if said is None or has_lost_its_page:
            said = await _send(channel, due)
    except gateways.GatewayUnsure as problem:
        log.warning("payout %s of %s: %s", payout.number, merchant.slug, problem)
        return
    except gateways.GatewayRefused as refusal:
        await _refused(database, merchant, channel, payout, refusal)
        return
    await _record(database, merchant, said)


async def _send(channel: Channel, due: _Due) -> gateways.Payout:
    payout = due.payout
    wanted = wxpay.SendTransfer(
        number=payout.number,
        openid=payout.openid,
        amount=payout.net,
        remark="推广佣金",
        job=due.job,
        work=f"{payout.period:%Y年%m月}推广佣金",
        notify_url=channel.notify_url,
        real_name=due.real_name,
    )
    return await wxpay.send_transfer(channel.gateway, wanted)


async def _record(database: Database, merchant: Merchant, said: gateways.Payout) -> str:
    async def take_in(uow: UnitOfWork) -> str:
        return await finishing.told(uow, said)

    return await database.attempt(merchant, take_in)


async def _refused(
    database: Database,
    merchant: Merchant,
    channel: Channel,
    payout: Payout,
    refusal: gateways.GatewayRefused,
) -> None:
    """The gateway will not: for want of funds the payout waits its turn, else the money goes back, once it is certain
    that the gateway knows nothing of the number.
    """
    log.warning("payout %s of %s: %s", payout.number, merchant.slug, refusal)
    lacks_funds = refusal.gateway_code == wxpay.NOT_ENOUGH
    try:
        known = None if lacks_funds else await wxpay.query_transfer(channel.gateway, payout.number)
    except (gateways.GatewayRefused, gateways.GatewayUnsure):
        return  # asked again at the next attempt
    if known is not None:
        await _record(database, merchant, known)
        return

    async def give_back(uow: UnitOfWork) -> None:
        now = await locked(uow, payout.id)
        if now.state != "submitted":
            return
        if lacks_funds:
            await _queue(uow, payout.id)
        else:
            await finishing.returned(uow, now, "failed", refusal.gateway_code, refusal.message)

    await database.attempt(merchant, give_back)


async def _queue(uow: UnitOfWork, payout_id: UUID) -> None:
    await uow.run(
        """
        update payouts set state = 'approved', lacks_funds = true, next_attempt_at = %(now)s + interval '10 minutes'
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=payout_id,
    )


async def cancel(database: Database, merchant: Merchant, gateway: wxpay.Gateway, payout_id: UUID) -> str:
    """Withdraw what the person has not taken; return the state afterwards. Too late is no error: then it is paid.

    Raises WrongState, NotFound, GatewayUnsure, and GatewayRefused when the gateway says neither.
    """
    async with database.begin(merchant) as uow:
        payout = await find(uow, payout_id)
    if payout.state != "awaiting_user":
        raise WrongState
    try:
        said: gateways.Payout | None = await wxpay.cancel_transfer(gateway, payout.number)
    except gateways.GatewayRefused as refusal:
        said = await wxpay.query_transfer(gateway, payout.number)
        if said is None or said.state == "WAIT_USER_CONFIRM":
            raise refusal from None
    return await _record(database, merchant, said)


async def check_now(database: Database, merchant: Merchant, gateway: wxpay.Gateway, payout_id: UUID) -> str:
    """Ask the gateway about one payout at once, as after its person pressed the button; return its state."""
    async with database.begin(merchant) as uow:
        payout = await find(uow, payout_id)
    if payout.state not in ("submitted", "awaiting_user"):
        return payout.state
    said = await wxpay.query_transfer(gateway, payout.number)
    return await _record(database, merchant, said) if said is not None else payout.state


async def receive_notice(
    database: Database, merchant: Merchant, gateway: wxpay.Gateway, headers: dict[str, str], body: bytes
) -> str:
    """Take in a callback; return the payout's state, '' for one that is not ours. Raises CallbackRefused."""
    notice = gateway.open_callback(headers, body)
    if notice.payout is None:
        return ""
    return await _record(database, merchant, notice.payout)
