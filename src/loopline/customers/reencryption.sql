-- name: keys_in_use
-- Which keys of the file the stored data are sealed and indexed with, and how many records. Locks nothing.
select
    'sealing' as use,
    sealed_with as key_id,
    count(*) as uses
from customers.member_key
group by sealed_with
union all
select
    'indexing',
    indexed_with,
    count(*)
from (
    select indexed_with
    from customers.identity
    union all
    select indexed_with
    from customers.member
    where name is not null
) as indexed
group by indexed_with
order by 1, 2
