-- Suppliers: what they supply and at what price, what was ordered from them and arrived, and what we owe them.

alter table staff drop constraint staff_role_check;
alter table staff
    add constraint staff_role_check check (role in ('owner', 'operator', 'finance', 'guide', 'supplier', 'custom'));

-- location_id: where the goods lie that the supplier sends to buyers for us (一件代发).
create table suppliers (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 40),
    contact     text not null default '',
    phone       text not null default '',
    address     text not null default '',
    settlement  text not null check (settlement in ('weekly', 'monthly')),
    location_id uuid,
    is_active   boolean not null default true,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, name),
    unique (merchant_id, location_id),
    foreign key (merchant_id, location_id) references stores (merchant_id, id)
);

create table supplier_items (
    merchant_id     uuid not null,
    supplier_id     uuid not null,
    sku_id          uuid not null,
    supply_price    bigint not null check (supply_price between 0 and 100000000000),
    code            text not null default '' check (length(code) <= 40),   -- the supplier's own
    is_drop_shipped boolean not null default false,
    updated_at      timestamptz not null,
    primary key (merchant_id, supplier_id, sku_id),
    foreign key (merchant_id, supplier_id) references suppliers (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id)
);
create unique index supplier_items_drop_shipped on supplier_items (merchant_id, sku_id) where is_drop_shipped;
create index supplier_items_of_sku on supplier_items (merchant_id, sku_id);

-- Every price there ever was: what a unit costs is the price of the moment in which it left.
create table supplier_prices (
    merchant_id uuid not null,
    id          uuid not null,
    supplier_id uuid not null,
    sku_id      uuid not null,
    price       bigint not null check (price >= 0),
    since       timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, supplier_id, sku_id) references supplier_items (merchant_id, supplier_id, sku_id)
);
create index supplier_prices_in_time on supplier_prices (merchant_id, supplier_id, sku_id, since desc, id desc);

create table purchase_orders (
    merchant_id uuid not null,
    id          uuid not null,
    number      text not null,
    supplier_id uuid not null,
    location_id uuid not null,
    state       text not null check (state in ('draft', 'sent', 'partly', 'received', 'cancelled')),
    remark      text not null default '',
    created_by  text not null default '',
    created_at  timestamptz not null,
    sent_by     text not null default '',
    sent_at     timestamptz,
    ended_by    text not null default '',
    ended_at    timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, number),
    foreign key (merchant_id, supplier_id) references suppliers (merchant_id, id),
    foreign key (merchant_id, location_id) references stores (merchant_id, id),
    check ((state in ('received', 'cancelled')) = (ended_at is not null)),
    check (state in ('draft', 'cancelled') or sent_at is not null)
);
create index purchase_orders_by_time on purchase_orders (merchant_id, created_at desc, id desc);
create index purchase_orders_of_supplier on purchase_orders (merchant_id, supplier_id, created_at desc, id desc);

create table purchase_lines (
    merchant_id uuid not null,
    purchase_id uuid not null,
    line_no     smallint not null,
    sku_id      uuid not null,
    quantity    integer not null check (quantity between 1 and 1000000),
    cost        bigint not null check (cost between 0 and 100000000000),   -- of one unit
    expected_on date,
    received    integer not null default 0 check (received >= 0),
    primary key (merchant_id, purchase_id, line_no),
    unique (merchant_id, purchase_id, sku_id),
    foreign key (merchant_id, purchase_id) references purchase_orders (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id),
    constraint purchase_lines_not_over check (received <= quantity + quantity / 20)   -- 5 % at most
);
create index purchase_lines_of_sku on purchase_lines (merchant_id, sku_id);

-- Each arrival, by the id that the asker made: the same arrival counts once.
create table purchase_receipts (
    merchant_id uuid not null,
    id          uuid not null,
    purchase_id uuid not null,
    remark      text not null default '',
    actor_id    uuid,
    actor_name  text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, purchase_id) references purchase_orders (merchant_id, id)
);
create index purchase_receipts_of on purchase_receipts (merchant_id, purchase_id, at);

create table purchase_receipt_lines (
    merchant_id uuid not null,
    receipt_id  uuid not null,
    n           smallint not null,
    line_no     smallint not null,
    sku_id      uuid not null,
    quantity    integer not null check (quantity > 0),
    cost        bigint not null,
    lot_code    text not null default '',
    expires_on  date,
    primary key (merchant_id, receipt_id, n),
    foreign key (merchant_id, receipt_id) references purchase_receipts (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id)
);

-- One row for each unit that a supplier sent, with the price of that moment. n counts up and is never used again: a
-- parcel that was cancelled and sent anew has new units.
create table supply_units (
    merchant_id uuid not null,
    order_id    uuid not null,
    line_no     smallint not null,
    n           integer not null,
    supplier_id uuid not null,
    sku_id      uuid not null,
    price       bigint not null check (price >= 0),
    left_at     timestamptz not null,
    back        text check (back in ('returned', 'unsent')),
    primary key (merchant_id, order_id, line_no, n),
    foreign key (merchant_id, order_id, line_no) references order_lines (merchant_id, order_id, line_no),
    foreign key (merchant_id, supplier_id) references suppliers (merchant_id, id)
);

-- Why we owe a supplier more or less. The id is that of the transfer in the ledger: neither is there without the other.
create table supplier_entries (
    merchant_id uuid not null,
    id          uuid not null,
    supplier_id uuid not null,
    kind        text not null check (kind in ('shipped', 'returned', 'unsent', 'received', 'adjusted')),
    amount      bigint not null,                -- more than before when positive
    quantity    integer not null default 0,
    price       bigint not null default 0,
    sku_id      uuid,
    order_id    uuid,
    purchase_id uuid,
    reason      text not null default '',
    actor_name  text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, supplier_id) references suppliers (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, purchase_id) references purchase_orders (merchant_id, id)
);
create index supplier_entries_in_time on supplier_entries (merchant_id, supplier_id, at, id);

-- Statements of a supplier follow each other without a gap: each begins where the one before it ends.
create table supplier_statements (
    merchant_id  uuid not null,
    id           uuid not null,
    number       text not null,
    supplier_id  uuid not null,
    starts_on    date not null,                 -- days on the merchant's calendar, both included
    ends_on      date not null,
    since        timestamptz not null,
    until        timestamptz not null,
    state        text not null check (state in ('draft', 'confirmed', 'paid')),
    total        bigint,                        -- fixed by confirming
    reference    text not null default '',
    created_at   timestamptz not null,
    confirmed_by text not null default '',
    confirmed_at timestamptz,
    paid_by      text not null default '',
    paid_at      timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, supplier_id, starts_on),
    foreign key (merchant_id, supplier_id) references suppliers (merchant_id, id),
    check (starts_on <= ends_on and since < until),
    check ((state = 'draft') = (total is null) and (state = 'draft') = (confirmed_at is null)),
    check ((state = 'paid') = (paid_at is not null))
);
create index supplier_statements_by_time on supplier_statements (merchant_id, ends_on desc, id desc);
