-- name: add_terms
-- Keep terms, in the order given: the last of a company and currency hold. Locks nothing but the new rows.
insert into stored_value.terms (entity_id, currency, terms, set_at, set_by)
select
    given.entity_id,
    given.currency,
    given.terms,
    %(now)s::timestamptz,
    %(by)s::text
from unnest(
    %(entity_ids)s::uuid[],
    %(currencies)s::text[],
    %(terms)s::jsonb[]
) with ordinality as given (entity_id, currency, terms, place)
order by given.place;

-- name: terms_in_force
-- The terms that hold: the last word of each company and currency. Locks nothing.
select distinct on (terms.entity_id, terms.currency)
    terms.entity_id,
    terms.currency,
    terms.terms
from stored_value.terms as terms
where %(entity_ids)s::uuid[] is null
   or terms.entity_id = any(%(entity_ids)s::uuid[])
order by
    terms.entity_id,
    terms.currency,
    terms.number desc;

-- name: open_accounts
-- Give members an account with a company who have none, by (member, company, currency). Locks the rows it makes.
insert into stored_value.account (id, member_id, entity_id, currency)
select
    wanted.id,
    wanted.member_id,
    wanted.entity_id,
    wanted.currency
from unnest(
    %(ids)s::uuid[],
    %(member_ids)s::uuid[],
    %(entity_ids)s::uuid[],
    %(currencies)s::text[]
) as wanted (id, member_id, entity_id, currency)
order by
    wanted.member_id,
    wanted.entity_id,
    wanted.currency
on conflict (member_id, entity_id, currency) do nothing;

-- name: lock_accounts
-- All that members have, locked by (member, company, currency); waits for whoever has one.
select
    account.id,
    account.member_id,
    account.entity_id,
    account.currency,
    account.principal_minor,
    account.bonus_minor
from stored_value.account as account
where account.member_id = any(%(member_ids)s::uuid[])
order by
    account.member_id,
    account.entity_id,
    account.currency
for no key update;

-- name: accounts_of_members
-- All that members have, by (member, company, currency). Locks nothing.
select
    account.id,
    account.member_id,
    account.entity_id,
    account.currency,
    account.principal_minor,
    account.bonus_minor
from stored_value.account as account
where account.member_id = any(%(member_ids)s::uuid[])
order by
    account.member_id,
    account.entity_id,
    account.currency;

-- name: accounts_by_ids
-- Accounts by their ids. Locks nothing.
select
    account.id,
    account.member_id,
    account.entity_id,
    account.currency,
    account.principal_minor,
    account.bonus_minor
from stored_value.account as account
where account.id = any(%(ids)s::uuid[])
order by account.id;

-- name: owed_by_companies
-- What all members together have, by company and currency. Locks nothing.
select
    account.entity_id,
    account.currency,
    count(*) filter (where account.principal_minor + account.bonus_minor > 0) as members,
    sum(account.principal_minor)::bigint as principal_minor,
    sum(account.bonus_minor)::bigint as bonus_minor
from stored_value.account as account
group by
    account.entity_id,
    account.currency
order by
    account.entity_id,
    account.currency;

-- name: members_of_uses
-- Whose accounts paid: to be locked before anything goes back to them. Locks nothing.
select distinct account.member_id
from stored_value.use as used
join stored_value.account as account on account.id = used.account_id
where used.id = any(%(ids)s::uuid[])
order by account.member_id;

-- name: movements_by_refs
-- What happened of a kind for these. Locks nothing.
select
    movement.number,
    movement.kind,
    movement.ref,
    movement.account_id,
    movement.principal_minor,
    movement.bonus_minor,
    movement.method,
    movement.order_id,
    movement.at,
    movement.by
from stored_value.movement as movement
where movement.kind = %(kind)s::text
  and movement.ref = any(%(refs)s::uuid[])
order by movement.number;

-- name: movements_of_members
-- What happened to what members have, the latest first, before a number. Locks nothing.
select
    movement.number,
    movement.kind,
    movement.ref,
    movement.account_id,
    movement.principal_minor,
    movement.bonus_minor,
    movement.method,
    movement.order_id,
    movement.at,
    movement.by
from stored_value.movement as movement
join stored_value.account as account on account.id = movement.account_id
where account.member_id = any(%(member_ids)s::uuid[])
  and (%(before)s::bigint is null or movement.number < %(before)s::bigint)
order by movement.number desc
limit %(at_most)s::bigint;

-- name: add_movements
-- Say what happened, in the order given. One that is there already is an error. The caller has the accounts.
insert into stored_value.movement (kind, ref, account_id, principal_minor, bonus_minor, method, order_id, at, by)
select kind, ref, account_id, principal_minor, bonus_minor, method, order_id, at, by
from rows from (jsonb_to_recordset(%(movements)s::jsonb) as (
    kind text, ref uuid, account_id uuid, principal_minor bigint, bonus_minor bigint, method text, order_id uuid,
    at timestamptz, by text
)) with ordinality as new (
    kind, ref, account_id, principal_minor, bonus_minor, method, order_id, at, by, place
)
order by place;

-- name: change_accounts
-- Add to what members have. The caller has the accounts; the constraints of the table guard what is taken.
update stored_value.account as account
set principal_minor = account.principal_minor + new.principal_minor,
    bonus_minor = account.bonus_minor + new.bonus_minor
from unnest(
    %(ids)s::uuid[],
    %(principal_minor)s::bigint[],
    %(bonus_minor)s::bigint[]
) as new (id, principal_minor, bonus_minor)
where account.id = new.id;

-- name: add_uses
-- Write down what orders were paid with. The caller has the accounts.
insert into stored_value.use (id, account_id, order_id, amount_minor, bonus_minor)
select id, account_id, order_id, amount_minor, bonus_minor
from jsonb_to_recordset(%(uses)s::jsonb) as new (
    id uuid, account_id uuid, order_id uuid, amount_minor bigint, bonus_minor bigint
);

-- name: uses_by_ids
-- What orders were paid with. Locks nothing: whoever changes them has the account.
select
    used.id,
    used.account_id,
    used.order_id,
    used.amount_minor,
    used.bonus_minor,
    used.back_minor,
    used.back_bonus_minor
from stored_value.use as used
where used.id = any(%(ids)s::uuid[])
order by used.id;

-- name: add_back
-- Add to what went back of uses. The caller has the accounts.
update stored_value.use as used
set back_minor = used.back_minor + new.back_minor,
    back_bonus_minor = used.back_bonus_minor + new.back_bonus_minor
from unnest(
    %(ids)s::uuid[],
    %(back_minor)s::bigint[],
    %(back_bonus_minor)s::bigint[]
) as new (id, back_minor, back_bonus_minor)
where used.id = new.id;

-- name: add_cash_out
-- Write down what is to be paid out, or was. The caller has the account.
insert into stored_value.cash_out (
    id, account_id, method, state, amount_minor, asked_at, asked_by, decided_at, decided_by
)
values (
    %(id)s::uuid, %(account_id)s::uuid, %(method)s::text, %(state)s::text, %(amount_minor)s::bigint,
    %(asked_at)s::timestamptz, %(asked_by)s::text, %(decided_at)s::timestamptz, %(decided_by)s::text
);

-- name: cash_outs_by_ids
-- What was asked to be paid out. Locks nothing: whoever changes it has the account.
select
    asked.id,
    asked.account_id,
    asked.method,
    asked.state,
    asked.amount_minor,
    asked.asked_at,
    asked.asked_by,
    asked.decided_at,
    asked.decided_by
from stored_value.cash_out as asked
where asked.id = any(%(ids)s::uuid[])
order by asked.id;

-- name: open_cash_outs
-- What waits to be approved, of these accounts, or of all. Locks nothing.
select
    asked.id,
    asked.account_id,
    asked.method,
    asked.state,
    asked.amount_minor,
    asked.asked_at,
    asked.asked_by,
    asked.decided_at,
    asked.decided_by
from stored_value.cash_out as asked
where (%(account_ids)s::uuid[] is null or asked.account_id = any(%(account_ids)s::uuid[]))
  and asked.state = 'asked'
order by asked.id;

-- name: decide_cash_out
-- Say what became of what was asked, and how much it came to. The caller has the account.
update stored_value.cash_out
set state = %(state)s::text,
    amount_minor = %(amount_minor)s::bigint,
    decided_at = %(now)s::timestamptz,
    decided_by = %(by)s::text
where id = %(id)s::uuid;
