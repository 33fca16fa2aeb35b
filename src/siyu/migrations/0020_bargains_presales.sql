-- Bargains 砍价, and orders that are paid in two parts: a deposit now, the balance in its window.

-- One bargain: what somebody started, as the offer was at that moment. `price` is where it stands; it falls by fixed,
-- published steps from `start` to `floor` in `needed` helps. order_id: the order placed with it that is not closed.
create table bargains (
    merchant_id uuid not null,
    id          uuid not null,
    offer_id    uuid not null,
    customer_id uuid not null,
    sku_id      uuid not null,
    version     integer not null,                     -- of the offer when it was started
    start       bigint not null check (start > 0),
    floor       bigint not null check (floor >= 0),
    needed      integer not null check (needed > 0),
    helped      integer not null default 0,
    price       bigint not null,
    state       text not null default 'running' check (state in ('running', 'bought', 'over')),
    order_id    uuid,
    ends_at     timestamptz not null,
    started_at  timestamptz not null,
    bought_at   timestamptz,
    primary key (merchant_id, id),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id),
    check (floor < start),
    check (price between floor and start),
    check (helped between 0 and needed),
    check (state <> 'bought' or order_id is not null)
) with (fillfactor = 70);
create unique index bargains_running on bargains (merchant_id, offer_id, customer_id) where state = 'running';
create index bargains_of_customer on bargains (merchant_id, customer_id, id);
create unique index bargains_of_order on bargains (merchant_id, order_id) where order_id is not null;

-- Who helped, in which place, and by how much the price fell.
create table bargain_helps (
    merchant_id uuid not null,
    bargain_id  uuid not null,
    customer_id uuid not null,
    place       integer not null check (place > 0),
    amount      bigint not null check (amount >= 0),
    at          timestamptz not null,
    primary key (merchant_id, bargain_id, customer_id),
    unique (merchant_id, bargain_id, place),
    foreign key (merchant_id, bargain_id) references bargains (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index bargain_helps_of_customer on bargain_helps (merchant_id, customer_id);

-- How often somebody helped on one day at the merchant's; counted by one statement, so that no race passes the limit.
create table bargain_days (
    merchant_id uuid not null,
    customer_id uuid not null,
    day         date not null,
    helps       integer not null check (helps > 0),
    primary key (merchant_id, customer_id, day),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);

-- An order paid in two parts. deposit: the first part (null: everything at once); pay_by is the deadline of the part
-- that is due, at first the deposit's, afterwards balance_until. due_amount: what is to be paid next while it is unpaid.
alter table orders
    add column deposit bigint check (deposit > 0),
    add column deposit_paid_at timestamptz,
    add column balance_from timestamptz,
    add column balance_until timestamptz,
    add column due_amount bigint generated always as (
        case when deposit is null then total when deposit_paid_at is null then deposit else total - deposit end
    ) stored,
    add constraint orders_deposit check (
        deposit is null
        or (deposit < total - deposit and balance_from is not null and balance_until > balance_from)
    ),
    add constraint orders_deposit_paid check (deposit_paid_at is null or deposit is not null);
create index orders_kept_deposits on orders (merchant_id, closed_at) where state = 'closed' and deposit_paid_at is not null;

-- The payment of a deposit counts beside the one that pays the balance; both are found by the gateway's bill.
alter table payments
    drop constraint payments_state_check,
    add constraint payments_state_check
        check (state in ('waiting', 'paid', 'deposit', 'closed', 'refunding_late', 'refunded_late', 'refunding_double',
                         'refunded_double'));
create unique index payments_deposit on payments (merchant_id, order_id) where state = 'deposit';

alter table refunds
    drop constraint refunds_kind_check,
    add constraint refunds_kind_check
        check (kind in ('after_sale', 'late_payment', 'double_payment', 'imported', 'deposit'));
