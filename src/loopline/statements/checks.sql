-- name: sealed_days_follow_one_another
-- Seals whose day or root before is not that of the seal before them.
with seals as (
  select
    seal.day,
    seal.previous_root,
    lag(seal.day) over (order by seal.day) as day_before,
    lag(seal.root) over (order by seal.day) as root_before
  from statements.seal as seal
)
select
  'seal of ' || seals.day::text as subject,
  coalesce(seals.day_before::text, 'no day') || ', root ' || encode(seals.previous_root, 'hex') as found,
  (seals.day - 1)::text || ', root ' || coalesce(encode(seals.root_before, 'hex'), repeat('00', 32)) as expected,
  'Restore statements.seal from the last backup; no command of Loopline writes this.' as repair
from seals
where seals.previous_root <> coalesce(seals.root_before, decode(repeat('00', 32), 'hex'))
  or (seals.day_before is not null and seals.day_before <> seals.day - 1)
order by seals.day;

-- name: leaves_hold_their_pages
-- Sealed days of parties whose pages do not hold as many lines as their leaf, and leaves or pages without the other.
with counted as (
  select page.party_id, page.day, sum(page.line_count) as line_count
  from statements.page as page
  group by page.party_id, page.day
)
select
  'statement of party ' || coalesce(leaf.party_id, counted.party_id) || ' of ' || coalesce(leaf.day, counted.day)::text
    as subject,
  coalesce(counted.line_count, 0)::text || ' lines in pages' as found,
  coalesce(leaf.line_count, 0)::text || ' lines' as expected,
  'Restore statements.leaf and statements.page of that day from the last backup.' as repair
from statements.leaf as leaf
full join counted on counted.party_id = leaf.party_id and counted.day = leaf.day
where coalesce(leaf.line_count, 0) <> coalesce(counted.line_count, 0)
  and coalesce(leaf.day, counted.day) in (select seal.day from statements.seal as seal)
order by 1;

-- name: leaves_open_with_what_stood
-- Sealed days of parties that do not open with what stood after the sealed day with lines before them.
with summed as (
  select
    leaf.party_id,
    leaf.day,
    one.currency,
    sum(one.pending_minor) as pending_minor,
    sum(one.due_minor) as due_minor,
    sum(one.borne_minor) as borne_minor,
    sum(one.moved_pending_minor) as moved_pending_minor,
    sum(one.moved_due_minor) as moved_due_minor,
    sum(one.moved_borne_minor) as moved_borne_minor
  from statements.leaf as leaf
  cross join lateral (
    select
      stood.currency,
      stood.pending_minor,
      stood.due_minor,
      coalesce(stood.borne_minor, 0) as borne_minor,
      0 as moved_pending_minor,
      0 as moved_due_minor,
      0 as moved_borne_minor
    from jsonb_to_recordset(leaf.opening) as stood (
      currency text, pending_minor bigint, due_minor bigint, borne_minor bigint
    )
    union all
    select moved.currency, 0, 0, 0, moved.pending_minor, moved.due_minor, coalesce(moved.borne_minor, 0)
    from jsonb_to_recordset(leaf.moved) as moved (
      currency text, pending_minor bigint, due_minor bigint, borne_minor bigint
    )
  ) as one
  where leaf.day in (select seal.day from statements.seal as seal)
  group by leaf.party_id, leaf.day, one.currency
),
expected as (
  select
    summed.*,
    sum(summed.moved_pending_minor) over earlier - summed.moved_pending_minor as stood_pending_minor,
    sum(summed.moved_due_minor) over earlier - summed.moved_due_minor as stood_due_minor,
    sum(summed.moved_borne_minor) over earlier - summed.moved_borne_minor as stood_borne_minor
  from summed
  window earlier as (partition by summed.party_id, summed.currency order by summed.day)
)
select
  'statement of party ' || expected.party_id || ' of ' || expected.day::text as subject,
  'opens with ' || expected.pending_minor::text || ' pending, ' || expected.due_minor::text || ' due, '
    || expected.borne_minor::text || ' borne ' || expected.currency as found,
  expected.stood_pending_minor::text || ' pending, ' || expected.stood_due_minor::text || ' due, '
    || expected.stood_borne_minor::text || ' borne' as expected,
  'Restore statements.leaf of that party from the last backup; no command of Loopline writes this.' as repair
from expected
where expected.pending_minor <> expected.stood_pending_minor
  or expected.due_minor <> expected.stood_due_minor
  or expected.borne_minor <> expected.stood_borne_minor
order by expected.party_id, expected.day, expected.currency;

-- name: disputes_keep_their_words
-- Disputes whose words do not begin with a question, have gaps, or do not end as the dispute did.
with words as (
  select
    word.dispute_id,
    count(*) as words,
    max(word.number) as last_number,
    min(word.kind) filter (where word.number = 1) as first_kind,
    bool_or(word.kind = 'rejection') as is_rejected,
    bool_or(word.kind = 'correction') as is_corrected,
    bool_or(word.kind = 'withdrawal') as is_withdrawn
  from statements.dispute_word as word
  group by word.dispute_id
)
select
  'dispute ' || dispute.id as subject,
  coalesce(words.words, 0)::text || ' words, state ' || dispute.state as found,
  'a question first, all words, and the word that decided it' as expected,
  'Restore statements.dispute_word of that dispute from the last backup.' as repair
from statements.dispute as dispute
left join words on words.dispute_id = dispute.id
where words.first_kind is distinct from 'question'
  or words.words <> words.last_number
  or words.is_rejected <> (dispute.state = 'rejected')
  or words.is_corrected <> (dispute.state = 'corrected')
  or words.is_withdrawn <> (dispute.state = 'withdrawn')
order by dispute.id;
