-- Fulfilment: parcels and what is in them, courier rounds, codes for what is not goods, and handovers at the counter.

-- Which carriers a merchant uses. A built-in carrier (fulfilment/carriers.py) has a row only when the merchant chose
-- about it; one of the merchant's own brings its names and its page.
create table carriers (
    merchant_id  uuid not null,
    code         text not null check (code ~ '^[a-z0-9_]{2,20}$'),
    name_zh      text not null check (length(name_zh) between 1 and 40),
    name_en      text not null check (length(name_en) between 1 and 40),
    tracking_url text not null default '' check (tracking_url = '' or tracking_url ~ '^https://'),
    is_own       boolean not null,
    is_used      boolean not null default true,
    updated_at   timestamptz not null,
    primary key (merchant_id, code)
);

-- One box may hold several orders of one buyer, never of two: who a tracking number belongs to.
create table tracking_numbers (
    merchant_id uuid not null,
    carrier     text not null,
    number      text not null,
    owner_id    uuid not null,                 -- the customer, or the order when nobody knows the customer
    primary key (merchant_id, carrier, number)
);

create table parcels (
    merchant_id   uuid not null,
    id            uuid not null,                -- made by whoever asks, so that asking twice sends once
    order_id      uuid not null,
    location_id   uuid,                         -- where it left; none when its lines lay nowhere
    carrier       text not null,
    number        text not null check (length(number) between 4 and 40),
    state         text not null check (state in ('sent', 'cancelled')),
    sent_at       timestamptz not null,
    sent_by       uuid,
    sent_by_name  text not null default '',
    cancelled_at  timestamptz,
    cancelled_by  uuid,
    cancel_reason text not null default '',
    updated_at    timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, location_id) references stores (merchant_id, id),
    check ((state = 'cancelled') = (cancelled_at is not null))
);
create index parcels_of_order on parcels (merchant_id, order_id, sent_at);
create index parcels_in_order on parcels (merchant_id, sent_at desc, id desc);
create unique index parcels_once on parcels (merchant_id, carrier, number, order_id) where state = 'sent';

create table parcel_lines (
    merchant_id uuid not null,
    parcel_id   uuid not null,
    order_id    uuid not null,
    line_no     smallint not null,
    quantity    integer not null check (quantity > 0),
    primary key (merchant_id, parcel_id, line_no),
    foreign key (merchant_id, parcel_id) references parcels (merchant_id, id),
    foreign key (merchant_id, order_id, line_no) references order_lines (merchant_id, order_id, line_no)
);
create index parcel_lines_of_order on parcel_lines (merchant_id, order_id);

-- A local delivery on its way with the merchant's own courier. One per order; the units leave the house when it is
-- delivered, because until then the courier can bring them back.
create table courier_rides (
    merchant_id  uuid not null,
    order_id     uuid not null,
    courier_id   uuid not null,
    courier_name text not null,
    state        text not null check (state in ('assigned', 'out', 'delivered')),
    assigned_at  timestamptz not null,
    out_at       timestamptz,
    delivered_at timestamptz,
    note         text not null default '',
    updated_at   timestamptz not null,
    primary key (merchant_id, order_id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, courier_id) references staff (merchant_id, id)
);
create index courier_rides_under_way on courier_rides (merchant_id, courier_id) where state <> 'delivered';

-- What happens to a product's codes that nobody used in time (products.valid_days says in what time).
create table code_terms (
    merchant_id uuid not null,
    product_id  uuid not null,
    on_expiry   text not null check (on_expiry in ('refund', 'keep')),
    updated_at  timestamptz not null,
    primary key (merchant_id, product_id),
    foreign key (merchant_id, product_id) references products (merchant_id, id)
);

-- One code is one unit of a line. It is used once.
create table redemption_codes (
    merchant_id    uuid not null,
    id             uuid not null,
    order_id       uuid not null,
    line_no        smallint not null,
    unit           integer not null check (unit > 0),
    code           text not null,
    state          text not null check (state in ('ready', 'redeemed', 'void', 'expired')),
    on_expiry      text not null check (on_expiry in ('refund', 'keep')),
    issued_at      timestamptz not null,
    valid_until    timestamptz,                  -- null: it keeps
    redeemed_at    timestamptz,
    redeemed_by    uuid,
    redeemed_by_name text not null default '',
    redemption_id  uuid,                         -- made by whoever redeems, so that tapping twice redeems once
    store_id       uuid,
    ended_at       timestamptz,                  -- void or expired since
    refund_id      uuid,
    note           text not null default '',
    primary key (merchant_id, id),
    unique (merchant_id, code),
    unique (merchant_id, order_id, line_no, unit),
    foreign key (merchant_id, order_id, line_no) references order_lines (merchant_id, order_id, line_no),
    foreign key (merchant_id, store_id) references stores (merchant_id, id),
    check ((state = 'redeemed') = (redeemed_at is not null))
);
create index redemption_codes_to_expire on redemption_codes (merchant_id, valid_until) where state = 'ready';
create unique index redemption_codes_redemption on redemption_codes (merchant_id, redemption_id)
    where redemption_id is not null;
create index redemption_codes_redeemed on redemption_codes (merchant_id, redeemed_at desc, id) where state = 'redeemed';

-- How the counters of a merchant hand out goods.
create table pickup_terms (
    merchant_id     uuid not null,
    is_cross_store  boolean not null,             -- another store than the order's may hand the goods over
    updated_at      timestamptz not null,
    primary key (merchant_id)
);

-- Goods that went over a counter. `store_id` is the counter's; where it is not the order's store, the pieces were
-- moved over in the books of both.
create table handovers (
    merchant_id  uuid not null,
    id           uuid not null,                   -- made by whoever hands over, so that a second tap hands over once
    order_id     uuid not null,
    store_id     uuid,
    from_store_id uuid,                           -- the order's store
    is_by_code   boolean not null,                -- false: chosen from the list, staff knew the buyer otherwise
    actor_id     uuid,
    actor_name   text not null default '',
    at           timestamptz not null,
    undone_at    timestamptz,
    undone_by    uuid,
    undone_by_name text not null default '',
    undo_reason  text not null default '',
    primary key (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, store_id) references stores (merchant_id, id),
    foreign key (merchant_id, from_store_id) references stores (merchant_id, id)
);
create index handovers_of_order on handovers (merchant_id, order_id, at);
create index handovers_of_day on handovers (merchant_id, at desc, id);

create table handover_lines (
    merchant_id uuid not null,
    handover_id uuid not null,
    order_id    uuid not null,
    line_no     smallint not null,
    quantity    integer not null check (quantity > 0),
    primary key (merchant_id, handover_id, line_no),
    foreign key (merchant_id, handover_id) references handovers (merchant_id, id),
    foreign key (merchant_id, order_id, line_no) references order_lines (merchant_id, order_id, line_no)
);
create index handover_lines_of_order on handover_lines (merchant_id, order_id);
