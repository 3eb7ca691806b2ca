-- name: reviews_by_id
-- Reviews by their ids. Locks nothing.
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

-- name: reviews_page
-- Reviews, the newest first, from an id on: of a product, of a site, about one thing; hidden ones only for who may see
-- them. Locks nothing.
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
where (%(product_id)s::uuid is null or product_id = %(product_id)s::uuid)
    and (%(site_id)s::uuid is null or site_id = %(site_id)s::uuid)
    and (%(about)s::text is null or about = %(about)s::text)
    and (%(with_hidden)s::boolean or hidden_at is null)
    and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc
limit %(limit)s::integer

-- name: reviews_of_orders
-- All reviews of orders, in the order they were written. Locks nothing.
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
where order_id = any (%(order_ids)s::uuid[])
order by id

-- name: versions_of_review
-- What a review said, from its first version on. Locks nothing.
select
    version,
    stars,
    text,
    at
from reviews.version
where review_id = %(review_id)s::uuid
order by version

-- name: tallies
-- How many shown reviews gave products or sites how many stars. Locks nothing.
select
    about,
    subject_id,
    ones,
    twos,
    threes,
    fours,
    fives
from reviews.tally
where about = %(about)s::text
    and subject_id = any (%(subject_ids)s::uuid[])
order by subject_id

-- name: members_unanswered
-- Which members wrote a review that is shown, and that nobody replied to. Locks nothing.
select distinct member_id
from reviews.review
where member_id = any (%(member_ids)s::uuid[])
    and reply is null
    and hidden_at is null
order by member_id
