-- name: parts_on_way
-- The parts of parcels that a carrier had at a moment: handed over since another, sold by entries before a cut, and not known
-- to have arrived; with what was charged for bringing the first parcel of an order, while that is on its way. A sale names
-- its parcel in its key, and is found there; parts lie in the order of their entries.
with sale as materialized (
    select
        entry.id,
        coalesce(task.kind, 'deliver') = 'deliver' and came.task_id is null as is_open,
        bool_or(task.kind = 'deliver' and came.task_id is null) over (
            partition by entry.subject, entry.at
        ) as has_parcel
    from ledger.entry as entry
    left join fulfilment.task as task
        on task.id = case when entry.key ~ '^sale:[0-9a-f-]{36}$' then substr(entry.key, 6)::uuid end
    left join promises.arrival as came on came.task_id = task.id and came.arrived_at < %(end)s::timestamptz
    where entry.kind = 'sale'
        and entry.at >= %(since)s::timestamptz
        and entry.at < %(end)s::timestamptz
        and entry.cut < %(before_cut)s::integer
)
select distinct part.part_id
from sale
join ledger.entry_part as part on part.entry_id = sale.id
where sale.is_open
    and sale.has_parcel
    and part.entry_id >= (select first.id from sale as first order by first.id limit 1)
    and part.entry_id <= (select final.id from sale as final order by final.id desc limit 1)
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
