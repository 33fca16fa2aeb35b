-- Group buying: a few people buy together, each with an order of their own that stays in the house until the group
-- is complete. `terms` is the rule as it was when the group opened: editing the offer touches new groups only.

create table group_buys (
    merchant_id   uuid not null,
    id            uuid not null,
    offer_id      uuid not null,
    offer_version integer not null,
    name          text not null,
    terms         jsonb not null,
    state         text not null default 'open' check (state in (
        'open', 'full',                      -- alive: places left, or every place held or paid
        'succeeded',
        'expired', 'refunding', 'failed',    -- time ran out, money on its way back, all of it confirmed
        'lapsed')),                          -- the opener never paid: nobody ever saw it
    opener_id     uuid,                      -- null once the opener has left
    leader_id     uuid,
    size          smallint not null check (size between 2 and 5),         -- WeChat 5.1.8: at most five people
    capacity      smallint not null check (capacity between size and 5),  -- the largest tier
    held          smallint not null default 0 check (held >= 0),
    paid          smallint not null default 0 check (paid >= 0),
    created_at    timestamptz not null,
    opened_at     timestamptz,               -- when the first member paid: from then on others see it
    least_at      timestamptz,               -- from when the openly shown smaller size is enough
    expires_at    timestamptz not null,
    look_at       timestamptz not null,      -- when time alone next changes something, or a refund is tried again
    ended_at      timestamptz,
    updated_at    timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id),
    foreign key (merchant_id, opener_id) references customers (merchant_id, id),
    foreign key (merchant_id, leader_id) references customers (merchant_id, id),
    check (held + paid <= capacity)
);
-- One group of an offer at a time is opened by a person.
create unique index group_buys_of_opener on group_buys (merchant_id, offer_id, opener_id)
    where state in ('open', 'full') and opener_id is not null;
create index group_buys_to_join on group_buys (merchant_id, offer_id, paid, expires_at) where state = 'open';
create index group_buys_due on group_buys (merchant_id, look_at) where state in ('open', 'full');
create index group_buys_ending on group_buys (merchant_id, state, look_at) where state in ('expired', 'refunding');
create index group_buys_by_time on group_buys (merchant_id, created_at, id);

-- A place in a group, by the order that holds it.
create table group_seats (
    merchant_id uuid not null,
    order_id    uuid not null,               -- written before the order itself, in the same transaction
    group_id    uuid not null,
    offer_id    uuid not null,
    customer_id uuid not null,
    state       text not null default 'held' check (state in (
        'held', 'paid', 'lapsed',            -- lapsed: the order was closed unpaid
        'withdrawn', 'refunding', 'refunded')),
    is_opener   boolean not null default false,
    is_new      boolean not null default false,   -- had never paid for an order here
    units       integer not null check (units > 0),
    held_until  timestamptz not null,
    paid_at     timestamptz,
    moved_from  uuid,                        -- the group that was full when the money came
    refund_id   uuid,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, order_id),
    foreign key (merchant_id, group_id) references group_buys (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    check ((state in ('refunding', 'refunded')) <= (refund_id is not null))
);
create unique index group_seats_alive on group_seats (merchant_id, group_id, customer_id) where state in ('held', 'paid');
create index group_seats_of_group on group_seats (merchant_id, group_id, created_at);
create index group_seats_of_customer on group_seats (merchant_id, customer_id, offer_id, created_at);
create index group_seats_refunding on group_seats (merchant_id, group_id) where state = 'refunding';
