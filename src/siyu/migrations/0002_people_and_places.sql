-- Places: stores and the doors people come in by. People: staff, customers and how we know them.

create table stores (
    merchant_id uuid not null,
    id          uuid not null,
    code        text not null,
    name        text not null,
    address     text not null,
    phone       text not null default '',
    hours       text not null default '',
    latitude    integer not null default 0,  -- millionths of a degree
    longitude   integer not null default 0,  -- millionths of a degree
    is_open     boolean not null default true,
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, code)
);

create table staff (
    merchant_id   uuid not null,
    id            uuid not null,
    login         text not null,
    name          text not null,
    password_hash text not null,
    role          text not null check (role in ('owner', 'operator', 'finance', 'guide')),
    store_id      uuid,
    is_active     boolean not null default true,
    created_at    timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, login),
    foreign key (merchant_id, store_id) references stores (merchant_id, id)
);

create table doors (
    merchant_id uuid not null,
    id          uuid not null,
    code        text not null check (code ~ '^[0-9A-Za-z]{4,16}$'),
    name        text not null,
    kind        text not null check (kind in ('store_shelf', 'guide', 'koc', 'leader', 'parcel_card', 'poster',
                                              'platform', 'ad', 'group', 'live', 'other')),
    space       text not null check (space in ('point', 'platform', 'social')),
    ownership   text not null check (ownership in ('owned', 'rented', 'purchased')),
    store_id    uuid,
    staff_id    uuid,
    promoter_id uuid,
    target      text not null default '',   -- path below the shop, '' is its home
    is_open     boolean not null default true,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, code),
    foreign key (merchant_id, store_id) references stores (merchant_id, id),
    foreign key (merchant_id, staff_id) references staff (merchant_id, id)
);

create table door_costs (
    merchant_id uuid not null,
    id          uuid not null,
    door_id     uuid not null,
    day         date not null,
    amount      bigint not null check (amount > 0),
    note        text not null default '',
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, door_id) references doors (merchant_id, id)
);
create index door_costs_by_day on door_costs (merchant_id, day);

create table customers (
    merchant_id   uuid not null,
    id            uuid not null,
    nickname      text not null default '',
    reference     text,                      -- the number an imported system knew this customer by
    country       text not null default '',
    first_door_id uuid,
    state         text not null default 'active' check (state in ('active', 'erased')),
    personalised  boolean not null default true,  -- 电子商务法 art. 18: the customer may switch this off
    joined_at     timestamptz not null,
    updated_at    timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, reference),
    foreign key (merchant_id, first_door_id) references doors (merchant_id, id)
);
create index customers_by_change on customers (merchant_id, updated_at, id);
create index customers_by_join on customers (merchant_id, joined_at, id);

create table identities (
    merchant_id uuid not null,
    kind        text not null check (kind in ('wechat_openid', 'wechat_unionid', 'phone')),
    value       text not null,
    customer_id uuid not null,
    verified_at timestamptz not null,
    primary key (merchant_id, kind, value),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index identities_of_customer on identities (merchant_id, customer_id);

-- Consent is a ledger (个人信息保护法 art. 13-15): rows are added, withdrawal is a new row.
create table consents (
    merchant_id  uuid not null,
    id           uuid not null,
    customer_id  uuid not null,
    purpose      text not null check (purpose in ('service', 'marketing', 'personalisation')),
    text_version text not null,
    is_given     boolean not null,
    channel      text not null,
    at           timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index consents_of_customer on consents (merchant_id, customer_id, purpose, at);

create table phone_codes (
    merchant_id   uuid not null,
    phone         text not null,
    code_hash     bytea not null,
    sent_at       timestamptz not null,
    expires_at    timestamptz not null,
    attempts_left integer not null check (attempts_left >= 0),
    primary key (merchant_id, phone)
);

create table touches (
    merchant_id uuid not null,
    id          uuid not null,
    door_id     uuid not null,
    visitor_id  uuid not null,
    customer_id uuid,
    at          timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, door_id) references doors (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index touches_of_visitor on touches (merchant_id, visitor_id, at);
create index touches_of_customer on touches (merchant_id, customer_id, at);
create index touches_of_door on touches (merchant_id, door_id, at);
create index touches_by_change on touches (merchant_id, updated_at, id);
