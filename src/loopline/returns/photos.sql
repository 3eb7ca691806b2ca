-- name: photo_rules
-- What asks for a photo. Locks nothing.
select
  about,
  value,
  demand
from returns.photo_rule
order by about, value;

-- name: set_photo_rules
-- Say what states and reasons ask for; a later word replaces an earlier one. Locks the rows it changes, in their order.
insert into returns.photo_rule (about, value, demand, set_at, set_by)
select given.about, given.value, given.demand, %(now)s::timestamptz, %(by)s::text
from unnest(%(abouts)s::text[], %(values)s::text[], %(demands)s::text[]) as given (about, value, demand)
order by given.about, given.value
on conflict on constraint return_photo_rule_key do update
set
  demand = excluded.demand,
  set_at = excluded.set_at,
  set_by = excluded.set_by;

-- name: marks_of_photos
-- By what photos of returns are known when they are sent again. Locks nothing.
select photo.id, photo.return_id, photo.line_id, photo.sent_hash
from returns.photo as photo
where photo.return_id = any(%(return_ids)s::uuid[]);

-- name: insert_photos
-- Keep photos; a rival's same one is an error, to be tried again.
insert into returns.photo (
  id, return_id, order_id, line_id, by_customer, taken_by, kept_at, media_type, width, height, sent_hash, content
)
select
  given.id,
  given.return_id,
  given.order_id,
  given.line_id,
  given.by_customer,
  given.taken_by,
  %(now)s::timestamptz,
  given.media_type,
  given.width,
  given.height,
  given.sent_hash,
  given.content
from unnest(
  %(ids)s::uuid[],
  %(return_ids)s::uuid[],
  %(order_ids)s::uuid[],
  %(line_ids)s::uuid[],
  %(by_customer)s::boolean[],
  %(taken_by)s::text[],
  %(media_types)s::text[],
  %(widths)s::integer[],
  %(heights)s::integer[],
  %(sent_hashes)s::bytea[],
  %(contents)s::bytea[]
) as given (
  id, return_id, order_id, line_id, by_customer, taken_by, media_type, width, height, sent_hash, content
)
order by given.id;

-- name: waive_photos
-- Keep why there is no photo of lines; the later word stands. Locks the rows it changes, in their order.
insert into returns.photo_waived (return_id, line_id, reason, waived_by, waived_at)
select given.return_id, given.line_id, given.reason, %(by)s::text, %(now)s::timestamptz
from unnest(%(return_ids)s::uuid[], %(line_ids)s::uuid[], %(reasons)s::text[])
  as given (return_id, line_id, reason)
order by given.return_id, given.line_id
on conflict on constraint return_photo_waived_key do update
set
  reason = excluded.reason,
  waived_by = excluded.waived_by,
  waived_at = excluded.waived_at;

-- name: photos_of_returns
-- Photos of returns without what they show, the oldest first. Locks nothing.
select
  photo.id,
  photo.return_id,
  photo.order_id,
  photo.line_id,
  photo.by_customer,
  photo.kept_at,
  photo.width,
  photo.height,
  photo.content is null as is_forgotten
from returns.photo as photo
where photo.return_id = any(%(return_ids)s::uuid[])
order by photo.kept_at, photo.id;

-- name: waivers_of_returns
-- Why there is no photo of lines of returns. Locks nothing.
select
  waived.return_id,
  waived.line_id,
  waived.reason
from returns.photo_waived as waived
where waived.return_id = any(%(return_ids)s::uuid[])
order by waived.return_id, waived.line_id;

-- name: photo_content
-- What a photo shows, as long as it is kept. Locks nothing.
select
  photo.return_id,
  photo.order_id,
  photo.by_customer,
  photo.media_type,
  photo.content
from returns.photo as photo
where photo.id = %(photo_id)s::uuid
  and photo.content is not null;

-- name: forget_old
-- Let go of what photos show whose time is over, the oldest first. Locks those it changes; passes over what others hold.
update returns.photo
set
  content = null,
  forgotten_at = %(now)s::timestamptz
where id in (
  select old.id
  from returns.photo as old
  where old.content is not null
    and old.kept_at < %(before)s::timestamptz
  order by old.kept_at, old.id
  limit %(limit)s::bigint
  for update skip locked
);

-- name: drop_unused
-- Drop photos whose return never came to be, once nobody can be filling its form in any more; those of some days are looked
-- at, and what was passed over then goes when its time is over. Locks those it drops.
delete from returns.photo
where id in (
  select unused.id
  from returns.photo as unused
  where unused.content is not null
    and unused.kept_at >= %(since)s::timestamptz
    and unused.kept_at < %(before)s::timestamptz
    and not exists (select from returns.return as return where return.id = unused.return_id)
    and not exists (select from returns.announced as announced where announced.id = unused.return_id)
  order by unused.kept_at, unused.id
  limit %(limit)s::bigint
  for update skip locked
)
returning id;

-- name: forget_of_orders
-- Let go of what photos of orders show. Locks those it changes.
update returns.photo
set
  content = null,
  forgotten_at = %(now)s::timestamptz
where order_id = any(%(order_ids)s::uuid[])
  and content is not null;
