-- Whether the goods of an announced return are still awaited: not here yet, and not called off. It ends with the announcement.
alter table returns.announced_way add column if not exists is_awaited boolean not null default true;
update returns.announced_way
set is_awaited = false
from returns.announced
where announced.id = announced_way.announced_id
  and announced.ended_at is not null
  and announced_way.is_awaited;
-- What ended is in no index of what is under way, however many years of it a warehouse has.
drop index concurrently if exists returns.announced_way_awaited;
create index concurrently announced_way_awaited on returns.announced_way (site_id) where way <> 'store' and is_awaited;
drop index concurrently if exists returns.announced_way_to_site;
