"""What merchants may ask WeChat Pay for when they place an order, field by field."""

from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from siyu.connect import calls
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Request bodies: one unknown field is an error at the real gateway."""


class OrderAmount(Strict, frozen=True):
    total: Annotated[int, Meta(ge=1, le=100_000_000_00)]
    currency: Annotated[str, Meta(pattern="^CNY$")] = "CNY"


class OrderPayer(Strict, frozen=True):
    openid: Annotated[str, Meta(min_length=1, max_length=128)]


class SettleInfo(Strict, frozen=True):
    profit_sharing: bool = False


class H5Info(Strict, frozen=True):
    type: Literal["Wap", "iOS", "Android"]
    app_name: Annotated[str, Meta(min_length=1, max_length=64)] | msgspec.UnsetType = msgspec.UNSET
    app_url: Annotated[str, Meta(min_length=1, max_length=128)] | msgspec.UnsetType = msgspec.UNSET
    bundle_id: Annotated[str, Meta(min_length=1, max_length=128)] | msgspec.UnsetType = msgspec.UNSET
    package_name: Annotated[str, Meta(min_length=1, max_length=128)] | msgspec.UnsetType = msgspec.UNSET


class Scene(Strict, frozen=True):
    payer_client_ip: Annotated[str, Meta(min_length=1, max_length=45)]
    device_id: Annotated[str, Meta(min_length=1, max_length=32)] | msgspec.UnsetType = msgspec.UNSET
    store_info: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class H5Scene(Scene, frozen=True, kw_only=True):
    h5_info: H5Info


class AnyOrder(Strict, frozen=True, kw_only=True):
    """What `POST /v3/pay/transactions/…` takes whatever the way of paying."""

    appid: Annotated[str, Meta(min_length=1, max_length=32)]
    mchid: Annotated[str, Meta(min_length=1, max_length=32)]
    description: Annotated[str, Meta(min_length=1, max_length=127)]
    out_trade_no: Annotated[str, Meta(pattern=r"^[0-9a-zA-Z_\-|*]{6,32}$")]
    notify_url: Annotated[str, Meta(min_length=1, max_length=255)]
    amount: OrderAmount
    time_expire: datetime | msgspec.UnsetType = msgspec.UNSET
    attach: Annotated[str, Meta(min_length=1, max_length=128)] | msgspec.UnsetType = msgspec.UNSET
    goods_tag: Annotated[str, Meta(min_length=1, max_length=32)] | msgspec.UnsetType = msgspec.UNSET
    support_fapiao: bool = False
    settle_info: SettleInfo | msgspec.UnsetType = msgspec.UNSET
    # Carried for the real gateway's risk control; the sandbox only insists that they are objects.
    detail: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class JsapiOrder(AnyOrder, frozen=True, kw_only=True):
    """`…/jsapi`: the payer is known, in a page of WeChat or in a mini program."""

    payer: OrderPayer
    scene_info: Scene | msgspec.UnsetType = msgspec.UNSET


class H5Order(AnyOrder, frozen=True, kw_only=True):
    """`…/h5`: a browser outside WeChat."""

    scene_info: H5Scene


class NativeOrder(AnyOrder, frozen=True, kw_only=True):
    """`…/native`: somebody scans a code."""

    scene_info: Scene | msgspec.UnsetType = msgspec.UNSET


def check_payer_ip(world: World, scene: Scene | msgspec.UnsetType) -> None:
    """An address of somebody who can be compared with the one who pays. Raises Refusal."""
    if scene is msgspec.UNSET:
        return
    try:
        ip_address(scene.payer_client_ip)
    except ValueError as error:
        raise Refusal(400, "PARAM_ERROR", "payer_client_ip 格式不正确", 268435461) from error
    if world.flags.are_local_payers_refused and calls.is_loopback(scene.payer_client_ip):
        raise Refusal(400, "PARAM_ERROR", "payer_client_ip 必须为用户的真实公网IP", 268435464)
