-- Payouts: commission that is asked for, checked, sent, and taken by its person; every line that went in, every step, and
-- what a person has to look at.

-- One row a merchant; without one the defaults hold. Amounts are fen.
create table payout_settings (
    merchant_id  uuid primary key,
    minimum      bigint not null check (minimum between 100 and 100000000),
    second_from  bigint not null check (second_from >= 0),   -- from this gross amount on two persons approve
    day_cap      bigint not null check (day_cap between 100 and 2000000),  -- what the channel gives one person a day
    job          text not null check (length(job) between 1 and 32),       -- 岗位类型
    updated_at   timestamptz not null
);

create table payouts (
    merchant_id   uuid not null,
    id            uuid not null,
    number        text not null check (number ~ '^[0-9A-Za-z]{1,32}$'),    -- out_bill_no, for ever
    promoter_id   uuid not null,
    method        text not null check (method in ('wechat', 'bank')),
    tax_method    text not null check (tax_method in ('labour', 'platform', 'invoice')),
    period        date not null check (extract(day from period) = 1),      -- the month whose income this is
    gross         bigint not null check (gross > 0),
    tax           bigint not null check (tax >= 0),
    net           bigint not null check (net > 0),
    state         text not null check (state in ('requested', 'reviewing', 'approved', 'submitted', 'awaiting_user',
                                                 'paid', 'expired', 'failed', 'manual')),
    openid        text not null default '',
    invoice       text not null default '',                  -- number of the invoice, where no tax is withheld
    requested_by  text not null,
    requested_id  uuid,
    requested_at  timestamptz not null,
    first_id      uuid,                                      -- who approved first, when two have to
    approved_id   uuid,
    approved_by   text not null default '',
    approved_at   timestamptz,
    submitted_at  timestamptz,
    attempts      integer not null default 0,
    next_attempt_at timestamptz,
    lacks_funds   boolean not null default false,            -- the merchant's own balance was too low
    gateway_id    text not null default '',
    package       text not null default '',
    expires_at    timestamptz,
    reminded_at   timestamptz,
    fail_code     text not null default '',
    fail_reason   text not null default '',
    reference     text not null default '',                  -- of a bank transfer
    finished_at   timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, number),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    check (gross = tax + net),
    check (first_id is null or approved_id is null or first_id <> approved_id),
    check ((state in ('paid', 'expired', 'failed')) = (finished_at is not null))
);
create unique index payouts_in_flight on payouts (merchant_id, promoter_id)
    where state in ('requested', 'reviewing', 'approved', 'submitted', 'awaiting_user', 'manual');
create index payouts_of_promoter on payouts (merchant_id, promoter_id, requested_at desc, id);
create index payouts_by_state on payouts (merchant_id, state, requested_at, id);
create index payouts_to_send on payouts (merchant_id, next_attempt_at)
    where state in ('approved', 'submitted', 'awaiting_user');
create index payouts_by_period on payouts (merchant_id, period, promoter_id);
create index payouts_by_day on payouts (merchant_id, finished_at) where state = 'paid';

-- What a payout consists of; negative amounts are refunds set against it.
create table payout_lines (
    merchant_id   uuid not null,
    payout_id     uuid not null,
    position      integer not null,
    source        text not null check (source in ('commission', 'adjustment')),
    order_id      uuid,
    line_no       smallint,
    adjustment_id uuid,
    amount        bigint not null check (amount <> 0),
    title         text not null,
    order_number  text not null,
    primary key (merchant_id, payout_id, position),
    foreign key (merchant_id, payout_id) references payouts (merchant_id, id),
    foreign key (merchant_id, order_id, line_no) references commissions (merchant_id, order_id, line_no),
    foreign key (merchant_id, adjustment_id) references commission_adjustments (merchant_id, id),
    check ((source = 'commission') = (line_no is not null)),
    check ((source = 'adjustment') = (adjustment_id is not null))
);
create index payout_lines_of_order on payout_lines (merchant_id, order_id, line_no);

-- Every step of a payout, added and never changed.
create table payout_steps (
    merchant_id uuid not null,
    id          uuid not null,
    payout_id   uuid not null,
    state       text not null,
    note        text not null default '',
    by_name     text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, payout_id) references payouts (merchant_id, id)
);
create index payout_steps_of_payout on payout_steps (merchant_id, payout_id, at, id);

-- What does not fit: another sum than ours, or money that left twice over.
create table payout_differences (
    merchant_id uuid not null,
    id          uuid not null,
    day         date not null,
    kind        text not null check (kind in ('amount', 'overpaid')),
    number      text not null,
    ours        bigint,
    theirs      bigint,
    state       text not null check (state in ('open', 'resolved')),
    note        text not null default '',
    found_at    timestamptz not null,
    resolved_by text not null default '',
    resolved_at timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, day, kind, number),
    check ((state = 'resolved') = (resolved_at is not null))
);
create index payout_differences_open on payout_differences (merchant_id, found_at) where state = 'open';
