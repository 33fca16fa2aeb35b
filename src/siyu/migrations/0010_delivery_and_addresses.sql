-- Where customers want things delivered, what delivery costs and promises, and buyers who did not sign in.

create table customer_addresses (
    merchant_id uuid not null,
    id          uuid not null,
    customer_id uuid not null,
    address     jsonb not null,                 -- addresses.Address
    label       text not null default '' check (length(label) <= 10),
    is_default  boolean not null default false,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index customer_addresses_of_customer on customer_addresses (merchant_id, customer_id, updated_at);
create unique index customer_addresses_default on customer_addresses (merchant_id, customer_id) where is_default;

-- A buyer who gave name and phone instead of signing in. The phone is not proven, so it is no identity.
create table guests (
    merchant_id uuid not null,
    customer_id uuid not null,
    name        text not null check (length(name) between 1 and 40),
    phone       text not null,
    created_at  timestamptz not null,
    primary key (merchant_id, customer_id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);

create table freight_templates (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 40),
    pricing     text not null check (pricing in ('piece', 'weight', 'flat')),
    groups      jsonb not null,                 -- delivery.RegionGroup in order; exactly one has no regions
    is_default  boolean not null default false, -- for goods that name no template
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, name)
);
create unique index freight_templates_default on freight_templates (merchant_id) where is_default;
alter table products
    add constraint products_freight_template
        foreign key (merchant_id, freight_template_id) references freight_templates (merchant_id, id);
create index products_of_freight_template on products (merchant_id, freight_template_id)
    where freight_template_id is not null;

-- Which ways a merchant offers, and how soon a parcel leaves. No row: pickup only.
create table delivery_settings (
    merchant_id  uuid not null,
    ways         text[] not null check (ways <@ array['pickup', 'express', 'local']),
    ship_hours   integer not null check (ship_hours between 1 and 720),
    updated_at   timestamptz not null,
    primary key (merchant_id)
);

create table local_delivery (
    merchant_id  uuid not null,
    store_id     uuid not null,
    is_on        boolean not null,
    rules        jsonb not null,                -- delivery.LocalRules
    updated_at   timestamptz not null,
    primary key (merchant_id, store_id),
    foreign key (merchant_id, store_id) references stores (merchant_id, id)
);

-- How many places of a slot are taken; the row is made when the first buyer asks for the slot.
create table delivery_slots (
    merchant_id uuid not null,
    store_id    uuid not null,
    starts_at   timestamptz not null,
    booked      integer not null default 0 check (booked >= 0),
    primary key (merchant_id, store_id, starts_at),
    foreign key (merchant_id, store_id) references stores (merchant_id, id)
);
