-- Commission: plans with versions and terms, caps and budgets, holds by people, adjustments by two, settling in payouts.
-- A line keeps plan, version and rate for ever. Nothing here knows who brought a promoter.

-- What a plan says is a version; when which version held is a term. Both stay when the plan changes.
create table commission_plan_versions (
    merchant_id     uuid not null,
    plan_id         uuid not null,
    version         integer not null check (version > 0),
    rule            jsonb not null,                          -- distribution.PlanRule
    created_by      text not null default '',
    created_at      timestamptz not null,
    published_by    text not null default '',
    published_at    timestamptz,
    approved_by     text not null default '',                -- who answered for the warnings it was published with
    approval_reason text not null default '',
    primary key (merchant_id, plan_id, version),
    foreign key (merchant_id, plan_id) references commission_plans (merchant_id, id)
);
create table commission_plan_terms (
    merchant_id uuid not null,
    plan_id     uuid not null,
    version     integer not null,
    starts_at   timestamptz not null,
    ends_at     timestamptz check (ends_at >= starts_at),
    primary key (merchant_id, plan_id, version, starts_at),
    foreign key (merchant_id, plan_id, version) references commission_plan_versions (merchant_id, plan_id, version)
);

insert into commission_plan_versions (merchant_id, plan_id, version, rule, created_at, published_at)
select merchant_id, id, 1,
       jsonb_build_object(
           'rate_bps', rate_bps, 'scope', case when category_id is null then 'all' else 'categories' end,
           'targets', case when category_id is null then '[]'::jsonb else jsonb_build_array(category_id) end,
           'starts_at', starts_at, 'ends_at', ends_at),
       created_at, created_at
from commission_plans;
insert into commission_plan_terms (merchant_id, plan_id, version, starts_at, ends_at)
select merchant_id, id, 1, starts_at, greatest(ends_at, starts_at) from commission_plans;

alter table commission_plans
    drop column category_id, drop column rate_bps, drop column starts_at, drop column ends_at,
    add column state   text not null default 'published'
        check (state in ('draft', 'published', 'paused', 'spent', 'ended')),
    add column version integer not null default 1 check (version >= 0),  -- the one published last; 0: none yet
    add column budget  bigint check (budget >= 0),                       -- of the published version
    add column spent   bigint not null default 0 check (spent >= 0),     -- promised and not taken back
    add constraint commission_plans_budget check (budget is null or spent <= budget);

alter table commissions
    add column plan_version   integer not null default 1,
    add column fixed          bigint,                            -- fen per unit; null: by rate
    add column uncut          bigint,                            -- what rate or fixed amount gave before caps
    add column cut_by         text not null default ''
        check (cut_by in ('', 'share', 'order', 'day', 'month', 'budget', 'self_phone', 'self_payer', 'self_address')),
    add column supplier_amount bigint not null default 0,        -- the part of `amount` that the supplier bears
    add column hold_days      smallint not null default 7,       -- from receipt until it may be payable
    add column is_held        boolean not null default false,    -- a person looks at it first
    add column origin         text not null default '',          -- digest of address or payer, to see many as one
    add column settled_amount bigint not null default 0,         -- how much went into payouts
    add column paid_amount    bigint not null default 0;         -- how much has really been paid
update commissions set uncut = amount;
alter table commissions
    alter column uncut set not null,
    add constraint commissions_uncut check (uncut >= amount),
    add constraint commissions_supplier check (supplier_amount between 0 and amount),
    add constraint commissions_settled check (settled_amount between 0 and amount),
    add constraint commissions_paid check (paid_amount between 0 and amount);
drop index commissions_to_mature;
create index commissions_to_mature on commissions (merchant_id, matures_at)
    where state = 'pending' and not is_held and matures_at is not null;
create index commissions_open on commissions (merchant_id, promoter_id, payable_at, order_id, line_no)
    where payable_at is not null and amount - reversed_amount - settled_amount <> 0;
create index commissions_of_origin on commissions (merchant_id, promoter_id, origin, earned_at) where origin <> '';

alter table commission_reversals
    add column cause text not null default 'refund' check (cause in ('refund', 'review'));

-- Refunds that were told before the payment was (it had been set aside): applied when the line is earned.
create table commission_early_refunds (
    merchant_id uuid not null,
    refund_id   uuid not null,
    order_id    uuid not null,
    lines       jsonb not null,                              -- events.RefundedUnits
    primary key (merchant_id, refund_id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id)
);
create index commission_early_refunds_of_order on commission_early_refunds (merchant_id, order_id);

-- Commission that waits for a person: of one order, or without an order everything of a promoter.
create table commission_holds (
    merchant_id uuid not null,
    id          uuid not null,
    promoter_id uuid not null,
    order_id    uuid,
    cause       text not null check (cause in ('manual', 'velocity')),
    reason      text not null,
    state       text not null check (state in ('open', 'released', 'denied')),
    raised_by   text not null default '',
    raised_at   timestamptz not null,
    decided_by  text not null default '',
    decided_at  timestamptz,
    decision    text not null default '',
    primary key (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    check ((state = 'open') = (decided_at is null))
);
create unique index commission_holds_of_order on commission_holds (merchant_id, order_id)
    where state = 'open' and order_id is not null;
create unique index commission_holds_of_promoter on commission_holds (merchant_id, promoter_id)
    where state = 'open' and order_id is null;
create index commission_holds_in_order on commission_holds (merchant_id, state, raised_at, id);

-- Corrections by hand: one person proposes, another approves.
create table commission_adjustments (
    merchant_id    uuid not null,
    id             uuid not null,
    promoter_id    uuid not null,
    order_id       uuid,
    kind           text not null check (kind in ('adjustment', 'write_off')),
    amount         bigint not null check (amount <> 0),
    reason         text not null,
    state          text not null check (state in ('proposed', 'approved', 'refused')),
    proposed_id    uuid not null,
    proposed_by    text not null,
    proposed_at    timestamptz not null,
    decided_id     uuid,
    decided_by     text not null default '',
    decided_at     timestamptz,
    decision       text not null default '',
    settled_amount bigint not null default 0,
    paid_amount    bigint not null default 0,
    primary key (merchant_id, id),
    foreign key (merchant_id, promoter_id) references promoters (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    check ((state = 'proposed') = (decided_at is null)),
    check (decided_id is null or decided_id <> proposed_id),
    check (settled_amount between least(amount, 0) and greatest(amount, 0)),
    check (paid_amount between least(amount, 0) and greatest(amount, 0))
);
create index commission_adjustments_of_promoter on commission_adjustments (merchant_id, promoter_id, proposed_at, id);
create index commission_adjustments_in_order on commission_adjustments (merchant_id, state, proposed_at, id);

-- One row a merchant; without one the defaults hold. 7 days are the buyer's right to return (消费者权益保护法 art. 25).
create table commission_settings (
    merchant_id     uuid primary key,
    hold_days       smallint not null check (hold_days between 7 and 180),
    new_hold_days   smallint not null check (new_hold_days between 7 and 180),
    new_days        smallint not null check (new_days between 0 and 365),
    share_bps       integer not null check (share_bps between 1 and 3000),
    velocity_orders smallint not null check (velocity_orders between 2 and 1000),
    velocity_hours  smallint not null check (velocity_hours between 1 and 720),
    levels          jsonb not null,                          -- distribution.LevelStep, best first
    updated_at      timestamptz not null
);

-- Months in which levels were looked at, so that each is looked at once.
create table commission_level_runs (
    merchant_id uuid not null,
    month       date not null,
    changed     integer not null,
    at          timestamptz not null,
    primary key (merchant_id, month)
);
