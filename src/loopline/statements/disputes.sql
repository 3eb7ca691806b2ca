-- name: add_disputes
-- Open disputes of lines that have none open and were not corrected, and return their ids; of a line that a rival questions the first stands.
insert into statements.dispute (
  id, party_id, entry_id, part_id, currency, entity_id, pending_minor, due_minor, borne_minor, order_number, state,
  opened_at, opened_by
)
select
  asked.id,
  asked.party_id,
  asked.entry_id,
  asked.part_id,
  asked.currency,
  asked.entity_id,
  asked.pending_minor,
  asked.due_minor,
  asked.borne_minor,
  asked.order_number,
  'open',
  %(now)s::timestamptz,
  asked.opened_by
from unnest(
  %(ids)s::uuid[], %(party_ids)s::uuid[], %(entry_ids)s::uuid[], %(part_ids)s::uuid[], %(currencies)s::text[],
  %(entity_ids)s::uuid[], %(pending_minors)s::bigint[], %(due_minors)s::bigint[], %(borne_minors)s::bigint[],
  %(order_numbers)s::text[], %(opened_bys)s::uuid[]
) as asked (
  id, party_id, entry_id, part_id, currency, entity_id, pending_minor, due_minor, borne_minor, order_number, opened_by
)
order by asked.id
on conflict (party_id, entry_id, part_id, currency, entity_id) where state in ('open', 'answered', 'corrected') do nothing
returning id;

-- name: lock_disputes
-- Lock disputes, by id.
select
  id, party_id, entry_id, part_id, currency, entity_id, pending_minor, due_minor, borne_minor, order_number, state, opened_at,
  opened_by, decided_at, decided_by, reversal_entry_id, correction_entry_id
from statements.dispute
where id = any(%(dispute_ids)s::uuid[])
order by id
for update;

-- name: change_dispute
-- Say where a dispute stands, whose row the caller holds.
update statements.dispute
set
  state = %(state)s::text,
  decided_at = %(decided_at)s::timestamptz,
  decided_by = %(decided_by)s::uuid,
  reversal_entry_id = %(reversal_entry_id)s::uuid,
  correction_entry_id = %(correction_entry_id)s::uuid
where id = %(dispute_id)s::uuid;

-- name: add_words
-- Add to what was said in disputes whose rows the caller holds, or has made; each word after the last.
insert into statements.dispute_word (dispute_id, number, kind, said_at, said_by, said)
select
  word.dispute_id,
  coalesce(
    (select max(earlier.number) from statements.dispute_word as earlier where earlier.dispute_id = word.dispute_id), 0
  ) + 1,
  word.kind,
  %(now)s::timestamptz,
  word.said_by,
  word.said
from unnest(%(dispute_ids)s::uuid[], %(kinds)s::text[], %(said_bys)s::uuid[], %(saids)s::text[])
  as word (dispute_id, kind, said_by, said);

-- name: disputes_by_id
-- Disputes by their ids, in order.
select
  id, party_id, entry_id, part_id, currency, entity_id, pending_minor, due_minor, borne_minor, order_number, state, opened_at,
  opened_by, decided_at, decided_by, reversal_entry_id, correction_entry_id
from statements.dispute
where id = any(%(dispute_ids)s::uuid[])
order by id;

-- name: disputes_page
-- Disputes of these parties (null: of all), those that stand or those that are decided, the latest first, before one.
select
  id, party_id, entry_id, part_id, currency, entity_id, pending_minor, due_minor, borne_minor, order_number, state, opened_at,
  opened_by, decided_at, decided_by, reversal_entry_id, correction_entry_id
from statements.dispute
where (%(party_ids)s::uuid[] is null or party_id = any(%(party_ids)s::uuid[]))
  and (%(states)s::text[] is null or state = any(%(states)s::text[]))
  and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc
limit %(at_most)s::bigint;

-- name: disputes_of_entries
-- Disputes of a party about these entries, the latest last.
select
  id, party_id, entry_id, part_id, currency, entity_id, pending_minor, due_minor, borne_minor, order_number, state, opened_at,
  opened_by, decided_at, decided_by, reversal_entry_id, correction_entry_id
from statements.dispute
where party_id = %(party_id)s::uuid and entry_id = any(%(entry_ids)s::uuid[])
order by id;

-- name: words_of_dispute
-- Everything that was said in a dispute, in order.
select dispute_id, number, kind, said_at, said_by, said
from statements.dispute_word
where dispute_id = %(dispute_id)s::uuid
order by number;
