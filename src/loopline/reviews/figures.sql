-- name: by_day
-- Shown reviews of a period by day and mood; with a theme in the mood they speak of it in. Locks nothing.
select
    (review.written_at at time zone %(zone)s::text)::date as day,
    count(*) filter (where coalesce(said.mood, reading.mood) = 'good') as good,
    count(*) filter (where coalesce(said.mood, reading.mood) = 'mixed') as mixed,
    count(*) filter (where coalesce(said.mood, reading.mood) = 'bad') as bad
from reviews.review as review
join reviews.reading as reading on reading.review_id = review.id
left join reviews.said as said on said.review_id = review.id and said.theme = %(theme)s::text
where review.written_at >= %(since)s::timestamptz
    and review.written_at < %(until)s::timestamptz
    and review.hidden_at is null
    and (%(theme)s::text is null or said.review_id is not null)
    and (
        %(site_ids)s::uuid[] is null
            or review.site_id = any (%(site_ids)s::uuid[])
            or reading.sender_id = any (%(site_ids)s::uuid[])
    )
    and (%(product_id)s::uuid is null or review.product_id = %(product_id)s::uuid)
group by day
order by day

-- name: by_theme
-- What shown reviews of a period speak of, and in which mood, what is spoken of most first. Locks nothing.
select
    said.theme,
    count(*) filter (where said.mood = 'good') as good,
    count(*) filter (where said.mood = 'mixed') as mixed,
    count(*) filter (where said.mood = 'bad') as bad
from reviews.review as review
join reviews.reading as reading on reading.review_id = review.id
join reviews.said as said on said.review_id = review.id
where review.written_at >= %(since)s::timestamptz
    and review.written_at < %(until)s::timestamptz
    and review.hidden_at is null
    and (
        %(site_ids)s::uuid[] is null
            or review.site_id = any (%(site_ids)s::uuid[])
            or reading.sender_id = any (%(site_ids)s::uuid[])
    )
    and (%(product_id)s::uuid is null or review.product_id = %(product_id)s::uuid)
group by said.theme
order by count(*) desc, said.theme

-- name: by_subject
-- Shown reviews of a period by product, by site, or by who packed the goods (`by`), those with most bad ones first; with a
-- theme in the mood they speak of it in. Locks nothing.
select
    counted.subject_id,
    count(*) as reviews,
    count(*) filter (where counted.mood = 'good') as good,
    count(*) filter (where counted.mood = 'mixed') as mixed,
    count(*) filter (where counted.mood = 'bad') as bad,
    sum(counted.stars) as stars
from (
    select
        case %(by)s::text
            when 'product' then review.product_id
            when 'packer' then reading.packer_id
            else coalesce(reading.sender_id, review.site_id)
        end as subject_id,
        coalesce(said.mood, reading.mood) as mood,
        review.stars
    from reviews.review as review
    join reviews.reading as reading on reading.review_id = review.id
    left join reviews.said as said on said.review_id = review.id and said.theme = %(theme)s::text
    where review.written_at >= %(since)s::timestamptz
        and review.written_at < %(until)s::timestamptz
        and review.hidden_at is null
        and (%(theme)s::text is null or said.review_id is not null)
        and (
            %(site_ids)s::uuid[] is null
                or review.site_id = any (%(site_ids)s::uuid[])
                or reading.sender_id = any (%(site_ids)s::uuid[])
        )
        and (%(product_id)s::uuid is null or review.product_id = %(product_id)s::uuid)
) as counted
where counted.subject_id is not null
group by counted.subject_id
order by count(*) filter (where counted.mood = 'bad') desc, count(*) desc, counted.subject_id
limit %(limit)s::integer

-- name: sending_record
-- Of shown reviews of goods in a period, by the site that sent them: how many there are, and how many speak badly of how
-- they were packed and sent. Locks nothing.
select
    reading.sender_id as site_id,
    count(*) as reviews,
    count(*) filter (
        where exists (
            select
            from reviews.said as said
            where said.review_id = reading.review_id
                and said.theme = any (%(themes)s::text[])
                and said.mood = 'bad'
        )
    ) as bad
from reviews.reading as reading
join reviews.review as review on review.id = reading.review_id
where review.written_at >= %(since)s::timestamptz
    and review.written_at < %(until)s::timestamptz
    and review.hidden_at is null
    and review.about <> 'store'
    and reading.sender_id is not null
group by reading.sender_id
order by reading.sender_id
