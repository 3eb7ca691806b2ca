-- name: mood_in_force
-- The model published last, without its weights: none where it was withdrawn or none ever was. Locks nothing.
select
    version,
    learnt_at,
    learnt_by,
    texts,
    languages,
    measures,
    octet_length(weights) as size,
    digest,
    published_at,
    published_by,
    comment,
    withdrawn_at
from (
    select *
    from reviews.mood_model
    where published_at is not null
    order by published_at desc, version desc
    limit 1
) as latest
where withdrawn_at is null

-- name: mood_models
-- All models, the newest first, without their weights. Locks nothing.
select
    version,
    learnt_at,
    learnt_by,
    texts,
    languages,
    measures,
    octet_length(weights) as size,
    digest,
    published_at,
    published_by,
    comment,
    withdrawn_at
from reviews.mood_model
order by version desc
limit %(limit)s::integer

-- name: mood_weights
-- What a model weighs. Locks nothing.
select weights
from reviews.mood_model
where version = %(version)s::integer

-- name: insert_mood_model
-- Keep what was learnt under the next number. Of two at once one raises a unique violation, and begins again.
insert into reviews.mood_model (version, learnt_at, learnt_by, texts, languages, measures, weights, digest)
select
    coalesce(max(version), 0) + 1,
    %(now)s::timestamptz,
    %(by)s::text,
    %(texts)s::integer,
    %(languages)s::text[],
    %(measures)s::jsonb,
    %(weights)s::bytea,
    %(digest)s::text
from reviews.mood_model
returning version

-- name: publish_mood_model
-- Let a model read from now on, again where it did before. Locks its row.
update reviews.mood_model
set
    published_at = %(now)s::timestamptz,
    published_by = %(by)s::text,
    comment = %(comment)s::text,
    withdrawn_at = null
where version = %(version)s::integer
returning version

-- name: withdraw_mood_model
-- Let no model read from now on. Locks the row of the one published last.
update reviews.mood_model
set withdrawn_at = %(now)s::timestamptz
where withdrawn_at is null
    and version = (
        select version
        from reviews.mood_model
        where published_at is not null
        order by published_at desc, version desc
        limit 1
    )
returning version

-- name: themes_in_force
-- The list of themes written last, if any. Locks nothing.
select
    version,
    themes,
    written_at,
    written_by,
    comment
from reviews.theme_list
order by version desc
limit 1

-- name: theme_lists
-- All lists of themes, the newest first. Locks nothing.
select
    version,
    themes,
    written_at,
    written_by,
    comment
from reviews.theme_list
order by version desc
limit %(limit)s::integer

-- name: insert_theme_list
-- Keep a list of themes under the next number. Of two at once one raises a unique violation, and begins again.
insert into reviews.theme_list (version, themes, written_at, written_by, comment)
select
    coalesce(max(version), 0) + 1,
    %(themes)s::jsonb,
    %(now)s::timestamptz,
    %(by)s::text,
    %(comment)s::text
from reviews.theme_list
returning version

-- name: to_read_again
-- Reviews that were read with another model or list of themes than is in force. Locks their readings in order of the
-- reviews, and passes over those that somebody reads.
select review_id
from reviews.reading
where model_version < %(model_version)s::integer
    or model_version > %(model_version)s::integer
    or (model_version = %(model_version)s::integer and themes_version < %(themes_version)s::integer)
    or (model_version = %(model_version)s::integer and themes_version > %(themes_version)s::integer)
order by review_id
limit %(limit)s::integer
for update skip locked

-- name: write_readings
-- Keep what reviews came to; one of an earlier version of a review changes nothing. Locks the readings by review.
insert into reviews.reading (
    review_id, review_version, mood, good_permille, is_bad, model_version, themes_version, sender_id, packer_id, words,
    read_at
)
select
    review_id,
    review_version,
    mood,
    good_permille,
    is_bad,
    model_version,
    themes_version,
    sender_id,
    packer_id,
    words,
    %(now)s::timestamptz
from jsonb_to_recordset(%(rows)s::jsonb) as made (
    review_id uuid, review_version integer, mood text, good_permille smallint, is_bad boolean, model_version integer,
    themes_version integer, sender_id uuid, packer_id uuid, words text[]
)
order by review_id
on conflict on constraint reading_pkey do update
set
    review_version = excluded.review_version,
    mood = excluded.mood,
    good_permille = excluded.good_permille,
    is_bad = excluded.is_bad,
    model_version = excluded.model_version,
    themes_version = excluded.themes_version,
    sender_id = excluded.sender_id,
    packer_id = excluded.packer_id,
    words = excluded.words,
    read_at = excluded.read_at
where reading.review_version <= excluded.review_version
returning review_id

-- name: forget_said
-- Forget what reviews were found to speak of. The caller holds their readings.
delete from reviews.said
where review_id = any (%(review_ids)s::uuid[])

-- name: insert_said
-- Keep what reviews speak of, and in which mood. The caller holds their readings.
insert into reviews.said (review_id, theme, mood)
select
    review_id,
    theme,
    mood
from unnest(%(review_ids)s::uuid[], %(themes)s::text[], %(moods)s::text[]) as made (review_id, theme, mood)

-- name: raise_alerts
-- Tell sites of bad reviews; of one they were told of before they are not told again, and of one that was answered or
-- hidden meanwhile they need not be told. Locks the reviews by id, so that whoever answers one ends what was told of it,
-- then the new rows.
insert into reviews.alert (review_id, site_id, raised_at)
select
    made.review_id,
    made.site_id,
    %(now)s::timestamptz
from unnest(%(review_ids)s::uuid[], %(site_ids)s::uuid[]) as made (review_id, site_id)
inner join reviews.review as review on review.id = made.review_id
where review.reply is null
    and review.hidden_at is null
order by made.review_id
for share of review
on conflict on constraint alert_pkey do nothing
returning review_id

-- name: end_alerts
-- End what sites were told of and nobody ended yet. Locks those rows.
update reviews.alert
set
    ended_at = %(now)s::timestamptz,
    ended_as = %(ended_as)s::text,
    ended_by = %(by)s::text
where review_id = any (%(review_ids)s::uuid[])
    and ended_at is null
returning review_id

-- name: open_alerts
-- What sites were told of and nobody ended, the latest first. Locks nothing.
select
    review_id,
    site_id,
    raised_at,
    ended_at,
    ended_as,
    ended_by
from reviews.alert
where site_id = any (%(site_ids)s::uuid[])
    and ended_at is null
order by raised_at desc, review_id desc
limit %(limit)s::integer

-- name: alerts_of_reviews
-- What was told of reviews. Locks nothing.
select
    review_id,
    site_id,
    raised_at,
    ended_at,
    ended_as,
    ended_by
from reviews.alert
where review_id = any (%(review_ids)s::uuid[])
order by review_id
