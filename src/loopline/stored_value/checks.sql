-- name: stored_value_equals_its_movements
-- Accounts that hold something else than the sum of what happened to them.
select
    'stored value ' || account.id as subject,
    account.principal_minor || ' paid and ' || account.bonus_minor || ' bonus' as found,
    moved.principal_minor || ' paid and ' || moved.bonus_minor || ' bonus' as expected,
    'select * from stored_value.movement where account_id = ' || quote_literal(account.id) || ' order by number' as repair
from stored_value.account as account
cross join lateral (
    select
        coalesce(sum(movement.principal_minor), 0)::bigint as principal_minor,
        coalesce(sum(movement.bonus_minor), 0)::bigint as bonus_minor
    from stored_value.movement as movement
    where movement.account_id = account.id
) as moved
where (account.principal_minor, account.bonus_minor) <> (moved.principal_minor, moved.bonus_minor)
order by account.id;

-- name: uses_of_stored_value_equal_their_movements
-- Uses that took or gave back something else than their movements of their account say; and movements without a use.
with said as (
    select
        used.account_id,
        sum(used.back_minor - used.amount_minor)::bigint as amount_minor,
        sum(used.back_bonus_minor - used.bonus_minor)::bigint as bonus_minor
    from stored_value.use as used
    group by used.account_id
),

moved as (
    select
        movement.account_id,
        sum(movement.principal_minor + movement.bonus_minor)::bigint as amount_minor,
        sum(movement.bonus_minor)::bigint as bonus_minor
    from stored_value.movement as movement
    where movement.kind in ('used', 'given_back')
    group by movement.account_id
)

select
    'stored value ' || coalesce(said.account_id, moved.account_id) as subject,
    coalesce(moved.amount_minor, 0) || ' moved, ' || coalesce(moved.bonus_minor, 0) || ' of it bonus' as found,
    coalesce(said.amount_minor, 0) || ' by its uses, ' || coalesce(said.bonus_minor, 0) || ' of it bonus' as expected,
    'select * from stored_value.use where account_id = '
    || quote_literal(coalesce(said.account_id, moved.account_id)) as repair
from said
full join moved on moved.account_id = said.account_id
where (coalesce(said.amount_minor, 0), coalesce(said.bonus_minor, 0))
    <> (coalesce(moved.amount_minor, 0), coalesce(moved.bonus_minor, 0))
order by coalesce(said.account_id, moved.account_id);

-- name: stored_value_is_paid_out_as_asked
-- Cash-outs that are paid without as much having left the account, and money that left it without one.
select
    'cash-out ' || coalesce(asked.id, movement.ref) as subject,
    coalesce(-movement.principal_minor, 0) || ' left the account' as found,
    coalesce(asked.amount_minor, 0) || ' paid out' as expected,
    'select * from stored_value.cash_out where id = ' || quote_literal(coalesce(asked.id, movement.ref)) as repair
from (select * from stored_value.cash_out where state = 'paid') as asked
full join (select * from stored_value.movement where kind = 'paid_out') as movement on movement.ref = asked.id
where coalesce(asked.amount_minor, 0) <> coalesce(-movement.principal_minor, 0)
order by coalesce(asked.id, movement.ref);
