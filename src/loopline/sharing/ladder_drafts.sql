-- name: take_turn
-- Let one save or publish ladders at a time, to the end of the transaction.
select pg_advisory_xact_lock(7310023);

-- name: put_drafts
-- Save drafts, one under each code; one that is saved anew is not tried any more, and later than it was. The caller has
-- the turn.
insert into sharing.ladder_draft (
  code, id, role, currency, way, steps, from_month, author_id, comment, channels, categories, saved_at
)
select
  draft.code,
  draft.id,
  draft.role,
  draft.currency,
  draft.way,
  draft.steps,
  draft.from_month,
  draft.author_id,
  draft.comment,
  draft.channels,
  draft.categories,
  %(saved_at)s::timestamptz
from jsonb_to_recordset(%(drafts)s::jsonb) as draft (
  code text,
  id uuid,
  role text,
  currency text,
  way text,
  steps jsonb,
  from_month date,
  author_id uuid,
  comment text,
  channels text[],
  categories text[]
)
order by draft.code
on conflict (code) do update set
  id = excluded.id,
  role = excluded.role,
  currency = excluded.currency,
  way = excluded.way,
  steps = excluded.steps,
  from_month = excluded.from_month,
  author_id = excluded.author_id,
  comment = excluded.comment,
  channels = excluded.channels,
  categories = excluded.categories,
  saved_at = greatest(excluded.saved_at, ladder_draft.saved_at + interval '1 microsecond'),
  trial = null;

-- name: drafts_waiting
-- Every draft, by code, with its trial and whether anything was sold in its currency before a moment (null: ever) that it
-- could be tried on. Without rules of its currency nothing was: then splits are not looked at. Locks nothing.
select
  draft.id,
  draft.code,
  draft.role,
  draft.currency,
  draft.way,
  draft.steps,
  draft.from_month,
  draft.author_id,
  draft.comment,
  draft.channels,
  draft.categories,
  draft.saved_at,
  draft.trial,
  exists (
    select
    from sharing.rule_set as standing
    where standing.currency = draft.currency and standing.state = 'published'
  ) and exists (
    select
    from sharing.split as split
    where split.currency = draft.currency
      and split.sold_at < coalesce(%(sold_before)s::timestamptz, 'infinity')
  ) as has_history
from sharing.ladder_draft as draft
order by draft.code;

-- name: keep_trial
-- Keep what a draft was tried on, unless it was saved anew. Locks its row.
update sharing.ladder_draft
set trial = %(trial)s::jsonb
where ladder_draft.code = %(code)s::text and ladder_draft.saved_at = %(saved_at)s::timestamptz;

-- name: publish_draft
-- Publish a draft, with what it was tried on. The caller has the turn.
insert into sharing.ladder (
  id, code, role, currency, way, steps, from_month, author_id, comment, channels, categories, published_at, published_by,
  trial, untried_because
)
select
  draft.id,
  draft.code,
  draft.role,
  draft.currency,
  draft.way,
  draft.steps,
  draft.from_month,
  draft.author_id,
  draft.comment,
  draft.channels,
  draft.categories,
  %(published_at)s::timestamptz,
  %(published_by)s::uuid,
  draft.trial,
  %(untried_because)s::text
from sharing.ladder_draft as draft
where draft.code = %(code)s::text;

-- name: delete_drafts
-- Take drafts away that were published. The caller has the turn.
delete from sharing.ladder_draft
where ladder_draft.code = any(%(codes)s::text[]);
