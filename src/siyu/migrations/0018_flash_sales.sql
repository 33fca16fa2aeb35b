-- Flash sales: what each session has put aside of each item, and who has taken how much of it. The session itself is
-- an offer of kind 'flash'; a row here begins when its pieces are carved out of stock.

create table flash_items (
    merchant_id uuid not null,
    offer_id    uuid not null,
    sku_id      uuid not null,
    location_id uuid not null,
    position    smallint not null,
    price       bigint not null check (price >= 0),
    wanted      integer not null check (wanted >= 0),           -- the quota the offer names
    quota       integer not null check (quota >= 0),            -- what could really be put aside, those taken included
    taken       integer not null default 0 check (taken >= 0),  -- in orders that are not closed
    sold        integer not null default 0 check (sold >= 0),   -- of these: paid
    refused     integer not null default 0 check (refused >= 0),  -- asks that found nothing left
    per_person  integer not null check (per_person > 0),
    version     integer not null,                               -- of the offer, when this was carved
    carved_at   timestamptz not null,
    returned_at timestamptz,                                    -- null: quota - taken pieces are put aside in stock
    primary key (merchant_id, offer_id, sku_id),
    foreign key (merchant_id, offer_id) references offers (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id),
    foreign key (merchant_id, location_id) references stores (merchant_id, id),
    check (taken <= quota and sold <= taken)
) with (fillfactor = 50);
create index flash_items_open on flash_items (merchant_id, offer_id) where returned_at is null;

-- What an order took. Written before the order itself, in the same transaction.
create table flash_takes (
    merchant_id uuid not null,
    order_id    uuid not null,
    sku_id      uuid not null,
    offer_id    uuid not null,
    customer_id uuid not null,
    quantity    integer not null check (quantity > 0),
    state       text not null default 'held' check (state in ('held', 'paid', 'closed')),
    at          timestamptz not null,
    primary key (merchant_id, order_id, sku_id),
    foreign key (merchant_id, offer_id, sku_id) references flash_items (merchant_id, offer_id, sku_id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id)
);
create index flash_takes_of_customer on flash_takes (merchant_id, offer_id, customer_id) where state <> 'closed';
create index flash_takes_of_item on flash_takes (merchant_id, offer_id, sku_id);
