-- Promoters: kinds, levels, applications, the versions of the agreement, real names, faces, tasks and lessons. No column
-- anywhere says who brought a promoter, and none holds a reward for a task.

alter table promoters drop constraint promoters_kind_check;
alter table promoters add constraint promoters_kind_check
    check (kind in ('koc', 'leader', 'guide', 'anchor', 'shopkeeper'));
alter table promoters
    add column level      text not null default 'standard',
    add column trained_at timestamptz;                       -- when every lesson of the day had been passed
create index promoters_by_state on promoters (merchant_id, state, kind, level, joined_at);

-- One row a merchant; without one the defaults hold.
create table promoter_settings (
    merchant_id  uuid primary key,
    needs_review boolean not null default false,             -- false: who agrees joins at once
    welcome      text not null default '',                   -- the merchant's own words on the recruit page
    updated_at   timestamptz not null
);

-- Versions of the agreement. None: the house's own text, which is in the program.
create table promoter_agreements (
    merchant_id  uuid not null,
    number       integer not null check (number > 0),
    version      text not null,
    body         text not null,
    published_by text not null,
    published_at timestamptz not null,
    primary key (merchant_id, number),
    unique (merchant_id, version)
);

-- Who accepted which version, and when.
create table promoter_acceptances (
    merchant_id uuid not null,
    promoter_id uuid not null,
    version     text not null,
    at          timestamptz not null,
    primary key (merchant_id, promoter_id, version),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id)
);

create table promoter_applications (
    merchant_id       uuid not null,
    id                uuid not null,
    customer_id       uuid not null,
    kind              text not null check (kind in ('koc', 'leader', 'guide', 'anchor', 'shopkeeper')),
    name              text not null,
    reason            text not null default '',
    community_size    integer check (community_size between 0 and 10000000),
    agreement_version text not null,
    state             text not null check (state in ('open', 'approved', 'refused')),
    answer            text not null default '',              -- why it was refused, told to the applicant
    decided_by        text not null default '',
    decided_at        timestamptz,
    applied_at        timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    check ((state = 'open') = (decided_at is null))
);
create unique index promoter_applications_one_open on promoter_applications (merchant_id, customer_id) where state = 'open';
create index promoter_applications_of_customer on promoter_applications (merchant_id, customer_id, applied_at);
create index promoter_applications_by_state on promoter_applications (merchant_id, state, applied_at, id);

-- What changed about a promoter, state or level, and why.
create table promoter_changes (
    merchant_id uuid not null,
    id          uuid not null,
    promoter_id uuid not null,
    what        text not null check (what in ('state', 'level')),
    before      text not null,
    after       text not null,
    reason      text not null,
    by_name     text not null,
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id)
);
create index promoter_changes_of_promoter on promoter_changes (merchant_id, promoter_id, at, id);

-- Real name, number and bank account, each sealed (AES-256-GCM, key from SIYU_SECRET); the masks are what people see.
-- `number_digest` (HMAC) finds the same person twice without opening anything.
create table promoter_identities (
    merchant_id   uuid not null,
    promoter_id   uuid not null,
    state         text not null check (state in ('submitted', 'verified', 'refused')),
    name_sealed   text not null,
    number_sealed text not null,
    card_sealed   text not null default '',
    name_masked   text not null,
    number_masked text not null,
    card_masked   text not null default '',
    bank_name     text not null default '',
    number_digest text not null,
    tax_method    text not null check (tax_method in ('labour', 'platform', 'invoice')),
    consented_at  timestamptz not null,
    submitted_at  timestamptz not null,
    answer        text not null default '',
    decided_by    text not null default '',
    decided_at    timestamptz,
    primary key (merchant_id, promoter_id),
    unique (merchant_id, number_digest),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id)
);
create index promoter_identities_by_state on promoter_identities (merchant_id, state, submitted_at);

-- The promoter's own page of the shop.
create table promoter_faces (
    merchant_id uuid not null,
    promoter_id uuid not null,
    name        text not null,
    words       text not null default '',
    picture     text not null default '',                    -- goods/media: key
    is_open     boolean not null default true,
    updated_at  timestamptz not null,
    primary key (merchant_id, promoter_id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id)
);
create table promoter_face_items (
    merchant_id uuid not null,
    promoter_id uuid not null,
    product_id  uuid not null,
    position    smallint not null check (position between 1 and 30),
    primary key (merchant_id, promoter_id, product_id),
    foreign key (merchant_id, promoter_id) references promoter_faces (merchant_id, promoter_id),
    foreign key (merchant_id, product_id) references products (merchant_id, id)
);

-- A task is a checklist: what to do, how often, until when. It has no amount and no reward.
create table promoter_tasks (
    merchant_id uuid not null,
    id          uuid not null,
    kind        text not null check (kind in ('share', 'visit', 'link')),
    title       text not null,
    words       text not null default '',
    product_id  uuid,
    for_kind    text not null default '' check (for_kind in ('', 'koc', 'leader', 'guide', 'anchor', 'shopkeeper')),
    times       integer not null check (times between 1 and 1000),
    due_at      timestamptz not null,
    is_open     boolean not null default true,
    created_by  text not null default '',
    created_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, product_id) references products (merchant_id, id)
);
create index promoter_tasks_open on promoter_tasks (merchant_id, due_at, id) where is_open;

-- Each time a promoter did what a task asks; `id` comes from the form, so that a second tap is the same time.
create table promoter_task_marks (
    merchant_id uuid not null,
    id          uuid not null,
    task_id     uuid not null,
    promoter_id uuid not null,
    link        text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, task_id) references promoter_tasks (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id)
);
create index promoter_task_marks_of_task on promoter_task_marks (merchant_id, task_id, promoter_id, at);
create index promoter_task_marks_of_promoter on promoter_task_marks (merchant_id, promoter_id, at);

create table promoter_lessons (
    merchant_id uuid not null,
    id          uuid not null,
    title       text not null,
    body        text not null,
    questions   jsonb not null,                              -- growth/promoters: [Question]
    position    smallint not null default 1,
    is_open     boolean not null default true,
    updated_at  timestamptz not null,
    primary key (merchant_id, id)
);

create table promoter_lesson_passes (
    merchant_id uuid not null,
    promoter_id uuid not null,
    lesson_id   uuid not null,
    tries       integer not null check (tries > 0),
    passed_at   timestamptz,
    primary key (merchant_id, promoter_id, lesson_id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, lesson_id) references promoter_lessons (merchant_id, id)
);
