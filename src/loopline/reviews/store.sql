-- name: insert_reviews
-- Write reviews, in the order of what they are about, so that rivals for the same lines wait in no circle; one that
-- stands is left alone and not returned.
insert into reviews.review (
    id, about, order_id, line_id, product_id, sku_id, site_id, site_unit_id, member_id, receipt_id, stars, text, language,
    written_at, changed_at, version
)
select
    id,
    about,
    order_id,
    line_id,
    product_id,
    sku_id,
    site_id,
    site_unit_id,
    member_id,
    receipt_id,
    stars,
    text,
    language,
    %(now)s::timestamptz,
    %(now)s::timestamptz,
    1
from jsonb_to_recordset(%(rows)s::jsonb) as made (
    id uuid, about text, order_id uuid, line_id uuid, product_id uuid, sku_id uuid, site_id uuid, site_unit_id uuid,
    member_id uuid, receipt_id uuid, stars smallint, text text, language text
)
order by about collate "C", coalesce(line_id, order_id)
on conflict do nothing
returning id

-- name: insert_versions
-- Keep what reviews say from now on. The caller wrote or holds the reviews.
insert into reviews.version (review_id, version, stars, text, language, at)
select
    review_id,
    version,
    stars,
    text,
    language,
    at
from jsonb_to_recordset(%(rows)s::jsonb) as made (
    review_id uuid, version integer, stars smallint, text text, language text, at timestamptz
)

-- name: reviews_by_keys
-- The reviews of lines, and of orders their stores and experiences. Locks nothing.
select
    id,
    about,
    order_id,
    line_id,
    product_id,
    sku_id,
    site_id,
    site_unit_id,
    member_id,
    receipt_id,
    stars,
    text,
    language,
    written_at,
    changed_at,
    version,
    reply,
    replied_at,
    hidden_at,
    hidden_reason,
    returned_at
from reviews.review
where (about = 'product' and line_id = any (%(line_ids)s::uuid[]))
    or (about <> 'product' and order_id = any (%(order_ids)s::uuid[]))
order by id

-- name: lock_reviews
-- Reviews by their ids; locks them in that order.
select
    id,
    about,
    order_id,
    line_id,
    product_id,
    sku_id,
    site_id,
    site_unit_id,
    member_id,
    receipt_id,
    stars,
    text,
    language,
    written_at,
    changed_at,
    version,
    reply,
    replied_at,
    hidden_at,
    hidden_reason,
    returned_at
from reviews.review
where id = any (%(ids)s::uuid[])
order by id
for update

-- name: update_reviews
-- Write what reviews say and show now. The caller holds them.
update reviews.review as review
set
    stars = made.stars,
    text = made.text,
    language = made.language,
    changed_at = made.changed_at,
    version = made.version,
    reply = made.reply,
    replied_at = made.replied_at,
    hidden_at = made.hidden_at,
    hidden_reason = made.hidden_reason
from jsonb_to_recordset(%(rows)s::jsonb) as made (
    id uuid, stars smallint, text text, language text, changed_at timestamptz, version integer, reply text,
    replied_at timestamptz, hidden_at timestamptz, hidden_reason text
)
where review.id = made.id

-- name: insert_replies
-- Keep what stores answered. The caller holds the reviews.
insert into reviews.reply (id, review_id, text, actor, at)
select
    id,
    review_id,
    text,
    %(actor)s::text,
    %(now)s::timestamptz
from unnest(%(ids)s::uuid[], %(review_ids)s::uuid[], %(texts)s::text[]) as made (id, review_id, text)

-- name: insert_decisions
-- Keep who hid reviews or showed them again. The caller holds the reviews.
insert into reviews.decision (id, review_id, is_hidden, reason, actor, at)
select
    id,
    review_id,
    is_hidden,
    reason,
    %(actor)s::text,
    %(now)s::timestamptz
from unnest(%(ids)s::uuid[], %(review_ids)s::uuid[], %(hidden)s::boolean[], %(reasons)s::text[])
    as made (id, review_id, is_hidden, reason)

-- name: begin_tallies
-- Let products and sites that had no review have a tally, in the order of (about, subject).
insert into reviews.tally (about, subject_id)
select
    about,
    subject_id
from unnest(%(abouts)s::text[], %(subject_ids)s::uuid[]) as wanted (about, subject_id)
order by about collate "C", subject_id
on conflict on constraint tally_pkey do nothing

-- name: lock_tallies
-- Locks the tallies of products and sites in the order of (about, subject).
select subject_id
from reviews.tally as standing
join unnest(%(abouts)s::text[], %(subject_ids)s::uuid[]) as wanted (about, subject_id) using (about, subject_id)
order by about collate "C", subject_id
for no key update of standing

-- name: move_tallies
-- Move the stars of products and sites. The caller holds their tallies.
update reviews.tally as standing
set
    ones = standing.ones + moved.ones,
    twos = standing.twos + moved.twos,
    threes = standing.threes + moved.threes,
    fours = standing.fours + moved.fours,
    fives = standing.fives + moved.fives
from unnest(
    %(abouts)s::text[],
    %(subject_ids)s::uuid[],
    %(ones)s::bigint[],
    %(twos)s::bigint[],
    %(threes)s::bigint[],
    %(fours)s::bigint[],
    %(fives)s::bigint[]
) as moved (about, subject_id, ones, twos, threes, fours, fives)
where standing.about = moved.about
    and standing.subject_id = moved.subject_id

-- name: mark_returned
-- Mark the reviews of lines that came back whole; those that are marked stay. Locks them.
update reviews.review
set returned_at = %(now)s::timestamptz
where about = 'product'
    and line_id = any (%(line_ids)s::uuid[])
    and returned_at is null
