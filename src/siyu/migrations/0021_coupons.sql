-- Issuing coupons: how many of a template were ever issued, and each run of issuing many at once.

-- Apart from offer_counters, whose rows orders hold locked while they are placed: claiming does not wait for them.
create table coupon_counters (
    merchant_id uuid not null,
    offer_id    uuid not null,
    issued      integer not null default 0 check (issued >= 0),      -- codes count when they are made
    primary key (merchant_id, offer_id),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id)
) with (fillfactor = 50);

-- One run: coupons for customers, or a pack of codes. Its id is also that of its job, when it has one.
create table coupon_batches (
    merchant_id  uuid not null,
    id           uuid not null,
    offer_id     uuid not null,
    kind         text not null check (kind in ('customers', 'codes')),
    chosen       jsonb not null default '{}',    -- goods/offers: Chosen
    wanted       integer not null check (wanted >= 0),
    issued       integer not null default 0 check (issued >= 0),
    created_by   uuid,
    created_name text not null default '',
    created_at   timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id)
);
create index coupon_batches_of_offer on coupon_batches (merchant_id, offer_id, created_at, id);
create index coupons_of_batch on coupons (merchant_id, batch_id, id) where batch_id is not null;
