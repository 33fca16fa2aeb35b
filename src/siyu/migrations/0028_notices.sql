-- What a coupon promised when it was given out, and messages to customers inside the shop.

-- The terms of an offer as they were in each version: what somebody holds keeps those it was given under.
create table offer_versions (
    merchant_id  uuid not null,
    offer_id     uuid not null,
    version      integer not null,
    name         text not null,
    rule         jsonb not null,
    scope        jsonb not null,
    audience     jsonb not null,
    stacking     text not null,
    priority     integer not null,
    floor_margin integer,
    at           timestamptz not null,
    primary key (merchant_id, offer_id, version),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id)
);
insert into offer_versions (merchant_id, offer_id, version, name, rule, scope, audience, stacking, priority,
                            floor_margin, at)
select merchant_id, id, version, name, rule, scope, audience, stacking, priority, floor_margin, updated_at from offers;

-- null: given out before versions were kept, or by hand in a test: the terms are those of the offer as it is.
alter table coupons add column offer_version integer;
update coupons k set offer_version = o.version
from offers o where o.merchant_id = k.merchant_id and o.id = k.offer_id;

-- A message to one customer about one thing. Told once, however often it is said. `facts` fill the words of `kind`.
create table notices (
    merchant_id uuid not null,
    id          uuid not null,
    customer_id uuid not null,
    kind        text not null check (kind ~ '^[a-z_]{3,30}$'),
    subject_id  uuid not null,
    facts       jsonb not null default '{}',
    at          timestamptz not null,
    read_at     timestamptz,
    primary key (merchant_id, id),
    unique (merchant_id, customer_id, kind, subject_id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index notices_of_customer on notices (merchant_id, customer_id, at desc, id desc);
create index notices_unread on notices (merchant_id, customer_id) where read_at is null;

-- For who looks what is to be told.
create index bargains_ending on bargains (merchant_id, ends_at) where order_id is null;
create index orders_balance_due on orders (merchant_id, balance_from) where state = 'unpaid' and deposit_paid_at is not null;
