-- The lines that were judged stand still until their sums are there.
lock table insight.judged_line in share row exclusive mode;

-- Units handed over on a day by SKU, at all sites together. Changed by deltas alone.
create table insight.handed_over_by_sku (
    day     date not null,
    sku_id  uuid not null,
    units   bigint not null constraint sku_units_handed_over_not_negative check (units >= 0),
    constraint handed_over_by_sku_pkey primary key (day, sku_id)
) with (fillfactor = 70);

-- The same by site that sent and who packed, where somebody did. Changed by deltas alone.
create table insight.handed_over_by_packer (
    day           date not null,
    sent_site_id  uuid not null,
    packer_id     uuid not null,
    units         bigint not null constraint packer_units_handed_over_not_negative check (units >= 0),
    constraint handed_over_by_packer_pkey primary key (day, sent_site_id, packer_id)
) with (fillfactor = 70);

insert into insight.handed_over_by_sku (day, sku_id, units)
select day, sku_id, sum(units)
from insight.judged_line
group by day, sku_id
having sum(units) > 0;

insert into insight.handed_over_by_packer (day, sent_site_id, packer_id, units)
select day, sent_site_id, packer_id, sum(units)
from insight.judged_line
where packer_id is not null
group by day, sent_site_id, packer_id
having sum(units) > 0;

-- A branch counts the lines of its own sites: from this index alone.
create index judged_line_handed_over on insight.judged_line (sent_site_id, day) include (sku_id, units);

-- A rebuild empties them and follows the log again from its beginning.
grant select, insert, update, delete, truncate on insight.handed_over_by_sku, insight.handed_over_by_packer
    to loopline_app;
