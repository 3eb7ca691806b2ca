-- What somebody said of a SKU: it comes on a day, to a site, or (null) to the brand, so many units or (null) enough. Of one SKU at one
-- place one word stands; what was said before it stays to be read.
create table stock.restock (
    id           uuid not null,
    sku_id       uuid not null,
    site_id      uuid,
    units        bigint,
    expected_on  date not null,
    note         text not null default '',
    stated_at    timestamptz not null,
    stated_by    text not null,
    ended_at     timestamptz,
    ended_by     text,
    how_ended    text,
    constraint restock_pkey primary key (id),
    constraint restock_brings_something check (units > 0),
    constraint restock_note_short check (char_length(note) <= 200),
    constraint restock_end_known check (how_ended in ('replaced', 'withdrawn', 'came')),
    constraint restock_end_is_whole check (num_nonnulls(ended_at, ended_by, how_ended) in (0, 3))
);
create unique index restock_that_stands on stock.restock (sku_id, site_id) nulls not distinct where ended_at is null;
create index restock_by_sku on stock.restock (sku_id, stated_at);
revoke delete on stock.restock from loopline_app;

-- Why each line waits that waits for goods, and the day they are expected: null where nothing is known of one. A row ends with the
-- wait. `passed_at`: when it was noticed that the day was over and the goods had not come.
create table orders.parking (
    order_id     uuid not null,
    line_id      uuid not null,
    sku_id       uuid not null,
    reason       text not null,
    expected_on  date,
    basis        text,
    since        timestamptz not null,
    passed_at    timestamptz,
    constraint parking_pkey primary key (order_id, line_id),
    constraint parking_reason_known check (reason in ('no_goods', 'must_ship_from')),
    constraint parking_basis_known check (basis in ('stated', 'on_the_way')),
    constraint parking_day_has_its_basis check ((expected_on is null) = (basis is null)),
    constraint parking_passes_a_day check (passed_at is null or expected_on is not null)
);
create index parking_by_day on orders.parking (expected_on, order_id, line_id);
