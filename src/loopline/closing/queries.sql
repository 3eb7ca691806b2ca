-- name: last_closes
-- The last close of each books. Locks nothing.
select distinct on (entity_id, currency)
    entity_id, currency, month, end_at, cut, digest, id as close_id, estimate_entry_id
from closing.close
order by entity_id, currency, month desc;

-- name: closes
-- Closes of some companies, or of all; of one currency and month, or of all; after a place in the order: the last closed
-- month first, then by company and currency. Locks nothing.
select
    id, entity_id, currency, month, zone, start_at, end_at, cut, entries, entries_of_before, estimate_entry_id,
    inversion_entry_id, estimate_before_minor, came_back_minor, still_expected_minor, notices, digest_before, digest,
    closed_at, closed_by, comment
from closing.close
where (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
    and (%(currency)s::text is null or currency = %(currency)s::text)
    and (%(month)s::date is null or month = %(month)s::date)
    and (
        %(after_month)s::date is null
        or month < %(after_month)s::date
        or (
            month = %(after_month)s::date
            and (entity_id, currency) > (%(after_entity_id)s::uuid, %(after_currency)s::text)
        )
    )
order by month desc, entity_id, currency
limit %(at_most)s::bigint;

-- name: balances_of_closes
-- The balances of closes, by purpose. Locks nothing.
select close_id, purpose, opening_minor, debit_minor, credit_minor, closing_minor
from closing.balance
where close_id = any (%(close_ids)s::uuid[])
order by close_id, purpose collate "C";

-- name: expectations_of_closes
-- What closes expect to come back, by category. Locks nothing.
select
    close_id, category, units, returnable_minor, expected_minor, basis, seen_units, seen_minor, seen_back_minor
from closing.expectation
where close_id = any (%(close_ids)s::uuid[])
order by close_id, category collate "C";
