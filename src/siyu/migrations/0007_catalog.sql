-- Goods in the merchant's own order: nested categories, brands, tags, options, pictures, a time on the shelf.

-- A category lies in another, at most three deep; a name is used once among siblings.
alter table categories
    add column parent_id uuid,
    drop constraint categories_merchant_id_name_key,
    add constraint categories_name unique nulls not distinct (merchant_id, parent_id, name),
    add constraint categories_parent foreign key (merchant_id, parent_id) references categories (merchant_id, id),
    add constraint categories_not_in_itself check (parent_id <> id);

create table brands (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 40),
    logo        text not null default '',     -- key in the media store
    position    integer not null default 0,
    primary key (merchant_id, id),
    unique (merchant_id, name)
);

-- Words the merchant sorts goods by. Those that are shown appear on the shop's cards.
create table product_tags (
    merchant_id uuid not null,
    name        text not null check (length(name) between 1 and 12),
    is_shown    boolean not null default true,
    position    integer not null default 0,
    primary key (merchant_id, name)
);

-- options: [{"name": "颜色", "values": ["红", "黑"]}], in the order of skus.choices. pictures: keys, the first is
-- also `picture`. tags: names of product_tags. shelf_from and shelf_until are due once and then empty again.
alter table products
    add column brand_id uuid,
    add column tags text[] not null default '{}',
    add column options jsonb not null default '[]',
    add column pictures text[] not null default '{}',
    add column valid_days integer not null default 0 check (valid_days between 0 and 3650),
    add column shelf_from timestamptz,
    add column shelf_until timestamptz,
    add constraint products_brand foreign key (merchant_id, brand_id) references brands (merchant_id, id),
    add constraint products_shelf_time check (shelf_from < shelf_until),
    -- 网络购买商品七日无理由退货暂行办法 art. 6 and 7: each reason belongs to one of the two lists.
    add constraint products_return_list check (
        (return_policy <> 'excluded' or return_reason in ('made_to_order', 'fresh', 'opened_digital', 'periodical'))
        and (return_policy <> 'confirmed'
             or return_reason in ('opened_quality', 'activated', 'near_expiry', 'flawed')));
create index products_to_shelve on products (merchant_id, shelf_from) where shelf_from is not null;
create index products_to_unshelve on products (merchant_id, shelf_until) where shelf_until is not null;
create index products_of_brand on products (merchant_id, brand_id) where brand_id is not null;

-- withdrawn: its combination is offered no more, but orders, stock or prices still speak of it.
alter table skus
    add column choices text[] not null default '{}',
    add column withdrawn_at timestamptz,
    add constraint skus_withdrawn check (withdrawn_at is null or not is_sellable);

-- Who put a product on the shelf or took it off, and why.
create table shelf_changes (
    merchant_id uuid not null,
    id          uuid not null,
    product_id  uuid not null,
    is_on_shelf boolean not null,
    why         text not null check (why in ('hand', 'schedule', 'bulk')),
    actor_id    uuid,
    actor_name  text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    foreign key (merchant_id, product_id) references products (merchant_id, id)
);
create index shelf_changes_of_product on shelf_changes (merchant_id, product_id, at);

-- Pictures that were decoded and written again; sha256 is that of the uploaded bytes, of which nothing else is kept.
create table media (
    merchant_id uuid not null,
    id          uuid not null,
    sha256      text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    key         text not null,
    bytes       integer not null check (bytes > 0),   -- of all sizes together
    width       integer not null check (width > 0),   -- of the largest
    height      integer not null check (height > 0),
    actor_id    uuid,
    actor_name  text not null default '',
    at          timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, sha256),
    unique (merchant_id, key)
);
create index media_by_time on media (merchant_id, at, id);
