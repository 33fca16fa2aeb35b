-- Goods leave by counter, parcel, courier or code; a line remembers from where, at what price and why.

-- A location is where stock lies. Only stores and pickup points are shown to buyers; a supplier's location holds what
-- the supplier ships for us (一件代发).
alter table stores
    add column kind text not null default 'store' check (kind in ('store', 'warehouse', 'pickup_point', 'supplier')),
    add column region_code text not null default '' check (region_code ~ '^[0-9]*$'),
    add column ships boolean not null default false;  -- parcels may leave from here

alter table stock add column safety integer not null default 0 check (safety >= 0);  -- kept back from selling

-- Who may buy at which price list: a level is a name the merchant gives, the empty one is everybody's.
alter table customers add column level text not null default '';

-- kind 'weighed': sold by estimated weight, the true one is known at packing. 'virtual': nothing leaves but a code.
-- return_policy: 消费者权益保护法 art. 25 and 网络购买商品七日无理由退货暂行办法 art. 6-7. 'excluded' is the law's own
-- list; 'confirmed' may be excluded only when the buyer said so at purchase, in a box of its own.
alter table products
    add column kind text not null default 'physical' check (kind in ('physical', 'weighed', 'virtual', 'bundle')),
    add column return_policy text not null default 'seven_days'
        check (return_policy in ('seven_days', 'confirmed', 'excluded')),
    add column return_reason text not null default ''
        check (return_reason in ('', 'made_to_order', 'fresh', 'opened_digital', 'periodical', 'opened_quality',
                                 'activated', 'near_expiry', 'flawed')),
    add column freight_template_id uuid,
    add constraint products_return_reason check ((return_policy = 'seven_days') = (return_reason = ''));

alter table skus
    add column weight_g integer not null default 0 check (weight_g >= 0),
    add column supply_location_id uuid,         -- a supplier's location: the goods go straight from there to the buyer
    add foreign key (merchant_id, supply_location_id) references stores (merchant_id, id);

create table bundle_items (
    merchant_id   uuid not null,
    bundle_sku_id uuid not null,
    sku_id        uuid not null,
    quantity      integer not null check (quantity between 1 and 999),
    primary key (merchant_id, bundle_sku_id, sku_id),
    foreign key (merchant_id, bundle_sku_id) references skus (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id),
    check (bundle_sku_id <> sku_id)
);

alter table orders drop constraint orders_state_check;
alter table orders drop constraint orders_check;
alter table orders
    add constraint orders_state_check
        check (state in ('unpaid', 'paid', 'shipped', 'picked_up', 'received', 'refunded', 'closed')),
    add constraint orders_paid_check check (state in ('unpaid', 'closed') or paid_at is not null),
    add column delivery text not null default 'pickup' check (delivery in ('pickup', 'express', 'local', 'none')),
    add column freight bigint not null default 0 check (freight >= 0),           -- within total
    add column freight_refunded bigint not null default 0,                       -- within refunded
    add column address jsonb,                    -- as the buyer gave it then: addresses.Address
    add column deliver_from timestamptz,         -- the slot of a local delivery
    add column deliver_until timestamptz,
    add column ship_by timestamptz,              -- promised to the buyer (电子商务法 art. 20)
    add column invoice jsonb,                    -- orders.InvoiceTitle
    add column shipped_at timestamptz,
    add column open_cases integer not null default 0 check (open_cases >= 0),    -- after-sales under way: no auto-receive
    add constraint orders_freight_refunded check (freight_refunded between 0 and freight);
create index orders_to_receive_shipped on orders (merchant_id, shipped_at) where state = 'shipped';
create index orders_to_fulfil on orders (merchant_id, paid_at, id) where state = 'paid';

-- amount is what the buyer pays for all units after every step of `build_up`; it starts at unit_price × quantity.
-- fulfilled: units that left the house. cancelled: units refunded before they left. reduced: money given back without
-- units (a lighter weight, an agreement).
alter table order_lines
    add column location_id uuid,                 -- of a locked stock row, which has the foreign key: one check less a line
    add column kind text not null default 'physical' check (kind in ('physical', 'weighed', 'virtual', 'bundle')),
    add column components jsonb,                 -- of a bundle: [{"sku_id": …, "quantity": per unit}]
    add column build_up jsonb not null default '[]',   -- pricing.Step in order
    add column return_policy text not null default 'seven_days'
        check (return_policy in ('seven_days', 'confirmed', 'excluded')),
    add column fulfilled_quantity integer not null default 0,
    add column cancelled_quantity integer not null default 0 check (cancelled_quantity >= 0),
    add column reduced_amount bigint not null default 0 check (reduced_amount between 0 and amount),
    add constraint order_lines_fulfilled check (fulfilled_quantity >= 0
                                                and fulfilled_quantity + cancelled_quantity <= quantity),
    add constraint order_lines_cancelled check (cancelled_quantity <= refunded_quantity);

update order_lines l set location_id = o.store_id
from orders o where o.merchant_id = l.merchant_id and o.id = l.order_id and o.store_id is not null;
-- What was refunded before the handover was cancelled; the rest of a picked-up order has left.
update order_lines l set cancelled_quantity = t.quantity
from (select rl.merchant_id, rl.order_id, rl.line_no, sum(rl.quantity)::int as quantity
      from refund_lines rl
      join refunds r on r.merchant_id = rl.merchant_id and r.id = rl.refund_id
      join orders o on o.merchant_id = rl.merchant_id and o.id = rl.order_id
      where o.store_id is not null and (o.picked_up_at is null or r.requested_at < o.picked_up_at)
      group by 1, 2, 3) t
where l.merchant_id = t.merchant_id and l.order_id = t.order_id and l.line_no = t.line_no;
update order_lines l set fulfilled_quantity = l.quantity - l.cancelled_quantity
from orders o
where o.merchant_id = l.merchant_id and o.id = l.order_id and o.picked_up_at is not null;

alter table refunds
    drop constraint refunds_kind_check,
    add constraint refunds_kind_check
        check (kind in ('after_sale', 'late_payment', 'double_payment', 'imported')),
    add column freight bigint not null default 0 check (freight >= 0);           -- within amount

-- Money may go back without units; a unit is still refunded once, whoever asks.
alter table refund_lines
    drop constraint refund_lines_quantity_check,
    add constraint refund_lines_quantity_check check (quantity >= 0),
    drop constraint refund_lines_merchant_id_order_id_line_no_first_key;
create unique index refund_lines_units on refund_lines (merchant_id, order_id, line_no, first) where quantity > 0;
alter table commission_reversals
    drop constraint commission_reversals_units_check,
    add constraint commission_reversals_units_check check (units >= 0);

-- What staff wrote about an order: added, never changed.
create table order_notes (
    merchant_id uuid not null,
    id          uuid not null,
    order_id    uuid not null,
    actor_id    uuid,
    actor_name  text not null default '',
    text        text not null check (length(text) between 1 and 500),
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, order_id) references orders (merchant_id, id)
);
create index order_notes_of_order on order_notes (merchant_id, order_id, at);
