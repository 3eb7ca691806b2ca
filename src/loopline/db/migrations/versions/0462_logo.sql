-- The brand's logo as it was checked and written anew: the last one that was set. Nothing of what was uploaded is kept
-- beside it.
create table touchpoints.logo (
    id          smallint not null default 1,
    media_type  text not null,
    content     bytea not null,
    set_at      timestamptz not null,
    set_by      text not null,
    constraint logo_pkey primary key (id),
    constraint logo_is_one check (id = 1),
    constraint logo_is_a_picture check (media_type in ('image/png', 'image/svg+xml')),
    constraint logo_is_small check (octet_length(content) <= 262144)
);
grant select, insert, update, delete on touchpoints.logo to loopline_app;
