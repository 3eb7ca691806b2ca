-- The ground: the serving role, what it may do by default, and the log.

do $$
begin
  if not exists (select from pg_roles where rolname = 'loopline_app') then
    create role loopline_app nologin;
  end if;
  if not pg_has_role(current_user, 'loopline_app', 'member') and current_setting('is_superuser') = 'off'
     and exists (select from pg_roles where rolname = current_user and rolcreaterole) then
    execute format('grant loopline_app to %I', current_user);
  end if;
end
$$;

revoke create on schema public from public;
alter default privileges grant usage on schemas to loopline_app;
alter default privileges grant select, insert, update, delete on tables to loopline_app;
alter default privileges grant usage, select on sequences to loopline_app;

create schema log;

-- Positions are handed out in any order and committed in any other: only loopline.db.followers knows which are final.
create sequence log.event_position as bigint;

create table log.event (
  position bigint primary key default nextval('log.event_position'),
  id uuid not null,
  type text not null,
  version smallint not null,
  subject uuid not null,
  at timestamptz not null,
  actor text not null,
  data jsonb not null
);
create index event_by_subject on log.event (subject, position);
revoke update, delete, truncate on log.event from loopline_app;

create table log.follower (
  name text primary key,
  position bigint not null default 0,
  constraint position_not_negative check (position >= 0)
);

-- Events that a follower could not apply, and those of the same subject that came after: kept in order, for a retry.
create table log.parked_event (
  follower text not null references log.follower,
  position bigint not null,
  subject uuid not null,
  reason text not null,
  parked_at timestamptz not null,
  primary key (follower, position)
);
create index parked_event_by_subject on log.parked_event (follower, subject);
