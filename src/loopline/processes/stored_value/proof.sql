-- name: stored_value_is_owed_as_books_say
-- Companies whose books owe other than what their members paid ahead and have left, by currency; and bonuses that were
-- used and are taken off otherwise than they were used.
with members as (
    select
        account.entity_id,
        account.currency,
        sum(account.principal_minor)::bigint as owed_minor,
        coalesce(sum(used.bonus_minor), 0)::bigint as bonus_minor
    from stored_value.account as account
    left join lateral (
        select sum(one.bonus_minor - one.back_bonus_minor) as bonus_minor
        from stored_value.use as one
        where one.account_id = account.id
    ) as used on true
    group by
        account.entity_id,
        account.currency
),

books as (
    select
        account.entity_id,
        account.currency,
        coalesce(-sum(balance.balance_minor) filter (where account.purpose = 'stored_value'), 0)::bigint as owed_minor,
        coalesce(sum(balance.balance_minor) filter (where account.purpose = 'stored_value_bonus'), 0)::bigint
            as bonus_minor
    from ledger.account as account
    join ledger.balance as balance on balance.account_number = account.number
    where account.purpose in ('stored_value', 'stored_value_bonus')
    group by
        account.entity_id,
        account.currency
)

select
    'stored value of company ' || coalesce(members.entity_id, books.entity_id) || ' in '
    || coalesce(members.currency, books.currency) as subject,
    coalesce(books.owed_minor, 0) || ' owed and ' || coalesce(books.bonus_minor, 0) || ' taken off' as found,
    coalesce(members.owed_minor, 0) || ' paid ahead and ' || coalesce(members.bonus_minor, 0) || ' bonus used'
        as expected,
    'select * from ledger.entry where kind = ''stored_value'' order by at' as repair
from members
full join books on books.entity_id = members.entity_id and books.currency = members.currency
where (coalesce(members.owed_minor, 0), coalesce(members.bonus_minor, 0))
    <> (coalesce(books.owed_minor, 0), coalesce(books.bonus_minor, 0))
order by
    coalesce(members.entity_id, books.entity_id),
    coalesce(members.currency, books.currency);

-- name: stored_value_pays_what_payments_say
-- Uses of stored value that are no payments, or of another amount, and payments with it that used nothing; and what
-- refunds gave back of them that did not come back to the account.
with paid as (
    select
        intent.id,
        payment.amount_minor,
        coalesce(back.amount_minor, 0)::bigint as back_minor
    from payments.intent as intent
    join payments.payment as payment on payment.intent_id = intent.id
    left join (
        select
            asked.of_intent_id,
            sum(refund.amount_minor) as amount_minor
        from payments.intent as asked
        join payments.refund as refund on refund.key = 'intent:' || asked.id
        where asked.of_intent_id is not null
        group by asked.of_intent_id
    ) as back on back.of_intent_id = intent.id
    where intent.gateway = 'stored_value'
        and intent.kind = 'capture'
)

select
    'use ' || coalesce(used.id, paid.id) as subject,
    coalesce(used.amount_minor, 0) || ' used, ' || coalesce(used.back_minor, 0) || ' of it back' as found,
    coalesce(paid.amount_minor, 0) || ' paid, ' || coalesce(paid.back_minor, 0) || ' of it given back' as expected,
    'select * from stored_value.movement where ref = ' || quote_literal(coalesce(used.id, paid.id)) as repair
from stored_value.use as used
full join paid on paid.id = used.id
where (coalesce(used.amount_minor, 0), coalesce(used.back_minor, 0))
    <> (coalesce(paid.amount_minor, 0), coalesce(paid.back_minor, 0))
order by coalesce(used.id, paid.id);

-- name: tills_moved_what_was_topped_up
-- Money that a till says it took ahead, and that is no top-up of that amount and method.
select
    'top-up ' || move.source_id as subject,
    move.amount_minor || ' ' || move.method as found,
    coalesce(movement.principal_minor || ' ' || movement.method, 'nothing') as expected,
    'select * from payments.till_move where source_id = ' || quote_literal(move.source_id) as repair
from payments.till_move as move
left join stored_value.movement as movement on movement.kind = 'topped_up' and movement.ref = move.source_id
where move.kind = 'top_up'
    and (move.amount_minor, move.method) is distinct from (movement.principal_minor, movement.method)
order by move.source_id;
