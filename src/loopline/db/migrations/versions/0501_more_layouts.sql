-- How files may be laid out: as marketplaces write them, too.
alter table bills.source
    drop constraint if exists source_layout_is_known,
    add constraint source_layout_is_known
        check (layout in ('wechat_pay', 'alipay', 'alipay_funds', 'douyin', 'jingdong', 'mapped'));
-- A row of a marketplace may state a payment and a refund: it is one line of each kind.
drop index concurrently if exists bills.line_of_a_row_stands_once;
create unique index concurrently line_of_a_row_stands_once on bills.line (bill_id, row, kind);
alter table bills.line drop constraint if exists line_stands_once;
-- Lines of our books that a line of a bill pays together with the one it is paired with, as several days' payouts in one
-- sum. Written with the pair, never changed.
create table if not exists bills.paid_with (
    source_id uuid not null,
    our_kind  text not null,
    our_id    uuid not null,
    our_day   date not null,
    line_id   uuid not null references bills.pair (line_id),
    constraint our_line_is_paid_once primary key (source_id, our_kind, our_id)
);
create index if not exists paid_with_by_our_day on bills.paid_with (source_id, our_day);
