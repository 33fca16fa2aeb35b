-- Oversight: the daily proof of the books, what stands against the law, who answered for it, and the chain of evidence.

-- Once a day the books are proved from every transfer; the row stays as it was found.
create table ledger_proofs (
    merchant_id uuid not null,
    day         date not null,                               -- the merchant's day on which it was proved
    debits      bigint not null,
    credits     bigint not null,
    pending     bigint not null,
    transfers   bigint not null,
    is_sound    boolean not null,
    differences jsonb not null,                              -- [ledger.Difference]
    proved_at   timestamptz not null,
    primary key (merchant_id, day)
);
create index transfers_by_time on transfers (merchant_id, at, id);
create index holds_open on holds (merchant_id, transfer_id) where resolved < amount;

-- One row a merchant; without one the defaults hold. Shares are basis points.
create table oversight_settings (
    merchant_id       uuid primary key,
    idle_bps          integer not null check (idle_bps between 100 and 10000),
    idle_least        integer not null check (idle_least between 1 and 100000),
    own_bps           integer not null check (own_bps between 1 and 10000),
    refund_bps        integer not null check (refund_bps between 1 and 10000),
    refund_least      integer not null check (refund_least between 1 and 100000),
    concentration_bps integer not null check (concentration_bps between 100 and 10000),
    concentration_least integer not null check (concentration_least between 1 and 1000000),
    velocity          integer not null check (velocity between 2 and 100000),
    window_days       smallint not null check (window_days between 7 and 180),
    updated_at        timestamptz not null
);

-- What was found, and when it was last found. `mark` tells findings of one field apart.
create table risks (
    merchant_id  uuid not null,
    id           uuid not null,
    rule         text not null,
    severity     text not null check (severity in ('block', 'gate', 'warn')),
    subject_kind text not null check (subject_kind in ('merchant', 'plan', 'promoter', 'product', 'offer', 'face', 'task',
                                                       'lesson', 'agreement')),
    subject_id   uuid not null,
    subject      text not null,
    field        text not null,
    mark         text not null,
    zh           text not null,
    en           text not null,
    fix_zh       text not null,
    fix_en       text not null,
    found_at     timestamptz not null,
    seen_at      timestamptz not null,
    gone_at      timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, subject_kind, subject_id, rule, field, mark)
);
create index risks_open on risks (merchant_id, found_at desc, id desc) where gone_at is null;

-- A named person answers for a risk until a day. What the law forbids has no answer.
create table risk_overrides (
    merchant_id uuid not null,
    id          uuid not null,
    risk_id     uuid not null,
    by_id       uuid not null,
    by_name     text not null,
    reason      text not null check (length(reason) between 1 and 500),
    at          timestamptz not null,
    until       timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, risk_id) references risks (merchant_id, id),
    check (until > at)
);
create index risk_overrides_of_risk on risk_overrides (merchant_id, risk_id, at desc);

-- The figures of D-09, day by day.
create table oversight_days (
    merchant_id uuid not null,
    day         date not null,
    promoters   integer not null,
    idle        integer not null,                            -- promoters without a consumer sale
    lines       integer not null,                            -- promoted order lines
    own         integer not null,                            -- of these bought by the promoter
    refunded    integer not null,
    top_bps     integer not null,                            -- the largest share that one promoter has of promoted sales
    at          timestamptz not null,
    primary key (merchant_id, day)
);

-- A chain over what must not change afterwards: each day's digest, and the digest of everything before it with it.
create table evidence (
    merchant_id uuid not null,
    day         date not null,
    rows        bigint not null,
    digest      text not null check (digest ~ '^[0-9a-f]{64}$'),
    chain       text not null check (chain ~ '^[0-9a-f]{64}$'),
    at          timestamptz not null,
    primary key (merchant_id, day)
);

-- What the law asks of commission, said once more where no code can forget it: it hangs on a line of an order that is
-- there (D-01), never costs more than 30 % of what was paid, to the next fen (D-06), and waits for the return (D-08).
alter table commissions
    add constraint commissions_of_line foreign key (merchant_id, order_id, line_no)
        references order_lines (merchant_id, order_id, line_no),
    add constraint commissions_share check (amount <= (basis * 3000 + 9999) / 10000),
    add constraint commissions_return check (hold_days >= 7),
    add constraint commissions_wait check (payable_at is null or matures_at is null or payable_at >= matures_at);
