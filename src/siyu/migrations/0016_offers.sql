-- Offers: what makes an order cheaper, and for whom. One table for every kind: lists, calendars, budgets and reports
-- treat them alike. `rule`, `scope` and `audience` are the tagged structs of goods/offers/model.py.

create table offers (
    merchant_id    uuid not null,
    id             uuid not null,
    name           text not null check (length(name) between 1 and 60),
    kind           text not null check (kind ~ '^[a-z_]{2,20}$'),       -- the tag of `rule`
    rule           jsonb not null,
    scope          jsonb not null default '{}',
    audience       jsonb not null default '{}',
    stacking       text not null default 'best' check (stacking in ('exclusive', 'stack', 'best')),
    priority       integer not null default 0,
    state          text not null default 'draft' check (state in ('draft', 'active', 'paused', 'ended')),
    starts_at      timestamptz,                  -- null: from activation on
    ends_at        timestamptz,                  -- null: until ended by hand
    budget         bigint check (budget >= 0),   -- minor units given away; null: no limit
    uses_max       integer check (uses_max > 0),
    per_person     integer check (per_person > 0),
    per_person_day integer check (per_person_day > 0),
    funders        jsonb not null default '[]',  -- [{"who": merchant | supplier | alliance, "share": basis points}]
    floor_margin   integer check (floor_margin between 0 and 10000),   -- basis points that a price must stay above cost
    version        integer not null default 1,   -- raised by every change; kept with each order's steps
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    primary key (merchant_id, id),
    check (ends_at is null or starts_at is null or ends_at > starts_at)
);
create index offers_live on offers (merchant_id, kind, id) where state = 'active';
create index offers_by_time on offers (merchant_id, starts_at, ends_at);

-- What has been used of an offer. Apart from `offers`, so that counting does not wait for who edits it. A row is made
-- with the offer. spent and uses count orders that are not closed.
create table offer_counters (
    merchant_id uuid not null,
    offer_id    uuid not null,
    spent       bigint not null default 0 check (spent >= 0),
    uses        integer not null default 0 check (uses >= 0),
    primary key (merchant_id, offer_id),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id)
) with (fillfactor = 50);

-- A right somebody holds: a coupon, or a code of a pack that nobody has claimed yet (no customer).
create table coupons (
    merchant_id uuid not null,
    id          uuid not null,
    offer_id    uuid not null,
    customer_id uuid,
    code        text,
    source      text not null check (source in ('claim', 'code', 'paid', 'manual', 'api', 'prize', 'returned')),
    state       text not null default 'issued' check (state in ('issued', 'locked', 'used', 'expired', 'void')),
    valid_from  timestamptz,                     -- null: not claimed yet
    valid_until timestamptz,
    order_id    uuid,                            -- that locks or used it
    batch_id    uuid,                            -- of one issue
    reminded_at timestamptz,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    check (code is not null or customer_id is not null),
    check ((state in ('locked', 'used')) = (order_id is not null)),
    check (customer_id is null or (valid_from is not null and valid_until > valid_from))
);
create unique index coupons_by_code on coupons (merchant_id, code) where code is not null;
create index coupons_of_customer on coupons (merchant_id, customer_id, state, valid_until);
create index coupons_of_offer on coupons (merchant_id, offer_id, customer_id);
create index coupons_of_order on coupons (merchant_id, order_id) where order_id is not null;
create index coupons_to_expire on coupons (merchant_id, valid_until) where state = 'issued' and customer_id is not null;

-- Which order used which offer, and what it gave. times: how often it counts against the limits.
create table offer_uses (
    merchant_id uuid not null,
    order_id    uuid not null,
    offer_id    uuid not null,
    coupon_id   uuid,
    customer_id uuid not null,
    amount      bigint not null check (amount >= 0),     -- minor units given away
    times       integer not null default 1 check (times > 0),
    state       text not null default 'held' check (state in ('held', 'used', 'returned')),
    at          timestamptz not null,
    primary key (merchant_id, order_id, offer_id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id)
);
create index offer_uses_of_customer on offer_uses (merchant_id, customer_id, offer_id, at) where state <> 'returned';
create index offer_uses_of_offer on offer_uses (merchant_id, offer_id, at);

-- Pieces put aside for a sale with a quota of its own: on hand, not promised to anybody, not for ordinary orders.
alter table stock
    add column carved integer not null default 0 check (carved >= 0),
    add constraint stock_carved check (reserved + carved <= on_hand);

-- claim: the right by which the order got its price (a flash sale's item, a seat in a group, …), held_for: why it
-- must not leave the house yet although it is paid.
alter table orders
    add column claim_kind text,
    add column claim_id uuid,
    add column held_for text not null default '' check (held_for in ('', 'group', 'presale')),
    add column freight_build_up jsonb not null default '[]';     -- pricing.Step: what the freight was reduced by
create index orders_of_claim on orders (merchant_id, claim_id) where claim_id is not null;

alter table order_lines add column is_gift boolean not null default false;
