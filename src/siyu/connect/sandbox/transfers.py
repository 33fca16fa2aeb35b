"""商家转账 at the gateway: accepted, then waiting for the person, who has a day to take the money."""

import secrets
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from siyu.connect import crypto
from siyu.connect.sandbox import deliveries, orders, persons, statement, wire
from siyu.connect.sandbox.asked import Strict
from siyu.connect.sandbox.store import Transfer
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import CHINA, World, now, rfc3339
from siyu.kernel import clock
from siyu.web import mark

REPORTS = {  # what each scene wants to be told, all of it
    "1000": ("活动名称", "奖励说明"),
    "1005": ("岗位类型", "报酬说明"),
    "1011": ("赔付原因",),
}
NAME_NEEDED_FROM = 200_000  # fen
NAME_ALLOWED_FROM = 30
AMOUNT_MIN = 10
OVERDUE = "OVERDUE_CLOSE"

STATE_WORDS = {
    "WAIT_USER_CONFIRM": mark("待收款"),
    "SUCCESS": mark("已收款"),
    "FAIL": mark("转账失败"),
    "CANCELLED": mark("商家已撤回"),
}


class ReportInfo(Strict, frozen=True):
    info_type: Annotated[str, Meta(min_length=1, max_length=15)]
    info_content: Annotated[str, Meta(min_length=1, max_length=32)]


class RecvStyle(Strict, frozen=True):
    type: Literal["CONFIRM_PAGE", "RED_PACKET"]


class TransferOrder(Strict, frozen=True, kw_only=True):
    """`POST /v3/fund-app/mch-transfer/transfer-bills`."""

    appid: Annotated[str, Meta(min_length=1, max_length=32)]
    out_bill_no: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{1,32}$")]
    transfer_scene_id: Annotated[str, Meta(min_length=1, max_length=36)]
    openid: Annotated[str, Meta(min_length=1, max_length=64)]
    transfer_amount: Annotated[int, Meta(ge=AMOUNT_MIN)]
    transfer_remark: Annotated[str, Meta(min_length=1, max_length=32)]
    transfer_scene_report_infos: tuple[ReportInfo, ...]
    user_name: Annotated[str, Meta(min_length=1, max_length=1024)] | msgspec.UnsetType = msgspec.UNSET
    notify_url: Annotated[str, Meta(min_length=1, max_length=256)] | msgspec.UnsetType = msgspec.UNSET
    user_recv_perception: Annotated[str, Meta(min_length=1)] | msgspec.UnsetType = msgspec.UNSET
    user_recv_style: RecvStyle | msgspec.UnsetType = msgspec.UNSET


class AcceptedOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a sending: without the amount."""

    out_bill_no: str
    transfer_bill_no: str
    create_time: str
    state: str
    fail_reason: str = ""
    package_info: str = ""


class CancelledOut(msgspec.Struct, frozen=True):
    out_bill_no: str
    transfer_bill_no: str
    state: str
    update_time: str


class BillOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a query: without the package."""

    mch_id: str
    out_bill_no: str
    transfer_bill_no: str
    appid: str
    state: str
    transfer_amount: int
    transfer_remark: str
    openid: str
    create_time: str
    update_time: str
    fail_reason: str = ""


class NoticeOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of a callback, which calls the merchant `mch_id`."""

    out_bill_no: str
    transfer_bill_no: str
    state: str
    mch_id: str
    transfer_amount: int
    openid: str
    create_time: str
    update_time: str
    fail_reason: str = ""


def start(world: World, body: bytes, serial: str) -> AcceptedOut:
    """Accept a transfer, or meet the same one again. Raises Refusal."""
    wanted = wire.read(body, TransferOrder)
    _check_scene(world, wanted)
    name = _name_in(world, wanted, serial)
    if wanted.notify_url is not msgspec.UNSET:
        orders.check_notify_url(wanted.notify_url)
    # The name is encrypted anew each time, so two requests are the same when their plain contents are.
    said = msgspec.structs.replace(wanted, user_name=name or msgspec.UNSET)
    fingerprint = msgspec.json.encode(said, order="deterministic").decode()
    with world.store.transaction():
        known = world.store.row(Transfer, "WHERE out_bill_no = ?", wanted.out_bill_no)
        if known and known.fingerprint != fingerprint:
            raise Refusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致", 268498688)
        if known is None:
            _check_limits(world, wanted)
            known = _new_transfer(world, wanted, name, fingerprint)
            world.store.add(known)
    world.planned.set()
    known = existing(world, known.out_bill_no)
    return AcceptedOut(
        out_bill_no=known.out_bill_no,
        transfer_bill_no=known.transfer_bill_no,
        create_time=rfc3339(known.created_at),
        state=known.state,
        fail_reason=known.fail_reason,
        package_info=known.package if known.state == "WAIT_USER_CONFIRM" else "",
    )


def existing(world: World, out_bill_no: str) -> Transfer:
    """The transfer as of now, or Refusal 404."""
    settle_due(world)
    transfer = world.store.row(Transfer, "WHERE out_bill_no = ?", out_bill_no)
    if transfer is None:
        raise Refusal(404, "NOT_FOUND", "记录不存在", 268512771)
    return transfer


def found(world: World, out_bill_no: str) -> BillOut:
    """The answer to a query. Raises Refusal 404."""
    transfer = existing(world, out_bill_no)
    return BillOut(
        mch_id=world.keys.numbers.merchant_id,
        out_bill_no=transfer.out_bill_no,
        transfer_bill_no=transfer.transfer_bill_no,
        appid=world.keys.numbers.app_id,
        state=transfer.state,
        transfer_amount=transfer.amount,
        transfer_remark=transfer.remark,
        openid=transfer.openid,
        create_time=rfc3339(transfer.created_at),
        update_time=rfc3339(transfer.updated_at),
        fail_reason=transfer.fail_reason,
    )


def of_package(world: World, package: str) -> Transfer:
    """The transfer that a page asks the person to take. Raises Refusal."""
    transfer = world.store.row(Transfer, "WHERE package = ?", package)
    if transfer is None:
        raise Refusal(400, "PARAM_ERROR", mark("收款参数不正确"))
    return existing(world, transfer.out_bill_no)


def finish(
    world: World, out_bill_no: str, state: str, travel: deliveries.Plan, *, fail_reason: str = ""
) -> Transfer:
    """The person took the money, or the transfer ended otherwise. Raises Refusal when it was over before."""
    with world.store.transaction():
        touched = world.store.change(
            "UPDATE transfers SET state = ?, fail_reason = ?, updated_at = ?"
            " WHERE out_bill_no = ? AND state = 'WAIT_USER_CONFIRM'",
            state,
            fail_reason,
            now(),
            out_bill_no,
        )
        transfer = world.store.row(Transfer, "WHERE out_bill_no = ?", out_bill_no)
        if transfer is None:
            raise Refusal(404, "NOT_FOUND", "记录不存在", 268512771)
        if not touched:
            raise Refusal(400, "INVALID_REQUEST", mark("这笔转账已经结束"))
        _plan_notice(world, transfer, travel)
    return transfer


def cancel(world: World, out_bill_no: str, body: bytes) -> CancelledOut:
    """The merchant withdraws what was not taken; again is the same. Raises Refusal."""
    if body:
        raise Refusal(400, "PARAM_ERROR", "撤销转账的请求体必须为空", 268435461)
    transfer = existing(world, out_bill_no)
    if transfer.state != "CANCELLED":
        if transfer.state != "WAIT_USER_CONFIRM":
            raise Refusal(400, "INVALID_REQUEST", "当前单据状态不支持撤销")
        transfer = finish(world, out_bill_no, "CANCELLED", deliveries.Plan())
    return CancelledOut(
        transfer.out_bill_no, transfer.transfer_bill_no, transfer.state, rfc3339(transfer.updated_at)
    )


def settle_due(world: World) -> None:
    """Close what nobody took in time."""
    late = world.store.rows(
        Transfer, "WHERE state = 'WAIT_USER_CONFIRM' AND expires_at <= ? LIMIT 100", now()
    )
    for transfer in late:
        finish(world, transfer.out_bill_no, "FAIL", deliveries.Plan(), fail_reason=OVERDUE)


def _plan_notice(world: World, transfer: Transfer, travel: deliveries.Plan) -> None:
    if not transfer.notify_url:
        return
    deliveries.plan(
        world,
        travel,
        out_trade_no=transfer.out_bill_no,
        notify_url=transfer.notify_url,
        event_type="MCHTRANSFER.BILL.FINISHED",
        original_type="mch_payment",
        summary="商家转账单据终态通知",
        content=NoticeOut(
            out_bill_no=transfer.out_bill_no,
            transfer_bill_no=transfer.transfer_bill_no,
            state=transfer.state,
            mch_id=world.keys.numbers.merchant_id,
            transfer_amount=transfer.amount,
            openid=transfer.openid,
            create_time=rfc3339(transfer.created_at),
            update_time=rfc3339(transfer.updated_at),
            fail_reason=transfer.fail_reason,
        ),
    )


def _check_scene(world: World, wanted: TransferOrder) -> None:
    if wanted.appid != world.keys.numbers.app_id:
        raise Refusal(400, "PARAM_ERROR", "appid 与 openid 不匹配", 268435461)
    needed = REPORTS.get(wanted.transfer_scene_id)
    if needed is None:
        raise Refusal(403, "NO_AUTH", "该转账场景不可用")
    if tuple(info.info_type for info in wanted.transfer_scene_report_infos) != needed:
        raise Refusal(400, "PARAM_ERROR", "未传入完整且对应的转账场景报备信息", 268435461)
    if wanted.user_recv_perception is not msgspec.UNSET:
        raise Refusal(400, "INVALID_REQUEST", "暂不支持展示当前传入的用户收款感知")
    if not (world.flags.is_any_openid_accepted or persons.find(world.store, wanted.openid)):
        raise Refusal(400, "PARAM_ERROR", "openid 与商户 appid 不匹配", 268435461)


def _name_in(world: World, wanted: TransferOrder, serial: str) -> str:
    """The real name in a request, decrypted. Raises Refusal."""
    if wanted.user_name is msgspec.UNSET:
        if wanted.transfer_amount >= NAME_NEEDED_FROM:
            raise Refusal(400, "PARAM_ERROR", "转账金额达到2000元时必须填写收款用户姓名", 268435461)
        return ""
    if wanted.transfer_amount < NAME_ALLOWED_FROM:
        raise Refusal(400, "PARAM_ERROR", "转账金额低于0.3元时不支持填写收款用户姓名", 268435461)
    if serial != world.keys.numbers.platform_key_id:
        raise Refusal(400, "PARAM_ERROR", "Wechatpay-Serial 与加密所用的平台公钥不一致", 268435461)
    try:
        return crypto.reveal(world.keys.platform_private_pem, wanted.user_name)
    except crypto.CannotOpen as error:
        raise Refusal(400, "PARAM_ERROR", "用户姓名解密失败", 268435461) from error


def _check_limits(world: World, wanted: TransferOrder) -> None:
    if world.flags.is_transfer_balance_short:
        raise Refusal(403, "NOT_ENOUGH", "资金不足")
    begin, _ = statement.window(clock.now().astimezone(CHINA).date())
    (today,) = world.store.numbers(
        "SELECT coalesce(sum(amount), 0) FROM transfers WHERE openid = ? AND created_at >= ?"
        " AND state IN ('WAIT_USER_CONFIRM', 'SUCCESS')",
        wanted.openid,
        begin,
    )
    if today + wanted.transfer_amount > world.flags.transfer_person_day_max:
        raise Refusal(400, "INVALID_REQUEST", "超过单用户日收款限额")


def _new_transfer(world: World, wanted: TransferOrder, name: str, fingerprint: str) -> Transfer:
    moment = now()
    told = wanted.transfer_scene_report_infos
    return Transfer(
        out_bill_no=wanted.out_bill_no,
        transfer_bill_no=f"1330{datetime.fromtimestamp(moment, CHINA):%Y%m%d%H%M%S}{secrets.randbelow(10**10):010d}",
        fingerprint=fingerprint,
        openid=wanted.openid,
        amount=wanted.transfer_amount,
        remark=wanted.transfer_remark,
        name=name,
        job=told[0].info_content,
        work=told[-1].info_content,
        notify_url="" if wanted.notify_url is msgspec.UNSET else wanted.notify_url,
        package=secrets.token_urlsafe(48),
        state="WAIT_USER_CONFIRM",
        fail_reason="",
        created_at=moment,
        expires_at=moment + world.flags.transfer_confirm_seconds,
        updated_at=moment,
    )
