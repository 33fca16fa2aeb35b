"""What the sandbox remembers, in SQLite under its folder, so that it survives being killed.

Times are seconds since 1970 in UTC. Everything runs on one event loop, so one connection is enough; the
command line may write persons from another process at the same time.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, TypeVar

import msgspec

from siyu.connect.sandbox.schema import LATER_COLUMNS, SCHEMA, TABLES
from siyu.web import mark

STORE_FILE = "sandbox.sqlite3"
BUSY_SECONDS = 5.0

# Refund states as a shopper reads them.
REFUND_WORDS = {
    "PROCESSING": mark("退款处理中"),
    "SUCCESS": mark("退款成功"),
    "CLOSED": mark("退款关闭"),
    "ABNORMAL": mark("退款异常"),
}


class Row(msgspec.Struct, frozen=True):
    """A struct whose fields are the columns of `table`."""

    table: ClassVar[str]


class Person(Row, frozen=True):
    """Somebody on the sandbox's phone."""

    table: ClassVar[str] = "persons"
    openid: str
    unionid: str
    nickname: str
    phone: str
    created_at: float


class Order(Row, frozen=True):
    """An order at WeChat Pay; `total` in fen. Without an `openid` anybody may pay it (MWEB, NATIVE)."""

    table: ClassVar[str] = "orders"
    out_trade_no: str
    fingerprint: str
    description: str
    attach: str
    total: int
    openid: str
    notify_url: str
    state: str
    transaction_id: str
    created_at: float
    expires_at: float
    paid_at: float | None
    app_id: str = ""
    trade_type: str = "JSAPI"

    @property
    def moment(self) -> datetime | None:
        """When it was paid."""
        return datetime.fromtimestamp(self.paid_at, UTC) if self.paid_at is not None else None


class Prepay(Row, frozen=True):
    """What opens the cashier of an order: a prepay_id, or the `pr` of a scanned code."""

    table: ClassVar[str] = "prepays"
    prepay_id: str
    out_trade_no: str
    expires_at: float


class Refund(Row, frozen=True):
    """A refund at the gateway; amounts in fen."""

    table: ClassVar[str] = "refunds"
    out_refund_no: str
    refund_id: str
    out_trade_no: str
    fingerprint: str
    refund: int
    total: int
    reason: str
    notify_url: str
    status: str
    created_at: float
    settles_at: float
    success_at: float | None

    @property
    def words(self) -> str:
        """The state in words, for `_()`."""
        return REFUND_WORDS[self.status]


class Delivery(Row, frozen=True):
    """A callback on its way to the merchant. Repeats keep `event_id`; each attempt is sealed and signed anew."""

    table: ClassVar[str] = "deliveries"
    id: int | None
    event_id: str
    out_trade_no: str
    notify_url: str
    event_type: str
    original_type: str
    summary: str
    plaintext: str
    created_at: float
    attempts: int
    due_at: float
    state: str = "waiting"
    last_status: int = 0
    sent_headers: str = ""
    sent_body: str = ""
    gateway: str = "wxpay"


class Transfer(Row, frozen=True):
    """Money for a person who has to confirm; `amount` in fen."""

    table: ClassVar[str] = "transfers"
    out_bill_no: str
    transfer_bill_no: str
    fingerprint: str
    openid: str
    amount: int
    remark: str
    name: str
    job: str
    work: str
    notify_url: str
    package: str
    state: str
    fail_reason: str
    created_at: float
    expires_at: float
    updated_at: float

    @property
    def moment(self) -> datetime:
        """When it last moved."""
        return datetime.fromtimestamp(self.updated_at, UTC)


class BillFault(Row, frozen=True):
    """A lie that the bill of a day tells: a payment or refund that is missing, extra, or of another amount (fen)."""

    table: ClassVar[str] = "bill_faults"
    id: int | None
    gateway: str
    day: str
    kind: str
    number: str
    amount: int


class BillFile(Row, frozen=True):
    """A bill that was asked for, for as long as its address lives."""

    table: ClassVar[str] = "bill_files"
    token: str
    gateway: str
    content: bytes
    expires_at: float


class Code(Row, frozen=True):
    """A sign-in code: once, for five minutes."""

    table: ClassVar[str] = "codes"
    code: str
    openid: str
    scope: str
    expires_at: float
    used_at: float | None


class Token(Row, frozen=True):
    table: ClassVar[str] = "tokens"
    token: str
    openid: str
    scope: str
    expires_at: float


class Text(Row, frozen=True):
    """A text message in the phone's inbox."""

    table: ClassVar[str] = "texts"
    biz_id: str
    phone: str
    sign_name: str
    template: str
    parameters: str
    code: str
    sent_at: float

    @property
    def moment(self) -> datetime:
        """When it arrived."""
        return datetime.fromtimestamp(self.sent_at, UTC)


class Flags(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the control API can bend. The defaults are a gateway on a good day, with its retries hurried."""

    system_errors_after_apply: int = 0
    """So many of the next order and refund calls are carried out and then answered with 500 SYSTEM_ERROR."""
    drop_callbacks: bool = False
    """Plan no callbacks at all."""
    hold_callbacks: bool = False
    """Carry no callbacks until they are released, in whatever order the tester likes."""
    is_platform_key_rotated: bool = False
    """Sign with the next platform key (at Alipay: another key), which the merchant does not know."""
    retry_time_scale: float = 0.02
    """The published retry schedule (15 s, 15 s, 30 s, 3 min …) is multiplied by this."""
    refund_seconds: float = 0.3
    """How long a refund stays PROCESSING."""
    refund_result: str = "SUCCESS"
    """SUCCESS, CLOSED or ABNORMAL: how refunds started from now on end."""
    is_refund_minute_enforced: bool = False
    """Refuse a second refund of an order within a minute of the first, as the real gateway does."""
    are_local_payers_refused: bool = False
    """Refuse a payer_client_ip of this machine, as the real gateway would; a demo's shoppers sit here."""
    alipay_finish_days: float = 365.0
    """After so many days an Alipay trade is finished and cannot be refunded any more."""
    is_alipay_balance_short: bool = False
    """Alipay refunds are refused, because the seller's balance does not suffice."""
    is_transfer_balance_short: bool = False
    """Transfers to persons are refused with NOT_ENOUGH, because the merchant's balance does not suffice."""
    transfer_confirm_seconds: float = 86_400.0
    """How long a person may take to confirm a transfer."""
    transfer_person_day_max: int = 2_000_000
    """Fen that one person may get in a day."""
    are_sms_limits_on: bool = True
    """Per number 1 code a minute, 5 an hour, 10 a day, as the vendor does."""
    is_visitor_snapshot: bool = False
    """Sign-ins come from a snapshot page (快照页)."""
    is_unionid_given: bool = True
    """The account is bound to an open platform, so that identities carry a unionid."""
    is_any_openid_accepted: bool = False
    """Take orders for openids that no person on the phone has."""


R = TypeVar("R", bound=Row)


class Store:
    """The SQLite file. `rows` and `add` are written once for every table above."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            folder / STORE_FILE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Survives a killed process; only a power cut may cost the last moments, which a sandbox can bear.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
        self._catch_up()

    def _catch_up(self) -> None:
        """Give a file of an older sandbox the columns that came later. Another process may be doing the same."""
        with self.transaction():
            for table, column, kind in LATER_COLUMNS:
                known = {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}
                if column not in known:
                    self._connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Not nested: each action of the gateway opens exactly one."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(self, kind: type[R], rest: str = "", *values: object) -> list[R]:
        """Rows of `kind`; `rest` is the SQL after FROM, written here in the code, never by a visitor."""
        columns = ", ".join(kind.__struct_fields__)
        cursor = self._connection.execute(f"SELECT {columns} FROM {kind.table} {rest}", values)
        return [kind(*row) for row in cursor]

    def row(self, kind: type[R], rest: str, *values: object) -> R | None:
        """The first row, or None."""
        found = self.rows(kind, f"{rest} LIMIT 1", *values)
        return found[0] if found else None

    def count(self, table: str, where: str, *values: object) -> int:
        cursor = self._connection.execute(f"SELECT count(*) FROM {table} WHERE {where}", values)
        return int(cursor.fetchone()[0])

    def numbers(self, statement: str, *values: object) -> tuple[int, ...]:
        """The one row of whole numbers that a statement returns, such as sums."""
        return tuple(self._connection.execute(statement, values).fetchone())

    def add(self, row: Row, *, or_ignore: bool = False) -> int:
        """Insert a row and return its SQLite rowid."""
        names = row.__struct_fields__
        verb = "INSERT OR IGNORE" if or_ignore else "INSERT"
        marks = ", ".join("?" * len(names))
        values = [getattr(row, name) for name in names]
        cursor = self._connection.execute(
            f"{verb} INTO {row.table} ({', '.join(names)}) VALUES ({marks})", values
        )
        return cursor.lastrowid or 0

    def change(self, statement: str, *values: object) -> int:
        """Run one UPDATE, INSERT or DELETE and return how many rows it touched."""
        return self._connection.execute(statement, values).rowcount

    def flags(self) -> Flags:
        row = self._connection.execute("SELECT content FROM flags").fetchone()
        return msgspec.json.decode(row[0], type=Flags) if row else Flags()

    def set_flags(self, flags: Flags) -> None:
        self.change(
            "INSERT INTO flags (id, content) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET content = excluded.content",
            msgspec.json.encode(flags).decode(),
        )

    def forget_everything(self) -> None:
        """Empty every table; the keys stay."""
        with self.transaction():
            for table in TABLES:
                self.change(f"DELETE FROM {table}")
