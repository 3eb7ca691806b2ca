-- Which offers lapsed of late: few rows.
drop index concurrently if exists fulfilment.lapsed_by_end;
create index concurrently lapsed_by_end on fulfilment.task (ended_at, site_id) where state = 'lapsed';
-- What a site ended of late.
drop index concurrently if exists fulfilment.ended_by_site;
create index concurrently ended_by_site on fulfilment.task (site_id, ended_at) where ended_at is not null;
