-- name: kept_pictures
-- What was sent as pictures of reviews, forgotten ones too, in their order. Locks nothing.
select
    review_id,
    sent_hash
from reviews.picture
where review_id = any (%(review_ids)s::uuid[])
order by review_id, position

-- name: insert_pictures
-- Keep pictures of reviews. The caller wrote or holds the reviews, and knows that the places are free.
insert into reviews.picture (
    id, review_id, position, added_at, media_type, width, height, sent_hash, content, small
)
select
    given.id,
    given.review_id,
    given.position,
    %(now)s::timestamptz,
    given.media_type,
    given.width,
    given.height,
    given.sent_hash,
    given.content,
    given.small
from unnest(
    %(ids)s::uuid[],
    %(review_ids)s::uuid[],
    %(positions)s::smallint[],
    %(media_types)s::text[],
    %(widths)s::integer[],
    %(heights)s::integer[],
    %(sent_hashes)s::bytea[],
    %(contents)s::bytea[],
    %(smalls)s::bytea[]
) as given (id, review_id, position, media_type, width, height, sent_hash, content, small)

-- name: pictures_of_reviews
-- The pictures of reviews that still show something, in the order they were sent. Locks nothing.
select
    review_id,
    id
from reviews.picture
where review_id = any (%(review_ids)s::uuid[])
    and forgotten_at is null
order by review_id, position

-- name: picture_content
-- What a picture shows, large or small, and whether its review is hidden; none where it was forgotten. Locks nothing.
select
    picture.review_id,
    review.hidden_at is not null as is_hidden,
    picture.media_type,
    case when %(is_small)s::boolean then picture.small else picture.content end as content
from reviews.picture as picture
join reviews.review as review on review.id = picture.review_id
where picture.id = %(id)s::uuid
    and picture.forgotten_at is null

-- name: forget_pictures
-- Let go of what pictures show that members sent, or that are of their orders. Locks them.
update reviews.picture as picture
set
    content = null,
    small = null,
    forgotten_at = %(now)s::timestamptz
from reviews.review as review
where review.id = picture.review_id
    and picture.forgotten_at is null
    and (review.member_id = any (%(member_ids)s::uuid[]) or review.order_id = any (%(order_ids)s::uuid[]))
