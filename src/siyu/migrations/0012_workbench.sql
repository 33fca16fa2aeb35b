-- Long work with progress, who changed what, who may see what, and the filters that people keep.

-- A job is worked off step by step. A step's effects, `position` and the counts move in one transaction.
create table jobs (
    merchant_id uuid not null,
    id          uuid not null,
    kind        text not null,
    title_zh    text not null,
    title_en    text not null,
    input       jsonb not null,
    position    jsonb,                         -- null: not begun
    actor       jsonb not null,                -- who asked for it, as they were then: the steps run as this person
    actor_id    uuid,
    actor_name  text not null default '',
    state       text not null check (state in ('waiting', 'running', 'done', 'stopped', 'failed')),
    total       integer not null default 0 check (total >= 0),      -- 0: not known beforehand
    done        integer not null default 0 check (done >= 0),
    failed      integer not null default 0 check (failed between 0 and done),
    result      text not null default '',      -- path below the console where the outcome stands
    error_zh    text not null default '',
    error_en    text not null default '',
    created_at  timestamptz not null,
    started_at  timestamptz,
    stepped_at  timestamptz,
    finished_at timestamptz,
    primary key (merchant_id, id)
);
create index jobs_open on jobs (merchant_id, stepped_at nulls first, id) where state in ('waiting', 'running');
create index jobs_of_actor on jobs (merchant_id, actor_id, id desc);

-- What a job could not do, row by row. `no` counts within the job.
create table job_failures (
    merchant_id uuid not null,
    job_id      uuid not null,
    no          integer not null,
    row_no      integer not null,              -- in the input: line of a file, place in a list
    subject     text not null default '',
    zh          text not null,
    en          text not null,
    primary key (merchant_id, job_id, no),
    foreign key (merchant_id, job_id) references jobs (merchant_id, id)
);

-- Every change of money, price or permission by a person: added, never changed.
create table audit_log (
    merchant_id  uuid not null,
    id           uuid not null,
    actor_kind   text not null,
    actor_id     uuid,
    actor_name   text not null default '',
    action       text not null,                -- 'orders.edit_price'
    subject_kind text not null,                -- 'order'
    subject_id   uuid,
    subject      text not null default '',     -- what people call it: a number, a name
    before       jsonb,
    after        jsonb,
    reason       text not null default '',
    at           timestamptz not null,
    primary key (merchant_id, id)
);
create index audit_log_by_time on audit_log (merchant_id, at desc, id desc);
create index audit_log_of_subject on audit_log (merchant_id, subject_id, at desc, id desc);
create index audit_log_of_actor on audit_log (merchant_id, actor_id, at desc, id desc);
create index audit_log_of_action on audit_log (merchant_id, action, at desc, id desc);

-- Roles that the merchant makes. 'stores': what belongs to one's own stores; 'team': to the stores of one's team.
create table roles (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 40),
    permissions text[] not null,
    scope       text not null check (scope in ('all', 'stores', 'team')),
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, name)
);

create table teams (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 40),
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, name)
);

alter table staff drop constraint staff_role_check;
alter table staff
    add column role_id uuid,
    add column team_id uuid,
    add constraint staff_role_check check (role in ('owner', 'operator', 'finance', 'guide', 'custom')),
    add constraint staff_role_id_check check ((role = 'custom') = (role_id is not null)),
    add foreign key (merchant_id, role_id) references roles (merchant_id, id),
    add foreign key (merchant_id, team_id) references teams (merchant_id, id);
create index staff_of_team on staff (merchant_id, team_id) where team_id is not null;

-- Which stores somebody serves; staff.store_id is the one they stand in. Nobody's row here: all stores.
create table staff_stores (
    merchant_id uuid not null,
    staff_id    uuid not null,
    location_id uuid not null,
    primary key (merchant_id, staff_id, location_id),
    foreign key (merchant_id, staff_id) references staff (merchant_id, id),
    foreign key (merchant_id, location_id) references stores (merchant_id, id)
);
insert into staff_stores (merchant_id, staff_id, location_id)
select merchant_id, id, store_id from staff where store_id is not null;

-- As they were at sign-in, like the permissions: changing a role, a team or the stores ends the sessions.
alter table sessions
    add column scope uuid[],                   -- null: everything
    add column team_id uuid;
update sessions set scope = array[store_id] where kind = 'staff' and store_id is not null;
update sessions set permissions = permissions || array['staff:self'] where kind = 'staff';

create table saved_filters (
    merchant_id uuid not null,
    id          uuid not null,
    list        text not null check (length(list) between 1 and 40),   -- 'orders', 'products' …
    name        text not null check (length(name) between 1 and 40),
    query       text not null check (length(query) <= 2000),           -- the address after the question mark
    staff_id    uuid not null,
    staff_name  text not null default '',
    is_shared   boolean not null default false,
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, staff_id) references staff (merchant_id, id)
);
create index saved_filters_of_list on saved_filters (merchant_id, list, created_at);

-- Staff look a customer up by the last four digits or the beginning of a name.
create index identities_by_tail on identities (merchant_id, right(value, 4)) where kind = 'phone';
create index customers_by_nickname on customers (merchant_id, nickname text_pattern_ops);
