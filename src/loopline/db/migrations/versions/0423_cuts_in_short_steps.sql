-- Waits for all who are posting, draws a number and lets them go on: the lock goes with the block that is undone, the
-- number stays. Who wants to post meanwhile waits behind the cut, so it is asked for a second at a time, and those
-- that came are let through in between. Null where somebody is still posting after ten times.
create or replace function ledger.take_cut() returns integer language plpgsql as $$
declare
    number integer;
begin
    for tried in 1..10 loop
        begin
            perform set_config('lock_timeout', '1s', true);
            perform pg_advisory_xact_lock(hashtextextended('ledger.cut', 0));
            number := nextval('ledger.cut_number');
            raise sqlstate 'LL001';
        exception
            when sqlstate 'LL001' then
                return number;
            when lock_not_available then
                perform pg_sleep(0.2);
        end;
    end loop;
    return null;
end
$$;

-- Whether an entry is of a month between two cuts: dated in it, or dated before it and committed after the cut before it;
-- in both cases before the month's own. Estimates of expected returns are always of the month they are dated in.
create function ledger.is_of_month(
    at timestamptz, cut integer, kind text, start_at timestamptz, end_at timestamptz, after_cut integer, before_cut integer
) returns boolean language sql immutable parallel safe return (
    (at >= start_at and at < end_at)
    or (at < start_at and cut >= after_cut and kind <> 'expected_returns')
) and (cut < before_cut or kind = 'expected_returns');

-- Every posting with its entry and its account, as journals tell them.
create view ledger.journal_line with (security_invoker = true) as
select
    entry.at,
    entry.id as entry_id,
    entry.key,
    entry.kind,
    entry.subject,
    entry.cut,
    part.part_id,
    account.number,
    account.entity_id,
    account.party_id,
    account.purpose,
    part.currency,
    posting.amount_minor,
    posting.position
from ledger.entry as entry
join ledger.entry_part as part on part.entry_id = entry.id
cross join lateral unnest(part.account_numbers, part.amounts_minor) with ordinality
    as posting (account_number, amount_minor, position)
join ledger.account as account on account.number = posting.account_number;

-- What a gateway took for a company, in the order in which it was recorded.
create index payment_by_company on payments.payment (entity_id, currency, method, id) where intent_id is not null;

-- Noted goods are found from the terms that reach them: those of all goods, and those of an SKU.
drop index supply.noted_by_pair;
create index noted_by_pair on supply.noted (owner_id, buyer_id, currency, placed_at);
create index noted_by_sku on supply.noted (owner_id, buyer_id, currency, sku_id, placed_at);
