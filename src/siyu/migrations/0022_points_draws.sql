-- Points: counts, not money. A movement is never changed; what is left of each credit is a batch, because points of
-- different age end on different days.

create table point_rules (
    merchant_id uuid not null,
    is_on       boolean not null default false,
    per_yuan    integer not null default 1 check (per_yuan between 1 and 1000),   -- points for one major unit paid
    keep_years  smallint check (keep_years between 0 and 10),                     -- whole years after this one; null: for ever
    updated_at  timestamptz not null,
    primary key (merchant_id)
);

-- debt: points taken back that had been spent already; later credits pay it first.
create table point_accounts (
    merchant_id uuid not null,
    customer_id uuid not null,
    balance     bigint not null default 0 check (balance >= 0),
    debt        bigint not null default 0 check (debt >= 0),
    moves       bigint not null default 0,       -- how many movements there were
    primary key (merchant_id, customer_id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    check (balance = 0 or debt = 0)
) with (fillfactor = 70);

create table point_batches (
    merchant_id uuid not null,
    id          uuid not null,                   -- the movement that brought them
    customer_id uuid not null,
    points      bigint not null check (points > 0),
    remaining   bigint not null check (remaining between 0 and points),
    expires_at  timestamptz,                     -- null: never
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references point_accounts (merchant_id, customer_id)
) with (fillfactor = 70);
create index point_batches_open on point_batches (merchant_id, customer_id, expires_at) where remaining > 0;
create index point_batches_to_expire on point_batches (merchant_id, expires_at) where remaining > 0;

-- id is derived from (reason, subject, part): the same thing told twice moves points once.
create table point_movements (
    merchant_id uuid not null,
    id          uuid not null,
    customer_id uuid not null,
    no          bigint not null,                 -- of this customer, from 1
    reason      text not null check (reason in ('earned', 'spent', 'returned', 'reversed', 'granted', 'expired')),
    subject_id  uuid not null,
    part        integer not null default 0,
    points      bigint not null check (points <> 0),
    parts       jsonb not null default '[]',     -- [{"batch_id", "points"}]: of which batches a debit was taken
    of_id       uuid,                            -- the spending that is returned
    balance     bigint not null,                 -- afterwards
    debt        bigint not null,
    note        text not null default '',
    actor_name  text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references point_accounts (merchant_id, customer_id)
);
create index point_movements_of_customer on point_movements (merchant_id, customer_id, at, no, id);
create index point_movements_by_time on point_movements (merchant_id, at, no, id);
create index point_movements_returning on point_movements (merchant_id, of_id) where of_id is not null;

-- What a paid line will earn once it is received, and what refunds have taken from it.
create table point_earnings (
    merchant_id     uuid not null,
    order_id        uuid not null,
    line_no         smallint not null,
    customer_id     uuid not null,
    number          text not null,
    units           integer not null check (units > 0),
    basis           bigint not null check (basis >= 0),       -- minor units paid for the line
    points          bigint not null check (points >= 0),
    reversed_units  integer not null default 0,
    reversed_points bigint not null default 0,
    state           text not null check (state in ('pending', 'earned')),
    created_at      timestamptz not null,
    primary key (merchant_id, order_id, line_no),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    check (reversed_units between 0 and units),
    check (reversed_points between 0 and points)
);
create index point_earnings_of_customer on point_earnings (merchant_id, customer_id) where state = 'pending';

create table point_reversals (
    merchant_id uuid not null,
    refund_id   uuid not null,
    order_id    uuid not null,
    line_no     smallint not null,
    units       integer not null,
    points      bigint not null check (points >= 0),
    at          timestamptz not null,
    primary key (merchant_id, refund_id, order_id, line_no),
    foreign key (merchant_id, order_id, line_no) references point_earnings (merchant_id, order_id, line_no)
);

-- Units bought for points and money. Written while the order is placed, before its own row is there.
create table point_purchases (
    merchant_id uuid not null,
    order_id    uuid not null,
    line_no     smallint not null,
    offer_id    uuid not null,
    customer_id uuid not null,
    sku_id      uuid not null,
    units       integer not null check (units > 0),
    points_each bigint not null check (points_each > 0),
    spending_id uuid not null,                   -- the movement that took the points
    state       text not null default 'held' check (state in ('held', 'returned')),
    at          timestamptz not null,
    primary key (merchant_id, order_id, line_no),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index point_purchases_of_offer on point_purchases (merchant_id, offer_id, customer_id, at);

-- Draws 抽奖. What is published is frozen in draw_versions; the seed stays secret until the end, its hash does not.
create table draws (
    merchant_id  uuid not null,
    id           uuid not null,
    name         text not null check (length(name) between 1 and 60),
    state        text not null check (state in ('draft', 'published', 'ended')),
    rules        jsonb not null,                 -- growth/draws Rules: the draft, later the latest published version
    version      integer not null default 0,
    seed         bytea,
    seed_hash    text,
    drawn        integer not null default 0 check (drawn >= 0),      -- the last serial given
    created_at   timestamptz not null,
    published_at timestamptz,
    ended_at     timestamptz,
    primary key (merchant_id, id),
    check ((state = 'draft') = (seed is null)),
    check (seed is null or (length(seed) = 32 and seed_hash is not null))
);
create index draws_by_state on draws (merchant_id, state, id);

-- text: the exact words that were hashed. They hold from the ticket with serial `from_serial` on.
create table draw_versions (
    merchant_id uuid not null,
    draw_id     uuid not null,
    version     integer not null check (version > 0),
    text        text not null,
    hash        text not null,
    from_serial integer not null check (from_serial > 0),
    reason      text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, draw_id, version),
    foreign key (merchant_id, draw_id) references draws (merchant_id, id)
);

create table draw_prizes (
    merchant_id uuid not null,
    draw_id     uuid not null,
    no          smallint not null check (no between 1 and 20),
    number      integer not null check (number > 0),
    given       integer not null default 0,
    primary key (merchant_id, draw_id, no),
    foreign key (merchant_id, draw_id) references draws (merchant_id, id),
    check (given between 0 and number)
) with (fillfactor = 50);

-- A chance. By buying, or for points; there is no other way to get one, and never by inviting or sharing.
create table draw_tickets (
    merchant_id uuid not null,
    id          uuid not null,
    draw_id     uuid not null,
    customer_id uuid not null,
    origin      text not null check (origin in ('order', 'points')),
    subject_id  uuid not null,                   -- the order, or the ticket itself
    asked_id    uuid,                            -- the request that drew it
    state       text not null default 'open' check (state in ('open', 'drawn', 'void')),
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, draw_id, origin, subject_id),
    foreign key (merchant_id, draw_id) references draws (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index draw_tickets_of_customer on draw_tickets (merchant_id, customer_id, draw_id, created_at);
create index draw_tickets_of_order on draw_tickets (merchant_id, subject_id);

-- The log of a draw: serials 1, 2, 3 … without a gap. prize_no null: no prize. rolled: of 1,000,000 places.
create table draw_results (
    merchant_id uuid not null,
    draw_id     uuid not null,
    serial      integer not null check (serial > 0),
    ticket_id   uuid not null,
    customer_id uuid not null,
    rolled      integer not null check (rolled between 0 and 999999),
    hit_no      smallint,                        -- the prize the place belongs to, also when it was out
    prize_no    smallint,
    gift_id     uuid,                            -- the coupon or the movement of points
    at          timestamptz not null,
    primary key (merchant_id, draw_id, serial),
    unique (merchant_id, ticket_id),
    foreign key (merchant_id, draw_id) references draws (merchant_id, id),
    foreign key (merchant_id, ticket_id) references draw_tickets (merchant_id, id)
);
create index draw_results_of_customer on draw_results (merchant_id, customer_id, draw_id, serial);
create index draw_results_won on draw_results (merchant_id, draw_id, serial) where prize_no is not null;
