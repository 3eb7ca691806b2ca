-- name: last_closes
-- The last close of each books. Locks nothing.
select distinct on (entity_id, currency)
    entity_id, currency, month, end_at, cut, digest, id as close_id, estimate_entry_id
from closing.close
order by entity_id, currency, month desc;

-- name: closed_months
-- Which months of some companies are closed, without their sheets: the last first, then by company and currency. Locks
-- nothing.
select
    entity_id, currency, month, start_at, end_at, entries,
    (
        select coalesce(sum(expectation.expected_minor), 0)::bigint
        from closing.expectation as expectation
        where expectation.close_id = close.id
    ) as expected_minor,
    closed_at, closed_by, comment, digest
from closing.close as close
where entity_id = any (%(entity_ids)s::uuid[])
order by month desc, entity_id, currency;

-- name: closes
-- Closes with all of their own columns: the one of some books and month, or all; the first month first, then by company
-- and currency. Locks nothing.
select
    id, entity_id, currency, month, zone, start_at, end_at, cut, entries, entries_of_before, estimate_entry_id,
    inversion_entry_id, estimate_before_minor, came_back_minor, still_expected_minor, notices, digest_before, digest,
    closed_at, closed_by, comment, recovery_basis_points, arrives_within_days, on_way
from closing.close
where (%(entity_id)s::uuid is null or entity_id = %(entity_id)s::uuid)
    and (%(currency)s::text is null or currency = %(currency)s::text)
    and (%(month)s::date is null or month = %(month)s::date)
order by month, entity_id, currency;

-- name: balances_of_closes
-- The balances of closes, by purpose. Locks nothing.
select close_id, purpose, opening_minor, debit_minor, credit_minor, closing_minor
from closing.balance
where close_id = any (%(close_ids)s::uuid[])
order by close_id, purpose collate "C";

-- name: expectations_of_closes
-- What closes expect to come back, by category. Locks nothing.
select
    close_id, category, units, returnable_minor, expected_minor, basis, seen_units, seen_minor, seen_back_minor,
    right_minor
from closing.expectation
where close_id = any (%(close_ids)s::uuid[])
order by close_id, category collate "C";

-- name: recovery_in_force
-- What recovering goods costs in these currencies, as said last. Locks nothing.
select distinct on (currency) currency, version, basis_points, arrives_within_days, set_at, set_by, comment
from closing.recovery
where currency = any (%(currencies)s::text[])
order by currency, version desc;

-- name: cuts
-- Where the months of some companies that are closed begin and end, and at which cut each was closed, the first month
-- first. Locks nothing.
select entity_id, currency, month, start_at, end_at, cut
from closing.close
where entity_id = any (%(entity_ids)s::uuid[])
order by entity_id, currency, month;

-- name: put_off
-- What the last closes took off revenue and charges, for returns that are expected and for goods on their way. Locks nothing.
with last as (
    select distinct on (entity_id, currency) id, entity_id, currency, on_way
    from closing.close
    order by entity_id, currency, month desc
)
select
    last.entity_id,
    last.currency,
    (
        (
            select coalesce(sum(expectation.expected_minor), 0)
            from closing.expectation as expectation
            where expectation.close_id = last.id
        ) - (
            select coalesce(sum(way.amount_minor), 0)
            from jsonb_to_recordset(last.on_way) as way (purpose text, amount_minor bigint)
            where way.purpose in ('revenue', 'charges')
        )
    )::bigint as minor
from last
order by last.entity_id, last.currency;
