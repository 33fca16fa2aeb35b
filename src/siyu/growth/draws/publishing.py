"""The life of a draw: drafted, frozen and published, changed only in favour, ended with its seed shown."""

import secrets
from uuid import UUID

import msgspec

from siyu.goods import offers
from siyu.growth.draws import queries
from siyu.growth.draws.model import Frozen, Rules, WorseForBuyers, problem
from siyu.growth.draws.rolling import seed_hash, text_hash
from siyu.growth.draws.rules import problems, worse
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows, uuid_array
from siyu.runtime.worker import Sweep

SEED_BYTES = 32


async def save(uow: UnitOfWork, draw_id: UUID, rules: Rules) -> None:
    """Make a draft or change one. Raises Invalid when it was published already, or has no name."""
    if not 1 <= len(rules.name.strip()) <= 60:
        raise Invalid(field="name", zh="名称需 1 到 60 字。", en="A name has 1 to 60 characters.")
    _check_times(rules)
    written = await uow.run(
        """
        insert into draws (merchant_id, id, name, state, rules, created_at)
        values (%(merchant_id)s, %(id)s, %(name)s, 'draft', %(rules)s::jsonb, %(now)s)
        on conflict (merchant_id, id) do update set name = excluded.name, rules = excluded.rules
        where draws.state = 'draft'
        """,
        id=draw_id,
        name=rules.name.strip(),
        rules=msgspec.json.encode(rules).decode(),
    )
    if not written:
        raise Invalid(
            field="name", zh="已公示的抽奖不能再改草稿。", en="A published draw is no draft any more."
        )


def _check_times(rules: Rules) -> None:
    """Raises Invalid for a time that no calendar can show."""
    for field, at in (("starts_at", rules.starts_at), ("ends_at", rules.ends_at)):
        if not offers.is_plausible(at):
            raise Invalid(
                field=field,
                zh="时间需带时区，且在 2000 到 2199 年之间。",
                en="A time has a zone and lies between the years 2000 and 2199.",
            )


async def remove(uow: UnitOfWork, draw_id: UUID) -> None:
    """Throw a draft away. Raises NotFound for anything else."""
    if not await uow.run(
        "delete from draws where merchant_id = %(merchant_id)s and id = %(id)s and state = 'draft'",
        id=draw_id,
    ):
        raise NotFound(what="抽奖 / draw")


async def check(uow: UnitOfWork, rules: Rules) -> list[Invalid]:
    """Everything that stands against publishing these rules now."""
    return [*problems(rules, uow.now), *await _coupon_problems(uow, rules)]


class _CouponRow(msgspec.Struct, frozen=True):
    id: UUID
    rule: offers.Coupon
    is_live: bool


async def _coupon_problems(uow: UnitOfWork, rules: Rules) -> list[Invalid]:
    """Coupons given as prizes exist, outlive the draw, and are not worth more than is said."""
    wanted = [prize for prize in rules.prizes if prize.offer_id is not None]
    rows = await uow.all(
        _CouponRow,
        """
        select id, rule, state = 'active' and (ends_at is null or ends_at >= %(until)s) as is_live from offers
        where merchant_id = %(merchant_id)s and kind = 'coupon' and id = any(%(ids)s::uuid[])
        """,
        ids=uuid_array(prize.offer_id for prize in wanted if prize.offer_id is not None),
        until=rules.ends_at,
    )
    known = {row.id: row for row in rows}
    found: list[Invalid] = []
    for prize in wanted:
        assert prize.offer_id is not None, "only prizes with a coupon are looked at"
        row = known.get(prize.offer_id)
        until = row.rule.until if row is not None else None
        if row is None or not row.is_live or (until is not None and until <= rules.ends_at):
            found.append(
                problem(
                    f"prize_{prize.no}_offer",
                    "奖品优惠券需有效到抽奖结束之后。",
                    "A coupon given as a prize outlives the draw.",
                )
            )
        elif prize.value < _worth(row.rule):
            found.append(
                problem(
                    f"prize_{prize.no}_value",
                    "奖品价值不能低于优惠券面额。",
                    "A prize is worth no less than its coupon takes off.",
                )
            )
    return found


def _worth(coupon: offers.Coupon) -> int:
    """The most a coupon takes off; what goods of an exchange coupon are worth only the merchant knows."""
    match coupon.benefit:
        case offers.CouponAmount(off=off) | offers.CouponFreight(off=off):
            return off
        case offers.CouponPercent(cap=cap):
            return cap
        case offers.CouponExchange():
            return 0


async def publish(uow: UnitOfWork, draw_id: UUID) -> str:
    """Freeze a draft: its words and their hash, and the hash of a fresh seed. Returns the hash of the words.

    Raises NotFound, and Invalid when it is no draft or something stands against it.
    """
    draw = await queries.find(uow, draw_id, lock=True)
    if draw.state != "draft":
        raise Invalid(field="name", zh="这个抽奖已经公示。", en="This draw has been published.")
    for refusal in await check(uow, draw.rules):
        raise refusal
    seed = secrets.token_bytes(SEED_BYTES)
    await uow.run(
        """
        update draws set state = 'published', seed = %(seed)s, seed_hash = %(hash)s, published_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=draw_id,
        seed=seed,
        hash=seed_hash(seed),
    )
    done = await _freeze(
        uow, draw_id, Frozen(draw_id, 1, seed_hash(seed), draw.rules), from_serial=1, reason=""
    )
    await audit.note(
        uow, "draws.publish", subject_kind="draw", subject=draw_id, name=draw.name, after={"hash": done}
    )
    return done


async def amend(uow: UnitOfWork, draw_id: UUID, rules: Rules, reason: str) -> str:
    """Change a published draw in favour of those who take part; holds from the next ticket on.

    Raises NotFound, Invalid and WorseForBuyers; then nothing was changed.
    """
    draw = await queries.find(uow, draw_id, lock=True)
    if draw.state != "published" or draw.seed_hash is None or draw.rules.ends_at <= uow.now:
        raise Invalid(
            field="name", zh="只有进行中的抽奖可以追加。", en="Only a running draw can be added to."
        )
    _check_times(rules)
    reason = " ".join(reason.split())
    if not reason or len(reason) > audit.REASON_LENGTH_MAX:
        raise Invalid(field="reason", zh="请写明原因。", en="Give a reason.")
    taken = worse(draw.rules, rules)
    if taken:
        raise WorseForBuyers(
            what_zh="；".join(zh for zh, _ in taken), what_en="; ".join(en for _, en in taken)
        )
    for refusal in await check(uow, rules):
        if refusal.field != "starts_at":
            raise refusal
    frozen = Frozen(draw_id, draw.version + 1, draw.seed_hash, rules)
    done = await _freeze(uow, draw_id, frozen, from_serial=draw.drawn + 1, reason=reason)
    await audit.note(
        uow,
        "draws.amend",
        subject_kind="draw",
        subject=draw_id,
        name=draw.name,
        after={"hash": done},
        reason=reason,
    )
    return done


class _PrizeRow(msgspec.Struct, frozen=True):
    no: int
    number: int


async def _freeze(uow: UnitOfWork, draw_id: UUID, frozen: Frozen, *, from_serial: int, reason: str) -> str:
    text = msgspec.json.encode(frozen, order="sorted").decode()
    await uow.run(
        """
        insert into draw_versions (merchant_id, draw_id, version, text, hash, from_serial, reason, at)
        values (%(merchant_id)s, %(id)s, %(version)s, %(text)s, %(hash)s, %(serial)s, %(reason)s, %(now)s)
        """,
        id=draw_id,
        version=frozen.version,
        text=text,
        hash=text_hash(text),
        serial=from_serial,
        reason=reason,
    )
    await uow.run(
        """
        update draws set rules = %(rules)s::jsonb, version = %(version)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=draw_id,
        rules=msgspec.json.encode(frozen.rules).decode(),
        version=frozen.version,
    )
    await uow.run(
        """
        insert into draw_prizes (merchant_id, draw_id, no, number)
        select %(merchant_id)s, %(id)s, t.no, t.number
        from json_to_recordset(%(rows)s::json) as t (no smallint, number int)
        on conflict (merchant_id, draw_id, no) do update set number = excluded.number
        """,
        id=draw_id,
        rows=json_rows(_PrizeRow(prize.no, prize.number) for prize in frozen.rules.prizes),
    )
    return text_hash(text)


async def end_due(uow: UnitOfWork) -> int:
    """End the draws whose time is over: from now on their seeds are shown."""
    over = [draw for draw in await queries.listing(uow, state="published") if draw.rules.ends_at <= uow.now]
    for draw in over:
        await uow.run(
            """
            update draws set state = 'ended', ended_at = %(now)s
            where merchant_id = %(merchant_id)s and id = %(id)s and state = 'published'
            """,
            id=draw.id,
        )
    return len(over)


async def _end_due(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, end_due)


SWEEPS = [Sweep("draws.end_due", 10.0, _end_due)]
