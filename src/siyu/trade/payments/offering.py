"""Which ways of paying a buyer is offered: what is set up, what the merchant allows, what works where the buyer is."""

from collections.abc import Collection
from typing import Literal

import msgspec

from siyu.kernel.errors import Invalid
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade.payments.model import GATEWAY_OF

Device = Literal["wechat", "phone", "desktop"]
# What works in which browser. WeChat's H5 cashier does not open inside WeChat, nor Alipay's page.
WORKS_IN: dict[str, tuple[Device, ...]] = {
    "wxpay_jsapi": ("wechat",),
    "wxpay_h5": ("phone",),
    "wxpay_native": ("desktop",),
    "alipay_wap": ("phone",),
    "alipay_page": ("desktop",),
    "balance": ("wechat", "phone", "desktop"),
    "offline": ("wechat", "phone", "desktop"),
}
TEXT_MAX = 60


class Options(msgspec.Struct, frozen=True):
    """What the merchant decided: ways of paying that are switched off, and the account for transfers."""

    switched_off: tuple[str, ...] = ()
    is_offline_on: bool = False
    bank: str = ""
    account_name: str = ""
    account_number: str = ""


def device_of(user_agent: str) -> Device:
    """Where the page is open, from what the browser says of itself."""
    told = user_agent.lower()
    if "micromessenger" in told:
        return "wechat"
    return "phone" if any(word in told for word in ("mobile", "android", "iphone")) else "desktop"


def offered(
    options: Options, gateways: Collection[str], device: Device, *, is_sandbox: bool = False
) -> list[str]:
    """Ways of paying in the order in which a buyer sees them.

    The sandbox plays WeChat in any browser, so there the way that belongs into WeChat is offered everywhere.
    """
    return [
        method
        for method, devices in WORKS_IN.items()
        if (device in devices or (is_sandbox and method == "wxpay_jsapi"))
        and (method not in GATEWAY_OF or GATEWAY_OF[method] in gateways)
        and method not in options.switched_off
        and (method != "offline" or options.is_offline_on)
    ]


async def options_of(uow: UnitOfWork) -> Options:
    """The merchant's decisions; a merchant that never decided offers every gateway that is set up."""
    found = await uow.maybe(
        Options,
        """
        select switched_off, is_offline_on, bank, account_name, account_number from payment_options
        where merchant_id = %(merchant_id)s
        """,
    )
    return msgspec.structs.replace(found, switched_off=tuple(found.switched_off)) if found else Options()


async def set_options(uow: UnitOfWork, options: Options) -> None:
    """Decide anew. Raises Invalid at the field."""
    if unknown := set(options.switched_off) - set(WORKS_IN):
        raise Invalid(
            field="switched_off",
            zh=f"没有这种付款方式：{'、'.join(sorted(unknown))}。",
            en=f"There is no such way of paying: {', '.join(sorted(unknown))}.",
        )
    for field in ("bank", "account_name", "account_number"):
        text = getattr(options, field).strip()
        if len(text) > TEXT_MAX or (options.is_offline_on and not text):
            raise Invalid(
                field=field,
                zh="开启对公转账需要填写开户行、户名和账号（各 60 字以内）。",
                en="Bank transfer needs the bank, the account's name and its number (at most 60 characters each).",
            )
    before = await options_of(uow)
    await uow.run(
        """
        insert into payment_options (merchant_id, switched_off, is_offline_on, bank, account_name, account_number,
                                     updated_at)
        values (%(merchant_id)s, %(off)s, %(offline)s, %(bank)s, %(name)s, %(number)s, %(now)s)
        on conflict (merchant_id) do update
        set switched_off = excluded.switched_off, is_offline_on = excluded.is_offline_on, bank = excluded.bank,
            account_name = excluded.account_name, account_number = excluded.account_number,
            updated_at = excluded.updated_at
        """,
        off=sorted(set(options.switched_off)),
        offline=options.is_offline_on,
        bank=options.bank.strip(),
        name=options.account_name.strip(),
        number=options.account_number.strip(),
    )
    await audit.note(
        uow,
        "payments.set_options",
        subject_kind="merchant",
        subject=uow.merchant_id,
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(options),
    )
