-- One item, one code (一物一码). A batch of a hundred million codes is one row; a code gets a row when it is used.

create table item_dealers (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null,
    door_id     uuid not null,                 -- new customers come through the dealer's own door
    latitude    integer not null default 0,    -- millionths of a degree
    longitude   integer not null default 0,    -- millionths of a degree
    radius_km   integer not null default 0 check (radius_km between 0 and 20000),  -- 0: no territory was agreed
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, name),
    foreign key (merchant_id, door_id) references doors (merchant_id, id)
);

create table item_batches (
    merchant_id uuid not null,
    id          uuid not null,
    number      integer not null check (number between 0 and 262143),   -- printed inside every code
    name        text not null,
    product_id  uuid,
    quantity    integer not null check (quantity between 1 and 100000000),
    per_box     integer not null default 0 check (per_box between 0 and 10000),     -- 0: no boxes
    key         bytea not null check (octet_length(key) = 32),
    reward      jsonb not null,
    per_day     integer not null check (per_day between 1 and 1000),    -- rewards a customer may have in a day
    door_id     uuid not null,
    state       text not null default 'open' check (state in ('open', 'void')),
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, number),
    foreign key (merchant_id, product_id) references products (merchant_id, id),
    foreign key (merchant_id, door_id) references doors (merchant_id, id)
);

-- Which serials count, and whose they are. Ranges that hold never overlap: they are written under the batch's lock.
create table item_ranges (
    merchant_id  uuid not null,
    id           uuid not null,
    batch_id     uuid not null,
    first        integer not null check (first >= 0),
    last         integer not null,
    dealer_id    uuid,
    activated_at timestamptz not null,
    undone_at    timestamptz,
    primary key (merchant_id, id),
    check (last >= first),
    foreign key (merchant_id, batch_id) references item_batches (merchant_id, id),
    foreign key (merchant_id, dealer_id) references item_dealers (merchant_id, id)
);
create index item_ranges_in_force on item_ranges (merchant_id, batch_id, first) where undone_at is null;

-- Printed files: what went out, to whom, and the hash that proves which file it was.
create table item_deliveries (
    merchant_id uuid not null,
    id          uuid not null,
    batch_id    uuid not null,
    kind        text not null check (kind in ('outer', 'inner', 'box', 'all')),
    format      text not null check (format in ('csv', 'pdf')),
    first       integer not null,
    last        integer not null,
    sha256      text not null,
    taken_by    text not null,
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, batch_id) references item_batches (merchant_id, id)
);
create index item_deliveries_of_batch on item_deliveries (merchant_id, batch_id, at);

create table item_scans (
    merchant_id   uuid not null,
    batch_id      uuid not null,
    kind          text not null check (kind in ('outer', 'inner', 'box')),
    serial        integer not null,
    first_at      timestamptz not null,
    first_visitor uuid not null,
    last_at       timestamptz not null,
    last_visitor  uuid not null,
    scans         integer not null default 1,
    people        integer not null default 1,  -- how often the next scan was somebody else's
    place_lat     smallint,                    -- tenths of a degree: the town, not the house
    place_lon     smallint,
    is_outside    boolean not null default false,
    primary key (merchant_id, batch_id, kind, serial),
    foreign key (merchant_id, batch_id) references item_batches (merchant_id, id)
);
create index item_scans_outside on item_scans (merchant_id, batch_id, serial) where is_outside;
create index item_scans_by_time on item_scans (merchant_id, batch_id, first_at);

-- A code is redeemed once: this key is what says so.
create table item_redemptions (
    merchant_id uuid not null,
    batch_id    uuid not null,
    serial      integer not null,
    customer_id uuid not null,
    reward      jsonb not null,
    gift_id     uuid,                          -- the movement of points, or the ticket of the draw
    at          timestamptz not null,
    primary key (merchant_id, batch_id, serial),
    foreign key (merchant_id, batch_id) references item_batches (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index item_redemptions_of_customer on item_redemptions (merchant_id, customer_id, at);

create table item_alerts (
    merchant_id uuid not null,
    id          uuid not null,
    batch_id    uuid not null,
    kind        text not null check (kind in ('diversion', 'relay')),
    subject     integer not null,              -- the box for diversion, the serial for relay
    dealer_id   uuid,
    facts       jsonb not null,
    opened_at   timestamptz not null,
    closed_at   timestamptz,
    note        text not null default '',
    primary key (merchant_id, id),
    unique (merchant_id, batch_id, kind, subject),
    foreign key (merchant_id, batch_id) references item_batches (merchant_id, id),
    foreign key (merchant_id, dealer_id) references item_dealers (merchant_id, id)
);
create index item_alerts_open on item_alerts (merchant_id, opened_at desc) where closed_at is null;

-- A redeemed code may bring a chance in a draw whose rules say so.
alter table draw_tickets drop constraint draw_tickets_origin_check;
alter table draw_tickets add check (origin in ('order', 'points', 'code'));
