-- name: batches_by_codes
-- Batches of coupons by their codes. Locks nothing.
select
    batch.id,
    batch.code,
    batch.name,
    batch.currency,
    batch.effect,
    batch.conditions,
    batch.least_minor,
    batch.with_promotions,
    batch.with_coupons,
    batch.funders,
    batch.valid_from,
    batch.valid_until,
    batch.days,
    batch.total,
    batch.per_person,
    batch.shared_code,
    batch.by_staff,
    batch.author,
    batch.comment,
    batch.saved_at,
    batch.published_at,
    batch.published_by,
    batch.stopped_at,
    batch.stopped_by,
    batch.given
from pricing.coupon_batch as batch
where batch.code = any(%(codes)s::text[])
order by batch.code;

-- name: batches_by_ids
-- Batches of coupons by their ids. Locks nothing.
select
    batch.id,
    batch.code,
    batch.name,
    batch.currency,
    batch.effect,
    batch.conditions,
    batch.least_minor,
    batch.with_promotions,
    batch.with_coupons,
    batch.funders,
    batch.valid_from,
    batch.valid_until,
    batch.days,
    batch.total,
    batch.per_person,
    batch.shared_code,
    batch.by_staff,
    batch.author,
    batch.comment,
    batch.saved_at,
    batch.published_at,
    batch.published_by,
    batch.stopped_at,
    batch.stopped_by,
    batch.given
from pricing.coupon_batch as batch
where batch.id = any(%(batch_ids)s::uuid[])
order by batch.id;

-- name: batches_by_shared_codes
-- Batches of coupons that members claim by these codes. Locks nothing.
select
    batch.id,
    batch.code,
    batch.name,
    batch.currency,
    batch.effect,
    batch.conditions,
    batch.least_minor,
    batch.with_promotions,
    batch.with_coupons,
    batch.funders,
    batch.valid_from,
    batch.valid_until,
    batch.days,
    batch.total,
    batch.per_person,
    batch.shared_code,
    batch.by_staff,
    batch.author,
    batch.comment,
    batch.saved_at,
    batch.published_at,
    batch.published_by,
    batch.stopped_at,
    batch.stopped_by,
    batch.given
from pricing.coupon_batch as batch
where batch.shared_code = any(%(shared_codes)s::text[])
order by batch.code;

-- name: batches_page
-- The batches of coupons that somebody may see, the last saved first, after a place, at most so many; of some places, or
-- of all. One that names no place is everybody's. Locks nothing.
select
    batch.id,
    batch.code,
    batch.name,
    batch.currency,
    batch.effect,
    batch.conditions,
    batch.least_minor,
    batch.with_promotions,
    batch.with_coupons,
    batch.funders,
    batch.valid_from,
    batch.valid_until,
    batch.days,
    batch.total,
    batch.per_person,
    batch.shared_code,
    batch.by_staff,
    batch.author,
    batch.comment,
    batch.saved_at,
    batch.published_at,
    batch.published_by,
    batch.stopped_at,
    batch.stopped_by,
    batch.given
from pricing.coupon_batch as batch
where (
    %(everything)s::boolean
    or (batch.site_id is null and batch.org_unit_id is null)
    or batch.site_id = any(%(site_ids)s::uuid[])
    or batch.org_unit_id = any(%(org_unit_ids)s::uuid[])
  )
  and (%(codes)s::text[] is null or batch.code = any(%(codes)s::text[]))
  and (%(before_at)s::timestamptz is null or (batch.saved_at, batch.id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
order by batch.saved_at desc, batch.id desc
limit %(at_most)s::bigint;

-- name: batches_for_staff
-- The published batches that staff of a site may give now, by name: of the site itself, of a unit on the way to it, or of
-- no place. Locks nothing.
select
    batch.id,
    batch.code,
    batch.name,
    batch.currency,
    batch.effect,
    batch.conditions,
    batch.least_minor,
    batch.with_promotions,
    batch.with_coupons,
    batch.funders,
    batch.valid_from,
    batch.valid_until,
    batch.days,
    batch.total,
    batch.per_person,
    batch.shared_code,
    batch.by_staff,
    batch.author,
    batch.comment,
    batch.saved_at,
    batch.published_at,
    batch.published_by,
    batch.stopped_at,
    batch.stopped_by,
    batch.given
from pricing.coupon_batch as batch
where batch.by_staff
  and batch.published_at is not null
  and batch.stopped_at is null
  and (batch.valid_until is null or batch.valid_until > %(now)s::timestamptz)
  and batch.given < batch.total
  and (batch.site_id is null or batch.site_id = %(site_id)s::uuid)
  and (batch.org_unit_id is null or batch.org_unit_id = any(%(unit_path)s::uuid[]))
order by batch.name, batch.code
limit %(at_most)s::bigint;

-- name: lock_codes
-- Let one transaction at a time write batches under these codes: advisory locks in the order of the codes, to its end.
select pg_advisory_xact_lock(hashtextextended('pricing.coupon_batch:' || code, 0))
from unnest(%(codes)s::text[]) as code
order by code;

-- name: put_drafts
-- Write drafts of batches, each under its id, new or anew. The caller holds the locks of their codes. What is published
-- stays as it is.
insert into pricing.coupon_batch (
    id, code, name, currency, effect, conditions, least_minor, with_promotions, with_coupons, funders, valid_from,
    valid_until, days, total, per_person, shared_code, by_staff, author, comment, saved_at
)
select
    draft.id,
    draft.code,
    draft.name,
    draft.currency,
    draft.effect,
    draft.conditions,
    draft.least_minor,
    draft.with_promotions,
    draft.with_coupons,
    draft.funders,
    draft.valid_from,
    draft.valid_until,
    draft.days,
    draft.total,
    draft.per_person,
    draft.shared_code,
    draft.by_staff,
    draft.author,
    draft.comment,
    draft.saved_at
from jsonb_to_recordset(%(drafts)s::jsonb) as draft (
    id uuid,
    code text,
    name text,
    currency text,
    effect jsonb,
    conditions jsonb,
    least_minor bigint,
    with_promotions boolean,
    with_coupons boolean,
    funders jsonb,
    valid_from timestamptz,
    valid_until timestamptz,
    days integer,
    total integer,
    per_person integer,
    shared_code text,
    by_staff boolean,
    author text,
    comment text,
    saved_at timestamptz
)
order by draft.code
on conflict (id) do update
set
    name = excluded.name,
    currency = excluded.currency,
    effect = excluded.effect,
    conditions = excluded.conditions,
    least_minor = excluded.least_minor,
    with_promotions = excluded.with_promotions,
    with_coupons = excluded.with_coupons,
    funders = excluded.funders,
    valid_from = excluded.valid_from,
    valid_until = excluded.valid_until,
    days = excluded.days,
    total = excluded.total,
    per_person = excluded.per_person,
    shared_code = excluded.shared_code,
    by_staff = excluded.by_staff,
    author = excluded.author,
    comment = excluded.comment,
    saved_at = excluded.saved_at
where coupon_batch.published_at is null;

-- name: publish_batches
-- Put drafts in force. The caller holds the locks of their codes.
update pricing.coupon_batch
set
    published_at = %(now)s::timestamptz,
    published_by = %(by)s::text
where id = any(%(batch_ids)s::uuid[])
  and published_at is null;

-- name: stop_batches
-- Give no more of these batches. Locks their rows.
update pricing.coupon_batch
set
    stopped_at = %(now)s::timestamptz,
    stopped_by = %(by)s::text
where id = any(%(batch_ids)s::uuid[])
  and published_at is not null
  and stopped_at is null;

-- name: lock_batches
-- Let one transaction at a time give coupons of these batches. Locks their rows by id.
select batch.id
from pricing.coupon_batch as batch
where batch.id = any(%(batch_ids)s::uuid[])
order by batch.id
for update;

-- name: holdings
-- How many coupons of batches members were given. The caller holds the batches' rows.
select
    holder.batch_id,
    holder.member_id,
    holder.coupons
from pricing.coupon_holder as holder
where (holder.batch_id, holder.member_id) in (
    select asked.batch_id, asked.member_id
    from unnest(%(batch_ids)s::uuid[], %(member_ids)s::uuid[]) as asked (batch_id, member_id)
)
order by holder.batch_id, holder.member_id;

-- name: copy_coupons
-- New coupons, free all of them; their batches count them beside.
copy pricing.coupon (
    id, batch_id, secret, member_id, how, given_by, given_at, valid_from, valid_until
) from stdin;

-- name: count_given
-- Count coupons that were given, for their batches and the members who have them. The caller holds the batches' rows.
with given as (
    select asked.batch_id, asked.member_id, count(*) as coupons
    from unnest(%(batch_ids)s::uuid[], %(member_ids)s::uuid[]) as asked (batch_id, member_id)
    group by asked.batch_id, asked.member_id
),
counted as (
    update pricing.coupon_batch as batch
    set given = batch.given + of_batch.coupons
    from (select batch_id, sum(coupons)::integer as coupons from given group by batch_id) as of_batch
    where batch.id = of_batch.batch_id
)
insert into pricing.coupon_holder (batch_id, member_id, coupons, most)
select given.batch_id, given.member_id, given.coupons, batch.per_person
from given
join pricing.coupon_batch as batch on batch.id = given.batch_id
where given.member_id is not null
order by given.batch_id, given.member_id
on conflict (batch_id, member_id) do update
set coupons = coupon_holder.coupons + excluded.coupons;

-- name: claim_coupon
-- Make a coupon that is nobody's a member's. The caller holds its batch's row; locks the coupon's. No row: a rival was
-- faster.
with claimed as (
    update pricing.coupon
    set member_id = %(member_id)s::uuid
    where id = %(coupon_id)s::uuid
      and member_id is null
      and state = 'free'
    returning coupon.batch_id, coupon.member_id
)
insert into pricing.coupon_holder (batch_id, member_id, coupons, most)
select claimed.batch_id, claimed.member_id, 1, batch.per_person
from claimed
join pricing.coupon_batch as batch on batch.id = claimed.batch_id
on conflict (batch_id, member_id) do update
set coupons = coupon_holder.coupons + 1;

-- name: lock_free_coupons
-- Coupons by their codes that are free and nobody else is about to take: passes over rows that others hold, so that who
-- places orders never waits for a coupon while holding stock. Locks the rows by id.
select coupon.*
from (
    select
        coupon.id,
        coupon.batch_id,
        coupon.secret,
        coupon.member_id,
        coupon.how,
        coupon.given_by,
        coupon.given_at,
        coupon.valid_from,
        coupon.valid_until,
        coupon.state,
        coupon.order_id,
        coupon.taken_at,
        coupon.off_minor,
        coupon.order_minor
    from pricing.coupon
    where coupon.secret = any(%(secrets)s::text[])
      and coupon.state = 'free'
    order by coupon.id
    for update skip locked
) as coupon;

-- name: coupons_by_secrets
-- Coupons by their codes. Locks nothing.
select
    coupon.id,
    coupon.batch_id,
    coupon.secret,
    coupon.member_id,
    coupon.how,
    coupon.given_by,
    coupon.given_at,
    coupon.valid_from,
    coupon.valid_until,
    coupon.state,
    coupon.order_id,
    coupon.taken_at,
    coupon.off_minor,
    coupon.order_minor
from pricing.coupon
where coupon.secret = any(%(secrets)s::text[])
order by coupon.id;

-- name: coupons_of_member
-- A member's coupons: those that are free or held first, the ones that end soonest first, then the others, the last taken
-- first; at most so many. Locks nothing.
select
    coupon.id,
    coupon.batch_id,
    coupon.secret,
    coupon.member_id,
    coupon.how,
    coupon.given_by,
    coupon.given_at,
    coupon.valid_from,
    coupon.valid_until,
    coupon.state,
    coupon.order_id,
    coupon.taken_at,
    coupon.off_minor,
    coupon.order_minor
from pricing.coupon
where coupon.member_id = %(member_id)s::uuid
order by
    (coupon.state = 'spent' or coupon.valid_until <= %(now)s::timestamptz),
    case when coupon.state <> 'spent' and coupon.valid_until > %(now)s::timestamptz then coupon.valid_until end,
    coupon.taken_at desc nulls last,
    coupon.id desc
limit %(at_most)s::bigint;

-- name: coupons_of_batch
-- Coupons of a batch after an id, at most so many, in the order in which they were given. Locks nothing.
select
    coupon.id,
    coupon.batch_id,
    coupon.secret,
    coupon.member_id,
    coupon.how,
    coupon.given_by,
    coupon.given_at,
    coupon.valid_from,
    coupon.valid_until,
    coupon.state,
    coupon.order_id,
    coupon.taken_at,
    coupon.off_minor,
    coupon.order_minor
from pricing.coupon
where coupon.batch_id = %(batch_id)s::uuid
  and (%(after)s::uuid is null or coupon.id > %(after)s::uuid)
order by coupon.id
limit %(at_most)s::bigint;

-- name: lock_coupons_of_orders
-- Coupons that orders hold, or that were spent on them, as they stand once nobody else changes them. Locks them by id.
select
    coupon.id,
    coupon.batch_id,
    coupon.secret,
    coupon.member_id,
    coupon.how,
    coupon.given_by,
    coupon.given_at,
    coupon.valid_from,
    coupon.valid_until,
    coupon.state,
    coupon.order_id,
    coupon.taken_at,
    coupon.off_minor,
    coupon.order_minor
from pricing.coupon
where coupon.order_id = any(%(order_ids)s::uuid[])
order by coupon.id
for update;

-- name: take_coupons
-- Let orders hold, or spend, free coupons. The caller holds their rows, or passes over those that are free no more: as many
-- rows change as were free.
with asked as (
    select *
    from unnest(
        %(coupon_ids)s::uuid[], %(order_ids)s::uuid[], %(states)s::text[], %(offs)s::bigint[], %(amounts)s::bigint[]
    ) as asked (coupon_id, order_id, state, off_minor, order_minor)
),
taken as (
    update pricing.coupon
    set
        state = asked.state,
        order_id = asked.order_id,
        taken_at = %(now)s::timestamptz,
        off_minor = asked.off_minor,
        order_minor = asked.order_minor
    from asked
    where coupon.id = asked.coupon_id
      and coupon.state = 'free'
    returning coupon.id, coupon.state, coupon.order_id
)
insert into pricing.coupon_entry (coupon_id, step, order_id, at)
select taken.id, taken.state, taken.order_id, %(now)s::timestamptz
from taken
order by taken.id;

-- name: copy_line_offs
-- What coupons took off lines. Nothing changes it.
copy pricing.coupon_line (coupon_id, order_id, line_id, amount_minor) from stdin;

-- name: copy_entries
-- What happened to coupons. Nothing changes it.
copy pricing.coupon_entry (coupon_id, step, order_id, at) from stdin;

-- name: line_offs
-- What coupons took off lines of orders, whatever became of them since. Locks nothing.
select
    off.coupon_id,
    off.order_id,
    off.line_id,
    off.amount_minor
from pricing.coupon_line as off
where off.order_id = any(%(order_ids)s::uuid[])
order by off.order_id, off.coupon_id, off.line_id;

-- name: spend_coupons
-- Spend what orders hold: they are paid. Locks the rows of their coupons.
with spent as (
    update pricing.coupon
    set state = 'spent'
    where coupon.order_id = any(%(order_ids)s::uuid[])
      and coupon.state = 'held'
    returning coupon.id, coupon.order_id
)
insert into pricing.coupon_entry (coupon_id, step, order_id, at)
select spent.id, 'spent', spent.order_id, %(now)s::timestamptz
from spent
order by spent.id;

-- name: give_back
-- Free coupons again that orders have, each until a moment. Locks their rows.
with asked as (
    select *
    from unnest(%(coupon_ids)s::uuid[], %(order_ids)s::uuid[], %(until)s::timestamptz[])
        as asked (coupon_id, order_id, valid_until)
),
back as (
    update pricing.coupon
    set
        state = 'free',
        order_id = null,
        taken_at = null,
        off_minor = 0,
        order_minor = 0,
        valid_until = asked.valid_until
    from asked
    where coupon.id = asked.coupon_id
      and coupon.order_id = asked.order_id
      and coupon.state <> 'free'
    returning coupon.id, asked.order_id
)
insert into pricing.coupon_entry (coupon_id, step, order_id, at)
select back.id, 'back', back.order_id, %(now)s::timestamptz
from back
order by back.id;

-- name: lock_coupons_to_retake
-- Coupons by id that are free and nobody else is about to take. Passes over rows that others hold; locks the rest by id.
select coupon.id
from pricing.coupon
where coupon.id = any(%(coupon_ids)s::uuid[])
  and coupon.state = 'free'
order by coupon.id
for update skip locked;

-- name: figures
-- What became of batches whose coupons were taken, by where these stand now. Locks nothing.
select
    coupon.batch_id,
    count(*) filter (where coupon.state = 'held') as held,
    count(*) filter (where coupon.state = 'spent') as spent,
    coalesce(sum(coupon.off_minor) filter (where coupon.state = 'spent'), 0)::bigint as off_minor,
    coalesce(sum(coupon.order_minor) filter (where coupon.state = 'spent'), 0)::bigint as brought_minor
from pricing.coupon
where coupon.batch_id = any(%(batch_ids)s::uuid[])
  and coupon.state <> 'free'
group by coupon.batch_id
order by coupon.batch_id;

-- name: names_of_discounts
-- What takes something off is called: versions of promotions, batches of coupons, and versions of the programme of points, by
-- id. Locks nothing.
select promotion.id, promotion.code, promotion.name
from pricing.promotion
where promotion.id = any(%(ids)s::uuid[])
union all
select batch.id, batch.code, batch.name
from pricing.coupon_batch as batch
where batch.id = any(%(ids)s::uuid[])
union all
select programme.id, 'POINTS', programme.terms ->> 'name'
from pricing.points_programme as programme
where programme.id = any(%(ids)s::uuid[])
order by id;
