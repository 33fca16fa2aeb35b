-- Several ways to pay one order, balances that cannot be overdrawn, proofs of transfers, and each day's bill compared.

-- What a customer has with the merchant can never go below zero, whatever code runs. Debits that are only promised
-- count against it already.
alter table accounts
    add column never_negative boolean not null default false,
    add constraint accounts_never_negative check (
        not never_negative
        or case side when 'credit' then credits_posted - debits_posted - debits_pending
                     else debits_posted - credits_posted - credits_pending end >= 0
    );

-- One row per attempt. The cashier of `prepay_id` is WeChat's prepay_id, or the address or code that opens it.
alter table payments
    drop constraint payments_merchant_id_order_id_key,
    drop constraint payments_method_check,
    drop constraint payments_state_check,
    add constraint payments_method_check
        check (method in ('wxpay_jsapi', 'wxpay_h5', 'wxpay_native', 'wxpay_mini', 'alipay_wap', 'alipay_page',
                          'balance', 'offline', 'imported')),
    add constraint payments_state_check
        check (state in ('waiting', 'paid', 'closed', 'refunding_late', 'refunded_late', 'refunding_double',
                         'refunded_double')),
    add column asked smallint not null default 0;          -- how often the sweep has asked the gateway
create index payments_of_order on payments (merchant_id, order_id);
create unique index payments_open on payments (merchant_id, order_id, method, amount) where state = 'waiting';
create unique index payments_counted on payments (merchant_id, order_id) where state = 'paid';
create index payments_by_day on payments (merchant_id, paid_at) where paid_at is not null;
-- Every open attempt is looked at when its order runs out of time, at the latest.
update payments p set next_query_at = o.pay_by
from orders o
where o.merchant_id = p.merchant_id and o.id = p.order_id and p.state = 'waiting' and p.next_query_at is null;

-- What the merchant offers beside the gateways that are configured, and where to transfer money to.
create table payment_options (
    merchant_id    uuid not null primary key,
    switched_off   text[] not null default '{}',
    is_offline_on  boolean not null default false,
    bank           text not null default '',
    account_name   text not null default '',
    account_number text not null default '',
    updated_at     timestamptz not null,
    check (not is_offline_on or (bank <> '' and account_name <> '' and account_number <> ''))
);

create table payment_proofs (
    merchant_id  uuid not null,
    id           uuid not null,
    payment_id   uuid not null,
    order_id     uuid not null,
    picture      bytea not null,               -- WebP; kept here because it shows a bank account and is nobody else's
    payer_name   text not null check (length(payer_name) between 1 and 60),
    state        text not null check (state in ('waiting', 'accepted', 'rejected')),
    reason       text not null default '',     -- why it was rejected
    decided_by   uuid,
    decided_name text not null default '',
    submitted_at timestamptz not null,
    decided_at   timestamptz,
    primary key (merchant_id, id),
    foreign key (merchant_id, payment_id) references payments (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    check ((state = 'waiting') = (decided_at is null))
);
create unique index payment_proofs_waiting on payment_proofs (merchant_id, payment_id) where state = 'waiting';
create index payment_proofs_in_order on payment_proofs (merchant_id, state, submitted_at);
create index payment_proofs_of_order on payment_proofs (merchant_id, order_id);

alter table gateway_notices
    add column gateway text not null default 'wxpay',
    add column about text not null default '',             -- our number of the payment or refund it speaks of
    add column why text not null default '';               -- what went wrong while taking it in
create index gateway_notices_in_order on gateway_notices (merchant_id, received_at desc, id desc);

-- Taking a notice in again: added, never changed. The newest row is what became of it.
create table notice_retries (
    merchant_id uuid not null,
    id          uuid not null,
    notice_id   text not null,
    outcome     text not null,
    why         text not null default '',
    actor_id    uuid,
    actor_name  text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, notice_id) references gateway_notices (merchant_id, id)
);
create index notice_retries_of_notice on notice_retries (merchant_id, notice_id, at desc);

alter table refunds add column reference text not null default '';     -- of money that was sent back by hand
create index refunds_to_look_at on refunds (merchant_id, requested_at) where state in ('requested', 'abnormal');
create index refunds_by_day on refunds (merchant_id, done_at) where done_at is not null;

-- One refund may name a line twice: units of it, and money without units.
alter table refund_lines
    drop constraint refund_lines_pkey,
    add primary key (merchant_id, refund_id, line_no, quantity);

-- Each day's bill of each gateway, as downloaded. `day` is a day in China, as the gateways count.
create table bill_days (
    merchant_id     uuid not null,
    gateway         text not null check (gateway in ('wxpay', 'alipay')),
    day             date not null,
    state           text not null check (state in ('waiting', 'compared', 'failed')),
    rows            integer not null default 0,
    paid            bigint not null default 0,
    refunded        bigint not null default 0,
    fees            bigint not null default 0,  -- what the gateway kept, less what it gave back
    attempts        integer not null default 0,
    next_attempt_at timestamptz,
    error           text not null default '',
    compared_at     timestamptz,
    updated_at      timestamptz not null,
    primary key (merchant_id, gateway, day)
);

create table bill_rows (
    merchant_id uuid not null,
    gateway     text not null,
    day         date not null,
    kind        text not null check (kind in ('payment', 'refund')),
    number      text not null,                  -- ours: out_trade_no or out_refund_no
    trade_no    text not null,                  -- out_trade_no, of a refund too
    gateway_id  text not null default '',
    state       text not null,
    amount      bigint not null,
    fee         bigint not null default 0,
    at          timestamptz,
    primary key (merchant_id, gateway, day, kind, number),
    foreign key (merchant_id, gateway, day) references bill_days (merchant_id, gateway, day)
);
create index bill_rows_by_number on bill_rows (merchant_id, gateway, kind, number);

create table bill_differences (
    merchant_id uuid not null,
    id          uuid not null,
    gateway     text not null,
    day         date not null,
    subject     text not null check (subject in ('payment', 'refund')),
    kind        text not null check (kind in ('missing_here', 'missing_there', 'amount', 'state')),
    number      text not null,
    trade_no    text not null default '',
    ours        bigint,
    theirs      bigint,
    our_state   text not null default '',
    their_state text not null default '',
    order_id    uuid,
    state       text not null check (state in ('open', 'resolved')),
    resolution  text not null default '',
    note        text not null default '',
    owner_id    uuid,
    owner_name  text not null default '',
    found_at    timestamptz not null,
    resolved_at timestamptz,
    resolved_by text not null default '',
    primary key (merchant_id, id),
    foreign key (merchant_id, gateway, day) references bill_days (merchant_id, gateway, day),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    check ((state = 'resolved') = (resolved_at is not null))
);
create index bill_differences_open on bill_differences (merchant_id, found_at) where state = 'open';
create index bill_differences_of_day on bill_differences (merchant_id, gateway, day);
