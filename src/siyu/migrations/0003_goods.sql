-- Goods: what is sold, and how much of it is where.

create table categories (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null,
    icon        text not null default '',
    position    integer not null default 0,
    primary key (merchant_id, id),
    unique (merchant_id, name)
);

create table products (
    merchant_id  uuid not null,
    id           uuid not null,
    category_id  uuid not null,
    reference    text,                        -- the number an imported system knew this product by
    title        text not null check (length(title) between 1 and 120),
    subtitle     text not null default '',
    description  text not null default '',
    picture      text not null default '',    -- key in the file store
    unit         text not null default '件',
    is_on_shelf  boolean not null default true,
    position     integer not null default 0,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, reference),
    foreign key (merchant_id, category_id) references categories (merchant_id, id)
);
create index products_on_shelf on products (merchant_id, category_id, position, id) where is_on_shelf;
create index products_by_change on products (merchant_id, updated_at, id);

create table skus (
    merchant_id uuid not null,
    id          uuid not null,
    product_id  uuid not null,
    code        text not null,
    title       text not null default '',      -- "500 g", "红色 / L"; empty when there is only one
    price       bigint not null check (price >= 0),
    position    integer not null default 0,
    is_sellable boolean not null default true,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, code),
    foreign key (merchant_id, product_id) references products (merchant_id, id)
);
create index skus_of_product on skus (merchant_id, product_id, position, id);

-- What a price was, when: the source of every reference price (明码标价规定 art. 16).
create table price_changes (
    merchant_id uuid not null,
    id          uuid not null,
    sku_id      uuid not null,
    old_price   bigint,
    new_price   bigint not null,
    actor_id    uuid,
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id)
);
create index price_changes_of_sku on price_changes (merchant_id, sku_id, at);

-- Fill factor leaves room on the page, so that a reservation rewrites the row without touching the index.
create table stock (
    merchant_id uuid not null,
    location_id uuid not null,
    sku_id      uuid not null,
    on_hand     integer not null check (on_hand >= 0),
    reserved    integer not null default 0 check (reserved >= 0),
    primary key (merchant_id, location_id, sku_id),
    foreign key (merchant_id, location_id) references stores (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id),
    check (reserved <= on_hand)
) with (fillfactor = 50);

-- Every change of on_hand, and why. on_hand is always the sum of these.
create table stock_moves (
    merchant_id uuid not null,
    id          uuid not null,
    location_id uuid not null,
    sku_id      uuid not null,
    quantity    integer not null check (quantity <> 0),
    reason      text not null check (reason in ('receive', 'handed_over', 'returned', 'count')),
    subject_id  uuid,
    actor_id    uuid,
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, location_id, sku_id) references stock (merchant_id, location_id, sku_id)
);
create index stock_moves_of_sku on stock_moves (merchant_id, location_id, sku_id, at);
