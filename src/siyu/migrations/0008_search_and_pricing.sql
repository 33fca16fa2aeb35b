-- Finding goods, pricing them, and what may be called their former price.

-- A list of prices and whom it is for: an empty condition asks for nothing. Higher priority wins.
create table price_lists (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 40),
    priority    integer not null default 0 check (priority between 0 and 999),
    level       text not null default '',        -- customers.level
    channel     text not null default '',        -- orders.channel
    store_id    uuid,
    customer_id uuid,                            -- a business client with a contract
    starts_at   timestamptz,
    ends_at     timestamptz,
    is_active   boolean not null default true,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (merchant_id, id),
    unique (merchant_id, name),
    foreign key (merchant_id, store_id) references stores (merchant_id, id),
    foreign key (merchant_id, customer_id) references customers (merchant_id, id),
    check (ends_at > starts_at)
);

-- What one SKU costs in a list from `least` units on.
create table price_list_items (
    merchant_id uuid not null,
    list_id     uuid not null,
    sku_id      uuid not null,
    least       integer not null check (least between 1 and 99999),
    price       bigint not null check (price between 0 and 100000000),
    primary key (merchant_id, list_id, sku_id, least),
    foreign key (merchant_id, list_id) references price_lists (merchant_id, id),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id)
);
create index price_list_items_of_sku on price_list_items (merchant_id, sku_id);

-- What a product can be found by, each word with the best field it stands in. Row-level security keeps a GIN index
-- from being used (`@@` is not leakproof), so the inverted index is a table: see docs/concepts/search.md.
create table search_documents (
    merchant_id uuid not null,
    product_id  uuid not null,
    version     smallint not null,               -- of the rules that made the words
    of          timestamptz not null,            -- products.updated_at that was read
    words       jsonb not null,                  -- {"word": field}
    primary key (merchant_id, product_id),
    foreign key (merchant_id, product_id) references products (merchant_id, id)
);
-- Derived from search_documents, which has the foreign key; one here would double the cost of a write.
create table search_words (
    merchant_id uuid not null,
    word        text collate "C" not null,
    field       smallint not null check (field between 1 and 3),  -- 1 title and code, 2 category and brand, 3 the rest
    product_id  uuid not null,
    primary key (merchant_id, word, field, product_id)
);
create table search_synonyms (
    merchant_id uuid not null,
    id          uuid not null,
    words       text[] not null check (cardinality(words) between 2 and 12),
    updated_at  timestamptz not null,
    primary key (merchant_id, id)
);
-- How far the sweep has looked for products whose words are old.
create table search_progress (
    merchant_id uuid not null,
    version     smallint not null,
    looked_at   timestamptz not null,
    primary key (merchant_id)
);

-- A deal is a line of a paid order: the basis of a reference price (明码标价和禁止价格欺诈规定 art. 16).
create table deals (
    merchant_id uuid not null,
    order_id    uuid not null,
    line_no     integer not null,
    sku_id      uuid not null,
    quantity    integer not null check (quantity > 0),
    refunded    integer not null default 0 check (refunded between 0 and quantity),
    unit_price  bigint not null check (unit_price >= 0),
    at          timestamptz not null,
    primary key (merchant_id, order_id, line_no),
    foreign key (merchant_id, sku_id) references skus (merchant_id, id)
);
create index deals_of_sku on deals (merchant_id, sku_id, at) where refunded < quantity;

-- A file of products that was uploaded, row by row, until it is applied.
create table product_sheets (
    merchant_id uuid not null,
    id          uuid not null,
    name        text not null,
    rows        integer not null,
    refused     integer not null,
    state       text not null default 'checked' check (state in ('checked', 'started')),
    job_id      uuid,
    actor_id    uuid,
    at          timestamptz not null,
    primary key (merchant_id, id)
);
create table product_sheet_rows (
    merchant_id uuid not null,
    sheet_id    uuid not null,
    row_no      integer not null,                -- as a spreadsheet shows it; the header is row 1
    bundle_no   integer not null,                -- rows of one product share it and are written together
    cells       jsonb not null,
    problems    jsonb not null default '[]',
    primary key (merchant_id, sheet_id, row_no),
    foreign key (merchant_id, sheet_id) references product_sheets (merchant_id, id)
);
create index product_sheet_rows_by_bundle on product_sheet_rows (merchant_id, sheet_id, bundle_no, row_no);
