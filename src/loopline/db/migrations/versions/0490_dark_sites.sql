-- Each time that a site went dark: since when, why, what was known of it then, and how many of its tasks went elsewhere.
-- `lapsed`: offers that it had let lapse; `silent_minutes`: for how long nobody had done anything there.
create table fulfilment.dark_site (
  site_id uuid not null,
  since timestamptz not null,
  why text not null,
  lapsed integer not null,
  silent_minutes integer not null,
  last_life_at timestamptz,
  moved_tasks integer not null default 0,
  ended_at timestamptz,
  constraint dark_site_key primary key (site_id, since),
  constraint dark_reason_known check (why in ('lapsed', 'silent')),
  constraint dark_counts_are_not_negative check (lapsed >= 0 and silent_minutes >= 0 and moved_tasks >= 0),
  constraint dark_ends_after_it_began check (ended_at >= since)
);
create unique index dark_site_is_dark_once on fulfilment.dark_site (site_id) where ended_at is null;

-- When somebody last opened a page of a site, or did something on one. To the minute: it is written once a minute at most.
create table fulfilment.site_seen (
  site_id uuid not null,
  seen_at timestamptz not null,
  constraint site_seen_key primary key (site_id)
);
