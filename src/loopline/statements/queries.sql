-- name: last_seal
-- The day that was sealed last.
select day, secret, tree_size, lines, tree_root, previous_root, root, sealed_at
from statements.seal
order by day desc
limit 1;

-- name: seals_between
-- The seals of a range of days, both included, in order.
select day, secret, tree_size, lines, tree_root, previous_root, root, sealed_at
from statements.seal
where day between %(first_day)s::date and %(last_day)s::date
order by day;

-- name: roots_page
-- Seals, the latest first, from before a day on, at most so many.
select day, secret, tree_size, lines, tree_root, previous_root, root, sealed_at
from statements.seal as seal
where %(before)s::date is null or seal.day < %(before)s::date
order by day desc
limit %(at_most)s::bigint;

-- name: sealed_parties
-- The parties of every tree since a day, in the order of their leaves; or these alone.
select party_id, position, since_day, code
from statements.sealed_party
where (%(until)s::date is null or since_day <= %(until)s::date)
  and (%(party_ids)s::uuid[] is null or party_id = any(%(party_ids)s::uuid[]))
order by position;

-- name: leaves_of_day
-- The leaves of one day with lines, sealed or not.
select party_id, day, line_count, lines_root, opening, moved, kinds
from statements.leaf
where day = %(day)s::date
order by party_id;

-- name: leaves_of_party
-- A party's sealed days with lines, of a range of days, both included, in order.
select leaf.party_id, leaf.day, leaf.line_count, leaf.lines_root, leaf.opening, leaf.moved, leaf.kinds
from statements.leaf as leaf
join statements.seal as seal on seal.day = leaf.day
where leaf.party_id = %(party_id)s::uuid and leaf.day between %(first_day)s::date and %(last_day)s::date
order by leaf.day;

-- name: last_leaves
-- Of each party that is in the trees the last sealed day with lines before a day.
select
  leaf.party_id,
  leaf.day,
  leaf.line_count,
  leaf.lines_root,
  leaf.opening,
  leaf.moved,
  leaf.kinds
from statements.sealed_party as party
cross join lateral (
  select last.party_id, last.day, last.line_count, last.lines_root, last.opening, last.moved, last.kinds
  from statements.leaf as last
  join statements.seal as seal on seal.day = last.day
  where last.party_id = party.party_id and last.day < %(before)s::date
  order by last.day desc
  limit 1
) as leaf
where %(party_ids)s::uuid[] is null or party.party_id = any(%(party_ids)s::uuid[])
order by leaf.party_id;

-- name: pages_of_party
-- A party's sealed lines of a range of days, both included, after a page, in order, at most so many pages.
select page.day, page.number, page.line_count, page.lines
from statements.page as page
join statements.seal as seal on seal.day = page.day
where page.party_id = %(party_id)s::uuid
  and page.day between %(first_day)s::date and %(last_day)s::date
  and (page.day, page.number) > (%(after_day)s::date, %(after_number)s::integer)
order by page.day, page.number
limit %(at_most)s::bigint;

-- name: pages_of_day
-- Every page of a day, a party's together, in order.
select page.party_id, page.number, page.line_count, page.lines
from statements.page as page
where page.day = %(day)s::date
order by page.party_id, page.number;

-- name: leaf_hashes
-- The hashes of the leaves of one sealed day, one after the other.
select seal.leaf_hashes
from statements.seal as seal
where seal.day = %(day)s::date;
