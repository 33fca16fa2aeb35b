"""The tables of the sandbox's memory. Amounts are fen, times seconds since 1970 in UTC."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS persons (
    openid TEXT PRIMARY KEY, unionid TEXT NOT NULL, nickname TEXT NOT NULL, phone TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    out_trade_no TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, description TEXT NOT NULL, attach TEXT NOT NULL,
    total INTEGER NOT NULL CHECK (total > 0), openid TEXT NOT NULL, notify_url TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('NOTPAY', 'SUCCESS', 'CLOSED', 'REFUND')),
    transaction_id TEXT NOT NULL, created_at REAL NOT NULL, expires_at REAL NOT NULL, paid_at REAL
) STRICT;
CREATE INDEX IF NOT EXISTS orders_paid ON orders (paid_at);
CREATE TABLE IF NOT EXISTS prepays (
    prepay_id TEXT PRIMARY KEY, out_trade_no TEXT NOT NULL REFERENCES orders, expires_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refunds (
    out_refund_no TEXT PRIMARY KEY, refund_id TEXT NOT NULL, out_trade_no TEXT NOT NULL REFERENCES orders,
    fingerprint TEXT NOT NULL, refund INTEGER NOT NULL CHECK (refund > 0), total INTEGER NOT NULL,
    reason TEXT NOT NULL, notify_url TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL')),
    created_at REAL NOT NULL, settles_at REAL NOT NULL, success_at REAL
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_of_order ON refunds (out_trade_no);
CREATE INDEX IF NOT EXISTS refunds_to_settle ON refunds (settles_at) WHERE status = 'PROCESSING';
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, out_trade_no TEXT NOT NULL, notify_url TEXT NOT NULL,
    event_type TEXT NOT NULL, original_type TEXT NOT NULL, summary TEXT NOT NULL, plaintext TEXT NOT NULL,
    created_at REAL NOT NULL, attempts INTEGER NOT NULL, due_at REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    last_status INTEGER NOT NULL, sent_headers TEXT NOT NULL, sent_body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_of_order ON deliveries (out_trade_no);
CREATE TABLE IF NOT EXISTS trades (
    out_trade_no TEXT PRIMARY KEY, trade_no TEXT NOT NULL, token TEXT NOT NULL, product TEXT NOT NULL,
    subject TEXT NOT NULL, total INTEGER NOT NULL CHECK (total > 0), buyer TEXT NOT NULL,
    notify_url TEXT NOT NULL, return_url TEXT NOT NULL, quit_url TEXT NOT NULL, passback TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_FINISHED', 'TRADE_CLOSED')),
    created_at REAL NOT NULL, expires_at REAL NOT NULL, paid_at REAL, closed_at REAL
) STRICT;
CREATE INDEX IF NOT EXISTS trades_paid ON trades (paid_at);
CREATE TABLE IF NOT EXISTS trade_refunds (
    out_trade_no TEXT NOT NULL REFERENCES trades, out_request_no TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), reason TEXT NOT NULL, done_at REAL NOT NULL,
    PRIMARY KEY (out_trade_no, out_request_no)
) STRICT;
CREATE TABLE IF NOT EXISTS transfers (
    out_bill_no TEXT PRIMARY KEY, transfer_bill_no TEXT NOT NULL, fingerprint TEXT NOT NULL, openid TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), remark TEXT NOT NULL, name TEXT NOT NULL, job TEXT NOT NULL,
    work TEXT NOT NULL, notify_url TEXT NOT NULL, package TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('WAIT_USER_CONFIRM', 'SUCCESS', 'FAIL', 'CANCELLED')),
    fail_reason TEXT NOT NULL, created_at REAL NOT NULL, expires_at REAL NOT NULL, updated_at REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS transfers_of_person ON transfers (openid, created_at);
CREATE INDEX IF NOT EXISTS transfers_to_close ON transfers (expires_at) WHERE state = 'WAIT_USER_CONFIRM';
CREATE TABLE IF NOT EXISTS bill_faults (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL,
    amount INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS bill_files (
    token TEXT PRIMARY KEY, gateway TEXT NOT NULL, content BLOB NOT NULL, expires_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, openid TEXT NOT NULL, scope TEXT NOT NULL, expires_at REAL NOT NULL, used_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, openid TEXT NOT NULL, scope TEXT NOT NULL, expires_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS texts (
    biz_id TEXT PRIMARY KEY, phone TEXT NOT NULL, sign_name TEXT NOT NULL, template TEXT NOT NULL,
    parameters TEXT NOT NULL, code TEXT NOT NULL, sent_at REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS texts_of_phone ON texts (phone, sent_at);
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, seen_at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS flags (id INTEGER PRIMARY KEY CHECK (id = 1), content TEXT NOT NULL) STRICT;
"""

# What files of older sandboxes lack.
LATER_COLUMNS = (
    ("orders", "app_id", "TEXT NOT NULL DEFAULT ''"),
    ("orders", "trade_type", "TEXT NOT NULL DEFAULT 'JSAPI'"),
    ("deliveries", "gateway", "TEXT NOT NULL DEFAULT 'wxpay'"),
)

TABLES = (
    "prepays", "refunds", "transfers", "deliveries", "orders", "trade_refunds", "trades", "bill_faults", "bill_files", "codes",
    "tokens", "texts", "nonces", "flags", "persons",
)  # fmt: skip
