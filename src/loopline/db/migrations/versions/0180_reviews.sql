-- Reviews: what verified buyers say of products, of a store's service, of the experience. Ids of other rooms carry no
-- foreign key. What was said, answered and decided is kept; the standing row shows the latest of each.
create schema reviews;

create table reviews.review (
    id               uuid not null,
    about            text not null,
    order_id         uuid not null,
    line_id          uuid,
    product_id       uuid,
    sku_id           uuid,
    site_id          uuid,
    site_unit_id     uuid,
    member_id        uuid,
    receipt_id       uuid,
    stars            smallint not null,
    text             text not null,
    language         text not null,
    written_at       timestamptz not null,
    changed_at       timestamptz not null,
    version          integer not null,
    reply            text,
    replied_at       timestamptz,
    hidden_at        timestamptz,
    hidden_reason    text,
    returned_at      timestamptz,
    constraint review_pkey primary key (id),
    constraint review_is_about_something_known check (about in ('product', 'store', 'experience')),
    constraint review_of_a_product_is_of_a_line check (
        (about = 'product') = (line_id is not null) and (about = 'product') = (product_id is not null)
    ),
    constraint review_of_a_store_names_it check (about <> 'store' or site_id is not null),
    constraint review_has_a_buyer check (num_nonnulls(member_id, receipt_id) >= 1),
    constraint stars_are_one_to_five check (stars between 1 and 5),
    constraint review_text_has_some_length check (char_length(text) between 1 and 2000),
    constraint review_language_is_known check (language in ('zh', 'en')),
    constraint review_versions_count_up check (version >= 1),
    constraint reply_has_its_moment check ((reply is null) = (replied_at is null)),
    constraint hidden_has_a_reason check ((hidden_at is null) = (hidden_reason is null))
);
create unique index one_review_per_line on reviews.review (line_id) where about = 'product';
create unique index one_review_per_order on reviews.review (order_id, about) where about <> 'product';
create index review_by_order on reviews.review (order_id);
create index review_by_product on reviews.review (product_id, id desc) where product_id is not null;
create index review_by_site on reviews.review (site_id, id desc) where site_id is not null;
create index review_by_member on reviews.review (member_id, id desc) where member_id is not null;

-- Everything a review ever said, from its first version on.
create table reviews.version (
    review_id  uuid not null,
    version    integer not null,
    stars      smallint not null,
    text       text not null,
    language   text not null,
    at         timestamptz not null,
    constraint version_pkey primary key (review_id, version),
    constraint version_of_a_review foreign key (review_id) references reviews.review (id)
);
revoke update, delete on reviews.version from loopline_app;

-- What a store answered, each answer in place of the one before.
create table reviews.reply (
    id         uuid not null,
    review_id  uuid not null,
    text       text not null,
    actor      text not null,
    at         timestamptz not null,
    constraint reply_pkey primary key (id),
    constraint reply_to_a_review foreign key (review_id) references reviews.review (id),
    constraint reply_text_has_some_length check (char_length(text) between 1 and 2000)
);
create index reply_by_review on reviews.reply (review_id, id);
revoke update, delete on reviews.reply from loopline_app;

-- Who hid a review or showed it again, and why.
create table reviews.decision (
    id         uuid not null,
    review_id  uuid not null,
    is_hidden  boolean not null,
    reason     text not null,
    actor      text not null,
    at         timestamptz not null,
    constraint decision_pkey primary key (id),
    constraint decision_about_a_review foreign key (review_id) references reviews.review (id),
    constraint decision_has_a_reason check (char_length(reason) between 1 and 2000)
);
create index decision_by_review on reviews.decision (review_id, id);
revoke update, delete on reviews.decision from loopline_app;

-- How many shown reviews gave a product, or a site, how many stars. Moved by deltas with the reviews.
create table reviews.tally (
    about       text not null,
    subject_id  uuid not null,
    ones        bigint not null default 0,
    twos        bigint not null default 0,
    threes      bigint not null default 0,
    fours       bigint not null default 0,
    fives       bigint not null default 0,
    constraint tally_pkey primary key (about, subject_id),
    constraint tally_is_about_something_known check (about in ('product', 'store', 'experience')),
    constraint tally_not_negative check (least(ones, twos, threes, fours, fives) >= 0)
) with (fillfactor = 70);

create view reviews.published_reviews with (security_invoker = true) as
select
    id as review_id,
    about,
    order_id,
    line_id,
    product_id,
    sku_id,
    site_id,
    member_id,
    receipt_id is not null as has_receipt,
    stars,
    language,
    written_at,
    changed_at,
    hidden_at,
    returned_at
from reviews.review;
