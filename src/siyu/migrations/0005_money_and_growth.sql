-- Money: double entry. Growth: who brings friends, and what they earn from sales (never from heads).

create table accounts (
    merchant_id     uuid not null,
    id              uuid not null,
    code            text not null,             -- 'gateway:wxpay', 'sales', 'promoter:<id>'
    side            text not null check (side in ('debit', 'credit')),
    currency        char(3) not null,
    debits_posted   bigint not null default 0 check (debits_posted >= 0),
    credits_posted  bigint not null default 0 check (credits_posted >= 0),
    debits_pending  bigint not null default 0 check (debits_pending >= 0),
    credits_pending bigint not null default 0 check (credits_pending >= 0),
    created_at      timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, code)
) with (fillfactor = 50);

-- Immutable: the application role may only add. The caller's id is the idempotency key.
create table transfers (
    merchant_id uuid not null,
    id          uuid not null,
    kind        text not null check (kind in ('posted', 'hold', 'post', 'void')),
    hold_id     uuid,
    debit_id    uuid not null,
    credit_id   uuid not null,
    amount      bigint not null check (amount > 0),
    reason      text not null,                 -- 'payment', 'refund', 'commission' …
    subject_id  uuid not null,                 -- the order, refund … it is about
    note        text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, debit_id) references accounts (merchant_id, id),
    foreign key (merchant_id, credit_id) references accounts (merchant_id, id),
    foreign key (merchant_id, hold_id) references transfers (merchant_id, id),
    check (debit_id <> credit_id),
    check ((kind in ('post', 'void')) = (hold_id is not null))
);
create index transfers_of_subject on transfers (merchant_id, subject_id);
create index transfers_of_debit on transfers (merchant_id, debit_id, at);
create index transfers_of_credit on transfers (merchant_id, credit_id, at);

-- How much of a hold has been posted or voided. It can never resolve more than was held.
create table holds (
    merchant_id uuid not null,
    transfer_id uuid not null,
    amount      bigint not null check (amount > 0),
    resolved    bigint not null default 0 check (resolved between 0 and amount),
    primary key (merchant_id, transfer_id),
    foreign key (merchant_id, transfer_id) references transfers (merchant_id, id)
);

create table promoters (
    merchant_id       uuid not null,
    id                uuid not null,
    customer_id       uuid not null,
    kind              text not null check (kind in ('koc', 'leader', 'guide', 'anchor')),
    name              text not null,
    state             text not null check (state in ('active', 'paused', 'dismissed')),
    agreement_version text not null,
    joined_at         timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, customer_id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);

-- A door that named somebody else's promoter would bind sales to nobody, and their commission could never be written.
alter table doors add foreign key (merchant_id, promoter_id) references promoters (merchant_id, id);

-- One level by construction: a plan has a rate for the promoter of the sale and nothing for anybody above.
create table commission_plans (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null,
    category_id uuid,                          -- null: every category
    rate_bps    integer not null check (rate_bps between 1 and 3000),
    starts_at   timestamptz not null,
    ends_at     timestamptz,
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, category_id) references categories (merchant_id, id)
);

create table commissions (
    merchant_id     uuid not null,
    order_id        uuid not null,
    line_no         smallint not null,
    promoter_id     uuid not null,
    plan_id         uuid not null,
    rate_bps        integer not null,
    basis           bigint not null check (basis >= 0),  -- what the buyer paid for the line
    units           integer not null check (units > 0),
    amount          bigint not null check (amount >= 0),
    reversed_units  integer not null default 0 check (reversed_units between 0 and units),
    reversed_amount bigint not null default 0 check (reversed_amount between 0 and amount),
    state           text not null check (state in ('pending', 'payable', 'reversed')),
    earned_at       timestamptz not null,
    matures_at      timestamptz,
    payable_at      timestamptz,
    primary key (merchant_id, order_id, line_no),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, plan_id) references commission_plans (merchant_id, id)
);
create index commissions_of_promoter on commissions (merchant_id, promoter_id, earned_at desc, order_id, line_no);
create index commissions_to_mature on commissions (merchant_id, matures_at) where state = 'pending';

create table commission_reversals (
    merchant_id uuid not null,
    refund_id   uuid not null,
    order_id    uuid not null,
    line_no     smallint not null,
    units       integer not null check (units > 0),
    amount      bigint not null check (amount >= 0),
    at          timestamptz not null,
    primary key (merchant_id, refund_id, line_no),
    foreign key (merchant_id, order_id, line_no) references commissions (merchant_id, order_id, line_no)
);

-- Runs of `siyu import`, so that a broken run can go on and a finished one can be read.
create table import_runs (
    merchant_id uuid not null,
    id          uuid not null,
    source      text not null,
    source_hash bytea not null,
    mapping     jsonb not null,
    state       text not null check (state in ('running', 'done', 'failed')),
    rows_read   bigint not null default 0,
    counts      jsonb not null default '{}',
    position    bigint not null default 0,
    report      text not null default '',
    started_at  timestamptz not null,
    finished_at timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, source_hash)
);
