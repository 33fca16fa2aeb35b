-- The platform: who the merchants are, and machinery shared by all of them.
--
-- No table refers to merchants by a foreign key: every insert would then lock the same merchant row, and row-level
-- security already lets a transaction write no other merchant's id than the one it was opened for.

create table merchants (
    id          uuid primary key,
    slug        text not null unique check (slug ~ '^[a-z][a-z0-9-]{1,39}$'),
    name        text not null,
    currency    char(3) not null,
    timezone    text not null,
    licence_no  text not null default '',
    created_at  timestamptz not null
);

-- One row: how far the demo's clock was moved. Production never writes it.
create table clock (
    only_row       boolean primary key default true check (only_row),
    offset_seconds bigint not null default 0
);
insert into clock default values;

-- Facts that modules publish. `tx` lets a reader wait for transactions that are still open, so that no fact is
-- skipped when transactions commit out of order.
create table events (
    merchant_id uuid not null,
    id          uuid not null,
    tx          xid8 not null default pg_current_xact_id(),
    kind        text not null,
    at          timestamptz not null,
    data        jsonb not null,
    primary key (merchant_id, tx, id)          -- the order in which they are read; one index on the hottest table
);

create table event_cursors (
    merchant_id uuid not null,
    consumer    text not null,
    tx          xid8 not null,
    id          uuid not null,
    handled     bigint not null default 0,
    moved_at    timestamptz not null,
    primary key (merchant_id, consumer)
);

-- Facts a consumer could not digest. They wait here for a person and do not stop the line.
create table dead_letters (
    merchant_id uuid not null,
    consumer    text not null,
    event_id    uuid not null,
    error       text not null,
    failed_at   timestamptz not null,
    resolved_at timestamptz,
    primary key (merchant_id, consumer, event_id)
);

-- Human numbers: order numbers and the like. Taken in blocks, so gaps are possible and no order waits for another.
create table counters (
    merchant_id uuid not null,
    name        text not null,
    value       bigint not null,
    primary key (merchant_id, name)
);

create table idempotency_keys (
    merchant_id uuid not null,
    actor_id    uuid not null,
    key         text not null check (length(key) between 1 and 80),
    action      text not null,
    input_hash  bytea not null,
    result_id   uuid not null,
    at          timestamptz not null,
    primary key (merchant_id, actor_id, key)
);

create table sessions (
    merchant_id uuid not null,
    token_hash  bytea not null,
    kind        text not null check (kind in ('customer', 'staff')),
    subject_id  uuid not null,
    name        text not null,
    permissions text[] not null,               -- as they were at sign-in; changing a role revokes its sessions
    store_id    uuid,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    revoked_at  timestamptz,
    primary key (merchant_id, token_hash)
);
create index sessions_of_subject on sessions (merchant_id, subject_id);

create table api_keys (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null,
    secret_hash bytea not null,
    permissions text[] not null,
    created_at  timestamptz not null,
    last_used_at timestamptz,
    revoked_at  timestamptz,
    primary key (merchant_id, id)
);

-- Attempts of something that must not be tried without limit (sign-in codes, passwords), per window.
create table attempts (
    merchant_id  uuid not null,
    what         text not null,
    who          text not null,
    window_start timestamptz not null,
    count        integer not null,
    primary key (merchant_id, what, who, window_start)
);
