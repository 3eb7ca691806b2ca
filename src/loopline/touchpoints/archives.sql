-- name: add_archive
-- Ask for an archive, unless it was asked for already. Locks the row it makes.
insert into touchpoints.archive (id, asked_by, asked_at, place, codes, to_draw, content)
values (
    %(id)s::uuid,
    %(asked_by)s::text,
    %(now)s::timestamptz,
    %(place)s::text,
    %(codes)s::integer,
    %(to_draw)s::jsonb,
    %(content)s::bytea
)
on conflict (id) do nothing

-- name: archive_to_draw
-- The oldest archive that is not whole, with the next of its codes. Locks nothing.
select
    archive.id,
    archive.drawn,
    archive.codes,
    (
        select jsonb_agg(code.one order by code.place)
        from jsonb_array_elements(archive.to_draw) with ordinality as code (one, place)
        where code.place > archive.drawn
            and code.place <= archive.drawn + %(slice)s::integer
    ) as next_codes
from touchpoints.archive as archive
where archive.ended_at is null
order by archive.asked_at, archive.id
limit 1

-- name: lock_content
-- What there is of an archive that stands where somebody saw it. Locks its row.
select content
from touchpoints.archive
where id = %(id)s::uuid
    and drawn = %(drawn)s::integer
    and ended_at is null
for update

-- name: keep_slice
-- Keep an archive with more in it; a whole one needs its codes no more. The caller holds its row.
update touchpoints.archive
set drawn = %(drawn)s::integer,
    content = %(content)s::bytea,
    ended_at = %(ended_at)s::timestamptz,
    to_draw = case when %(ended_at)s::timestamptz is null then to_draw else '[]' end
where id = %(id)s::uuid

-- name: end_broken
-- End an archive that cannot be drawn. Locks its row.
update touchpoints.archive
set ended_at = %(now)s::timestamptz
where id = %(id)s::uuid
    and ended_at is null

-- name: archive_of
-- How somebody's archive stands. Locks nothing.
select
    id,
    place,
    drawn,
    codes,
    ended_at,
    ended_at is not null and drawn < codes as broke
from touchpoints.archive
where id = %(id)s::uuid
    and asked_by = %(asked_by)s::text

-- name: content_of
-- Somebody's archive, once it is whole. Locks nothing.
select content
from touchpoints.archive
where id = %(id)s::uuid
    and asked_by = %(asked_by)s::text
    and drawn = codes

-- name: forget_archives
-- Forget archives that were asked for long ago. Locks their rows.
delete from touchpoints.archive
where id in (
    select id
    from touchpoints.archive
    where asked_at < %(before)s::timestamptz
    order by asked_at
    limit %(limit)s::integer
)
returning id
