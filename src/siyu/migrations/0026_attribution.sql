-- Who may claim a customer, and by which rules: policies in versions, relations (one promoter a customer, never a tree),
-- what was said about them, and what they became. Disputes about an order's promoter, and commission that moves by them.

create table attribution_policies (
    merchant_id     uuid not null,
    version         integer not null check (version > 0),
    touch_days      smallint not null check (touch_days between 1 and 30),      -- a link counts so long
    live_hours      smallint not null check (live_hours between 0 and 72),      -- a live session goes first so long
    relation_days   smallint not null check (relation_days between 0 and 90),   -- 0: relations do not count
    protection_days smallint not null check (protection_days between 0 and relation_days),
    guide_first     boolean not null,                    -- a guide's relation goes before somebody else's link
    set_by          text not null,
    since           timestamptz not null,
    primary key (merchant_id, version)
);

-- What people and purchases said. Touches are the other half of what a relation is made of.
create table relation_facts (
    merchant_id uuid not null,
    id          uuid not null,
    customer_id uuid not null,
    kind        text not null check (kind in ('purchase', 'chosen', 'cleared', 'assigned')),
    promoter_id uuid,
    order_id    uuid,
    by_name     text not null default '',
    reason      text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    check ((kind = 'cleared') = (promoter_id is null)),
    check ((kind = 'purchase') = (order_id is not null))
);
create index relation_facts_of_customer on relation_facts (merchant_id, customer_id, at, id);

-- What follows from all of it: who may claim the customer, since when, until when.
create table relations (
    merchant_id     uuid not null,
    customer_id     uuid not null,
    promoter_id     uuid not null,
    since           timestamptz not null,
    renewed_at      timestamptz not null,
    protected_until timestamptz not null,
    valid_until     timestamptz not null,
    updated_at      timestamptz not null,
    primary key (merchant_id, customer_id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id)
);
create index relations_of_promoter on relations (merchant_id, promoter_id, valid_until);

-- What was known from when on, and by which touch, order or person. `at` is when it happened, `known_at` when we learnt it.
create table relation_changes (
    merchant_id     uuid not null,
    id              uuid not null,
    customer_id     uuid not null,
    promoter_id     uuid,
    cause           text not null check (cause in ('touch', 'purchase', 'chosen', 'cleared', 'assigned')),
    cause_id        uuid not null,                       -- the touch, or the relation fact
    since           timestamptz,
    renewed_at      timestamptz,
    protected_until timestamptz,
    valid_until     timestamptz,
    at              timestamptz not null,
    known_at        timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    check ((promoter_id is null) = (valid_until is null))
);
create index relation_changes_of_customer on relation_changes (merchant_id, customer_id, known_at, id);

-- Somebody says an order belongs to another promoter, or to nobody.
create table attribution_disputes (
    merchant_id     uuid not null,
    id              uuid not null,
    order_id        uuid not null,
    was_promoter_id uuid,                                -- who had it when the dispute was raised
    promoter_id     uuid,                                -- who should have it; null: nobody
    words           text not null,
    pictures        text[] not null default '{}',        -- goods/media: keys
    state           text not null check (state in ('open', 'upheld', 'refused')),
    raised_kind     text not null check (raised_kind in ('promoter', 'staff')),
    raised_id       uuid not null,
    raised_by       text not null,
    raised_at       timestamptz not null,
    decided_id      uuid,
    decided_by      text not null default '',
    decided_at      timestamptz,
    decision        text not null default '',
    primary key (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, was_promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    check (promoter_id is distinct from was_promoter_id),
    check ((state = 'open') = (decided_at is null)),
    check (decided_id is null or decided_id <> raised_id)
);
create unique index attribution_disputes_one_open on attribution_disputes (merchant_id, order_id) where state = 'open';
create index attribution_disputes_of_order on attribution_disputes (merchant_id, order_id, raised_at, id);
create index attribution_disputes_in_order on attribution_disputes (merchant_id, state, raised_at, id);

-- A line that moved before it was payable is earned anew under the next round; its own hold stands in the ledger.
alter table commissions add column round smallint not null default 0 check (round >= 0);
create table commission_rounds (
    merchant_id uuid not null,
    order_id    uuid not null,
    line_no     smallint not null,
    round       smallint not null,
    dispute_id  uuid not null,
    promoter_id uuid not null,                           -- who had earned it
    plan_id     uuid not null,
    plan_version integer not null,
    rate_bps    integer not null,
    fixed       bigint,
    amount      bigint not null,
    earned_at   timestamptz not null,
    at          timestamptz not null,
    primary key (merchant_id, order_id, line_no, round),
    foreign key (merchant_id, order_id, line_no) references commissions (merchant_id, order_id, line_no),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id)
);
