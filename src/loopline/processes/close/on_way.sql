-- name: parts_on_way
-- The parts of parcels that a carrier had at a moment: handed over since another, sold by entries before a cut, and not known
-- to have arrived; with what was charged for bringing the first parcel of an order, while that is on its way.
with parcel as materialized (
    select distinct
        sale.subject,
        sale.at
    from ledger.entry as sale
    join fulfilment.task as task on sale.key = 'sale:' || task.id::text
    where sale.kind = 'sale'
        and sale.at >= %(since)s::timestamptz
        and sale.at < %(end)s::timestamptz
        and sale.cut < %(before_cut)s::integer
        and task.kind = 'deliver'
        and not exists (
            select
            from promises.arrival as arrival
            where arrival.task_id = task.id and arrival.arrived_at < %(end)s::timestamptz
        )
)
select distinct part.part_id
from parcel
join ledger.entry as sale on sale.subject = parcel.subject and sale.at = parcel.at
join ledger.entry_part as part on part.entry_id = sale.id
left join fulfilment.task as own on sale.key = 'sale:' || own.id::text
left join promises.arrival as came on came.task_id = own.id and came.arrived_at < %(end)s::timestamptz
where sale.kind = 'sale'
    and sale.at >= %(since)s::timestamptz
    and sale.at < %(end)s::timestamptz
    and sale.cut < %(before_cut)s::integer
    and came.task_id is null
    and (own.kind is null or own.kind = 'deliver')
order by part.part_id;

-- name: results_of_parts
-- What parts earned and cost a company in a currency by entries before a moment and a cut, what takes them back included.
select
    account.purpose,
    sum(posting.amount_minor)::bigint as amount_minor
from unnest(%(part_ids)s::uuid[]) as way (part_id)
join ledger.entry_part as part on part.part_id = way.part_id and part.currency = %(currency)s::text
join ledger.entry as entry on entry.id = part.entry_id
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join ledger.account as account on account.number = posting.account_number
where account.entity_id = %(entity_id)s::uuid
    and account.purpose = any (%(purposes)s::text[])
    and entry.at < %(end)s::timestamptz
    and entry.cut < %(before_cut)s::integer
group by account.purpose
having sum(posting.amount_minor) <> 0
order by account.purpose collate "C";
