-- name: closed_months_sum_to_zero
-- Closed months whose balances do not sum to zero, at the end or in what moved.
select
    'closed month ' || to_char(close.month, 'YYYY-MM') || ' of company ' || close.entity_id as subject,
    sum(balance.closing_minor) || ' ' || close.currency || ' in all, moved by '
        || sum(balance.debit_minor - balance.credit_minor) as found,
    '0 ' || close.currency as expected,
    'select * from closing.balance where close_id = ' || quote_literal(close.id) as repair
from closing.close as close
join closing.balance as balance on balance.close_id = close.id
group by close.id, close.month, close.entity_id, close.currency
having sum(balance.closing_minor) <> 0 or sum(balance.debit_minor - balance.credit_minor) <> 0
order by 1;

-- name: closed_months_follow_one_another
-- Closed months that do not begin when the one before ended, name another digest, or open with other balances.
with chained as (
    select
        close.id,
        close.entity_id,
        close.currency,
        close.month,
        close.start_at,
        close.digest_before,
        lag(close.id) over books as before_id,
        lag(close.end_at) over books as before_end_at,
        lag(close.digest) over books as before_digest,
        lag(close.cut) over books as before_cut,
        close.cut
    from closing.close as close
    window books as (partition by close.entity_id, close.currency order by close.month)
),
opened as (
    select
        chained.id,
        sum(abs(coalesce(balance.opening_minor, 0) - coalesce(ended.closing_minor, 0))) as off_by
    from chained
    join lateral (
        select purpose from closing.balance where close_id in (chained.id, chained.before_id) group by purpose
    ) as known on true
    left join closing.balance as balance on balance.close_id = chained.id and balance.purpose = known.purpose
    left join closing.balance as ended on ended.close_id = chained.before_id and ended.purpose = known.purpose
    group by chained.id
)
select
    'closed month ' || to_char(chained.month, 'YYYY-MM') || ' of company ' || chained.entity_id as subject,
    'opens off by ' || coalesce(opened.off_by, 0) || ' ' || chained.currency || ' at ' || chained.start_at as found,
    'it goes on where the month before ended, at ' || coalesce(chained.before_end_at::text, 'the first') as expected,
    'select * from closing.close where id in (' || quote_literal(chained.id)
        || coalesce(', ' || quote_literal(chained.before_id), '') || ')' as repair
from chained
left join opened on opened.id = chained.id
where coalesce(opened.off_by, 0) <> 0
    or chained.digest_before is distinct from chained.before_digest
    or (chained.before_id is not null and chained.start_at <> chained.before_end_at)
    or chained.before_cut > chained.cut
order by 1;
