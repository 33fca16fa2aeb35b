-- Affinity: which promoter fits which product, and how somebody who loves it becomes a KOC. No column here holds an amount,
-- a price or a rate: what a product pays never moves anybody up.

-- Every calculation there was. At most one runs at a time.
create table affinity_runs (
    merchant_id  uuid not null,
    id           uuid not null,
    state        text not null check (state in ('asked', 'running', 'done', 'failed')),
    asked_by     text not null default '',
    version      integer not null,                           -- of the way of scoring: growth/affinity/scoring
    promoters    integer not null default 0,
    products     integer not null default 0,
    people       integer not null default 0,
    purchases    integer not null default 0,                 -- (person, product) pairs that were learnt from
    milliseconds integer not null default 0,
    problem      text not null default '',
    asked_at     timestamptz not null,
    started_at   timestamptz,
    finished_at  timestamptz,
    primary key (merchant_id, id)
);
create unique index affinity_runs_one_open on affinity_runs (merchant_id) where state in ('asked', 'running');
create index affinity_runs_by_time on affinity_runs (merchant_id, asked_at, id);

-- The best promoters of each product and the best products of each promoter; replaced whole by every run.
create table affinity_matches (
    merchant_id uuid not null,
    product_id  uuid not null,
    promoter_id uuid not null,
    run_id      uuid not null,
    score       smallint not null check (score between 0 and 1000),   -- permille
    confidence  text not null check (confidence in ('low', 'medium', 'high')),
    reasons     jsonb not null,                              -- [Reason]: code, number, out of how many
    primary key (merchant_id, product_id, promoter_id),
    foreign key (merchant_id, product_id) references products (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, run_id) references affinity_runs (merchant_id, id)
);
create index affinity_matches_of_product on affinity_matches (merchant_id, product_id, score desc, promoter_id);
create index affinity_matches_of_promoter on affinity_matches (merchant_id, promoter_id, score desc, product_id);

-- Who bought through whom, without those who switched personalisation off; replaced whole by every run.
create table affinity_audiences (
    merchant_id uuid not null,
    promoter_id uuid not null,
    customer_id uuid not null,
    primary key (merchant_id, promoter_id, customer_id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index affinity_audiences_of_customer on affinity_audiences (merchant_id, customer_id, promoter_id);

-- What a promoter carried, week by week, and what came of it.
create table affinity_profiles (
    merchant_id uuid not null,
    promoter_id uuid not null,
    weekly      integer not null check (weekly >= 0),        -- orders a week carried without more returns; 0: never sold
    recent      integer not null check (recent >= 0),        -- orders of the last seven days
    units       integer not null check (units >= 0),
    units_back  integer not null check (units_back between 0 and units),
    audience    integer not null check (audience >= 0),
    visitors    integer not null check (visitors >= 0),      -- through their doors in 28 days
    categories  jsonb not null,                              -- [CategoryResult]
    primary key (merchant_id, promoter_id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id)
);

-- Where a person stands on the way to being a KOC.
create table koc_states (
    merchant_id uuid not null,
    customer_id uuid not null,
    state       text not null check (state in ('candidate', 'invited', 'trained', 'trial', 'active', 'resting', 'exited')),
    reasons     jsonb not null default '[]',                 -- why somebody was found: [Reason]
    score       smallint not null default 0 check (score between 0 and 1000),
    note        text not null default '',
    changed_at  timestamptz not null,
    created_at  timestamptz not null,
    primary key (merchant_id, customer_id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index koc_states_by_state on koc_states (merchant_id, state, score desc, customer_id);

create table koc_moves (
    merchant_id uuid not null,
    id          uuid not null,
    customer_id uuid not null,
    before      text not null,                               -- '' when somebody was found
    after       text not null,
    reason      text not null default '',
    by_name     text not null default '',                    -- '' : by rule
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references koc_states (merchant_id, customer_id)
);
create index koc_moves_of_customer on koc_moves (merchant_id, customer_id, at, id);

-- A product that a promoter was asked to speak about. It has no amount: what a sale earns is the plan's business.
create table koc_assignments (
    merchant_id uuid not null,
    id          uuid not null,
    promoter_id uuid not null,
    product_id  uuid not null,
    words       text not null default '',
    score       smallint not null default 0 check (score between 0 and 1000),
    state       text not null check (state in ('open', 'done', 'cancelled')),
    due_at      timestamptz not null,
    assigned_by text not null default '',
    link        text not null default '',                    -- what was published
    created_at  timestamptz not null,
    ended_at    timestamptz,
    primary key (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, product_id) references products (merchant_id, id),
    check ((state = 'open') = (ended_at is null))
);
create unique index koc_assignments_one_open on koc_assignments (merchant_id, product_id, promoter_id) where state = 'open';
create index koc_assignments_of_promoter on koc_assignments (merchant_id, promoter_id, created_at, id);
create index koc_assignments_of_product on koc_assignments (merchant_id, product_id, created_at, id);

-- A sample: asked for, sent, something to be published by a day, what came of it.
create table koc_samples (
    merchant_id uuid not null,
    id          uuid not null,
    customer_id uuid not null,
    product_id  uuid not null,
    state       text not null check (state in ('requested', 'shipped', 'published', 'closed', 'refused')),
    tracking    text not null default '',
    due_at      timestamptz,                                 -- when something is to be published
    link        text not null default '',
    result      text not null default '',
    created_at  timestamptz not null,
    changed_at  timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, customer_id) references koc_states (merchant_id, customer_id),
    foreign key (merchant_id, product_id) references products (merchant_id, id)
);
create index koc_samples_of_customer on koc_samples (merchant_id, customer_id, created_at, id);
create index koc_samples_due on koc_samples (merchant_id, due_at) where state = 'shipped';
