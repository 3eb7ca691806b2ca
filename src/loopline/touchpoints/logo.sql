-- name: put_logo
-- Keep the logo in the place of the one before. Locks its row.
insert into touchpoints.logo (media_type, content, set_at, set_by)
values (%(media_type)s::text, %(content)s::bytea, %(now)s::timestamptz, %(by)s::text)
on conflict (id) do update
set media_type = excluded.media_type,
    content = excluded.content,
    set_at = excluded.set_at,
    set_by = excluded.set_by

-- name: drop_logo
-- Forget the logo. Locks its row.
delete from touchpoints.logo

-- name: read_logo
-- The logo, where there is one. Locks nothing.
select
    media_type,
    content
from touchpoints.logo
