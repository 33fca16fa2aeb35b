"""商家转账: money of the merchant to a person, who confirms it on their phone within a day.

`number` (out_bill_no) belongs to one payout for ever: the same number with the same content is the same transfer, so
after a silence one asks about it and then sends it again, never under a new number.
"""

import re
from urllib.parse import quote

import msgspec

from siyu.connect import crypto
from siyu.connect.gateways import Payout
from siyu.connect.wxpay.errors import GatewayRefused
from siyu.connect.wxpay.gateway import UNKNOWN_CODES, Gateway
from siyu.connect.wxpay.line import decode
from siyu.connect.wxpay.model import WireTransfer
from siyu.connect.wxpay.orders import fitting

PATH = "/v3/fund-app/mch-transfer/transfer-bills"
TRANSFER_NUMBER = re.compile(r"[0-9A-Za-z]{1,32}")
SCENE_COMMISSION = "1005"  # 佣金报酬: reported with 岗位类型 and 报酬说明, both of them
NAME_NEEDED_FROM = 2_000_00  # fen: from here on the gateway compares the person's real name
NAME_ALLOWED_FROM = 30  # fen: below, a name is refused
NOT_ENOUGH = "NOT_ENOUGH"  # the merchant's own balance; nothing was done
REMARK_LENGTH_MAX = 32
INFO_LENGTH_MAX = 32


class SendTransfer(msgspec.Struct, frozen=True):
    """Send `amount` fen as commission. `job` and `work` are what the scene wants to be told; `real_name` is plain text
    here and encrypted on the wire.
    """

    number: str
    openid: str
    amount: int
    remark: str
    job: str
    work: str
    notify_url: str
    real_name: str = ""


class ReportInfo(msgspec.Struct, frozen=True):
    info_type: str
    info_content: str


class TransferOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    appid: str
    out_bill_no: str
    transfer_scene_id: str
    openid: str
    transfer_amount: int
    transfer_remark: str
    notify_url: str
    transfer_scene_report_infos: tuple[ReportInfo, ...]
    user_name: str = ""


class TransferParameters(msgspec.Struct, frozen=True, rename={"merchant_id": "mchId", "app_id": "appId"}):
    """What the person's page hands to `WeixinJSBridge.invoke('requestMerchantTransfer')`."""

    merchant_id: str
    app_id: str
    package: str


async def send_transfer(gateway: Gateway, wanted: SendTransfer) -> Payout:
    """Ask for a transfer, or meet the same one again. Raises GatewayRefused (nothing was done) and GatewayUnsure."""
    assert TRANSFER_NUMBER.fullmatch(wanted.number), "transfer numbers are 1 to 32 letters and digits"
    assert wanted.amount > 0, "a transfer always moves something"
    key_id, key = next(iter(gateway.credentials.platform_keys.items()))
    named = bool(wanted.real_name) and wanted.amount >= NAME_ALLOWED_FROM
    order = TransferOrder(
        appid=gateway.credentials.app_id,
        out_bill_no=wanted.number,
        transfer_scene_id=SCENE_COMMISSION,
        openid=wanted.openid,
        transfer_amount=wanted.amount,
        transfer_remark=_short(wanted.remark, REMARK_LENGTH_MAX),
        notify_url=wanted.notify_url,
        transfer_scene_report_infos=(
            ReportInfo("岗位类型", _short(wanted.job, INFO_LENGTH_MAX)),
            ReportInfo("报酬说明", _short(wanted.work, INFO_LENGTH_MAX)),
        ),
        user_name=crypto.hide(key, wanted.real_name) if named else "",
    )
    body = await gateway.line.call("POST", PATH, order, hidden_for=key_id if named else "")
    return decode(body, WireTransfer).read()


async def query_transfer(gateway: Gateway, number: str) -> Payout | None:
    """The transfer as the gateway knows it, or None if it has never heard of it (or forgot it after thirty days)."""
    try:
        body = await gateway.line.call("GET", f"{PATH}/out-bill-no/{quote(number, safe='')}")
    except GatewayRefused as refusal:
        if refusal.gateway_code in UNKNOWN_CODES:
            return None
        raise
    return decode(body, WireTransfer).read()


async def cancel_transfer(gateway: Gateway, number: str) -> Payout:
    """Withdraw a transfer that the person has not confirmed. Raises GatewayRefused when it is too late."""
    body = await gateway.line.call("POST", f"{PATH}/out-bill-no/{quote(number, safe='')}/cancel")
    return decode(body, WireTransfer).read()


def transfer_parameters(gateway: Gateway, package: str) -> TransferParameters:
    """What opens the page on which the person takes the money. That it opened proves nothing."""
    return TransferParameters(gateway.credentials.merchant_id, gateway.credentials.app_id, package)


def _short(text: str, most: int) -> str:
    return fitting(text, 4 * most)[:most]
