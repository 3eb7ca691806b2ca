-- What people say of movements.

-- name: write_notes
-- Keep notes of movements; what was said before stays. Locks nothing.
insert into stock.movement_note (movement_id, cause, note, noted_at, noted_by)
select said.movement_id, said.cause, said.note, %(now)s::timestamptz, %(by)s::text
from unnest(%(movement_ids)s::uuid[], %(causes)s::text[], %(notes)s::text[]) as said (movement_id, cause, note)
order by said.movement_id
on conflict (movement_id) do nothing

-- name: notes_of_movements
-- What was said of movements. Locks nothing.
select
  movement_id,
  cause,
  note
from stock.movement_note
where movement_id = any(%(movement_ids)s::uuid[])
order by movement_id
