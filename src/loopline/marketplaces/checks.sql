-- name: loan_is_the_sum_of_its_entries
-- Loans that are not what their entries come to.
select
  'loan ' || loan.channel || ' ' || loan.sku_id as subject,
  loan.balance || ' lent' as found,
  coalesce(entered.units, 0) || ' by its entries' as expected,
  'update marketplaces.loan set balance = ' || coalesce(entered.units, 0) || ' where channel = '
    || quote_literal(loan.channel) || ' and sku_id = ' || quote_literal(loan.sku_id) as repair
from marketplaces.loan as loan
left join (
  select channel, sku_id, sum(units) as units
  from marketplaces.entry
  group by channel, sku_id
) as entered on entered.channel = loan.channel and entered.sku_id = loan.sku_id
where loan.balance <> coalesce(entered.units, 0)
order by loan.channel, loan.sku_id

-- name: steps_moved_their_loans
-- Steps whose entries do not come to what was told, or was answered: units told in addition are lent at once, and taken
-- off again where they were not taken; units asked back are lent until they were given up.
select
  'step ' || step.id as subject,
  coalesce(entered.units, 0) || ' units entered' as found,
  (
    case
      when step.units > 0 then coalesce(step.moved, step.units)
      else -coalesce(step.moved, 0)
    end
  )::text as expected,
  'select * from marketplaces.entry where cause_id = ' || quote_literal(step.id) as repair
from marketplaces.step as step
left join (
  select cause_id, sum(units) as units
  from marketplaces.entry
  where cause in ('lent', 'not_taken', 'given_up')
  group by cause_id
) as entered on entered.cause_id = step.id
where coalesce(entered.units, 0)
  <> case when step.units > 0 then coalesce(step.moved, step.units) else -coalesce(step.moved, 0) end
order by step.id

-- name: asked_back_in_open_steps
-- Loans that say they are asked back other units than open steps ask for.
select
  'loan ' || loan.channel || ' ' || loan.sku_id as subject,
  loan.asked_back || ' asked back' as found,
  coalesce(asked.units, 0) || ' in open steps' as expected,
  'update marketplaces.loan set asked_back = ' || coalesce(asked.units, 0) || ' where channel = '
    || quote_literal(loan.channel) || ' and sku_id = ' || quote_literal(loan.sku_id) as repair
from marketplaces.loan as loan
left join (
  select channel, sku_id, -sum(units) as units
  from marketplaces.step
  where next_try_at is not null and units < 0
  group by channel, sku_id
) as asked on asked.channel = loan.channel and asked.sku_id = loan.sku_id
where loan.asked_back <> coalesce(asked.units, 0)
order by loan.channel, loan.sku_id
