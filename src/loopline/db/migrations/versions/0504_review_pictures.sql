-- Pictures of reviews, as they were made anew from what was sent: nothing of the phone is in them. `small` is the same for lists.
-- What they show goes with the buyer who is forgotten; that there was a picture stays. Reviews are never deleted: a foreign key
-- would only let writers of reviews wait for this migration.
create table reviews.picture (
    id            uuid not null,
    review_id     uuid not null,
    position      smallint not null,
    added_at      timestamptz not null,
    media_type    text not null,
    width         integer not null,
    height        integer not null,
    sent_hash     bytea not null,
    content       bytea,
    small         bytea,
    forgotten_at  timestamptz,
    constraint picture_pkey primary key (id),
    constraint picture_has_its_place unique (review_id, position),
    constraint few_pictures_a_review check (position between 1 and 4),
    constraint picture_has_a_size check (width > 0 and height > 0),
    constraint picture_hash_is_sha256 check (octet_length(sent_hash) = 32),
    constraint picture_is_kept_or_forgotten check (
        (content is null) = (forgotten_at is not null) and (small is null) = (forgotten_at is not null)
    )
);
-- Pictures are compressed already.
alter table reviews.picture alter column content set storage external;
alter table reviews.picture alter column small set storage external;
revoke delete on reviews.picture from loopline_app;
