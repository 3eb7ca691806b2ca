-- name: discounts_explain_what_is_paid
-- Lines of orders where what is paid and what promotions took off do not come to the list price, or what is borne of that
-- does not come to what was taken off. A line's place in the derivation is its place among the lines of its order.
with derived as (
    select
        quote.order_id,
        item.place,
        sum((discount.one ->> 'amount_minor')::bigint) as off_minor,
        sum(borne.amount_minor) as borne_minor
    from orders.quote as quote
    cross join lateral jsonb_array_elements(quote.derivation -> 'lines') with ordinality as item (line, place)
    cross join lateral jsonb_array_elements(item.line -> 'discounts') as discount (one)
    cross join lateral (
        select sum((part.one ->> 'amount_minor')::bigint) as amount_minor
        from jsonb_array_elements(discount.one -> 'borne') as part (one)
    ) as borne
    where quote.derivation @? '$.lines[*].discounts'
    group by quote.order_id, item.place
),
placed as (
    select
        line.*,
        row_number() over (partition by line.order_id order by line.line_id) as place
    from orders.line as line
    where line.order_id in (select order_id from derived)
)
select
    'line ' || placed.line_id as subject,
    placed.amount_minor || ' paid, ' || derived.off_minor || ' taken off, ' || coalesce(derived.borne_minor, 0) || ' borne'
        as found,
    placed.list_unit_minor * placed.units || ' by the list' as expected,
    'Restore orders.quote from the last backup; no command of Loopline writes this.' as repair
from derived
join placed on placed.order_id = derived.order_id and placed.place = derived.place
where placed.amount_minor + derived.off_minor is distinct from placed.list_unit_minor * placed.units
    or derived.borne_minor is distinct from derived.off_minor
order by subject

-- name: what_was_taken_off_is_borne
-- Lines of which other is noted as borne than their part of what promotions took off, of the units that are settled.
with derived as (
    select
        quote.order_id,
        item.place,
        (part.one ->> 'amount_minor')::bigint as amount_minor
    from orders.quote as quote
    cross join lateral jsonb_array_elements(quote.derivation -> 'lines') with ordinality as item (line, place)
    cross join lateral jsonb_array_elements(item.line -> 'discounts') as discount (one)
    cross join lateral jsonb_array_elements(discount.one -> 'borne') as part (one)
    where quote.derivation @? '$.lines[*].discounts'
),
placed as (
    select
        line.order_id,
        line.line_id,
        line.units,
        row_number() over (partition by line.order_id order by line.line_id) as place
    from orders.line as line
    where line.order_id in (select order_id from derived)
),
settled as (
    select line_id, sum(units) as units
    from sharing.split
    where order_id in (select order_id from derived)
    group by line_id
),
expected as (
    select
        placed.line_id,
        sum(round(derived.amount_minor::numeric * coalesce(settled.units, 0) / placed.units)) as amount_minor
    from derived
    join placed on placed.order_id = derived.order_id and placed.place = derived.place
    left join settled on settled.line_id = placed.line_id
    group by placed.line_id
),
noted as (
    select line_id, sum(amount_minor) as amount_minor
    from pricing.borne
    group by line_id
)
select
    'line ' || coalesce(expected.line_id, noted.line_id) as subject,
    coalesce(noted.amount_minor, 0) || ' borne' as found,
    coalesce(expected.amount_minor, 0) || ' taken off what is settled' as expected,
    'select * from pricing.borne where line_id = ' || quote_literal(coalesce(expected.line_id, noted.line_id)) as repair
from expected
full join noted on noted.line_id = expected.line_id
where coalesce(noted.amount_minor, 0) <> coalesce(expected.amount_minor, 0)
order by subject

-- name: what_others_bear_is_owed
-- Parts of which others are booked to owe the seller something else than they are noted to bear.
with noted as (
    select part_id, sum(amount_minor) as amount_minor
    from pricing.borne
    where owed_by is not null
    group by part_id
),
booked as (
    select part.part_id, -sum(posting.amount_minor) as amount_minor
    from ledger.entry as entry
    join ledger.entry_part as part on part.entry_id = entry.id
    cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
    join ledger.account as account
        on account.number = posting.account_number
        and account.purpose = 'promotion_funded'
    where entry.kind = 'promotion'
    group by part.part_id
)
select
    'part ' || coalesce(noted.part_id, booked.part_id) as subject,
    coalesce(booked.amount_minor, 0) || ' owed to the seller' as found,
    coalesce(noted.amount_minor, 0) || ' borne by others' as expected,
    'select * from pricing.borne where part_id = ' || quote_literal(coalesce(noted.part_id, booked.part_id)) as repair
from noted
full join booked on booked.part_id = noted.part_id
where coalesce(booked.amount_minor, 0) <> coalesce(noted.amount_minor, 0)
order by subject

-- name: what_others_bear_goes_back
-- Parts that others bear something of and of which other units were taken back of that than of the shares.
select
    'part ' || part.part_id as subject,
    coalesce(reversed.units_reversed, 0) || ' units taken back of what others bear' as found,
    coalesce(returned.units_returned, 0) || ' units came back' as expected,
    'select * from ledger.entry where id = ' || quote_literal(entry.id) as repair
from ledger.entry as entry
join ledger.entry_part as part on part.entry_id = entry.id
left join (
    select of_entry_id, part_id, sum(units) as units_reversed
    from ledger.reversal
    group by of_entry_id, part_id
) as reversed on reversed.of_entry_id = entry.id and reversed.part_id = part.part_id
left join (
    select part_id, sum(units_returned) as units_returned
    from sharing.returned_part
    group by part_id
) as returned on returned.part_id = part.part_id
where entry.kind = 'promotion'
    and coalesce(reversed.units_reversed, 0) <> coalesce(returned.units_returned, 0)
order by subject
