-- Stock that travels, is counted, has lots that expire, and is sent from the location the merchant's rule prefers.

-- has_lots: some pieces here may belong to lots. Stock without them never looks at stock_lots.
alter table stock add column has_lots boolean not null default false;
create index stock_of_sku on stock (merchant_id, sku_id);

-- Pieces of one production run at one location. Pieces outside any lot are stock.on_hand minus the sum of these; a lot
-- changes only while its stock row is locked.
create table stock_lots (
    merchant_id uuid not null,
    id          uuid not null,
    location_id uuid not null,
    sku_id      uuid not null,
    code        text not null check (length(code) between 1 and 40),
    expires_on  date,                          -- the last day on which it may be sold; null: it keeps
    on_hand     integer not null check (on_hand >= 0),
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, location_id, sku_id, code),
    foreign key (merchant_id, location_id, sku_id) references stock (merchant_id, location_id, sku_id)
);
create index stock_lots_by_expiry on stock_lots (merchant_id, expires_on, id) where on_hand > 0;

alter table stock_moves
    add column lot_id uuid,
    add column note text not null default '',
    drop constraint stock_moves_reason_check,
    add constraint stock_moves_reason_check check (reason in (
        'receive', 'purchase', 'handed_over', 'returned', 'count', 'transfer_out', 'transfer_in', 'damaged',
        'expired')),
    add constraint stock_moves_lot foreign key (merchant_id, lot_id) references stock_lots (merchant_id, id);
create index stock_moves_by_time on stock_moves (merchant_id, at desc, id desc);
-- Which lots an order got (a recall asks), and to which lot a returned piece belongs. Stock without lots writes none.
create index stock_moves_of_subject on stock_moves (merchant_id, subject_id) where lot_id is not null;

-- From one location to another. While 'sent', what is neither received nor lost is on its way.
create table stock_transfers (
    merchant_id  uuid not null,
    id           uuid not null,
    number       text not null,
    from_id      uuid not null,
    to_id        uuid not null,
    state        text not null check (state in ('draft', 'sent', 'received', 'cancelled')),
    remark       text not null default '',
    created_by   text not null default '',
    created_at   timestamptz not null,
    sent_by      text not null default '',
    sent_at      timestamptz,
    ended_by     text not null default '',
    ended_at     timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, number),
    foreign key (merchant_id, from_id) references stores (merchant_id, id),
    foreign key (merchant_id, to_id) references stores (merchant_id, id),
    check (from_id <> to_id),
    check ((state in ('received', 'cancelled')) = (ended_at is not null)),
    check (state in ('draft', 'cancelled') or sent_at is not null)
);
create index stock_transfers_by_time on stock_transfers (merchant_id, created_at desc, id desc);
create index stock_transfers_sent on stock_transfers (merchant_id, to_id) where state = 'sent';

create table stock_transfer_lines (
    merchant_id uuid not null,
    transfer_id uuid not null,
    sku_id      uuid not null,
    quantity    integer not null check (quantity between 1 and 1000000),
    received    integer not null default 0 check (received >= 0),
    lost        integer not null default 0 check (lost >= 0),
    sent_back   integer not null default 0 check (sent_back >= 0),   -- to where it came from, by cancelling
    loss_reason text not null default '' check (loss_reason in ('', 'broken', 'missing', 'expired', 'other')),
    primary key (merchant_id, transfer_id, sku_id),
    foreign key (merchant_id, transfer_id) references stock_transfers (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id),
    check (received + lost + sent_back <= quantity),
    check ((lost > 0) = (loss_reason <> ''))
);

-- Each arrival of a part, by the id that the asker made: the same arrival counts once.
create table stock_transfer_arrivals (
    merchant_id uuid not null,
    id          uuid not null,
    transfer_id uuid not null,
    lines       jsonb not null,                -- [{"sku_id": …, "received": …, "lost": …, "reason": …}]
    actor_id    uuid,
    actor_name  text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, transfer_id) references stock_transfers (merchant_id, id)
);
create index stock_transfer_arrivals_of on stock_transfer_arrivals (merchant_id, transfer_id, at);

create table stocktakes (
    merchant_id uuid not null,
    id          uuid not null,
    number      text not null,
    location_id uuid not null,
    category_id uuid,                          -- null: everything
    state       text not null check (state in ('counting', 'posted', 'cancelled')),
    remark      text not null default '',
    created_by  text not null default '',
    created_at  timestamptz not null,
    ended_by    text not null default '',
    ended_at    timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, number),
    foreign key (merchant_id, location_id) references stores (merchant_id, id),
    foreign key (merchant_id, category_id) references categories (merchant_id, id),
    check ((state = 'counting') = (ended_at is null))
);
create index stocktakes_by_time on stocktakes (merchant_id, created_at desc, id desc);

-- expected is on_hand at the instant of the count, so that what leaves afterwards is no difference.
create table stocktake_lines (
    merchant_id  uuid not null,
    stocktake_id uuid not null,
    sku_id       uuid not null,
    counted      integer check (counted between 0 and 1000000),
    expected     integer,
    counted_by   text not null default '',
    counted_at   timestamptz,
    count_id     uuid,                         -- made by who counted: a count that comes twice freezes once
    primary key (merchant_id, stocktake_id, sku_id),
    foreign key (merchant_id, stocktake_id) references stocktakes (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id),
    check ((counted is null) = (expected is null) and (counted is null) = (counted_at is null))
);

-- The merchant's word on stock. No row: an order to an address leaves from the nearest location and may be split,
-- expiry is near 30 days ahead, and fewer than 10 pieces are few.
create table stock_rules (
    merchant_id uuid not null,
    mode        text not null check (mode in ('nearest', 'store_first', 'priority')),
    split       boolean not null,
    priority    uuid[] not null default '{}',  -- locations, most preferred first; others come after them
    near_days   integer not null check (near_days between 1 and 3650),
    low_below   integer not null check (low_below between 1 and 1000000),
    updated_at  timestamptz not null,
    primary key (merchant_id)
);

-- Rounds over all stock rows: on_hand is the sum of the moves, and so is each lot. A round goes on where it stopped.
create table stock_proofs (
    merchant_id  uuid not null,
    id           uuid not null,
    started_at   timestamptz not null,
    stepped_at   timestamptz not null,
    finished_at  timestamptz,
    location_id  uuid,                         -- the last row looked at
    sku_id       uuid,
    rows_checked integer not null default 0,
    differences  jsonb not null default '[]',
    primary key (merchant_id, id)
);
create unique index stock_proofs_open on stock_proofs (merchant_id) where finished_at is null;
