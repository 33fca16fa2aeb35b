-- After-sales: what a buyer wants to give back or exchange, what was decided, and until when somebody has to answer.

create table after_sales (
    merchant_id   uuid not null,
    id            uuid not null,
    order_id      uuid not null,
    customer_id   uuid,
    kind          text not null check (kind in ('refund_only', 'return', 'exchange')),
    units         text not null check (units in ('waiting', 'left')),   -- had they left the house when it was opened
    state         text not null check (state in ('requested', 'returning', 'returned', 'refunding', 'done', 'refused',
                                                 'withdrawn', 'lapsed')),
    reason        text not null,
    words         text not null default '',
    pictures      text[] not null default '{}',     -- keys in the media store
    opened_by     text not null check (opened_by in ('customer', 'staff')),
    location_id   uuid,                             -- where the goods come back to
    amount        bigint,                           -- agreed; null: what the units are worth
    carrier       text not null default '',         -- of the way back
    tracking      text not null default '',
    new_carrier   text not null default '',         -- of the replacement
    new_tracking  text not null default '',
    is_restocked  boolean not null default false,
    refund_id     uuid,
    is_disputed   boolean not null default false,
    answer_by     timestamptz,                      -- of the side that has to act; what happens then is in the rules
    opened_at     timestamptz not null,
    closed_at     timestamptz,
    updated_at    timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    foreign key (merchant_id, location_id) references stores (merchant_id, id),
    foreign key (merchant_id, refund_id) references refunds (merchant_id, id)
);
create index after_sales_of_order on after_sales (merchant_id, order_id, opened_at);
create index after_sales_in_order on after_sales (merchant_id, opened_at desc, id desc);
create index after_sales_due on after_sales (merchant_id, answer_by) where answer_by is not null;
create index after_sales_refunding on after_sales (merchant_id, refund_id) where state = 'refunding';

create table after_sale_lines (
    merchant_id   uuid not null,
    after_sale_id uuid not null,
    order_id      uuid not null,
    line_no       smallint not null,
    quantity      integer not null check (quantity > 0),
    primary key (merchant_id, after_sale_id, line_no),
    foreign key (merchant_id, after_sale_id) references after_sales (merchant_id, id),
    foreign key (merchant_id, order_id, line_no) references order_lines (merchant_id, order_id, line_no)
);
create index after_sale_lines_of_order on after_sale_lines (merchant_id, order_id, line_no);

-- Who said or did what in a case, in order: the evidence in a dispute (电子商务法 art. 31, 62).
create table after_sale_steps (
    merchant_id   uuid not null,
    id            uuid not null,
    after_sale_id uuid not null,
    action        text not null,
    actor_kind    text not null,
    actor_name    text not null default '',
    words         text not null default '',
    at            timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, after_sale_id) references after_sales (merchant_id, id)
);
create index after_sale_steps_of_case on after_sale_steps (merchant_id, after_sale_id, at, id);
