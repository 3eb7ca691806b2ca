-- name: find_reviews
-- Reviews as HQ lists them, with what they came to, the newest first: of those that are bad, that are not, or all.
-- Locks nothing.
select
    review.id,
    review.about,
    review.order_id,
    review.line_id,
    review.product_id,
    review.sku_id,
    review.site_id,
    review.site_unit_id,
    review.member_id,
    review.receipt_id,
    review.stars,
    review.text,
    review.language,
    review.written_at,
    review.changed_at,
    review.version,
    review.reply,
    review.replied_at,
    review.hidden_at,
    review.hidden_reason,
    review.returned_at,
    reading.mood,
    reading.good_permille,
    reading.is_bad,
    reading.sender_id,
    reading.packer_id,
    array(
        select said.theme || ':' || said.mood
        from reviews.said as said
        where said.review_id = review.id
        order by said.theme
    ) as said,
    array(
        select picture.id
        from reviews.picture as picture
        where picture.review_id = review.id and picture.forgotten_at is null
        order by picture.position
    ) as pictures
from reviews.review as review
join reviews.reading as reading on reading.review_id = review.id
where (
    %(site_ids)s::uuid[] is null
        or review.site_id = any (%(site_ids)s::uuid[])
        or reading.sender_id = any (%(site_ids)s::uuid[])
)
    and (%(site_id)s::uuid is null or review.site_id = %(site_id)s::uuid or reading.sender_id = %(site_id)s::uuid)
    and (%(product_id)s::uuid is null or review.product_id = %(product_id)s::uuid)
    and (%(packer_id)s::uuid is null or reading.packer_id = %(packer_id)s::uuid)
    and (%(about)s::text is null or review.about = %(about)s::text)
    and (%(stars)s::smallint is null or review.stars = %(stars)s::smallint)
    and (%(mood)s::text is null or reading.mood = %(mood)s::text)
    and (
        %(theme)s::text is null
            or exists (
                select
                from reviews.said as said
                where said.review_id = review.id and said.theme = %(theme)s::text
            )
    )
    and (%(since)s::timestamptz is null or review.written_at >= %(since)s::timestamptz)
    and (%(until)s::timestamptz is null or review.written_at < %(until)s::timestamptz)
    and (%(words)s::text[] is null or reading.words @> %(words)s::text[])
    and (%(order_id)s::uuid is null or review.order_id = %(order_id)s::uuid)
    and (not %(waiting)s::boolean or review.reply is null)
    and (not %(answered)s::boolean or review.reply is not null)
    and (review.hidden_at is not null) = %(hidden)s::boolean
    and (%(bad)s::boolean is null or reading.is_bad = %(bad)s::boolean)
    and (%(before)s::uuid is null or review.id < %(before)s::uuid)
order by review.id desc
limit %(limit)s::integer

-- name: found_by_id
-- Reviews by their ids, with what they came to, in order of their ids. Locks nothing.
select
    review.id,
    review.about,
    review.order_id,
    review.line_id,
    review.product_id,
    review.sku_id,
    review.site_id,
    review.site_unit_id,
    review.member_id,
    review.receipt_id,
    review.stars,
    review.text,
    review.language,
    review.written_at,
    review.changed_at,
    review.version,
    review.reply,
    review.replied_at,
    review.hidden_at,
    review.hidden_reason,
    review.returned_at,
    reading.mood,
    reading.good_permille,
    reading.is_bad,
    reading.sender_id,
    reading.packer_id,
    array(
        select said.theme || ':' || said.mood
        from reviews.said as said
        where said.review_id = review.id
        order by said.theme
    ) as said,
    array(
        select picture.id
        from reviews.picture as picture
        where picture.review_id = review.id and picture.forgotten_at is null
        order by picture.position
    ) as pictures
from reviews.review as review
join reviews.reading as reading on reading.review_id = review.id
where review.id = any (%(ids)s::uuid[])
    and (
        %(site_ids)s::uuid[] is null
            or review.site_id = any (%(site_ids)s::uuid[])
            or reading.sender_id = any (%(site_ids)s::uuid[])
    )
order by review.id

-- name: counts
-- How many shown reviews wait for an answer, and how many of them are bad; each counted to a thousand. Locks nothing.
select
    (
        select count(*)
        from (
            select
            from reviews.review as review
            join reviews.reading as reading on reading.review_id = review.id
            where review.reply is null
                and review.hidden_at is null
                and (
                    %(site_ids)s::uuid[] is null
                        or review.site_id = any (%(site_ids)s::uuid[])
                        or reading.sender_id = any (%(site_ids)s::uuid[])
                )
            limit 1000
        ) as first_waiting
    ) as waiting,
    (
        select count(*)
        from (
            select
            from reviews.review as review
            join reviews.reading as reading on reading.review_id = review.id
            where review.reply is null
                and review.hidden_at is null
                and reading.is_bad
                and (
                    %(site_ids)s::uuid[] is null
                        or review.site_id = any (%(site_ids)s::uuid[])
                        or reading.sender_id = any (%(site_ids)s::uuid[])
                )
            limit 1000
        ) as first_bad
    ) as waiting_bad

-- name: history
-- Everything that was said, answered and decided of a review, in order: who, when, what. Locks nothing.
select
    'version' as kind,
    version.at,
    null::text as actor,
    version.stars,
    version.text,
    null::boolean as is_hidden
from reviews.version as version
where version.review_id = %(review_id)s::uuid
union all
select
    'reply' as kind,
    reply.at,
    reply.actor,
    null::smallint as stars,
    reply.text,
    null::boolean as is_hidden
from reviews.reply as reply
where reply.review_id = %(review_id)s::uuid
union all
select
    'decision' as kind,
    decision.at,
    decision.actor,
    null::smallint as stars,
    decision.reason as text,
    decision.is_hidden
from reviews.decision as decision
where decision.review_id = %(review_id)s::uuid
order by at, kind desc

-- name: replies_before
-- What reviews had as answers before the ones they have now; those that had none are left out, and so are those whose
-- answer had been taken back. Locks nothing.
select
    review_id,
    text
from (
    select
        reply.review_id,
        reply.text,
        row_number() over (partition by reply.review_id order by reply.id desc) as place
    from reviews.reply as reply
    where reply.review_id = any (%(review_ids)s::uuid[])
) as kept
where place = 2
    and text is not null
order by review_id
