-- name: line_held_equals_its_hold
-- Lines whose held units are not those of their open hold, and holds of no line that waits for them.
select
    'line ' || coalesce(line.line_id, hold.line_id) as subject,
    coalesce(line.held, 0) || ' held by the order' as found,
    coalesce(hold.units, 0) || ' held in stock' as expected,
    'select * from stock.hold where line_id = ' || quote_literal(coalesce(line.line_id, hold.line_id)) as repair
from (select order_id, line_id, held from orders.line where held <> 0) as line
full join stock.hold as hold on hold.line_id = line.line_id
where coalesce(line.held, 0) <> coalesce(hold.units, 0)
order by subject

-- name: line_allocated_equals_its_allocations
-- Lines whose allocated units are not the sum of their open allocations, and allocations of no such line.
select
    'line ' || coalesce(line.line_id, allocated.line_id) as subject,
    coalesce(line.allocated, 0) || ' allocated by the order' as found,
    coalesce(allocated.units, 0) || ' allocated in stock' as expected,
    'select * from stock.allocation where line_id = ' || quote_literal(coalesce(line.line_id, allocated.line_id))
        as repair
from (select line_id, allocated from orders.line where allocated <> 0) as line
full join (
    select line_id, sum(units) as units
    from stock.allocation
    group by line_id
) as allocated on allocated.line_id = line.line_id
where coalesce(line.allocated, 0) <> coalesce(allocated.units, 0)
order by subject

-- name: open_tasks_equal_allocations
-- Units that open tasks ask for and no allocation has, and allocations that no open task works on.
with doing as (
    select task_line.allocation_id, task_line.left_units as units
    from fulfilment.published_task_lines as task_line
    where task_line.state in ('offered', 'accepted', 'picking', 'checked', 'packed')
        and task_line.left_units > 0
)
select
    'allocation ' || coalesce(doing.allocation_id, allocation.id) as subject,
    coalesce(doing.units, 0) || ' in an open task' as found,
    coalesce(allocation.units, 0) || ' allocated' as expected,
    'select * from fulfilment.task_line where allocation_id = '
        || quote_literal(coalesce(doing.allocation_id, allocation.id)) as repair
from doing
full join stock.allocation as allocation on allocation.id = doing.allocation_id
where coalesce(doing.units, 0) <> coalesce(allocation.units, 0)
order by subject

-- name: cold_work_went_to_equipped_sites
-- Parcels that were put to sites which were not equipped to send them as cold as they are kept, at that moment.
select
    'task ' || task.id as subject,
    task.temperature_class || ' goods put to site ' || task.site_id || ' at ' || task.offered_at as found,
    'a site that was equipped for them then' as expected,
    'select * from sourcing.site_equipment where site_id = ' || quote_literal(task.site_id) as repair
from fulfilment.task as task
where task.kind = 'deliver'
    and task.temperature_class <> 'ambient'
    and not exists (
        select
        from sourcing.site_equipment as equipment
        where equipment.site_id = task.site_id
            and equipment.temperature_class = task.temperature_class
            and equipment.since <= task.offered_at
            and (equipment.until is null or equipment.until >= task.offered_at)
    )
order by task.id

-- name: open_calls_are_held
-- Lines of which open calls offer more units than the order holds: two calls for one unit, or a call for what is gone.
with called as (
    select
        call.order_id,
        call_line.line_id,
        sum(call_line.units) as units
    from fulfilment.published_calls as call
    join fulfilment.call_line as call_line on call_line.call_id = call.call_id
    where call.state = 'open'
    group by
        call.order_id,
        call_line.line_id
)
select
    'line ' || called.line_id as subject,
    called.units || ' units called' as found,
    coalesce(line.held, 0) || ' units held' as expected,
    'update fulfilment.call set state = ''withdrawn'', ended_at = now() where state = ''open'' and order_id = '
        || quote_literal(called.order_id) as repair
from called
left join orders.line as line on line.order_id = called.order_id
    and line.line_id = called.line_id
where called.units > coalesce(line.held, 0)
order by subject

-- name: handed_over_is_settled
-- Goods that were handed over and whose shares were not all made, up to where the follower that makes them has come.
with settled as (
    select line_id, sum(units) as units
    from sharing.split
    group by line_id
)
select
    'line ' || line.line_id as subject,
    coalesce(settled.units, 0) || ' of ' || line.handed_over || ' units settled' as found,
    line.handed_over::text as expected,
    'update log.follower set position = least(position, (select min(position) - 1 from log.event where subject = '
        || quote_literal(line.order_id) || ')) where name = ''settle''' as repair
from orders.line as line
left join settled on settled.line_id = line.line_id
where line.kind = 'goods'
    and coalesce(settled.units, 0) <> line.handed_over
    and not exists (
        select
        from log.event as waiting
        join log.follower as follower on follower.name = 'settle'
        where waiting.subject = line.order_id
            and waiting.position > follower.position
    )
order by line.order_id, line.line_id

-- name: lower_limits_were_learnt
-- Sites that are given less than they say though nothing was learnt of that, or somebody answers for what they say.
select
    'site ' || limits.site_id as subject,
    limits.learnt_per_day || ' a day by version ' || limits.learnt_version as found,
    case
        when limits.fixed_at is not null then limits.tasks_per_day || ' a day, fixed by ' || limits.fixed_by
        else 'no less than ' || coalesce(known.learnt_per_day, limits.tasks_per_day) || ' a day'
    end as expected,
    'delete from fulfilment.learnt_limit where site_id = ' || quote_literal(limits.site_id) as repair
from fulfilment.published_site_limits as limits
left join insight.capacity_site as known on known.site_id = limits.site_id
    and known.version = limits.learnt_version
left join insight.capacity_version as version on version.version = limits.learnt_version
where limits.learnt_per_day is not null
    and (
        limits.fixed_at is not null
        or version.version is null
        or limits.learnt_per_day < known.learnt_per_day
    )
order by subject

-- name: waiting_is_paid_as_fixed
-- Tasks whose shares for waiting come to more than was fixed when the work was put to the site, or give another reason.
with paid as (
    select
        task_line.task_id,
        split.waited_since,
        split.waited_rounds,
        split.waited_version,
        sum(split.amounts_minor[cardinality(split.amounts_minor)]) as paid_minor
    from sharing.split as split
    left join fulfilment.task_line as task_line on task_line.allocation_id = split.part_id
    where split.waited_since is not null
    group by task_line.task_id, split.waited_since, split.waited_rounds, split.waited_version
)
select
    'task ' || coalesce(paid.task_id::text, 'unknown') as subject,
    paid.paid_minor || ' on top since ' || paid.waited_since || ', ' || paid.waited_rounds || ' rounds' as found,
    coalesce('at most ' || pay.extra_minor || ' since ' || pay.since || ', ' || pay.rounds || ' rounds', 'nothing')
        as expected,
    'Correct the line by a dispute of the party that bore it; no command of Loopline writes this.' as repair
from paid
left join fulfilment.waiting_pay as pay on pay.work_id = paid.task_id
where pay.work_id is null
    or paid.paid_minor > pay.extra_minor
    or (pay.since, pay.rounds, pay.profile_version)
        is distinct from (paid.waited_since, paid.waited_rounds, paid.waited_version)
order by subject

-- name: shares_equal_postings
-- Parties whose shares, less what was taken back, are not what the ledger says we owe them: pending, due, on its way or
-- withheld, with what they were paid.
with earned as (
    select
        party_id,
        currency,
        sum(amount_minor) as amount_minor
    from (
        select share.party_id, split.currency, share.amount_minor
        from sharing.split as split
        cross join lateral unnest(split.party_ids, split.amounts_minor) as share (party_id, amount_minor)
        union all
        select share.party_id, split.currency, -share.amount_minor
        from sharing.claw_back as claw_back
        join sharing.split as split
            on split.line_id = claw_back.line_id
            and split.part_id = claw_back.part_id
        cross join lateral unnest(split.party_ids, claw_back.amounts_minor) as share (party_id, amount_minor)
        union all
        select evaluation.party_id, evaluation.currency, evaluation.change_minor
        from sharing.evaluation as evaluation
        union all
        select evaluation.funder_id, evaluation.currency, -evaluation.change_minor
        from sharing.evaluation as evaluation
        union all
        -- What disputes corrected, and what returns took back of that.
        select account.party_id, part.currency, -posting.amount_minor
        from ledger.entry as entry
        left join ledger.reversal as reversal on reversal.entry_id = entry.id
        left join ledger.entry as original on original.id = reversal.of_entry_id
        join ledger.entry_part as part on part.entry_id = entry.id
        cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
        join ledger.account as account on account.number = posting.account_number
        where 'adjustment' in (entry.kind, original.kind)
            and account.party_id is not null
            and account.purpose in ('share_pending', 'share_due')
    ) as movement
    group by party_id, currency
),
owed as (
    select
        party_id,
        currency,
        sum(amount_minor) as amount_minor
    from (
        select account.party_id, account.currency, -balance.balance_minor as amount_minor
        from ledger.account as account
        join ledger.balance as balance on balance.account_number = account.number
        where account.purpose in ('share_pending', 'share_due', 'payout_in_transit', 'reclaim_in_transit', 'withheld_tax')
        union all
        select party_id, currency, net_minor
        from payouts.published_line
        where state = 'paid'
        union all
        select party_id, currency, -amount_minor
        from payouts.published_reclaim
        where state = 'came'
    ) as standing
    group by party_id, currency
)
select
    'party ' || coalesce(earned.party_id, owed.party_id) || ' in ' || coalesce(earned.currency, owed.currency)
        as subject,
    coalesce(owed.amount_minor, 0) || ' in the ledger' as found,
    coalesce(earned.amount_minor, 0) || ' in shares' as expected,
    'select * from sharing.share where party_id = ' || quote_literal(coalesce(earned.party_id, owed.party_id))
        as repair
from earned
full join owed on owed.party_id = earned.party_id and owed.currency = earned.currency
where coalesce(owed.amount_minor, 0) <> coalesce(earned.amount_minor, 0)
order by subject

-- name: pending_shares_equal_postings
-- Parties of which the books have other shares pending than the parts say whose return window is open, less what came back
-- of them: each share becomes due once, or is taken back, or both in parts, and never more than it was.
with waiting as (
    select
        split.entity_id,
        share.party_id,
        split.currency,
        sum(share.amount_minor - coalesce(taken.amount_minor, 0)) as amount_minor
    from sharing.pending_part as pending_part
    join sharing.split as split
        on split.line_id = pending_part.line_id
        and split.part_id = pending_part.part_id
    cross join lateral unnest(split.party_ids, split.amounts_minor) with ordinality
        as share (party_id, amount_minor, position)
    cross join lateral (
        select sum(claw_back.amounts_minor[share.position]) as amount_minor
        from sharing.claw_back as claw_back
        where claw_back.line_id = split.line_id and claw_back.part_id = split.part_id
    ) as taken
    group by split.entity_id, share.party_id, split.currency
),
booked as (
    select account.entity_id, account.party_id, account.currency, -balance.balance_minor as amount_minor
    from ledger.account as account
    join ledger.balance as balance on balance.account_number = account.number
    where account.purpose = 'share_pending'
)
select
    'party ' || coalesce(waiting.party_id, booked.party_id) || ' in ' || coalesce(waiting.currency, booked.currency)
        as subject,
    coalesce(booked.amount_minor, 0) || ' pending in the ledger' as found,
    coalesce(waiting.amount_minor, 0) || ' in parts whose window is open' as expected,
    'select * from sharing.share where party_id = ' || quote_literal(coalesce(waiting.party_id, booked.party_id))
        as repair
from waiting
full join booked
    on booked.entity_id = waiting.entity_id
    and booked.party_id = waiting.party_id
    and booked.currency = waiting.currency
where coalesce(booked.amount_minor, 0) <> coalesce(waiting.amount_minor, 0)
order by subject

-- name: invoices_equal_postings
-- Lines, of wishes, of which another amount stands invoiced than they have earned by the ledger, or nothing though they
-- earned something, where nothing more is to be made out: no document is asked for, nothing stands in its way, and the
-- follower that looks again has come past the order. Of a line that earned less than nothing nothing is invoiced.
with wished as (
    select distinct wish_id, order_id, entity_id
    from invoices.published_settled
),
sold as (
    select wished.wish_id, wished.order_id, wished.entity_id, line.line_id
    from wished
    join orders.line as line
        on line.order_id = wished.order_id
        and line.seller_entity_id = wished.entity_id
        and line.kind <> 'voucher'
    union
    select wish_id, order_id, entity_id, line_id
    from invoices.published_settled
    where line_id is not null
),
parts as (
    select sold.wish_id, sold.entity_id, sold.line_id, sold.line_id as part_id
    from sold
    union
    select sold.wish_id, sold.entity_id, sold.line_id, split.part_id
    from sold
    join sharing.split as split on split.line_id = sold.line_id
),
earned as (
    select
        parts.wish_id,
        parts.line_id,
        greatest(-coalesce(sum(posting.amount_minor) filter (where account.purpose in ('revenue', 'charges')), 0), 0)
            as net_minor,
        greatest(-coalesce(sum(posting.amount_minor) filter (where account.purpose = 'tax'), 0), 0) as tax_minor
    from parts
    join ledger.entry_part as part on part.part_id = parts.part_id
    cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
    join ledger.account as account
        on account.number = posting.account_number
        and account.entity_id = parts.entity_id
    group by parts.wish_id, parts.line_id
)
select
    'line ' || sold.line_id as subject,
    coalesce(invoiced.net_minor, 0) || ' and tax ' || coalesce(invoiced.tax_minor, 0) || ' invoiced' as found,
    coalesce(earned.net_minor, 0) || ' and tax ' || coalesce(earned.tax_minor, 0) || ' earned' as expected,
    'update invoices.wish set look_at = now() where id = ' || quote_literal(sold.wish_id) as repair
from sold
left join earned on earned.wish_id = sold.wish_id and earned.line_id = sold.line_id
left join invoices.published_settled as invoiced
    on invoiced.wish_id = sold.wish_id
    and invoiced.line_id = sold.line_id
where (coalesce(invoiced.net_minor, 0) <> coalesce(earned.net_minor, 0)
        or coalesce(invoiced.tax_minor, 0) <> coalesce(earned.tax_minor, 0))
    and not exists (
        select
        from log.event as waiting
        join log.follower as follower on follower.name = 'invoices'
        where waiting.position > follower.position
            and (waiting.subject = sold.order_id
                or (waiting.type = 'return_opened'
                    and position(sold.order_id::text in waiting.data::text) > 0))
    )
order by sold.order_id, sold.line_id

-- name: payouts_equal_postings
-- Parties of which the books have other money on its way, asked back or withheld, than their payouts and reclaims say.
with booked as (
    select
        account.entity_id,
        account.party_id,
        account.currency,
        account.purpose,
        -sum(balance.balance_minor) as amount_minor
    from ledger.account as account
    join ledger.balance as balance on balance.account_number = account.number
    where account.purpose in ('payout_in_transit', 'reclaim_in_transit', 'withheld_tax')
    group by account.entity_id, account.party_id, account.currency, account.purpose
),
said as (
    select entity_id, party_id, currency, 'payout_in_transit' as purpose, sum(net_minor) as amount_minor
    from payouts.published_line
    where state = 'in_transit'
    group by entity_id, party_id, currency
    union all
    select entity_id, party_id, currency, 'withheld_tax', sum(withheld_minor)
    from payouts.published_line
    where state <> 'returned'
    group by entity_id, party_id, currency
    union all
    select entity_id, party_id, currency, 'reclaim_in_transit', -sum(amount_minor)
    from payouts.published_reclaim
    where state = 'asked'
    group by entity_id, party_id, currency
)
select
    'party ' || coalesce(booked.party_id, said.party_id) || ', ' || coalesce(booked.purpose, said.purpose) as subject,
    coalesce(booked.amount_minor, 0) || ' in the ledger' as found,
    coalesce(said.amount_minor, 0) || ' in lines of payouts' as expected,
    'select * from payouts.published_line where party_id = ' || quote_literal(coalesce(booked.party_id, said.party_id))
        as repair
from booked
full join said
    on said.entity_id = booked.entity_id
    and said.party_id = booked.party_id
    and said.currency = booked.currency
    and said.purpose = booked.purpose
where coalesce(booked.amount_minor, 0) <> coalesce(said.amount_minor, 0)
order by subject

-- name: sealed_statements_equal_postings
-- Parties whose sealed days do not add up to what was posted of their shares, and of what they bear of promotions, until the
-- end of the last sealed day.
with sealed as (
    select
        leaf.party_id,
        moved.currency,
        moved.pending_minor,
        moved.due_minor,
        coalesce(moved.borne_minor, 0) as borne_minor
    from statements.leaf as leaf
    join statements.seal as seal on seal.day = leaf.day
    cross join lateral jsonb_to_recordset(leaf.moved) as moved (
        currency text, pending_minor bigint, due_minor bigint, borne_minor bigint
    )
),
posted as (
    select
        account.party_id,
        account.currency,
        -posting.amount_minor as amount_minor,
        account.purpose
    from ledger.entry_part as part
    cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
    join ledger.account as account on account.number = posting.account_number
    join ledger.entry as entry on entry.id = part.entry_id
    left join ledger.reversal as reversal on reversal.entry_id = part.entry_id
    left join ledger.entry as original on original.id = reversal.of_entry_id
    where account.party_id is not null
        and (
            account.purpose in ('share_pending', 'share_due')
            or (
                account.purpose in ('receivable', 'intercompany')
                and 'promotion' in (entry.kind, original.kind)
                and account.entity_id in (
                    select funded.entity_id
                    from ledger.account as funded
                    where funded.number = any(part.account_numbers) and funded.purpose = 'promotion_funded'
                )
            )
        )
        -- An id begins with the milliseconds of its moment.
        and part.entry_id < (
            select rpad(lpad(to_hex((extract(epoch from max(seal.day) + 1) * 1000)::bigint), 12, '0'), 32, '0')::uuid
            from statements.seal as seal
        )
),
moved as (
    select
        party_id,
        currency,
        pending_minor as sealed_pending,
        due_minor as sealed_due,
        borne_minor as sealed_borne,
        0 as pending,
        0 as due,
        0 as borne
    from sealed
    union all
    select
        party_id,
        currency,
        0,
        0,
        0,
        case purpose when 'share_pending' then amount_minor else 0 end,
        case purpose when 'share_due' then amount_minor else 0 end,
        case when purpose in ('receivable', 'intercompany') then -amount_minor else 0 end
    from posted
)
select
    'statements of party ' || party_id || ' in ' || currency as subject,
    sum(sealed_pending) || ' pending, ' || sum(sealed_due) || ' due, ' || sum(sealed_borne) || ' borne in sealed days'
        as found,
    sum(pending) || ' pending, ' || sum(due) || ' due, ' || sum(borne) || ' borne in the ledger' as expected,
    'loopline seal --look-back 3660 (with the next day that is over: it takes what was committed after its day was sealed)'
        as repair
from moved
group by party_id, currency
having sum(sealed_pending) <> sum(pending) or sum(sealed_due) <> sum(due) or sum(sealed_borne) <> sum(borne)
order by 1;

-- name: closed_months_equal_postings
-- Closed months whose debits and credits by purpose are not those of the ledger's entries: each entry counts in the month
-- it is dated in, or, committed after that month's cut, in the first later month with a later cut.
with closed as (
    select
        entity_id,
        currency,
        id,
        month,
        cut,
        row_number() over (partition by entity_id, currency order by end_at) - 1 as place
    from closing.published_close
),
books as (
    select entity_id, currency, array_agg(end_at order by end_at) as ends
    from closing.published_close
    group by entity_id, currency
),
posted as (
    select
        account.entity_id,
        account.currency,
        account.purpose,
        width_bucket(entry.at, books.ends) as place,
        case when entry.kind in ('expected_returns', 'on_way') then -1 else entry.cut end as cut,
        sum(greatest(posting.amount_minor, 0)) as debit_minor,
        sum(greatest(-posting.amount_minor, 0)) as credit_minor
    from ledger.entry as entry
    join ledger.entry_part as part on part.entry_id = entry.id
    cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
    join ledger.account as account on account.number = posting.account_number
    join books on books.entity_id = account.entity_id and books.currency = account.currency
    group by 1, 2, 3, 4, 5
),
counted as (
    select
        held.id as close_id,
        posted.purpose,
        sum(posted.debit_minor) as debit_minor,
        sum(posted.credit_minor) as credit_minor
    from posted
    join lateral (
        select closed.id
        from closed
        where closed.entity_id = posted.entity_id
            and closed.currency = posted.currency
            and closed.place >= posted.place
            and closed.cut > posted.cut
        order by closed.place
        limit 1
    ) as held on true
    group by held.id, posted.purpose
),
compared as (
    select
        coalesce(kept.close_id, counted.close_id) as close_id,
        coalesce(kept.purpose, counted.purpose) as purpose,
        coalesce(kept.debit_minor, 0) as kept_debit_minor,
        coalesce(kept.credit_minor, 0) as kept_credit_minor,
        coalesce(counted.debit_minor, 0) as debit_minor,
        coalesce(counted.credit_minor, 0) as credit_minor
    from closing.published_balance as kept
    full join counted on counted.close_id = kept.close_id and counted.purpose = kept.purpose
)
select
    'closed month ' || to_char(closed.month, 'YYYY-MM') || ' of company ' || closed.entity_id || ', '
        || compared.purpose as subject,
    compared.kept_debit_minor || ' debit, ' || compared.kept_credit_minor || ' credit ' || closed.currency as found,
    compared.debit_minor || ' debit, ' || compared.credit_minor || ' credit in the ledger' as expected,
    'Restore the ledger or the schema closing from the last backup; no command changes either.' as repair
from compared
join closed on closed.id = compared.close_id
where compared.kept_debit_minor <> compared.debit_minor or compared.kept_credit_minor <> compared.credit_minor
order by 1;

-- name: returns_are_reversed
-- Lines of which other units came back than returns were matched to, or than shares were taken back of.
with matched as (
    select line_id, sum(units) as units
    from returns.match
    group by line_id
),
taken as (
    select line_id, sum(units_returned) as units
    from sharing.returned_part
    group by line_id
)
select
    'line ' || line.line_id as subject,
    coalesce(matched.units, 0) || ' matched, ' || coalesce(taken.units, 0) || ' taken back' as found,
    line.returned || ' returned' as expected,
    'select * from returns.match where line_id = ' || quote_literal(line.line_id) as repair
from orders.line as line
left join matched on matched.line_id = line.line_id
left join taken on taken.line_id = line.line_id
where coalesce(matched.units, 0) <> line.returned
    or (line.kind = 'goods' and coalesce(taken.units, 0) <> line.returned)
order by line.order_id, line.line_id

-- name: followers_stand_in_the_log
-- Followers beyond the end of the log, and events they could not apply.
select
    'follower ' || follower.name as subject,
    'position ' || follower.position as found,
    'at most ' || coalesce((select max(position) from log.event), 0) as expected,
    case starts_with(follower.name, 'insight')
        when true then 'loopline boards rebuild'
        else 'update log.follower set position = 0 where name = ' || quote_literal(follower.name)
    end as repair
from log.follower as follower
where follower.position > greatest(
    (select case when is_called then last_value else 0 end from log.event_position),
    0
)
union all
select
    'follower ' || parked.follower as subject,
    count(*) || ' events parked, the first: ' || min(parked.reason) as found,
    'none' as expected,
    'loopline log retry ' || parked.follower as repair
from log.parked_event as parked
group by parked.follower
order by subject

-- name: lent_no_more_than_there_is
-- SKUs of which more is lent than may be promised where marketplaces sell them, although nobody was asked to give it up,
-- no marketplace said that it has none left, and nothing waits to be looked at.
with seller as (
    select marketplace.channel, node.path
    from marketplaces.marketplace as marketplace
    join orders.channel as channel on channel.code = marketplace.channel
    join stock.node as node on node.id = channel.network_node_id
    where marketplace.replaced_at is null
),
lent as (
    select
        above.node_id,
        loan.sku_id,
        sum(loan.units) as units,
        bool_or(loan.asked_back > 0 or loan.is_empty) as is_asked_back
    from marketplaces.loan as loan
    join seller on seller.channel = loan.channel
    cross join lateral unnest(seller.path) as above (node_id)
    where loan.units > 0
    group by above.node_id, loan.sku_id
)
select
    'SKU ' || lent.sku_id || ' at node ' || lent.node_id as subject,
    lent.units || ' lent' as found,
    greatest(0, level.free - level.held) || ' to be promised' as expected,
    'update marketplaces.goods set is_changed = true where sku_id = ' || quote_literal(lent.sku_id) as repair
from lent
join stock.node_stock as level on level.node_id = lent.node_id and level.sku_id = lent.sku_id
where lent.units > greatest(0, level.free - level.held)
    and not lent.is_asked_back
    and not exists (
        select from marketplaces.goods as goods where goods.sku_id = lent.sku_id and goods.is_changed
    )
    and not exists (
        select
        from log.event as told
        where told.position > (select position from log.follower where name = 'loans')
    )
order by lent.sku_id, lent.node_id

-- name: test_orders_are_no_orders
-- Test orders under whose number there is an order, which would be held and sent.
select
    'test order ' || test_order.id as subject,
    'order ' || known.order_id || ' has its number' as found,
    'no order' as expected,
    'cancel order ' || known.order_id as repair
from marketplaces.test_order as test_order
join orders.known as known
    on known.channel = test_order.channel and known.external_number = test_order.external_number
order by test_order.id

-- name: companies_mirror_each_other
-- Companies of which one owes another something else than that has to get from it, for goods the other sold.
with standing as (
    select
        account.entity_id as of_company,
        party.entity_id as about_company,
        account.currency,
        sum(balance.balance_minor) as balance_minor
    from ledger.account as account
    join org.party as party on party.id = account.party_id
    join ledger.balance as balance on balance.account_number = account.number
    where account.purpose = 'intercompany'
    group by account.entity_id, party.entity_id, account.currency
)
select
    'company ' || one.of_company || ' about ' || one.about_company || ' in ' || one.currency as subject,
    one.balance_minor || ' in its books' as found,
    -coalesce(other.balance_minor, 0) || ' in the books of the other' as expected,
    'select * from ledger.account where purpose = ''intercompany'' and entity_id = ' || quote_literal(one.of_company)
        as repair
from standing as one
left join standing as other
    on other.of_company = one.about_company
    and other.about_company = one.of_company
    and other.currency = one.currency
where one.balance_minor <> -coalesce(other.balance_minor, 0)
order by subject

-- name: exchanges_are_paid_once
-- Exchanges whose old goods pay other than their new order counts as carried over, or than their return gave for it.
with given as (
    select refund.return_id as id, sum(refund.amount_minor) as amount_minor
    from payments.refund as refund
    where refund.method = 'exchange'
    group by refund.return_id
),

carried as (
    select payment.order_id, sum(payment.amount_minor) as amount_minor
    from payments.payment as payment
    where payment.carried_from is not null
    group by payment.order_id
)

select
    'exchange ' || coalesce(exchange.id, given.id) as subject,
    coalesce(given.amount_minor, 0) || ' kept of its return, ' || coalesce(carried.amount_minor, 0) || ' paid with it'
        as found,
    coalesce(exchange.credit_minor, 0) || ' for both' as expected,
    'select * from returns.exchange where id = ' || quote_literal(coalesce(exchange.id, given.id)) as repair
from returns.exchange as exchange
full join given on given.id = exchange.id
left join carried on carried.order_id = exchange.new_order_id
where coalesce(given.amount_minor, 0) <> coalesce(exchange.credit_minor, 0)
    or coalesce(carried.amount_minor, 0) <> coalesce(exchange.credit_minor, 0)
order by subject

-- name: counters_are_owed_what_they_gave
-- What was given back, or paid, over the counter of another company than owed or got it, in cash or by the terminal
-- there, and is not owed between the two by as much. Each says whose drawer it was; those that say none moved none.
with given as (
    select
        'counter:' || refund.id as key,
        refund.drawer_entity_id as payer_id,
        sum(coalesce(part.amount_minor, refund.amount_minor)) as amount_minor
    from payments.refund as refund
    left join payments.refund_part as part on part.refund_id = refund.id
    left join payments.payment as payment on payment.id = part.payment_id
    where refund.drawer_entity_id is not null
        and coalesce(payment.method, refund.method) in ('cash', 'card_terminal')
    group by refund.id, refund.drawer_entity_id
    union all
    select
        payment.key,
        payment.entity_id as payer_id,
        payment.amount_minor
    from payments.payment as payment
    where payment.drawer_entity_id is not null
),

booked as (
    select
        entry.key,
        account.entity_id as payer_id,
        sum(posting.amount_minor) as amount_minor
    from ledger.entry as entry
    join ledger.entry_part as part on part.entry_id = entry.id
    cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
    join ledger.account as account on account.number = posting.account_number and account.purpose = 'intercompany'
    where entry.kind = 'paid_for_another'
        and (starts_with(entry.key, 'counter:') or starts_with(entry.key, 'difference:'))
        and posting.amount_minor > 0
    group by entry.key, account.entity_id
)

select
    coalesce(given.key, booked.key) as subject,
    coalesce(booked.amount_minor, 0) || ' owed between the companies' as found,
    coalesce(given.amount_minor, 0) || ' moved over a counter' as expected,
    'select * from ledger.entry where key = ' || quote_literal(coalesce(booked.key, given.key)) as repair
from given
full join booked on booked.key = given.key and booked.payer_id = given.payer_id
where coalesce(given.amount_minor, 0) <> coalesce(booked.amount_minor, 0)
order by subject

-- name: drawers_are_booked
-- Drawers of tills whose differences, late money or petty cash stand in the books otherwise than their shifts say.
with said as (
    select
        'drawer:' || id || ':opening' as key,
        entity_id,
        float_minor - left_minor as amount_minor
    from payments.shift
    where float_minor <> left_minor
    union all
    select
        'drawer:' || id || ':count' as key,
        entity_id,
        counted_minor - expected_minor as amount_minor
    from payments.shift
    where counted_minor <> expected_minor
    union all
    select
        'drawer:' || move.id || case when move.kind = 'petty_cash' then ':petty' else ':later' end as key,
        shift.entity_id,
        case when move.kind = 'petty_cash' then move.amount_minor else -move.amount_minor end as amount_minor
    from payments.till_move as move
    join payments.shift as shift on shift.id = move.shift_id
    where move.method = 'cash'
        and (move.counted = 'later' or move.kind = 'petty_cash')
),

booked as (
    select
        entry.key,
        account.entity_id,
        sum(posting.amount_minor) as amount_minor
    from ledger.entry as entry
    join ledger.entry_part as part on part.entry_id = entry.id
    cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
    join ledger.account as account on account.number = posting.account_number and account.purpose = 'cash'
    where entry.kind = 'drawer'
    group by entry.key, account.entity_id
)

select
    coalesce(said.key, booked.key) as subject,
    coalesce(booked.amount_minor, 0) || ' booked' as found,
    coalesce(said.amount_minor, 0) || ' by its shift' as expected,
    'select * from ledger.entry where key = ' || quote_literal(coalesce(booked.key, said.key)) as repair
from said
full join booked on booked.key = said.key and booked.entity_id = said.entity_id
where coalesce(said.amount_minor, 0) <> coalesce(booked.amount_minor, 0)
order by subject

-- name: noted_supplies_are_not_settled
-- Goods of another company that are noted as not settled and stand in the ledger as settled, too.
select
    'part ' || noted.part_id as subject,
    'entry ' || entry.key as found,
    'noted, or settled' as expected,
    'select * from supply.noted where part_id = ' || quote_literal(noted.part_id) as repair
from supply.noted as noted
join ledger.entry_part as part on part.part_id = noted.part_id
join ledger.entry as entry on entry.id = part.entry_id and entry.kind = 'supply'
order by subject

-- name: notices_went_to_who_ordered
-- Notices of orders that are another member's, or nobody's, or that do not exist.
select
    'notice ' || notice.id as subject,
    'put down for member ' || notice.member_id as found,
    'for ' || coalesce('member ' || head.member_id, 'nobody') as expected,
    'select * from notices.notice where id = ' || quote_literal(notice.id) as repair
from notices.published_told as notice
left join orders.order as head on head.id = notice.order_id
where head.member_id is distinct from notice.member_id
order by notice.id

-- name: notices_followed_their_word
-- Notices that were told although their member had said, before that, that they want none; the brand is who tells.
select
    'notice ' || notice.id as subject,
    'handed over at ' || notice.told_at as found,
    'not at all: declined at ' || said.at as expected,
    'select * from notices.notice where id = ' || quote_literal(notice.id) as repair
from notices.published_told as notice
cross join lateral (
    select change.at, change.granted
    from customers.consent_change as change
    join org.party as party on party.id = change.receiver_id and party.kind = 'brand'
    where change.member_id = notice.member_id
        and change.purpose = 'service'
        and change.channel = 'sms'
        and change.recorded_at < notice.told_at
    order by change.at desc, change.granted
    limit 1
) as said
where not said.granted
    and notice.state = 'sent'
order by notice.id

-- name: ids_point_to_something
-- Ids that cross from one room to another and name nothing there.
select
    kind || ' ' || id as subject,
    'named by ' || by_whom as found,
    'a ' || kind || ' that exists' as expected,
    'select * from ' || by_whom as repair
from (
    select 'sku' as kind, line.sku_id as id, 'orders.line' as by_whom
    from (select distinct sku_id from orders.line where sku_id is not null) as line
    where not exists (select from catalogue.sku as known where known.id = line.sku_id)
    union all
    select 'member', head.member_id, 'orders.order'
    from (select distinct member_id from orders.order where member_id is not null) as head
    where not exists (select from customers.member as known where known.id = head.member_id)
    union all
    select 'site', head.site_id, 'orders.order'
    from (select distinct site_id from orders.order where site_id is not null) as head
    where not exists (select from org.site as known where known.id = head.site_id)
    union all
    select 'site', node.site_id, 'stock.node'
    from stock.node as node
    where node.site_id is not null
        and not exists (select from org.site as known where known.id = node.site_id)
    union all
    select 'sku', level.sku_id, 'stock.leaf_stock'
    from (select distinct sku_id from stock.leaf_stock) as level
    where not exists (select from catalogue.sku as known where known.id = level.sku_id)
    union all
    select 'party', account.party_id, 'ledger.account'
    from (select distinct party_id from ledger.account where party_id is not null) as account
    where not exists (select from org.party as known where known.id = account.party_id)
    union all
    select 'entity', account.entity_id, 'ledger.account'
    from (select distinct entity_id from ledger.account) as account
    where not exists (select from org.entity as known where known.id = account.entity_id)
    union all
    select 'order', task.order_id, 'fulfilment.task'
    from (select distinct order_id from fulfilment.task) as task
    where not exists (select from orders.order as known where known.id = task.order_id)
    union all
    select 'order', call.order_id, 'fulfilment.call'
    from (select distinct order_id from fulfilment.published_calls) as call
    where not exists (select from orders.order as known where known.id = call.order_id)
    union all
    select 'order', message.order_id, 'inbox.message'
    from (select distinct order_id from inbox.message where order_id is not null) as message
    where not exists (select from orders.order as known where known.id = message.order_id)
        and not exists (select from marketplaces.test_order as known where known.id = message.order_id)
    union all
    select 'order', shipment.order_id, 'marketplaces.shipment'
    from marketplaces.shipment as shipment
    where not exists (select from orders.order as known where known.id = shipment.order_id)
    union all
    select 'SKU', loan.sku_id, 'marketplaces.loan'
    from (select distinct sku_id from marketplaces.loan) as loan
    where not exists (select from catalogue.sku as known where known.id = loan.sku_id)
    union all
    select 'node', channel.network_node_id, 'orders.channel'
    from orders.channel as channel
    where not exists (select from stock.node as known where known.id = channel.network_node_id)
    union all
    select 'person', sale.rung_up_by, 'orders.till_sale'
    from (select distinct rung_up_by from orders.till_sale) as sale
    where not exists (select from org.person as known where known.id = sale.rung_up_by)
    union all
    select 'order', sealing.order_id, 'buyers.sealing'
    from buyers.sealing as sealing
    where not exists (select from orders.order as known where known.id = sealing.order_id)
    union all
    select 'order', opening.order_id, 'buyers.opening'
    from (select distinct order_id from buyers.opening) as opening
    where not exists (select from orders.order as known where known.id = opening.order_id)
    union all
    select 'party', payout.party_id, 'payouts.payout'
    from (select distinct party_id from payouts.payout) as payout
    where not exists (select from org.party as known where known.id = payout.party_id)
    union all
    select 'entity', payer.entity_id, 'payouts.payer'
    from payouts.payer as payer
    where not exists (select from org.entity as known where known.id = payer.entity_id)
    union all
    select 'payment', taken.payment_id, 'payouts.transaction'
    from payouts.transaction as taken
    where not exists (select from payments.payment as known where known.id = taken.payment_id)
    union all
    select 'person', opening.person_id, 'buyers.opening'
    from (select distinct person_id from buyers.opening) as opening
    where not exists (select from org.person as known where known.id = opening.person_id)
) as orphan
order by kind, id, by_whom

-- name: serving_role_has_no_other_power
-- Powers of the serving role that it should not have.
select
    'role ' || rolname as subject,
    concat_ws(
        ', ',
        case when rolsuper then 'superuser' end,
        case when rolbypassrls then 'bypasses row security' end,
        case when rolcreaterole then 'makes roles' end,
        case when rolcreatedb then 'makes databases' end
    ) as found,
    'none of it' as expected,
    'alter role loopline_app nosuperuser nobypassrls nocreaterole nocreatedb' as repair
from pg_roles
where rolname = 'loopline_app'
    and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)
union all
select
    'table ' || kept.name as subject,
    'the serving role may ' || power.name as found,
    'may only read and add' as expected,
    'revoke ' || power.name || ' on ' || kept.name || ' from loopline_app' as repair
from (
    values ('log.event'), ('ledger.entry'), ('ledger.entry_part'), ('stock.movement'), ('sharing.claw_back'),
        ('buyers.opening'), ('buyers.opening_end')
) as kept (name)
cross join (values ('update'), ('delete'), ('truncate')) as power (name)
where has_table_privilege('loopline_app', kept.name, power.name)
order by subject, found

-- name: order_money_agrees
-- Orders for which the money taken less that given back, or on its way back by a gateway, is not what is due, with no
-- open exception that says why. Due is the order's amount less what was cancelled of it and what its returns reversed.
-- All of it is due from the moment goods were handed over; until then less may have been paid, but nothing given back.
with money as (
    select
        order_id,
        sum(amount_minor) as kept_minor,
        sum(refunded_minor) as refunded_minor
    from (
        select order_id, taken_minor - refunded_minor as amount_minor, refunded_minor
        from payments.published_order_money
        union all
        select order_id, -amount_minor, amount_minor
        from payments.published_refunds_under_way
        where order_id is not null
    ) as movement
    group by order_id
),
deposit as (
    select number
    from ledger.account
    where purpose = 'customer_deposit'
),
sold_part as (
    select part_id, order_id
    from sharing.split
    union all
    select line_id, order_id
    from orders.line
    where kind <> 'goods'
),
given_back as (
    select
        coalesce(sold_part.order_id, entry_part.part_id) as order_id,
        -sum(posting.amount_minor) as amount_minor
    from ledger.entry as entry
    join ledger.entry_part as entry_part on entry_part.entry_id = entry.id
    cross join lateral unnest(entry_part.account_numbers, entry_part.amounts_minor)
        as posting (account_number, amount_minor)
    left join sold_part on sold_part.part_id = entry_part.part_id
    where entry.kind in ('reversal', 'adjustment')
        and posting.account_number in (select number from deposit)
    group by coalesce(sold_part.order_id, entry_part.part_id)
),
cancelled as (
    select
        order_id,
        sum(amount_minor - round(amount_minor::numeric * (units - cancelled) / units)) as amount_minor
    from orders.line
    where cancelled > 0
    group by order_id
),
due as (
    select
        head.id as order_id,
        head.amount_minor - coalesce(cancelled.amount_minor, 0) - coalesce(given_back.amount_minor, 0)
            as amount_minor,
        head.handed_over > 0 or head.units = 0 as is_delivered
    from orders.order as head
    left join cancelled on cancelled.order_id = head.id
    left join given_back on given_back.order_id = head.id
)
select
    'order ' || coalesce(due.order_id, money.order_id) as subject,
    coalesce(money.kept_minor, 0) || ' taken and kept' as found,
    coalesce(due.amount_minor, 0) || ' due' as expected,
    'select * from payments.payment where order_id = ' || quote_literal(coalesce(due.order_id, money.order_id))
        as repair
from due
full join money on money.order_id = due.order_id
where coalesce(money.kept_minor, 0) <> coalesce(due.amount_minor, 0)
    and (
        due.order_id is null
        or due.is_delivered
        or money.kept_minor > due.amount_minor
        or money.refunded_minor > 0
    )
    and not exists (
        select
        from payments.exception as exception
        where exception.order_id = coalesce(due.order_id, money.order_id)
            and exception.closed_at is null
    )
order by subject

-- name: books_follow_statements
-- What a dealer's system stated, with what happened since, is what our books say. Left out is what moved within the
-- minute before the statement: that may have been under way when it was applied, and stays. Repair: forget the
-- statement; the next one begins anew.
with moved as (
    select
        stated.leaf_id,
        stated.sku_id,
        sum(move.on_hand - case when feed.kind = 'available' then move.allocated + move.unsellable else 0 end)
            filter (where move.id >= stated.later_from) as units_since,
        bool_or(
            move.reason not in ('stated', 'doubt_set', 'safety_set') and move.id < stated.later_from
            and move.at > stated.as_at - interval '1 minute' and move.at <= stated.as_at + interval '1 minute'
        ) as is_unclear
    from feeds.stated as stated
    join feeds.feed as feed on feed.id = stated.feed_id
    join stock.movement as move on move.leaf_id = stated.leaf_id and move.sku_id = stated.sku_id
    group by stated.leaf_id, stated.sku_id
)
select
    'leaf ' || stated.leaf_id || ', SKU ' || stated.sku_id as subject,
    (level.on_hand - case when feed.kind = 'available' then level.allocated + level.unsellable else 0 end)
        || ' in our books' as found,
    (stated.units + coalesce(moved.units_since, 0)) || ' stated, with what happened since' as expected,
    'delete from feeds.stated where leaf_id = ' || quote_literal(stated.leaf_id)
        || ' and sku_id = ' || quote_literal(stated.sku_id) as repair
from feeds.stated as stated
join feeds.feed as feed on feed.id = stated.feed_id
join stock.leaf_stock as level on level.leaf_id = stated.leaf_id and level.sku_id = stated.sku_id
left join moved on moved.leaf_id = stated.leaf_id and moved.sku_id = stated.sku_id
where
    not coalesce(moved.is_unclear, false)
    and level.on_hand - case when feed.kind = 'available' then level.allocated + level.unsellable else 0 end
        <> stated.units + coalesce(moved.units_since, 0)
order by subject

-- name: promised_orders_have_an_open_promise
-- Orders that were promised something and still wait for goods or a site, without a promise that stands.
select
    'order ' || head.id as subject,
    'no open promise' as found,
    (head.held + head.parked) || ' units of it are still to come' as expected,
    'select * from promises.promise where order_id = ' || quote_literal(head.id) as repair
from orders.order as head
where head.held + head.parked > 0
    and exists (select from promises.promise where promise.order_id = head.id)
    and not exists (
        select
        from promises.promise
        where promise.order_id = head.id and promise.state in ('open', 'void')
    )
order by head.id

-- name: places_belong_to_orders_that_stand
-- Orders that were called off whole and have their place at an hour still, or stand and gave it back, or that a courier
-- or a fitter brings at no hour at all. What the follower of slots was not told of yet is left out.
select
    'order ' || head.id as subject,
    head.stage || ', ' || coalesce('a place that is ' || booking.state, 'no place') as found,
    'an order has its place until it is called off whole' as expected,
    'select * from slots.booking where order_id = ' || quote_literal(head.id) as repair
from orders.order as head
left join slots.booking as booking on booking.order_id = head.id
where (
        (booking.state = 'held' and head.stage = 'cancelled')
        or (booking.state = 'released' and head.stage <> 'cancelled')
        or (booking.order_id is null and head.delivery in ('courier', 'fitting') and head.kind = 'ask')
    )
    and not exists (
        select
        from log.event as waiting
        join log.follower as follower on follower.name = 'slots'
        where waiting.position > follower.position
            and waiting.subject = head.id
            and waiting.type in ('lines_cancelled', 'lines_reinstated')
    )
order by head.id

-- name: what_was_fitted_was_handed_over
-- Orders that a fitter brings of which goods left without a visit that was done, or none with one that was.
with left_with as (
    select
        order_id,
        bool_or(state = 'handed_over') as has_left
    from fulfilment.published_tasks
    group by order_id
)
select
    'order ' || head.id as subject,
    case when visit.order_id is null then 'goods that left' else 'a visit that was done' end as found,
    case when visit.order_id is null then 'a visit that was done' else 'goods that left with it' end as expected,
    'select * from slots.visit where order_id = ' || quote_literal(head.id) as repair
from orders.order as head
join left_with on left_with.order_id = head.id
left join (
    select distinct order_id
    from slots.visit
    where outcome = 'done'
) as visit on visit.order_id = head.id
where head.delivery = 'fitting'
    and head.kind = 'ask'
    and (visit.order_id is not null) <> left_with.has_left
order by head.id

-- name: kept_promises_match_their_facts
-- Promises called kept whose goods were not ready, or not gone, when they say: by the tasks of their orders.
with fact as (
    select
        order_id,
        max(case kind when 'collect' then packed_at else ended_at end) as at
    from fulfilment.published_tasks
    where state not in ('refused', 'lapsed', 'cancelled')
    group by order_id
)
select
    'promise ' || promise.id as subject,
    promise.handed_over_at || ' by the promise' as found,
    coalesce(fact.at::text, 'nothing') || ' by the tasks' as expected,
    'select * from fulfilment.task where order_id = ' || quote_literal(promise.order_id) as repair
from promises.promise
left join fact on fact.order_id = promise.order_id
where promise.state = 'kept' and promise.handed_over_at is distinct from fact.at
order by promise.id

-- name: on_way_stands_as_closed
-- Books in which other amounts wait for goods to arrive than the last close of them put off.
with last as (
    select distinct on (entity_id, currency)
        entity_id,
        currency,
        on_way
    from closing.close
    order by entity_id, currency, month desc
),
said as (
    select
        last.entity_id,
        last.currency,
        case
            when way.purpose in ('sharing_cost', 'supply_cost', 'promotion_cost') then 'cost_on_way'
            else 'revenue_on_way'
        end as purpose,
        sum(way.amount_minor) as amount_minor
    from last
    cross join lateral jsonb_to_recordset(last.on_way) as way (purpose text, amount_minor bigint)
    group by 1, 2, 3
),
held as (
    select entity_id, currency, purpose, sum(balance_minor) as amount_minor
    from ledger.published_balances
    where purpose in ('revenue_on_way', 'cost_on_way')
    group by 1, 2, 3
)
select
    'company ' || coalesce(said.entity_id, held.entity_id) || ', ' || coalesce(said.purpose, held.purpose) as subject,
    coalesce(held.amount_minor, 0) || ' ' || coalesce(said.currency, held.currency) as found,
    coalesce(said.amount_minor, 0) || ' put off by the last close' as expected,
    'Find what else was posted there: closes alone may. Restore the last backup.' as repair
from said
full join held
    on held.entity_id = said.entity_id and held.currency = said.currency and held.purpose = said.purpose
where coalesce(said.amount_minor, 0) <> coalesce(held.amount_minor, 0)
order by 1;

-- name: on_way_was_on_its_way
-- Last closes that put off something else than what parcels had earned and cost that a carrier had at the month's end. What
-- was told of an arrival in the very moment of a close was known to it or not: such a close is not judged.
with last as (
    select distinct on (close.entity_id, close.currency)
        close.id,
        close.entity_id,
        close.currency,
        close.month,
        close.end_at - make_interval(hours => 24 * close.arrives_within_days) as since,
        close.end_at,
        close.cut,
        close.closed_at,
        close.on_way
    from closing.close as close
    order by close.entity_id, close.currency, close.month desc
),
judged as (
    select last.*
    from last
    where not exists (select from promises.arrival as arrival where arrival.told_at = last.closed_at)
),
left_with_carrier as (
    select
        judged.id as close_id,
        sale.id as entry_id,
        coalesce(task.kind, 'deliver') = 'deliver' and arrival.task_id is null as is_open,
        bool_or(task.kind = 'deliver' and arrival.task_id is null) over (
            partition by judged.id, sale.subject, sale.at
        ) as has_parcel
    from judged
    join ledger.entry as sale
        on sale.kind = 'sale'
        and sale.at >= judged.since
        and sale.at < judged.end_at
        and sale.cut < judged.cut
    left join fulfilment.task as task
        on task.id = case when sale.key ~ '^sale:[0-9a-f-]{36}$' then substr(sale.key, 6)::uuid end
    left join promises.arrival as arrival
        on arrival.task_id = task.id
        and arrival.arrived_at < judged.end_at
        and arrival.told_at < judged.closed_at
),
way as (
    select distinct one.close_id, part.part_id
    from left_with_carrier as one
    join ledger.entry_part as part on part.entry_id = one.entry_id
    where one.is_open and one.has_parcel
),
counted as (
    select
        judged.id as close_id,
        account.purpose,
        sum(posting.amount_minor) as amount_minor
    from judged
    join way on way.close_id = judged.id
    join ledger.entry_part as part on part.part_id = way.part_id and part.currency = judged.currency
    join ledger.entry as entry
        on entry.id = part.entry_id and entry.at < judged.end_at and entry.cut < judged.cut
    cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
    join ledger.account as account
        on account.number = posting.account_number and account.entity_id = judged.entity_id
    where account.purpose in (
            'revenue', 'charges', 'promotion_funded', 'supply_revenue', 'consigned', 'sharing_cost', 'supply_cost',
            'promotion_cost'
        )
    group by judged.id, account.purpose
    having sum(posting.amount_minor) <> 0
),
said as (
    select judged.id as close_id, way.purpose, way.amount_minor
    from judged
    cross join lateral jsonb_to_recordset(judged.on_way) as way (purpose text, amount_minor bigint)
)
select
    'closed month ' || to_char(judged.month, 'YYYY-MM') || ' of company ' || judged.entity_id || ', '
        || coalesce(said.purpose, counted.purpose) as subject,
    coalesce(said.amount_minor, 0) || ' ' || judged.currency || ' put off' as found,
    coalesce(counted.amount_minor, 0) || ' of parcels on their way' as expected,
    'Restore the ledger or the schema closing from the last backup; no command changes either.' as repair
from said
full join counted on counted.close_id = said.close_id and counted.purpose = said.purpose
join judged on judged.id = coalesce(said.close_id, counted.close_id)
where coalesce(said.amount_minor, 0) <> coalesce(counted.amount_minor, 0)
order by 1;
