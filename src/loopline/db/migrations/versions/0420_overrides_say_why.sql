-- What units set for their sites says why, and what they set and took back is kept: a decision of the past can tell which
-- of them held.
alter table sourcing.override
  add column comment text,
  add constraint override_comment_says_something check (btrim(comment) <> '');

-- Each change, in the order of being made; no value: what holds above was to hold again.
create table sourcing.override_change (
  number bigint generated always as identity primary key,
  unit_id uuid not null,
  setting text not null,
  value bigint,
  set_at timestamptz not null,
  set_by text not null,
  comment text,
  constraint override_change_comment_says_something check (btrim(comment) <> '')
);

create index override_change_by_unit on sourcing.override_change (unit_id, setting, set_at desc, number desc);

insert into sourcing.override_change (unit_id, setting, value, set_at, set_by)
select unit_id, setting, value, set_at, set_by
from sourcing.override
order by set_at, unit_id, setting;

grant select, insert on sourcing.override_change to loopline_app;

-- What regions and dealers had set for the sites that were chosen: [position of the site, setting, value, unit], null where
-- all of it was the profile's.
alter table sourcing.decision add column overrides jsonb;
