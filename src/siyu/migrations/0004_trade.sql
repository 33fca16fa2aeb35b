-- Trade: orders, their payments and refunds.

create table orders (
    merchant_id  uuid not null,
    id           uuid not null,
    number       text not null,
    customer_id  uuid,
    channel      text not null check (channel in ('shop', 'api', 'import', 'history')),
    state        text not null check (state in ('unpaid', 'paid', 'picked_up', 'received', 'refunded', 'closed')),
    store_id     uuid,
    currency     char(3) not null,
    total        bigint not null check (total >= 0),
    refunded     bigint not null default 0 check (refunded between 0 and total),
    door_id      uuid,
    promoter_id  uuid,
    remark       text not null default '',
    pickup_code  text,
    placed_at    timestamptz not null,
    pay_by       timestamptz,
    paid_at      timestamptz,
    picked_up_at timestamptz,
    received_at  timestamptz,
    closed_at    timestamptz,
    close_reason text,
    updated_at   timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, number),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    foreign key (merchant_id, store_id) references stores (merchant_id, id),
    foreign key (merchant_id, door_id) references doors (merchant_id, id),
    check (state = 'unpaid' or state = 'closed' or paid_at is not null)
) with (fillfactor = 85);
create index orders_of_customer on orders (merchant_id, customer_id, placed_at desc, id desc);
create index orders_in_order on orders (merchant_id, placed_at desc, id desc);
create index orders_by_change on orders (merchant_id, updated_at, id);
create index orders_to_close on orders (merchant_id, pay_by) where state = 'unpaid';
create index orders_to_receive on orders (merchant_id, picked_up_at) where state = 'picked_up';
create unique index orders_pickup on orders (merchant_id, pickup_code) where state = 'paid';

create table order_lines (
    merchant_id       uuid not null,
    order_id          uuid not null,
    line_no           smallint not null,
    product_id        uuid not null,
    sku_id            uuid not null,
    title             text not null,
    sku_title         text not null default '',
    picture           text not null default '',
    quantity          integer not null check (quantity > 0),
    unit_price        bigint not null check (unit_price >= 0),
    amount            bigint not null check (amount >= 0),
    refunded_quantity integer not null default 0 check (refunded_quantity between 0 and quantity),
    refunded_amount   bigint not null default 0 check (refunded_amount between 0 and amount),
    primary key (merchant_id, order_id, line_no),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id)
);

create table carts (
    merchant_id uuid not null,
    owner_id    uuid not null,                 -- the customer, or the visitor before sign-in
    sku_id      uuid not null,
    quantity    integer not null check (quantity between 1 and 999),
    is_chosen   boolean not null default true,
    updated_at  timestamptz not null,
    primary key (merchant_id, owner_id, sku_id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id)
);

create table payments (
    merchant_id    uuid not null,
    id             uuid not null,
    order_id       uuid not null,
    out_trade_no   text not null check (out_trade_no ~ '^[0-9A-Za-z_-]{6,32}$'),
    method         text not null check (method in ('wxpay_jsapi', 'imported')),
    amount         bigint not null check (amount > 0),
    state          text not null check (state in ('waiting', 'paid', 'closed', 'refunding_late', 'refunded_late')),
    payer          text,
    prepay_id      text,
    prepaid_at     timestamptz,
    transaction_id text,
    paid_at        timestamptz,
    next_query_at  timestamptz,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, out_trade_no),
    unique (merchant_id, transaction_id),
    unique (merchant_id, order_id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id)
);
create index payments_to_query on payments (merchant_id, next_query_at) where state = 'waiting';

-- What gateways told us, verified and stored before anything is done with it. The id is the gateway's.
create table gateway_notices (
    merchant_id uuid not null,
    id          text not null,
    kind        text not null,
    body        jsonb not null,
    outcome     text not null,
    received_at timestamptz not null,
    primary key (merchant_id, id)
);

create table refunds (
    merchant_id   uuid not null,
    id            uuid not null,
    order_id      uuid not null,
    payment_id    uuid,
    out_refund_no text not null,
    amount        bigint not null check (amount > 0),
    reason        text not null,
    kind          text not null check (kind in ('after_sale', 'late_payment', 'imported')),
    state         text not null check (state in ('requested', 'processing', 'done', 'abnormal')),
    gateway_id    text,
    attempts      integer not null default 0,
    next_attempt_at timestamptz,
    last_error    text,
    actor_id      uuid,
    requested_at  timestamptz not null,
    done_at       timestamptz,
    updated_at    timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, out_refund_no),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, payment_id) references payments (merchant_id, id)
);
create index refunds_of_order on refunds (merchant_id, order_id);
create index refunds_due on refunds (merchant_id, next_attempt_at) where state in ('requested', 'processing');
create index refunds_by_change on refunds (merchant_id, updated_at, id);

create table refund_lines (
    merchant_id uuid not null,
    refund_id   uuid not null,
    order_id    uuid not null,
    line_no     smallint not null,
    first       integer not null check (first >= 0),   -- units of the line refunded before
    quantity    integer not null check (quantity > 0),
    amount      bigint not null check (amount >= 0),
    primary key (merchant_id, refund_id, line_no),
    unique (merchant_id, order_id, line_no, first),    -- a unit is refunded once, whoever asks
    foreign key (merchant_id, refund_id) references refunds (merchant_id, id),
    foreign key (merchant_id, order_id, line_no) references order_lines (merchant_id, order_id, line_no)
);
