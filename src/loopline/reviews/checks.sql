-- name: tallies_equal_reviews
-- Products and sites that count other stars than their shown reviews gave.
with given as (
    select
        about,
        case when about = 'product' then product_id else site_id end as subject_id,
        count(*) filter (where stars = 1) as ones,
        count(*) filter (where stars = 2) as twos,
        count(*) filter (where stars = 3) as threes,
        count(*) filter (where stars = 4) as fours,
        count(*) filter (where stars = 5) as fives
    from reviews.review
    where hidden_at is null
        and case when about = 'product' then product_id else site_id end is not null
    group by about, subject_id
),
compared as (
    select
        about,
        subject_id,
        concat_ws(
            ', ', coalesce(tally.ones, 0), coalesce(tally.twos, 0), coalesce(tally.threes, 0), coalesce(tally.fours, 0),
            coalesce(tally.fives, 0)
        ) as found,
        concat_ws(
            ', ', coalesce(given.ones, 0), coalesce(given.twos, 0), coalesce(given.threes, 0), coalesce(given.fours, 0),
            coalesce(given.fives, 0)
        ) as expected
    from reviews.tally as tally
    full join given using (about, subject_id)
)
select
    'stars of the ' || about || ' of ' || subject_id as subject,
    found,
    expected,
    'delete from reviews.tally where about = ' || quote_literal(about) || ' and subject_id = '
        || quote_literal(subject_id) || '; insert into reviews.tally values (' || quote_literal(about) || ', '
        || quote_literal(subject_id) || ', ' || expected || ')' as repair
from compared
where found <> expected
order by about, subject_id

-- name: reviews_show_their_latest
-- Reviews that show another version, reply or decision than the last one that was kept.
with latest as (
    select
        review.id,
        concat_ws(
            ' · ', review.version, review.stars, review.text, coalesce(review.reply, 'no reply'),
            case when review.hidden_at is null then 'shown' else 'hidden' end
        ) as found,
        concat_ws(
            ' · ', version.version, version.stars, version.text, coalesce(reply.text, 'no reply'),
            case when coalesce(decision.is_hidden, false) then 'hidden' else 'shown' end
        ) as expected,
        version.stars,
        version.text
    from reviews.review as review
    left join lateral (
        select
            kept.version,
            kept.stars,
            kept.text
        from reviews.version as kept
        where kept.review_id = review.id
        order by kept.version desc
        limit 1
    ) as version on true
    left join lateral (
        select kept.text
        from reviews.reply as kept
        where kept.review_id = review.id
        order by kept.id desc
        limit 1
    ) as reply on true
    left join lateral (
        select kept.is_hidden
        from reviews.decision as kept
        where kept.review_id = review.id
        order by kept.id desc
        limit 1
    ) as decision on true
)
select
    'review ' || id as subject,
    left(found, 200) as found,
    left(expected, 200) as expected,
    case
        when stars is null then 'select * from reviews.review where id = ' || quote_literal(id)
        else 'update reviews.review set stars = ' || stars || ', text = ' || quote_literal(text)
            || ', version = (select max(version) from reviews.version where review_id = ' || quote_literal(id)
            || '), (reply, replied_at) = (select text, case when text is not null then at end from reviews.reply where review_id = ' || quote_literal(id)
            || ' order by id desc limit 1), (hidden_at, hidden_reason) = (select at, reason from reviews.decision'
            || ' where review_id = ' || quote_literal(id)
            || ' and is_hidden and id = (select max(id::text)::uuid from reviews.decision where review_id = '
            || quote_literal(id) || ')) where id = ' || quote_literal(id)
    end as repair
from latest
where found <> expected
order by id
