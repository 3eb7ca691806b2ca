-- How mood is told from words: one row per time it was learnt. `weights` is the packed model; `measures` tells how well
-- it did on texts that were held back, beside a plain baseline. The one published last reads.
create table reviews.mood_model (
    version       integer not null,
    learnt_at     timestamptz not null,
    learnt_by     text not null,
    texts         integer not null,
    languages     text[] not null,
    measures      jsonb not null,
    weights       bytea not null,
    digest        text not null,
    published_at  timestamptz,
    published_by  text,
    comment       text,
    withdrawn_at  timestamptz,
    constraint mood_model_pkey primary key (version),
    constraint mood_model_versions_count_up check (version >= 1),
    constraint mood_model_was_learnt_from_something check (texts > 0),
    constraint mood_model_is_small check (octet_length(weights) <= 20971520),
    constraint published_mood_model_has_its_person check (
        (published_at is null) = (published_by is null) and (published_at is null) = (comment is null)
    ),
    constraint withdrawn_mood_model_was_published check (withdrawn_at is null or published_at is not null)
);
revoke update, delete on reviews.mood_model from loopline_app;
grant update (published_at, published_by, comment, withdrawn_at) on reviews.mood_model to loopline_app;

-- The words by which themes are known, whole lists in versions; the last one is in force.
create table reviews.theme_list (
    version     integer not null,
    themes      jsonb not null,
    written_at  timestamptz not null,
    written_by  text not null,
    comment     text not null,
    constraint theme_list_pkey primary key (version),
    constraint theme_list_versions_count_up check (version >= 1),
    constraint theme_list_has_a_comment check (char_length(comment) between 1 and 2000)
);
revoke update, delete on reviews.theme_list from loopline_app;

-- What a review came to when it was read: its mood, by its words (how likely they are good, in thousandths) or by its
-- stars alone; the site that sent the goods and who packed them. `words` finds it again. The versions are those it was
-- read with: made anew whenever the review, the model (0: none) or the list of themes is another.
create table reviews.reading (
    review_id       uuid not null,
    review_version  integer not null,
    mood            text not null,
    good_permille   smallint,
    is_bad          boolean not null,
    model_version   integer not null,
    themes_version  integer not null,
    sender_id       uuid,
    packer_id       uuid,
    words           text[] not null,
    read_at         timestamptz not null,
    constraint reading_pkey primary key (review_id),
    constraint reading_of_a_review foreign key (review_id) references reviews.review (id),
    constraint mood_is_known check (mood in ('good', 'mixed', 'bad')),
    constraint mood_by_words_has_its_model check (good_permille is null or model_version > 0),
    constraint good_is_a_share check (good_permille between 0 and 1000)
) with (fillfactor = 80);
create index reading_of_bad on reviews.reading (review_id desc) where is_bad;
create index reading_by_sender on reviews.reading (sender_id, review_id desc) where sender_id is not null;
create index reading_by_words on reviews.reading using gin (words);
create index reading_by_what_it_was_read_with on reviews.reading (model_version, themes_version);

-- What a review speaks of, and in which mood.
create table reviews.said (
    review_id  uuid not null,
    theme      text not null,
    mood       text not null,
    constraint said_pkey primary key (review_id, theme),
    constraint said_by_a_review foreign key (review_id) references reviews.review (id),
    constraint said_mood_is_known check (mood in ('good', 'mixed', 'bad'))
);
create index said_by_theme on reviews.said (theme, review_id desc);

-- A bad review that a site was told of: once, until it is answered, looked at, hidden, or no longer bad.
create table reviews.alert (
    review_id  uuid not null,
    site_id    uuid not null,
    raised_at  timestamptz not null,
    ended_at   timestamptz,
    ended_as   text,
    ended_by   text,
    constraint alert_pkey primary key (review_id),
    constraint alert_of_a_review foreign key (review_id) references reviews.review (id),
    constraint ended_alert_says_how check ((ended_at is null) = (ended_as is null)),
    constraint alert_ends_in_a_known_way check (ended_as in ('answered', 'seen', 'hidden', 'better'))
);
create index open_alert_by_site on reviews.alert (site_id, raised_at) where ended_at is null;

-- An answer may be taken back: an entry without a text says that from then on there is none.
alter table reviews.reply alter column text drop not null;

create index review_by_day on reviews.review (written_at);
create index review_unanswered on reviews.review (id desc) where reply is null and hidden_at is null;
