-- Search: lists that rooms cannot make alone, because what they show and what they are searched by lies in several.
-- Everything here follows the log and can be written again from what the rooms say; nothing decides by it.
create schema search;

-- An order as a list shows it. Amounts are minor units of its currency; `names` are the first of its goods.
create table search.order_document (
    order_id          uuid not null,
    placed_at         timestamptz not null,
    number            text not null,
    channel           text not null,
    external_number   text not null,
    kind              text not null,
    delivery          text not null,
    stage             text not null,
    site_id           uuid,
    seller_entity_id  uuid not null,
    member_id         uuid,
    currency          text not null,
    amount_minor      bigint not null,
    taken_minor       bigint not null,
    refunded_minor    bigint not null,
    units             bigint not null,
    lines             integer not null,
    names             text[] not null,
    constraint order_document_pkey primary key (order_id)
) with (fillfactor = 80);
create index order_document_in_order on search.order_document (placed_at, order_id);
create index order_document_by_stage on search.order_document (stage, placed_at, order_id);
create index order_document_by_channel on search.order_document (channel, placed_at, order_id);
create index order_document_by_member on search.order_document (member_id, placed_at, order_id)
    where member_id is not null;

-- What an order is found by: its numbers, the codes and names its goods had when it came in. Apart from the document,
-- because stages move all day and these words never do.
create table search.order_words (
    order_id  uuid not null,
    words     tsvector not null,
    constraint order_words_pkey primary key (order_id)
);
create index order_words_by_word on search.order_words using gin (words);

-- The sites that may see an order: the one it was sold at or is collected from, and those that send it.
create table search.order_site (
    site_id    uuid not null,
    placed_at  timestamptz not null,
    order_id   uuid not null,
    sells      boolean not null,
    sends      boolean not null,
    constraint order_site_pkey primary key (site_id, placed_at, order_id),
    constraint order_site_does_something check (sells or sends)
);
create index order_site_by_order on search.order_site (order_id);

-- A product with all its SKUs. `codes` are what names it or one of them exactly: codes and GTINs.
create table search.product_document (
    product_id  uuid not null,
    code        text not null,
    name        text not null,
    category    text,
    season      text,
    is_active   boolean not null,
    skus        integer not null,
    codes       text[] not null,
    words       tsvector not null,
    constraint product_document_pkey primary key (product_id),
    constraint product_document_code_is_unique unique (code) deferrable initially deferred
);
create index product_document_by_word on search.product_document using gin (words);

-- To be written again from the rooms, all is emptied first.
grant truncate on all tables in schema search to loopline_app;
