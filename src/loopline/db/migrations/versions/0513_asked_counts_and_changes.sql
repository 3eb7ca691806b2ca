-- Goods that somebody asked a site to count. It is done by the count that is posted with them in it.
create table if not exists stock.asked_count (
    id         uuid not null,
    leaf_id    uuid not null,
    sku_id     uuid not null,
    note       text not null,
    asked_at   timestamptz not null,
    asked_by   text not null,
    ended_at   timestamptz,
    how_ended  text,
    ended_by   text,
    count_id   uuid,
    constraint asked_count_pkey primary key (id),
    constraint asked_count_at_a_leaf foreign key (leaf_id) references stock.node,
    constraint asked_count_was_counted_by foreign key (count_id) references stock.count_session,
    constraint asked_count_end_is_known check (how_ended in ('counted', 'withdrawn')),
    constraint asked_count_end_has_its_moment check ((ended_at is null) = (how_ended is null)),
    constraint withdrawn_asked_count_has_its_person check ((ended_by is not null) = (how_ended is not distinct from 'withdrawn'))
);
create unique index if not exists asked_count_once on stock.asked_count (leaf_id, sku_id) where ended_at is null;
revoke delete on stock.asked_count from loopline_app;
-- Batches that are locked for sale: few among many.
drop index concurrently if exists stock.lot_recalled;
create index concurrently lot_recalled on stock.lot (sku_id, batch) where recalled_at is not null;
-- Changes of settings are few among the events of orders, and are read by themselves, the latest first.
drop index concurrently if exists log.event_of_settings;
create index concurrently event_of_settings on log.event (position)
  where type in (
    'setting_changed',
    'safety_changed',
    'lot_recalled',
    'lot_freed',
    'counter_limit_set',
    'slot_terms_set',
    'role_given',
    'role_withdrawn',
    'person_left',
    'unit_rehung',
    'marketplace_terms_set',
    'marketplace_goods_terms_set',
    'rule_set_published'
  );
-- What came back, and was put nowhere yet: little among all that ever did.
drop index concurrently if exists returns.return_line_to_grade;
create index concurrently return_line_to_grade on returns.return_line (id) where received_units > graded_units;
