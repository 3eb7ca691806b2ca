-- Why somebody who was there says that a movement was: a cause to choose, a note in own words, or both. Never changed.
create table stock.movement_note (
  movement_id uuid primary key references stock.movement (id),
  cause text,
  note text,
  noted_at timestamptz not null,
  noted_by text not null,
  constraint note_says_something check (cause is not null or note is not null),
  constraint note_cause_known check (cause in ('sold_unbooked', 'misplaced', 'damaged', 'stolen', 'booked_wrongly', 'display')),
  constraint note_is_short check (char_length(note) between 1 and 200)
);

grant select, insert on stock.movement_note to loopline_app;
-- A scan that was a mistake is taken back before anything is posted: a look at nothing would be a count of none.
grant delete on stock.count_line to loopline_app;
